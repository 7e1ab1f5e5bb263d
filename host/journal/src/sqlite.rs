//! The journal on SQLite: the embedded default.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::batch::{Batch, MAX_INLINE_BODY};
use crate::blobs::Blobs;
use crate::chain::{self, Fault};
use crate::error::Error;
use crate::folder;
use crate::head::{self, Head, HeadNote};
use crate::journal::Journal;
use crate::queries::Queries;
use crate::reader::Reader;
use crate::record::{Id, Record, Seq};
use crate::remove::{self, Cut, Erase, Loose, Progress, Retained};
use crate::schema;
use crate::snapshot::{self, Snapshot, Snapshots};
use crate::tail::{Ords, Tail};
use crate::write::{self, Failure, Write};

/// How long emptying the write-ahead log waits for readers: appends wait as well.
const SCRUB: Duration = Duration::from_millis(50);
/// So many messages are remembered as absent; more than are asked for between two appends.
const ABSENT: usize = 4096;

/// A data folder, held by this process alone, and the one connection that writes to it.
#[derive(Debug)]
pub struct SqliteJournal {
    // Dropped in this order. The connection that writes is the last one to be closed, if nobody
    // else holds a reader: it then empties the write-ahead log into the database.
    snapshots: Snapshots,
    reader: Reader,
    connection: Connection,
    path: PathBuf,
    head: Head,
    /// Records behind this one have been checked.
    checked_from: Cell<Seq>,
    /// The last rows of the tables that the index leads to.
    ords: Ords,
    /// Messages that were asked for since the last append and aren't there: whoever decides to
    /// write one has just asked for it, and it needn't be looked up a second time.
    absent: RefCell<HashSet<Id>>,
    tail: Arc<RwLock<Tail>>,
    /// How far retention has come.
    progress: Progress,
    note: HeadNote,
    blobs: Blobs,
    /// Held until all the rest is closed.
    _lock: File,
}

