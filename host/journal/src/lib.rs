//! The append-only log of decisions on SQLite: records, bodies, blobs, snapshots.
//!
//! The journal is the only truth of a server. It knows bytes and small index rows; what a record
//! means is known by those who append and replay it.
//!
//! ```text
//! Batch { records, bodies, rows } -> Journal::append -> new head
//!                                    Journal::read   -> [Record]
//!                                    Reader          -> bodies, messages, store, work items
//! ```
//!
//! In the data folder:
//!
//! | name | holds |
//! | --- | --- |
//! | `lock` | held while a server uses the folder |
//! | `journal.db` | records, bodies up to 64 KiB, and the rows derived from them |
//! | `head` | the last sequence number and its hash, noted beside the database so that a cut tail shows |
//! | `snapshots/SEQ.snap` | states of the caller, each with its own SHA-256 |
//! | `blobs/ab/ab12...` | attachments and large bodies, named by their SHA-256 |
//! | `log.db` | the channels' logs, which are no part of the truth |

mod backup;
mod batch;
mod blobs;
mod chain;
mod channel_log;
mod dump;
mod error;
mod folder;
mod head;
mod journal;
mod queries;
mod reader;
mod record;
mod remove;
mod rows;
mod schema;
mod snapshot;
mod sqlite;
mod tail;
mod verify;
mod write;

pub use backup::{backup, restore};
pub use batch::{Batch, Body, MAX_BATCH_BYTES, MAX_INLINE_BODY, Row};
pub use blobs::{BlobWriter, Blobs, ORPHAN_AGE};
pub use channel_log::{ChannelLog, LINES_PER_CHANNEL, LogEntry, LogLine};
pub use dump::{Dump, dump, first_record};
pub use error::Error;
pub use journal::Journal;
pub use reader::Reader;
pub use record::{Digest, Id, MAX_RECORD_BYTES, NewRecord, Record, Seq, digest_of};
pub use remove::{Cut, Erase, Loose, Retained};
pub use rows::{MessageRow, StoreEntry, StoreRead, StoreUsage, WorkItemFilter, WorkItemRow};
pub use snapshot::{Snapshot, Snapshots, newest_snapshot, oldest_snapshot};
pub use sqlite::SqliteJournal;
pub use verify::{Report, verify};

#[cfg(test)]
mod tests;
