//! Checking a whole data folder. Reads only; a server may be using it.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::blobs::Blobs;
use crate::chain;
use crate::error::Error;
use crate::head::{self, Head};
use crate::record::{Digest, Seq, digest_of};
use crate::snapshot;
use crate::sqlite::{open_to_read, path_in};
use crate::tail::{Ords, of_message};

/// What was found in a data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The last record.
    pub head: Seq,
    /// Number of records.
    pub records: u64,
    /// Number of bodies in the database.
    pub bodies: u64,
    /// Number of messages.
    pub messages: u64,
    /// Number of blobs.
    pub blobs: u64,
    /// Number of snapshots, damaged ones too.
    pub snapshots: u64,
    /// A sentence for each thing that isn't as it should be. Empty: all is well.
    pub problems: Vec<String>,
}

/// Checks everything in the data folder `dir`: the database's own structure, the chain of hashes
/// from the first record that is kept, every body and blob against its digest, the rows against the bodies, the index
/// against the rows, the snapshots and the noted head.
///
/// # Errors
/// [`Error::NoJournal`] if there is none, and those of the disk. Damage is no error: it is in the
/// report.
pub fn verify(dir: &Path) -> Result<Report, Error> {
    let path = path_in(dir);
    let connection = open_to_read(dir)?;
    let mut report = Report::default();
    // Before the database is looked at: what is beside it then is in the view of it.
    let noted = head::noted(dir)?;
    let snapshots = snapshots(dir)?;
    report.snapshots = snapshots.len() as u64;
    let mut check = || -> rusqlite::Result<HashMap<Digest, String>> {
        // One view of the database, however long it takes and whatever is appended meanwhile.
        let transaction = connection.unchecked_transaction()?;
        structure(&transaction, &mut report)?;
        records(&transaction, &mut report)?;
        beside(&transaction, noted, &snapshots, &mut report)?;
        let bodies = bodies(&transaction, &mut report)?;
        messages(&transaction, &bodies, &mut report)?;
        needed_blobs(&transaction)
    };
    // A page that can't be read at all ends the check of the database, not of the rest.
    let needed = check().unwrap_or_else(|error| {
        let problem = Error::sqlite(&path, error).to_string();
        report.problems.push(problem);
        HashMap::new()
    });
    blobs(dir, needed, &mut report)?;
    Ok(report)
}

/// A snapshot's number, and the record it says it was made after or how it is damaged.
type Found = (Seq, Result<Head, &'static str>);

fn structure(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            report.problems.push(format!("journal.db: SQLite says \"{line}\""));
        }
    }
    Ok(())
}

/// Walks the chain from the first record that is kept.
fn records(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let head = chain::walk(connection, chain::origin(connection)?, |fault| {
        report.problems.push(format!("journal.db: {fault}"));
        ControlFlow::Continue(())
    })?;
    report.head = head.seq;
    report.records = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
    Ok(())
}

/// Compares the records with the noted head and with the snapshots.
fn beside(
    connection: &Connection,
    noted: Option<Head>,
    snapshots: &[Found],
    report: &mut Report,
) -> rusqlite::Result<()> {
    if let Some(noted) = noted.filter(|noted| noted.seq > 0) {
        let stored = chain::hash_of(connection, noted.seq)?;
        if noted.seq > report.head {
            report.problems.push(format!(
                "journal.db: it ends at record {}, but record {} was written: its tail is cut off",
                report.head, noted.seq
            ));
        } else if stored != Some(noted.hash) {
            report.problems.push(format!(
                "journal.db: record {} isn't the one that was noted beside the database when it was written",
                noted.seq
            ));
        }
    }
    for (seq, snapshot) in snapshots {
        let problem = match snapshot {
            Err(what) => Some(*what),
            Ok(head) if chain::hash_of(connection, *seq)? != Some(head.hash) => {
                Some("it was made after a record that isn't in the journal")
            }
            Ok(_) => None,
        };
        if let Some(what) = problem {
            report.problems.push(format!("snapshot {seq}: {what}"));
        }
    }
    Ok(())
}

