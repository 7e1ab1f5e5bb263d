//! What a handler call wants done, collected while it runs.

use crate::connections::LineChange;
use jackfield_spec::{Digest, Message, Timestamp};
use std::collections::BTreeMap;

/// The effects of one handler call. Nothing of it has happened yet: the caller commits all of it or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transaction {
    /// Messages pushed, in order, valid and with their id.
    pub pushes: Vec<Message>,
    /// Store keys read, with the version that was found (0: never written).
    pub reads: BTreeMap<String, u64>,
    /// Store keys written; none deletes.
    pub writes: BTreeMap<String, Option<StoreWrite>>,
    /// Timers set and cancelled, in order.
    pub timers: Vec<TimerChange>,
    /// Blobs written, which the channel may read from now on.
    pub blobs: Vec<Digest>,
    /// Entries of a batch that the driver could not read, for the quarantine: their bytes and why.
    pub set_aside: Vec<(Vec<u8>, String)>,
    /// What is to be done to connections, in order, after the commit.
    pub lines: Vec<LineChange>,
    /// Something went out by http: the call can't be run again.
    pub sent: bool,
}

impl Transaction {
    /// Whether there is nothing to make durable. What is done to connections isn't.
    pub fn is_empty(&self) -> bool {
        self.pushes.is_empty()
            && self.writes.is_empty()
            && self.timers.is_empty()
            && self.blobs.is_empty()
            && self.set_aside.is_empty()
    }
}

/// A value on its way to the channel's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWrite {
    /// Up to 64 KiB.
    pub value: Vec<u8>,
    /// Gone after this.
    pub expires_at: Option<Timestamp>,
}

/// A change of the channel's durable timers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerChange {
    /// Sets or replaces a timer.
    Set {
        /// Name, unique in the channel.
        name: String,
        /// When it is due.
        due: Timestamp,
        /// Given back when it fires.
        payload: Vec<u8>,
    },
    /// Takes a timer away.
    Cancel {
        /// Its name.
        name: String,
    },
}
