//! The files of a data folder, damaged in every way: they are refused with a sentence, or they are read.

use jackfield_journal::{Batch, Body, Journal, NewRecord, Row, SqliteJournal, WorkItemFilter, digest_of, verify};
use jackfield_tests::{fuzz, kind_of};
use std::path::Path;
use std::sync::Arc;

/// A small journal: records, bodies, messages, a store, a snapshot.
fn make(dir: &Path) {
    let mut journal = SqliteJournal::open(dir).expect("a fresh folder");
    for number in 0..12_u8 {
        let bytes: Arc<[u8]> = vec![number; 100].into();
        let digest = digest_of(&bytes);
        let message = Row::Message {
            id: [number; 16],
            record: 0,
            channel: "c".to_owned(),
            conversation: [1; 16],
            work_item: Some([2; 16]),
            inbound: true,
            external_id: Some(format!("e{number}")),
            body: digest,
            customer: Some([3; 16]),
            attachments: Vec::new(),
            at: i64::from(number),
        };
        let channel = "c".to_owned();
        let set =
            Row::StoreSet { record: 0, channel, key: format!("k{number}"), value: vec![number], expires_at: None };
        let batch = Batch {
            records: vec![NewRecord { at: i64::from(number), payload: vec![b'r'; 50] }],
            bodies: vec![Body { digest, bytes }],
            rows: vec![message, set],
        };
        let head = journal.head();
        journal.append(head, batch).expect("appends");
    }
    journal.write_snapshot(6, b"a state").expect("writes");
}

/// Opens a folder and asks for everything in it; the first error ends it.
fn ask(dir: &Path) -> Result<usize, jackfield_journal::Error> {
    let journal = SqliteJournal::open(dir)?;
    journal.latest_snapshot()?;
    let records = journal.read(0, 100)?.len();
    let reader = journal.reader();
    for number in 0..12_u8 {
        reader.message(&[number; 16])?;
        reader.body(&digest_of(&[number; 100]))?;
        reader.message_by_external("c", &format!("e{number}"))?;
    }
    reader.messages_of_item(&[2; 16], None, 100)?;
    reader.messages_of_customer(&[3; 16], None, 100)?;
    reader.store_entries("c", "", None, 100, 0)?;
    reader.work_items(&WorkItemFilter { state: None, after: None, limit: 10 })?;
    Ok(records)
}

fn outcome(dir: &Path) -> String {
    let name = dir.display().to_string();
    let kind = |error: jackfield_journal::Error| kind_of(&error.to_string().replace(&name, ""));
    let asked = ask(dir).map_or_else(kind, |records| records.to_string());
    let verified = verify(dir).map_or_else(kind, |report| report.problems.len().to_string());
    format!("{asked} {verified}")
}

fn with_file(name: &str, file: &str) -> u64 {
    let sound = tempfile::tempdir().expect("a folder");
    make(sound.path());
    let input = std::fs::read(sound.path().join(file)).expect("the file");
    fuzz(name, vec![input], &["JKFDSNP1", "SQLite format 3\0", "CREATE TABLE"], |bytes| {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("snapshots")).expect("a folder");
        for kept in ["journal.db", "head", "snapshots/6.snap"] {
            std::fs::copy(sound.path().join(kept), dir.path().join(kept)).expect("a copy");
        }
        std::fs::write(dir.path().join(file), bytes).expect("writes");
        outcome(dir.path())
    })
}

pub(crate) fn snapshot() -> u64 {
    with_file("snapshot", "snapshots/6.snap")
}

pub(crate) fn journal() -> u64 {
    with_file("journal", "journal.db")
}
