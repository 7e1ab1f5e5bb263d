//! What lookups answer.

use crate::record::{Digest, Id, Seq};

/// A message, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Keyed hash of channel and event id.
    pub id: Id,
    /// The record it was written by.
    pub seq: Seq,
    /// When it was received or sent, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The channel it came in or went out on.
    pub channel: String,
    /// Keyed hash of the driver's conversation key.
    pub conversation: Id,
    /// The work item it belongs to.
    pub work_item: Option<Id>,
    /// Whether it came from the customer.
    pub inbound: bool,
    /// The first external id that became known of it.
    pub external_id: Option<String>,
    /// Digest of its body.
    pub body: Digest,
    /// Keyed hash of the customer it came from or went to.
    pub customer: Option<Id>,
    /// Its content was taken away, for the customer's sake or because it was kept long enough.
    pub bare: bool,
}

/// What is known of a key of a channel's store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreRead {
    /// The value; none if it was never written, is deleted or has expired.
    pub value: Option<Vec<u8>>,
    /// The record that wrote or deleted it last; 0 if none did.
    pub version: Seq,
}

/// An entry of a channel's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreEntry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
    /// The record that wrote it.
    pub version: Seq,
}

/// How much a channel stores, expired entries included until they are collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Number of keys that have a value.
    pub keys: u64,
    /// Bytes of those keys and their values.
    pub bytes: u64,
}

/// A work item as it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItemRow {
    /// Its id.
    pub id: Id,
    /// Its state.
    pub state: String,
    /// Whether it is over for good.
    pub closed: bool,
    /// The whole of it, in the caller's own encoding.
    pub json: Vec<u8>,
}

/// Which work items to list, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItemFilter {
    /// Only those in this state; none: in all.
    pub state: Option<String>,
    /// Only those after this id; none: from the first.
    pub after: Option<Id>,
    /// At most so many.
    pub limit: usize,
}
