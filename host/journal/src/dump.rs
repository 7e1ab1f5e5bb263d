//! Reading the records of a data folder that a server may be using.

use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use rusqlite::Connection;

use crate::chain;
use crate::error::Error;
use crate::head;
use crate::queries::Queries;
use crate::record::{Record, Seq};
use crate::sqlite::{open_to_read, path_in};
use crate::tail::Tail;

/// The records of a data folder, read a page at a time; ends after `limit` of them, or with the
/// journal, or after an error.
pub struct Dump {
    connection: Connection,
    path: PathBuf,
    dir: PathBuf,
    next: Seq,
    /// A record was read: those after it must follow without a gap.
    begun: bool,
    /// The last record that was noted beside the database when the reading began.
    noted: Seq,
    left: usize,
    page: std::vec::IntoIter<Record>,
}

/// The first record that is kept: 1, unless retention took some away.
///
/// # Errors
/// [`Error::NoJournal`] if there is none, and those of the disk.
pub fn first_record(dir: &Path) -> Result<Seq, Error> {
    let connection = open_to_read(dir)?;
    Ok(chain::origin(&connection).map_err(|source| Error::sqlite(&path_in(dir), source))?.seq + 1)
}

/// Begins to read up to `limit` records from `from` on.
///
/// # Errors
/// [`Error::NoJournal`] if there is none, and those of the disk. What is missing between the records, or at their end, is an
/// error where it is missed: [`Error::Damaged`], [`Error::TailCut`].
pub fn dump(dir: &Path, from: Seq, limit: usize) -> Result<Dump, Error> {
    Ok(Dump {
        // Before the records: while a server goes on, there are more of them than are noted, never fewer.
        noted: head::noted(dir)?.map_or(0, |head| head.seq),
        connection: open_to_read(dir)?,
        path: path_in(dir),
        dir: dir.to_path_buf(),
        begun: false,
        next: from,
        left: limit,
        page: Vec::new().into_iter(),
    })
}

impl Dump {
    fn turn(&mut self) -> rusqlite::Result<()> {
        // Pages are small because a record may have 512 KiB.
        const PAGE: usize = 64;
        let tail = RwLock::new(Tail::default());
        let queries = Queries { connection: &self.connection, tail: &tail };
        self.page = queries.records(self.next, PAGE.min(self.left))?.into_iter();
        Ok(())
    }
}

impl Iterator for Dump {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if self.page.len() == 0
            && let Err(source) = self.turn()
        {
            self.left = 0;
            return Some(Err(Error::sqlite(&self.path, source)));
        }
        let Some(record) = self.page.next() else {
            self.left = 0;
            let cut = || Error::TailCut { dir: self.dir.clone(), noted: self.noted, found: self.next - 1 };
            return (self.begun && self.next <= self.noted).then(|| Err(cut()));
        };
        if self.begun && record.seq != self.next {
            self.left = 0;
            let what = format!("record {} is missing", self.next);
            return Some(Err(Error::Damaged { path: self.path.clone(), what }));
        }
        self.begun = true;
        self.next = record.seq + 1;
        self.left -= 1;
        Some(Ok(record))
    }
}
