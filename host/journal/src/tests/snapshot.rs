use std::fs;

use super::*;
use crate::Error;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir.join("snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_newest_three_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 12);
    assert!(journal.latest_snapshot().unwrap().is_none());
    for seq in [2, 9, 10, 11] {
        journal.write_snapshot(seq, format!("state {seq}").as_bytes()).unwrap();
    }
    assert_eq!(names(dir.path()), ["10.snap", "11.snap", "9.snap"]);
    let newest = journal.latest_snapshot().unwrap().unwrap();
    assert_eq!((newest.seq, newest.at), (11, NOW));
    assert_eq!(&*newest.payload, b"state 11");

    // The same state again is no second one.
    journal.write_snapshot(11, b"again").unwrap();
    assert_eq!(names(dir.path()).len(), 3);
    assert_eq!(&*journal.snapshots().latest().unwrap().unwrap().payload, b"again");
}

#[test]
fn there_must_be_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 2);
    for seq in [0, 3, u64::MAX] {
        let error = journal.write_snapshot(seq, b"").unwrap_err();
        assert!(matches!(error, Error::SnapshotOutside { seq: s } if s == seq), "{error}");
    }
    journal.write_snapshot(2, b"").unwrap();
    assert_eq!(&*journal.latest_snapshot().unwrap().unwrap().payload, b"");
}

#[test]
fn a_damaged_one_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 4);
    journal.write_snapshot(2, b"good").unwrap();
    journal.write_snapshot(4, b"bad").unwrap();
    let path = dir.path().join("snapshots/4.snap");
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(journal.latest_snapshot().unwrap().unwrap().seq, 2);
    }
    for length in [0, 8, 40, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(&*journal.latest_snapshot().unwrap().unwrap().payload, b"good");
    }
    drop(journal);
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().head(), 4);

    // With none left, replay is whole again.
    fs::write(dir.path().join("snapshots/2.snap"), b"").unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    assert!(journal.latest_snapshot().unwrap().is_none());
    let problems = crate::verify(dir.path()).unwrap().problems;
    assert_eq!(problems, ["snapshot 4: its SHA-256 doesn't match", "snapshot 2: it is cut off"]);
}

#[test]
fn one_of_another_record_or_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 3);
    journal.write_snapshot(2, b"state").unwrap();
    let snapshots = dir.path().join("snapshots");
    fs::rename(snapshots.join("2.snap"), snapshots.join("3.snap")).unwrap();
    assert!(journal.latest_snapshot().unwrap().is_none());
    drop(journal);

    let other = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(other.path()).unwrap();
    append(&mut journal, batch(77));
    journal.write_snapshot(1, b"other").unwrap();
    fs::copy(other.path().join("snapshots/1.snap"), snapshots.join("1.snap")).unwrap();
    let error = SqliteJournal::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains("record 1 isn't the one"), "{error}");
}

#[test]
fn it_can_be_written_while_records_are_appended() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 1);
    let snapshots = journal.snapshots();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 1..=10 {
                // The record may not be there yet.
                while snapshots.write(seq, &vec![seq as u8; 100_000]).is_err() {}
            }
        });
        for number in 2..=10 {
            append(&mut journal, batch(number));
        }
    });
    let newest = journal.latest_snapshot().unwrap().unwrap();
    assert_eq!((newest.seq, &*newest.payload), (10, &[10; 100_000][..]));
}
