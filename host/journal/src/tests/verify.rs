use std::fs;

use super::*;
use crate::{Error, dump, verify};

#[test]
fn a_sound_journal_has_no_problems_also_while_it_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 130);
    let blob = journal.blobs().put(b"a picture").unwrap();
    let mut batch = batch(131);
    batch.bodies.push(body(&vec![0; 100_000]));
    batch.rows.push(Row::BlobGrant { channel: "c".to_owned(), digest: blob });
    append(&mut journal, batch);
    journal.write_snapshot(100, b"state").unwrap();
    let report = verify(dir.path()).unwrap();
    assert_eq!(report.problems, [""; 0]);
    assert_eq!((report.head, report.records), (131, 131));
    assert_eq!((report.bodies, report.messages), (132, 131));
    assert_eq!((report.blobs, report.snapshots), (2, 1));
    drop(journal);
    assert_eq!(verify(dir.path()).unwrap(), report);
}

#[test]
fn there_must_be_a_journal() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(verify(dir.path()), Err(Error::NoJournal { .. })));
    assert!(matches!(dump(dir.path(), 0, 1), Err(Error::NoJournal { .. })));
    assert!(!dir.path().join("journal.db").exists());
}

/// Does something to the tables that the server never does.
fn tamper(dir: &Path, sql: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(dir.join("journal.db")).unwrap();
    database.execute_batch(sql).unwrap();
    drop(database);
    verify(dir).unwrap().problems
}

#[test]
fn each_kind_of_damage_gets_its_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = |records| {
        fs::remove_dir_all(dir.path()).unwrap();
        drop(filled(dir.path(), records));
        dir.path()
    };
    let body = hex::encode(digest_of(b"body 1"));
    let name = hex::encode(id(1));

    let problems = tamper(fresh(3), "UPDATE bodies SET bytes = x'00' WHERE ord = 1");
    assert_eq!(problems, [format!("journal.db: body {body} isn't what was written, its SHA-256 doesn't match")]);
    let problems = tamper(fresh(3), "DELETE FROM bodies WHERE ord = 1");
    assert_eq!(problems, [format!("journal.db: message {name} has the body {body}, which isn't there")]);
    let problems = tamper(fresh(3), "UPDATE messages SET seq = 9 WHERE ord = 1");
    assert_eq!(problems, [format!("journal.db: message {name} names record 9, which isn't there")]);
    let problems = tamper(fresh(150), "DELETE FROM postings");
    assert!(problems.contains(&format!("journal.db: message {name} isn't in the index")));
    let problems = tamper(fresh(3), "UPDATE records SET at = at + 1 WHERE seq = 2");
    assert_eq!(problems, ["journal.db: record 2 was altered after it was written, its hash doesn't match"]);
    // A hash that was made to fit breaks the chain at the next record, or at the noted head.
    let problems = tamper(
        fresh(3),
        "UPDATE records SET hash = x'0000000000000000000000000000000000000000000000000000000000000000' WHERE seq = 3",
    );
    assert_eq!(
        problems,
        [
            "journal.db: record 3 was altered after it was written, its hash doesn't match",
            "journal.db: record 3 isn't the one that was noted beside the database when it was written"
        ]
    );
    let problems = tamper(fresh(3), "DELETE FROM records WHERE seq = 1");
    assert_eq!(problems[0], "journal.db: record 1 is missing");
    let problems = tamper(fresh(3), "DROP TABLE external_ids; DROP TABLE messages");
    assert!(problems.iter().any(|p| p.contains("journal.db")));
}

#[test]
fn blobs_are_checked_against_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let blobs = journal.blobs();
    let (altered, missing) = (blobs.put(b"altered").unwrap(), blobs.put(b"gone").unwrap());
    let grants = [altered, missing].map(|digest| Row::BlobGrant { channel: "mail".to_owned(), digest });
    append(&mut journal, rows(grants.to_vec()));
    let path = |digest| {
        let name = hex::encode(digest);
        dir.path().join("blobs").join(&name[..2]).join(name)
    };
    fs::write(path(altered), b"changed").unwrap();
    fs::remove_file(path(missing)).unwrap();
    assert_eq!(
        verify(dir.path()).unwrap().problems,
        [
            format!("blob {} isn't what was written, its SHA-256 doesn't match", hex::encode(altered)),
            format!("blob {} is missing, though channel mail may read it", hex::encode(missing))
        ]
    );
}

#[test]
fn dump_gives_the_records_of_a_journal_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 150);
    let all: Vec<_> = dump(dir.path(), 0, usize::MAX).unwrap().map(Result::unwrap).collect();
    assert_eq!(all, journal.read(1, 200).unwrap());
    let some: Vec<Seq> = dump(dir.path(), 60, 70).unwrap().map(|record| record.unwrap().seq).collect();
    assert_eq!(some, (60..130).collect::<Vec<_>>());
    assert_eq!(dump(dir.path(), 151, 5).unwrap().count(), 0);
    assert_eq!(dump(dir.path(), 1, 0).unwrap().count(), 0);
}

#[test]
fn a_dump_misses_what_is_missing() {
    let seqs = |dir: &Path| dump(dir, 1, usize::MAX).unwrap().map(|record| record.map(|it| it.seq)).collect::<Vec<_>>();
    let fresh = || {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), 5));
        dir
    };
    let cut = fresh();
    tamper(cut.path(), "DELETE FROM records WHERE seq > 3");
    let read = seqs(cut.path());
    assert_eq!(read.len(), 4);
    assert!(matches!(read[3], Err(Error::TailCut { noted: 5, found: 3, .. })), "{read:?}");
    let holed = fresh();
    tamper(holed.path(), "DELETE FROM records WHERE seq = 2");
    let read = seqs(holed.path());
    assert_eq!(read.len(), 2);
    assert!(matches!(&read[1], Err(Error::Damaged { what, .. }) if what == "record 2 is missing"), "{read:?}");
}