impl SqliteJournal {
    /// Opens the journal in the data folder `dir`, or makes both, and checks what came after the
    /// newest snapshot.
    ///
    /// # Errors
    /// [`Error::Locked`] if another server uses the folder; [`Error::TailCut`] and
    /// [`Error::Damaged`] if what is there isn't what was written; [`Error::NotAJournal`] and
    /// [`Error::SchemaNewer`] if it was written by something else; those of the disk.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        folder::make_private(dir)?;
        let lock = folder::lock(dir)?;
        let path = path_in(dir);
        let connection = schema::open_writer(&path)?;
        let (head, checked_from) = check(dir, &path, &connection)?;
        let recover = || Ok((Ords::last(&connection)?, Tail::recover(&connection)?));
        let (ords, tail) = recover().map_err(|source| Error::sqlite(&path, source))?;
        let tail = Arc::new(RwLock::new(tail));
        let blobs = Blobs::open(dir)?;
        let reader = Reader::new(&path, Arc::clone(&tail), blobs.clone());
        let snapshots = Snapshots::new(dir, reader.clone())?;
        let note = HeadNote::open(dir, &head)?;
        // The names of what was just made must last as well.
        folder::sync(dir)?;
        Ok(Self {
            snapshots,
            reader,
            connection,
            path,
            head,
            checked_from: Cell::new(checked_from),
            ords,
            absent: RefCell::default(),
            tail,
            progress: Progress::default(),
            note,
            blobs,
            _lock: lock,
        })
    }

    /// For lookups from any thread.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// For writing and reading snapshots from any thread.
    pub fn snapshots(&self) -> Snapshots {
        self.snapshots.clone()
    }

    /// For writing and reading blobs from any thread.
    pub fn blobs(&self) -> Blobs {
        self.blobs.clone()
    }

    /// Forgets up to `limit` store entries that have expired by `now`, and as many deletions that
    /// are older than the record `before`; returns how many in all. A key so forgotten has version
    /// 0 again: `before` must be older than every read that may still be compared.
    ///
    /// # Errors
    /// Those of the database.
    pub fn collect_store(&mut self, now: i64, before: Seq, limit: usize) -> Result<usize, Error> {
        self.change(|transaction| write::collect_store(transaction, now, before, limit))
    }

    /// Looks something up in a transaction that stays open for the lookups after it: taking and
    /// dropping the database's locks costs more than a lookup. [`Self::end_lookups`] ends it before
    /// the next write.
    fn ask<T>(&self, ask: impl FnOnce(Queries<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let run = || {
            if self.connection.is_autocommit() {
                self.connection.prepare_cached("BEGIN")?.execute([])?;
            }
            ask(Queries { connection: &self.connection, tail: &self.tail })
        };
        run().map_err(|source| Error::sqlite(&self.path, source))
    }

    fn end_lookups(&self) -> rusqlite::Result<()> {
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }

    fn change<T>(&mut self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let run = || {
            self.end_lookups()?;
            let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let outcome = change(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        run().map_err(|source| Error::sqlite(&self.path, source))
    }

    /// Empties the write-ahead log, where old pages still show what was erased from the tables. Somebody who reads the
    /// database at this moment keeps it from that; the log is then overwritten by what comes next.
    fn scrub(&self) {
        let emptied = self.end_lookups().and_then(|()| {
            self.connection.busy_timeout(SCRUB)?;
            let emptied = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            self.connection.busy_timeout(schema::BUSY)?;
            emptied
        });
        if !matches!(emptied, Ok(false)) {
            tracing::info!("what was erased stays in the write-ahead log until that is next overwritten");
        }
    }

    /// Appends a batch that has been checked. A transaction that isn't committed is rolled back.
    fn commit(&mut self, batch: &Batch) -> Result<(), Failure> {
        self.end_lookups()?;
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let absent = self.absent.take();
        let mut write = Write::new(&transaction, &self.tail, self.head.seq, self.ords, absent);
        let head = write.records(self.head, &batch.records)?;
        write.bodies(&batch.bodies)?;
        for row in &batch.rows {
            write.row(row)?;
        }
        let Write { ords, postings, .. } = write;
        let slice = self.tail.read().next_slice(postings.len());
        slice.write(&transaction)?;
        transaction.commit()?;
        self.tail.write().committed(&slice, postings, ords);
        self.head = head;
        self.ords = ords;
        Ok(())
    }
}

impl Journal for SqliteJournal {
    fn head(&self) -> Seq {
        self.head.seq
    }

    fn append(&mut self, after: Seq, batch: Batch) -> Result<Seq, Error> {
        if after != self.head.seq {
            return Err(Error::Conflict { expected: after, found: self.head.seq });
        }
        batch.check()?;
        for body in &batch.bodies {
            if body.bytes.len() > MAX_INLINE_BODY {
                self.blobs.put(&body.bytes)?;
            }
        }
        self.commit(&batch).map_err(|failure| match failure {
            Failure::Sqlite(source) => Error::sqlite(&self.path, source),
            Failure::Refused(error) => error,
        })?;
        // The batch is durable: that the note lags behind must not look like a failed append.
        if let Err(error) = self.note.write(&self.head) {
            tracing::warn!("the head is not noted: {error}");
        }
        Ok(self.head.seq)
    }

    fn has_message(&self, id: &Id) -> Result<bool, Error> {
        let found = self.ask(|queries| Ok(queries.message_ord(id)?.is_some()))?;
        let mut absent = self.absent.borrow_mut();
        if !found && absent.len() < ABSENT {
            absent.insert(*id);
        }
        Ok(found)
    }

    fn store_version(&self, channel: &str, key: &str) -> Result<Seq, Error> {
        self.ask(|queries| queries.store_version(channel, key))
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, Error> {
        self.ask(|queries| queries.records(from, limit))
    }

    fn collect_store(&mut self, now: i64, before: Seq, limit: usize) -> Result<usize, Error> {
        SqliteJournal::collect_store(self, now, before, limit)
    }

    fn erase(&mut self, erase: &Erase) -> Result<Vec<Loose>, Error> {
        let tail = Arc::clone(&self.tail);
        let loose = self.change(|transaction| {
            remove::erase(Queries { connection: transaction, tail: &tail }, transaction, erase)
        })?;
        if erase.done {
            self.scrub();
        }
        Ok(loose)
    }

    fn retain(&mut self, cut: &Cut, open: &dyn Fn(&Id) -> bool, limit: usize) -> Result<Retained, Error> {
        let tail = Arc::clone(&self.tail);
        let mut progress = self.progress;
        let done = self.change(|transaction| {
            let queries = Queries { connection: transaction, tail: &tail };
            remove::retain(queries, transaction, cut, &mut progress, open, limit)
        })?;
        self.progress = progress;
        Ok(done)
    }

    fn probe(&mut self, bytes: usize) -> Result<(), Error> {
        // Each is a commit: within one nothing of it would reach the disk.
        for bytes in [i64::try_from(bytes).unwrap_or(i64::MAX), 0] {
            self.change(|transaction| transaction.execute("UPDATE probe SET bytes = zeroblob(?)", [bytes]).map(drop))?;
        }
        Ok(())
    }

    fn write_snapshot(&self, seq: Seq, payload: &[u8]) -> Result<(), Error> {
        self.snapshots.write(seq, payload)
    }

    fn latest_snapshot(&self) -> Result<Option<Snapshot>, Error> {
        let snapshot = self.snapshots.latest()?;
        let from = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        if from < self.checked_from.get() {
            // A newer one turned out to be damaged: what lies between has not been looked at yet.
            self.end_lookups().map_err(|source| Error::sqlite(&self.path, source))?;
            walk(&self.path, &self.connection, from)?;
            self.checked_from.set(from);
        }
        Ok(snapshot)
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        if let Err(error) = self.note.sync() {
            tracing::warn!("the noted head is not synced: {error}");
        }
    }
}

/// The database in the data folder `dir`.
pub(crate) fn path_in(dir: &Path) -> PathBuf {
    dir.join("journal.db")
}

/// The last record, or what the chain begins behind.
pub(crate) fn last_record(connection: &Connection) -> rusqlite::Result<Head> {
    let last = connection
        .query_row("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok(Head { seq: row.get(0)?, hash: row.get(1)? })
        })
        .optional()?;
    last.map_or_else(|| chain::origin(connection), Ok)
}

/// Opens the journal in `dir` without holding the folder.
pub(crate) fn open_to_read(dir: &Path) -> Result<Connection, Error> {
    let path = path_in(dir);
    if path.exists() { schema::open_reader(&path) } else { Err(Error::NoJournal { dir: dir.to_path_buf() }) }
}

/// Checks the records behind the newest snapshot, and that no written one is missing at the end. Returns the last
/// record, and the one that the check began behind.
fn check(dir: &Path, path: &Path, connection: &Connection) -> Result<(Head, Seq), Error> {
    let failed = |source| Error::sqlite(path, source);
    let damaged = |what: String| Error::Damaged { path: path.to_path_buf(), what };
    let found: Seq =
        connection.query_row("SELECT coalesce(max(seq), 0) FROM records", [], |row| row.get(0)).map_err(failed)?;
    let noted = head::noted(dir)?;
    let compare = |known: &Head| {
        if known.seq > found {
            return Err(Error::TailCut { dir: dir.to_path_buf(), noted: known.seq, found });
        }
        // Both say what hash their record had: a journal that was replaced or rewritten differs.
        let stored = chain::hash_of(connection, known.seq).map_err(failed)?;
        if known.seq > 0 && stored != Some(known.hash) {
            return Err(damaged(format!(
                "record {} isn't the one that was noted beside the database when it was written",
                known.seq
            )));
        }
        Ok(())
    };
    if let Some(noted) = &noted {
        compare(noted)?;
    }
    let snapshot = snapshot_to_check_from(&snapshot::folder_of(dir), compare)?;
    let start = snapshot.map_or(0, |head| head.seq);
    Ok((walk(path, connection, start)?, start))
}

/// Checks the records behind `from`, or all that are kept, and returns the last one.
fn walk(path: &Path, connection: &Connection, from: Seq) -> Result<Head, Error> {
    let failed = |source| Error::sqlite(path, source);
    let damaged = |what: String| Error::Damaged { path: path.to_path_buf(), what };
    let origin = chain::origin(connection).map_err(failed)?;
    let start = match chain::hash_of(connection, from).map_err(failed)? {
        Some(hash) => Head { seq: from, hash },
        None => origin,
    };
    let mut fault: Option<Fault> = None;
    let head = chain::walk(connection, start, |found| {
        fault = Some(found);
        ControlFlow::Break(())
    })
    .map_err(failed)?;
    match fault {
        Some(fault) => Err(damaged(fault.to_string())),
        None => Ok(head),
    }
}

/// The record of the newest snapshot. Its payload, which may be large, is read and checked once, when the state is made
/// from it; here only if what it says of its record is not what the journal has.
fn snapshot_to_check_from(
    snapshots: &Path,
    compare: impl Fn(&Head) -> Result<(), Error>,
) -> Result<Option<Head>, Error> {
    for seq in snapshot::listed(snapshots)? {
        let Some(head) = snapshot::head_of(snapshots, seq)? else { continue };
        match compare(&head) {
            Ok(()) => return Ok(Some(head)),
            // A damaged snapshot says nothing about the journal.
            Err(error) => {
                if snapshot::read(snapshots, seq)?.is_ok() {
                    return Err(error);
                }
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
