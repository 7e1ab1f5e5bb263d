//! What can go wrong when the sequencer starts.

/// Why the sequencer can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] jackfield_journal::Error),
    /// The data folder's key.
    #[error(
        "the key of the data folder, {path}: {source}; restore it from a backup, without it message ids can't be made"
    )]
    Key {
        /// Its path.
        path: String,
        /// What happened.
        source: std::io::Error,
    },
    /// A record that this version can't read.
    #[error("record {seq} of the journal can't be read: {source}; start the version that wrote it, or a newer one")]
    Record {
        /// Its number.
        seq: u64,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// Records are missing.
    #[error(
        "the records after {after} are gone (the next one is {found}), and no snapshot holds what they did; restore the newest backup"
    )]
    Gap {
        /// The last one before.
        after: u64,
        /// The first one behind.
        found: u64,
    },
    /// No thread.
    #[error("the sequencer's thread can't start: {0}")]
    Thread(std::io::Error),
}
