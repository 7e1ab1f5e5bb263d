//! A handler call's transaction, as the sequencer takes it.

use crate::body::Stored;
use crate::entry::Audit;
use jackfield_router::{Command, Reply, Route};
use jackfield_spec::{Digest, Timestamp};
use std::collections::BTreeMap;

/// All that one handler call wants done: committed whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The channel.
    pub channel: String,
    /// What kind of handler, for the record: `webhook`, `timer`, `deliver`.
    pub cause: String,
    /// Messages pushed, in order.
    pub pushes: Vec<Push>,
    /// Store keys read, with the version found.
    pub reads: BTreeMap<String, u64>,
    /// Store keys written; none deletes.
    pub writes: BTreeMap<String, Option<StoreWrite>>,
    /// Changes of durable timers, in order.
    pub timers: Vec<TimerChange>,
    /// Blobs written.
    pub blobs: Vec<Digest>,
    /// External ids that a delivery's receipt brought: message id and external id.
    pub external_ids: Vec<(String, String)>,
    /// What the call ends: the timer that fired, the delivery attempt. Decided last, in the same record.
    pub ends: Option<Command>,
    /// The channel is simulated.
    pub simulated: bool,
    /// What is to be on record besides.
    pub audit: Vec<Audit>,
}

/// Characters of an audit's detail that are kept.
pub(crate) const AUDIT_DETAIL: usize = 1_024;

impl Commit {
    /// About how many bytes of the record this takes: all that a guest can make long.
    pub(crate) fn weight(&self) -> usize {
        let timer = |change: &TimerChange| match change {
            TimerChange::Set { name, payload, .. } => name.len() * 2 + payload.len() + 160,
            TimerChange::Cancel { name } => name.len() * 2 + 120,
        };
        self.pushes.len() * 1_500
            + self.writes.keys().map(|key| key.len() * 2 + 130).sum::<usize>()
            + self.timers.iter().map(timer).sum::<usize>()
            + self.blobs.len() * 80
            + self.external_ids.iter().map(|(_, id)| id.len() * 2 + 60).sum::<usize>()
            + self.audit.len() * (AUDIT_DETAIL + 600)
    }

    /// Whether there is nothing to make durable.
    pub fn is_empty(&self) -> bool {
        self.pushes.is_empty()
            && self.writes.is_empty()
            && self.timers.is_empty()
            && self.blobs.is_empty()
            && self.ends.is_none()
            && self.audit.is_empty()
    }
}

/// A message that was pushed, with what the routes decided on it.
#[derive(Debug, Clone)]
pub struct Push {
    /// The message.
    pub stored: Stored,
    /// Where to; none for messages that open no work item.
    pub route: Option<Route>,
}

/// A value for the channel's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWrite {
    /// The value.
    pub value: Vec<u8>,
    /// Gone after this.
    pub expires_at: Option<Timestamp>,
}

/// A change of the channel's durable timers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerChange {
    /// Sets or replaces a timer.
    Set {
        /// Its name.
        name: String,
        /// When it is due.
        due: Timestamp,
        /// Base64 of what is given back when it fires.
        payload: String,
    },
    /// Takes a timer away.
    Cancel {
        /// Its name.
        name: String,
    },
}

/// What a commit came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// For each push, in order.
    pub pushes: Vec<Landed>,
    /// The router's answer to what the call ended.
    pub ended: Option<Reply>,
}

/// What became of a pushed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    /// It was there already; nothing was changed.
    Duplicate,
    /// It is new and belongs to this work item, if to any.
    New {
        /// The work item's id.
        work_item: Option<String>,
    },
}

/// Why a commit came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A store key that the call read has changed meanwhile: run the call again.
    #[error("the store key `{key}` was changed while the handler ran")]
    Conflict {
        /// The key.
        key: String,
    },
    /// What the call wants done doesn't fit into one record. Nothing of it happened, and trying again doesn't help.
    #[error("one handler call wants more done than a record holds; do less in one call")]
    TooLarge,
    /// The journal can't be written. Nothing of it happened.
    #[error("the journal could not be written, nothing was changed: {0}")]
    Unavailable(String),
    /// The server is going down.
    #[error("the server is stopping; try again when it is back")]
    Stopping,
}
