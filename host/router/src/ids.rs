//! Identifiers and times, and how the router makes ids of its own without a random number.

use std::sync::Arc;

/// Any identifier or opaque key: of an agent, queue, channel, work item, offer, message, conversation, customer.
/// Cheap to clone. Keys of conversations and customers are keyed hashes made by the caller: the router never
/// holds personal data.
pub type Id = Arc<str>;

/// A time: milliseconds since 1970-01-01T00:00:00Z. Always handed in, never read from a clock.
pub type Millis = u64;

/// The `counter`-th id of a journal, in the shape of a UUIDv7.
///
/// The time comes first, then the counter, so ids sort in the order they were made. The salt, drawn once per
/// journal by the caller, keeps the ids of two journals apart; mixing it with the counter fills the rest.
pub(crate) fn make(at: Millis, counter: u64, salt: u64) -> Id {
    let sorted = (counter >> 18) & 0xfff;
    let low = counter & 0x3_ffff;
    let random = mix(salt ^ mix(counter)) & 0xfff_ffff_ffff;
    let tail = 0x8000_0000_0000_0000 | (low << 44) | random;
    let text = format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        (at >> 16) & 0xffff_ffff,
        at & 0xffff,
        sorted,
        tail >> 48,
        tail & 0xffff_ffff_ffff
    );
    text.into()
}

/// SplitMix64's finaliser: every bit of the input moves every bit of the output, and no two inputs meet.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
