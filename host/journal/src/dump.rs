//! Reading the records of a data folder that a server may be using.

use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use rusqlite::Connection;

use crate::chain;
use crate::error::Error;
use crate::queries::Queries;
use crate::record::{Record, Seq};
use crate::sqlite::{open_to_read, path_in};
use crate::tail::Tail;

/// The records of a data folder, read a page at a time; ends after `limit` of them, or with the
/// journal, or after an error.
pub struct Dump {
    connection: Connection,
    path: PathBuf,
    next: Seq,
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
/// [`Error::NoJournal`] if there is none, and those of the disk.
pub fn dump(dir: &Path, from: Seq, limit: usize) -> Result<Dump, Error> {
    Ok(Dump {
        connection: open_to_read(dir)?,
        path: path_in(dir),
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
        let record = self.page.next()?;
        self.next = record.seq + 1;
        self.left -= 1;
        Some(Ok(record))
    }
}
