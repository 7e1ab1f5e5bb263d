//! The seam behind which the log is kept, so that another store can take SQLite's place.

use crate::batch::Batch;
use crate::error::Error;
use crate::record::{Id, Record, Seq};
use crate::remove::{Cut, Erase, Loose, Retained};
use crate::snapshot::Snapshot;

/// An append-only log of records, written by one sequencer.
pub trait Journal: Send {
    /// The sequence number of the last record; 0 if there is none.
    fn head(&self) -> Seq;

    /// Appends `batch` after record `after`, makes it durable, and returns the new head.
    ///
    /// # Errors
    /// [`Error::Conflict`] if `after` isn't the head: what the batch was decided on is not the
    /// newest state. Whatever the error, nothing of the batch is written and the journal goes on.
    fn append(&mut self, after: Seq, batch: Batch) -> Result<Seq, Error>;

    /// Whether there is a message of this id. What is found absent needs no second look when it is appended.
    ///
    /// # Errors
    /// Those of the store.
    fn has_message(&self, id: &Id) -> Result<bool, Error>;

    /// The record that wrote or deleted a key of a channel's store last; 0 if none did.
    ///
    /// # Errors
    /// Those of the store.
    fn store_version(&self, channel: &str, key: &str) -> Result<Seq, Error>;

    /// Up to `limit` records in order, the first one being `from` (or 1, if that is 0).
    ///
    /// # Errors
    /// Those of the store.
    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, Error>;

    /// Forgets up to `limit` store entries that have expired by `now`, and as many deletions older than record `before`;
    /// returns how many in all.
    ///
    /// # Errors
    /// Those of the storage.
    fn collect_store(&mut self, now: i64, before: Seq, limit: usize) -> Result<usize, Error>;

    /// Carries out part of an erasure, and returns the blobs that nothing needs any more.
    ///
    /// # Errors
    /// Those of the store; then nothing of it happened.
    fn erase(&mut self, erase: &Erase) -> Result<Vec<Loose>, Error>;

    /// Takes away up to `limit` of each kind of thing that was kept long enough. The messages of a work item that is
    /// `open` stay.
    ///
    /// # Errors
    /// Those of the store; then nothing of it happened.
    fn retain(&mut self, cut: &Cut, open: &dyn Fn(&Id) -> bool, limit: usize) -> Result<Retained, Error>;

    /// Writes `bytes` bytes that say nothing, to find out whether it can, and takes them away again.
    ///
    /// # Errors
    /// Those of the store.
    fn probe(&mut self, bytes: usize) -> Result<(), Error>;

    /// Keeps `payload` as the state after record `seq`, so that replay can begin there.
    ///
    /// # Errors
    /// [`Error::SnapshotOutside`] if there is no record `seq`.
    fn write_snapshot(&self, seq: Seq, payload: &[u8]) -> Result<(), Error>;

    /// The newest snapshot that is undamaged. None: replay from record 1.
    ///
    /// # Errors
    /// Those of the store; a damaged snapshot is none, it is passed over with a warning.
    fn latest_snapshot(&self) -> Result<Option<Snapshot>, Error>;
}
