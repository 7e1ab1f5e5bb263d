//! Tests of the journal as its users see it, and what they share.

mod append;
mod backup;
mod blobs;
mod channel_log;
mod damage;
mod lookup;
mod migrate;
mod model;
mod remove;
mod snapshot;
mod verify;

use std::path::Path;
use std::sync::Arc;

use crate::{Batch, Body, Digest, Id, Journal, NewRecord, Row, Seq, SqliteJournal, digest_of};

/// A moment, in milliseconds since 1970-01-01 UTC.
pub(crate) const NOW: i64 = 1_767_225_600_000;

pub(crate) fn id(number: u64) -> Id {
    let mut id = [0; 16];
    id.copy_from_slice(&digest_of(&number.to_be_bytes())[..16]);
    id
}

pub(crate) fn record(payload: &[u8]) -> NewRecord {
    NewRecord { at: NOW, payload: payload.to_vec() }
}

pub(crate) fn body(bytes: &[u8]) -> Body {
    Body { digest: digest_of(bytes), bytes: Arc::from(bytes) }
}

pub(crate) fn message(number: u64, body: Digest) -> Row {
    Row::Message {
        id: id(number),
        record: 0,
        channel: "support-sms".to_owned(),
        conversation: id(1_000_000),
        work_item: Some(id(2_000_000)),
        inbound: true,
        external_id: Some(format!("SM{number}")),
        body,
        customer: Some(id(3_000_000)),
        attachments: Vec::new(),
        at: NOW,
    }
}

/// A record of `payload` with a body and a message, all told apart by `number`.
pub(crate) fn batch(number: u64) -> Batch {
    let body = body(format!("body {number}").as_bytes());
    Batch {
        records: vec![record(format!("payload {number}").as_bytes())],
        rows: vec![message(number, body.digest)],
        bodies: vec![body],
    }
}

/// Rows under a record that says nothing.
pub(crate) fn rows(rows: Vec<Row>) -> Batch {
    Batch { records: vec![record(b"rows")], rows, ..Batch::default() }
}

pub(crate) fn append(journal: &mut SqliteJournal, batch: Batch) -> Seq {
    let head = journal.head();
    journal.append(head, batch).expect("the batch can be appended")
}

/// A journal in `dir` with the records 1 to `records` of [`batch`].
pub(crate) fn filled(dir: &Path, records: u64) -> SqliteJournal {
    let mut journal = SqliteJournal::open(dir).expect("the folder is fine");
    for number in 1..=records {
        append(&mut journal, batch(number));
    }
    journal
}

/// The files of a data folder as a killed process leaves them: what it wrote, and nothing tidied up.
pub(crate) fn killed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("there is a place for temporary files");
    for name in ["journal.db", "journal.db-wal", "head"] {
        std::fs::copy(dir.join(name), copy.path().join(name)).expect("the file is there");
    }
    copy
}
