//! Whether a request comes from Slack: an HMAC over the time and the body as it came, and a time that is now.

use jackfield_sdk::encoding::from_hex;
use jackfield_sdk::{Piece, Request, Result, host};

use crate::settings::SIGNING_SECRET;

/// The header with the signature.
pub const HEADER: &str = "x-slack-signature";
/// The header with the time, in seconds.
pub const TIME_HEADER: &str = "x-slack-request-timestamp";
/// How far the time may be from ours, both ways.
const TOLERANCE_S: u64 = 300;

/// Checks a request; what is wrong with it, if something is.
///
/// # Errors
/// The host's.
pub fn fault(request: &Request) -> Result<Option<&'static str>> {
    let Some(time) = request.single_header(TIME_HEADER).and_then(seconds) else {
        return Ok(Some("the timestamp is missing, malformed or repeated"));
    };
    let Some(claimed) = request.single_header(HEADER).and_then(claimed) else {
        return Ok(Some("the signature is missing, malformed or repeated"));
    };
    if (host::clock::now() / 1000).abs_diff(time) > TOLERANCE_S {
        return Ok(Some("the timestamp isn't of now: a replay, or one of the two clocks is wrong"));
    }
    let data = [Piece::Text(format!("v0:{time}:")), request.body_piece()];
    let is_genuine = host::secrets::verify_hmac(SIGNING_SECRET, "sha256", &data, &claimed)?;
    Ok((!is_genuine).then_some("the signature doesn't fit this channel's signing secret"))
}

/// A time in the one way that Slack writes it, since what is signed is its text.
fn seconds(value: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(value).ok()?;
    let time: u64 = text.parse().ok()?;
    (time.to_string() == text).then_some(time)
}

/// `v0=` and 64 lower-case hex digits.
fn claimed(value: &[u8]) -> Option<Vec<u8>> {
    let hex = value.strip_prefix(b"v0=")?;
    (hex.len() == 64 && !hex.iter().any(u8::is_ascii_uppercase)).then(|| from_hex(hex))?
}
