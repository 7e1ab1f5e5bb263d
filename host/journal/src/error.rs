//! What can go wrong with the journal, and what to do about it.

use std::path::{Path, PathBuf};

use crate::batch::MAX_BATCH_BYTES;
use crate::record::{MAX_RECORD_BYTES, Seq};

/// Why the journal refused or failed. A failed append leaves the journal as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process holds the data folder.
    #[error(
        "the data folder {} is used by another server; stop that one, or give this one a folder of its own with --data",
        dir.display()
    )]
    Locked {
        /// The data folder.
        dir: PathBuf,
    },
    /// The journal's head isn't the one that the caller decided on.
    #[error(
        "the journal's head is record {found}, but the batch was decided after record {expected}; read on from there and decide again"
    )]
    Conflict {
        /// The head that the caller expected.
        expected: Seq,
        /// The head as it is.
        found: Seq,
    },
    /// A batch without a record.
    #[error("a batch needs at least one record: bodies and rows must follow from one")]
    EmptyBatch,
    /// A record's payload is over [`MAX_RECORD_BYTES`].
    #[error(
        "record {index} of the batch has {size} bytes, more than the {MAX_RECORD_BYTES} allowed; put its content into a body"
    )]
    RecordTooLarge {
        /// Its position in the batch, from 0.
        index: usize,
        /// Its payload's size in bytes.
        size: usize,
    },
    /// A batch's payloads are together over [`MAX_BATCH_BYTES`].
    #[error("the batch's records have {size} bytes, more than the {MAX_BATCH_BYTES} allowed; split it")]
    BatchTooLarge {
        /// Size of all payloads in bytes.
        size: usize,
    },
    /// A row names a record that its batch doesn't have.
    #[error("a row belongs to record {record} of its batch (from 0), which has only {records}")]
    RowOutside {
        /// The position that the row gave.
        record: usize,
        /// How many records the batch has.
        records: usize,
    },
    /// A message's id is there already.
    #[error("message {id} is in the journal already; ask for a message before deciding to write it")]
    DuplicateMessage {
        /// The id in hex.
        id: String,
    },
    /// A message that was named isn't there.
    #[error("there is no message {id} in the journal")]
    UnknownMessage {
        /// The id in hex.
        id: String,
    },
    /// The database ends before the head that was noted beside it.
    #[error(
        "the journal in {} ends at record {found}, but record {noted} was written: its tail is cut off. \
         Restore the newest backup; or, to go on without the lost records, delete {} and every snapshot after {found} in {}",
        dir.display(), dir.join("head").display(), dir.join("snapshots").display()
    )]
    TailCut {
        /// The data folder.
        dir: PathBuf,
        /// The last sequence number noted.
        noted: Seq,
        /// The last one that is in the database.
        found: Seq,
    },
    /// Something stored isn't what was written.
    #[error(
        "{} is damaged: {what}. Don't go on with it: `jackfield journal verify` lists all damage, then restore the newest backup",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong and where in the file.
        what: String,
    },
    /// The database has a schema that this version doesn't know.
    #[error(
        "{} was written by a newer version (schema {found}, this one knows {known}); run that version again",
        path.display()
    )]
    SchemaNewer {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// The database has an older schema, which only a server that starts on it brings up to date.
    #[error(
        "{} was written by an older version (schema {found}, this one reads {known}); start the server on it once",
        path.display()
    )]
    SchemaOlder {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: i64,
        /// The schema that this version reads.
        known: i64,
    },
    /// The database belongs to another program.
    #[error(
        "{} is a database of another program; point --data at a folder of its own",
        path.display()
    )]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// There is no journal where one was to be read.
    #[error("there is no journal in {}; check --data", dir.display())]
    NoJournal {
        /// The data folder.
        dir: PathBuf,
    },
    /// A folder that is to be made has something in it.
    #[error("{} has something in it; name a folder that doesn't exist yet, or an empty one", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// A copy, or what it was made of, isn't whole.
    #[error(
        "the data in {} are damaged ({problems} problems, the first: {first}); `jackfield journal verify` lists all of them",
        dir.display()
    )]
    Unsound {
        /// The folder.
        dir: PathBuf,
        /// How many problems there are.
        problems: usize,
        /// The first one.
        first: String,
    },
    /// No space is left.
    #[error("the disk with {} is full; nothing was written. Free some space", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error(
        "{} can't be written: the disk or the file is read-only; nothing was written. Make it writable for the server's user",
        path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A snapshot was to be made of a record that isn't there.
    #[error("no snapshot can be made at record {seq}: there is no such record")]
    SnapshotOutside {
        /// The sequence number asked for.
        seq: Seq,
    },
    /// A blob grew over its limit.
    #[error("the blob is over its limit of {limit} bytes")]
    BlobTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The operating system refused.
    #[error("{doing} {} failed: {source}", path.display())]
    Io {
        /// What was being done, as the beginning of a sentence.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite failed in a way that has no case of its own.
    #[error("the database {} failed: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl Error {
    /// Tells the failures that an operator can act on from the rest.
    pub(crate) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_path_buf();
        let unreadable = matches!(
            source,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        );
        if unreadable {
            let what = format!("a stored value has the wrong form ({source})");
            return Error::Damaged { path, what };
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::DiskFull { path },
            Some(ErrorCode::ReadOnly) => Error::ReadOnly { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Error::Damaged { path, what: format!("SQLite says \"{source}\"") }
            }
            _ => Error::Sqlite { path, source },
        }
    }

    /// Whether a file that was there a moment ago is gone.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }

    /// For `map_err` on a file operation.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| {
            let path = path.to_path_buf();
            match source.kind() {
                std::io::ErrorKind::StorageFull => Error::DiskFull { path },
                std::io::ErrorKind::ReadOnlyFilesystem => Error::ReadOnly { path },
                _ => Error::Io { doing, path, source },
            }
        }
    }
}