/// Checks each body against its digest, and returns the digests.
fn bodies(connection: &Connection, report: &mut Report) -> rusqlite::Result<HashSet<Digest>> {
    let mut digests = HashSet::new();
    let mut statement = connection.prepare("SELECT digest, bytes FROM bodies ORDER BY ord")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let digest: Digest = row.get(0)?;
        report.bodies += 1;
        if let Some(bytes) = row.get_ref(1)?.as_blob_or_null()?
            && digest_of(bytes) != digest
        {
            report.problems.push(format!(
                "journal.db: body {} isn't what was written, its SHA-256 doesn't match",
                hex::encode(digest)
            ));
        }
        digests.insert(digest);
    }
    Ok(digests)
}

/// Sees that each message has a record, a body, and its place in the index.
fn messages(connection: &Connection, bodies: &HashSet<Digest>, report: &mut Report) -> rusqlite::Result<()> {
    let settled = Ords::settled(connection)?;
    let mut indexed = connection.prepare("SELECT 1 FROM postings WHERE key = ? AND ord = ?")?;
    let mut statement = connection.prepare(
        "SELECT ord, id, seq, channel, conversation, work_item, body, customer, bare FROM messages ORDER BY ord",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (ord, id, seq, body): (i64, [u8; 16], Seq, Digest) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(6)?);
        report.messages += 1;
        let name = hex::encode(id);
        if seq == 0 || seq > report.head {
            report.problems.push(format!("journal.db: message {name} names record {seq}, which isn't there"));
        }
        let bare: bool = row.get(8)?;
        if !bare && !bodies.contains(&body) {
            report
                .problems
                .push(format!("journal.db: message {name} has the body {}, which isn't there", hex::encode(body)));
        }
        if ord <= settled.messages {
            let channel: String = row.get(3)?;
            let (conversation, item): ([u8; 16], Option<[u8; 16]>) = (row.get(4)?, row.get(5)?);
            let customer: Option<[u8; 16]> = row.get(7)?;
            for (key, ord) in of_message(ord, &id, &conversation, item.as_ref(), &channel, None, customer.as_ref()) {
                if !indexed.exists([key, ord])? {
                    report.problems.push(format!("journal.db: message {name} isn't in the index"));
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The snapshots that are there.
fn snapshots(dir: &Path) -> Result<Vec<Found>, Error> {
    let folder = snapshot::folder_of(dir);
    let mut found = Vec::new();
    for seq in snapshot::listed(&folder)? {
        match snapshot::read(&folder, seq) {
            Ok(snapshot) => found.push((seq, snapshot.map(|(_, head)| head))),
            // A server has just dropped an old one.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The blobs that must be there, and why.
fn needed_blobs(connection: &Connection) -> rusqlite::Result<HashMap<Digest, String>> {
    connection
        .prepare(
            "SELECT digest, 'channel ' || channel || ' may read it' FROM blob_grants
             UNION ALL SELECT digest, 'it is a body' FROM bodies WHERE bytes IS NULL",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Checks each blob against its name, and that those are there that rows need.
fn blobs(dir: &Path, mut needed: HashMap<Digest, String>, report: &mut Report) -> Result<(), Error> {
    for (digest, file) in Blobs::at(dir).list()? {
        report.blobs += 1;
        needed.remove(&digest);
        if file_digest(&file)? != digest {
            report
                .problems
                .push(format!("blob {} isn't what was written, its SHA-256 doesn't match", hex::encode(digest)));
        }
    }
    for (digest, why) in needed {
        let name = hex::encode(digest);
        report.problems.push(format!("blob {name} is missing, though {why}"));
    }
    Ok(())
}

fn file_digest(path: &Path) -> Result<Digest, Error> {
    let read = || -> std::io::Result<Digest> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match file.read(&mut chunk)? {
                0 => return Ok(hasher.finalize().into()),
                read => hasher.update(&chunk[..read]),
            }
        }
    };
    read().map_err(Error::io("reading", path))
}
