//! Walking the chain of hashes through the records.

use std::fmt;
use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension};

use crate::head::Head;
use crate::record::{Digest, Seq, chained};

/// Where the chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Records from the first to the second are missing.
    Missing(Seq, Seq),
    /// A record isn't what it was when it was written.
    Altered(Seq),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing(first, last) if first == last => write!(f, "record {first} is missing"),
            Fault::Missing(first, last) => write!(f, "records {first} to {last} are missing"),
            Fault::Altered(seq) => write!(f, "record {seq} was altered after it was written, its hash doesn't match"),
        }
    }
}

/// Checks all records after `start`, tells `report` of each fault, and returns the last record.
///
/// After a fault the stored hash is taken as given, so that each damaged record is reported once.
pub(crate) fn walk(
    connection: &Connection,
    start: Head,
    mut report: impl FnMut(Fault) -> ControlFlow<()>,
) -> rusqlite::Result<Head> {
    let mut last = start;
    let mut statement = connection.prepare("SELECT seq, at, hash, payload FROM records WHERE seq > ? ORDER BY seq")?;
    let mut rows = statement.query([start.seq])?;
    while let Some(row) = rows.next()? {
        let (seq, at, hash): (Seq, i64, Digest) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let payload = row.get_ref(3)?.as_blob()?;
        let fault = if seq != last.seq + 1 {
            Some(Fault::Missing(last.seq + 1, seq - 1))
        } else if chained(&last.hash, seq, at, payload) != hash {
            Some(Fault::Altered(seq))
        } else {
            None
        };
        last = Head { seq, hash };
        if let Some(fault) = fault
            && report(fault).is_break()
        {
            break;
        }
    }
    Ok(last)
}

/// The stored hash of record `seq`; none if there is no such record.
pub(crate) fn hash_of(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Digest>> {
    connection.query_row("SELECT hash FROM records WHERE seq = ?", [seq], |row| row.get(0)).optional()
}

/// What the chain begins behind: nothing, or the last record that retention took away.
pub(crate) fn origin(connection: &Connection) -> rusqlite::Result<Head> {
    connection.query_row("SELECT seq, hash FROM origin", [], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
}
