//! A record: the journal's unit of replay, chained to the one before it.

use sha2::{Digest as _, Sha256};

/// The number of a record. The first one is 1; 0 stands for "before the first".
pub type Seq = u64;

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// The id of a message, a conversation, a work item or an event: 16 bytes, most of them a keyed hash.
pub type Id = [u8; 16];

/// The most bytes a record's payload may have.
pub const MAX_RECORD_BYTES: usize = 512 * 1024;

/// A record that isn't in the journal yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// When it was decided, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// What was decided, in the caller's own encoding; at most [`MAX_RECORD_BYTES`].
    pub payload: Vec<u8>,
}

/// A record as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number; there are no gaps.
    pub seq: Seq,
    /// When it was decided, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// What was decided, in the caller's own encoding.
    pub payload: Vec<u8>,
    /// SHA-256 over the previous record's hash (32 zero bytes before the first), `seq` and `at`
    /// (8 bytes each, big endian) and the payload.
    pub hash: Digest,
}

/// The SHA-256 of `bytes`: the name of a body or blob.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// The hash of the record `seq` whose predecessor has the hash `previous`.
pub(crate) fn chained(previous: &Digest, seq: Seq, at: i64, payload: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    hasher.update(at.to_be_bytes());
    hasher.update(payload);
    hasher.finalize().into()
}
