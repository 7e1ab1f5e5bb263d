use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::Error;

/// Flips a bit of the first place in the file where `marker` stands.
fn flip(path: &Path, marker: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let place = bytes.windows(marker.len()).position(|window| window == marker).expect("the marker is in the file");
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn refusal(dir: &Path) -> Error {
    SqliteJournal::open(dir).expect_err("the journal is damaged")
}

#[test]
fn a_second_server_is_refused_while_the_first_one_runs() {
    let dir = tempfile::tempdir().unwrap();
    let first = filled(dir.path(), 1);
    let error = refusal(dir.path());
    assert!(matches!(error, Error::Locked { .. }));
    let name = dir.path().to_str().unwrap();
    assert!(error.to_string().contains(name), "{error}");
    assert!(error.to_string().contains("used by another server"), "{error}");
    drop(first);
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().head(), 1);
}

#[test]
fn the_folder_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("made/by/us");
    drop(filled(&open, 1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&open), 0o700);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    drop(SqliteJournal::open(&open).unwrap());
    assert_eq!(mode(&open), 0o700);
}

#[test]
fn a_flipped_bit_in_a_record_is_found() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 5));
    flip(&dir.path().join("journal.db"), b"payload 3");
    let error = refusal(dir.path());
    let text = error.to_string();
    assert!(matches!(error, Error::Damaged { .. }), "{text}");
    for part in ["journal.db is damaged", "record 3 was altered", "journal verify", "restore"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn damage_before_the_snapshot_does_not_stop_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 5);
    journal.write_snapshot(4, b"state").unwrap();
    drop(journal);
    flip(&dir.path().join("journal.db"), b"payload 3");
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().head(), 5);
    assert_eq!(
        crate::verify(dir.path()).unwrap().problems,
        ["journal.db: record 3 was altered after it was written, its hash doesn't match"]
    );
    flip(&dir.path().join("journal.db"), b"payload 5");
    let error = refusal(dir.path());
    assert!(error.to_string().contains("record 5 was altered"), "{error}");
}

#[test]
fn a_missing_record_is_found() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 5));
    let database = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    database.execute("DELETE FROM records WHERE seq IN (2, 3)", []).unwrap();
    drop(database);
    let error = refusal(dir.path());
    assert!(error.to_string().contains("records 2 to 3 are missing"), "{error}");
}

#[test]
fn a_broken_page_is_damage_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 200));
    let path = dir.path().join("journal.db");
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, bytes).unwrap();
        match SqliteJournal::open(dir.path()) {
            Err(Error::Damaged { .. } | Error::TailCut { .. }) => refused += 1,
            Err(other) => panic!("page {page}: {other}"),
            Ok(_) => {}
        }
        let report = crate::verify(dir.path()).unwrap();
        assert_ne!(report.problems, [""; 0], "page {page} is broken");
    }
    assert!(refused > 0);
}

#[test]
fn a_file_of_something_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    fs::write(&path, b"a letter to a friend, long enough to be no empty file").unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, Error::Damaged { .. }), "{error}");

    fs::remove_file(&path).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("CREATE TABLE songs (name)").unwrap();
    drop(database);
    let error = refusal(dir.path());
    assert!(matches!(error, Error::NotAJournal { .. }), "{error}");
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 1));
    let database = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let error = refusal(dir.path());
    assert!(matches!(error, Error::SchemaNewer { found: 99, .. }), "{error}");
}

#[test]
fn a_cut_tail_is_reported_against_the_noted_head() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 20);
    let copy = killed(dir.path());
    drop(journal);
    let wal = copy.path().join("journal.db-wal");
    let length = fs::metadata(&wal).unwrap().len();
    let file = OpenOptions::new().write(true).open(&wal).unwrap();
    file.set_len(length - 10_000).unwrap();

    let error = refusal(copy.path());
    let Error::TailCut { noted, found, .. } = error else { panic!("{error}") };
    assert_eq!(noted, 20);
    assert!(found < 20);
    let text = error.to_string();
    assert!(text.contains("its tail is cut off"), "{text}");
    let report = crate::verify(copy.path()).unwrap();
    assert_eq!(
        report.problems,
        [format!("journal.db: it ends at record {found}, but record 20 was written: its tail is cut off")]
    );

    // What the text offers to those who have no backup.
    fs::remove_file(copy.path().join("head")).unwrap();
    let mut journal = SqliteJournal::open(copy.path()).unwrap();
    assert_eq!(journal.head(), found);
    assert_eq!(append(&mut journal, batch(found + 1)), found + 1);
}

#[test]
fn a_tail_cut_before_a_snapshot_is_reported_without_a_note() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 3));
    fs::copy(dir.path().join("journal.db"), dir.path().join("old")).unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    append(&mut journal, batch(4));
    journal.write_snapshot(4, b"state").unwrap();
    drop(journal);
    fs::rename(dir.path().join("old"), dir.path().join("journal.db")).unwrap();
    fs::remove_file(dir.path().join("head")).unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, Error::TailCut { noted: 4, found: 3, .. }), "{error}");
}

#[test]
fn another_journal_in_its_place_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 3));
    let other = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(other.path()).unwrap();
    for number in 11..=15 {
        append(&mut journal, batch(number));
    }
    drop(journal);
    fs::copy(other.path().join("journal.db"), dir.path().join("journal.db")).unwrap();
    let error = refusal(dir.path());
    assert!(error.to_string().contains("record 3 isn't the one that was noted"), "{error}");
}

#[test]
fn an_unreadable_note_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    for note in [&b""[..], b"garbage", b"7 \xff\n", b"99999999999999999999999 00\n", &[b'9'; 500]] {
        drop(filled(dir.path(), 0));
        fs::write(dir.path().join("head"), note).unwrap();
        let mut journal = SqliteJournal::open(dir.path()).unwrap();
        let next = journal.head() + 1;
        append(&mut journal, batch(next));
        let noted = fs::read_to_string(dir.path().join("head")).unwrap();
        assert!(noted.starts_with(&format!("{next:020} ")), "{noted}");
        assert_eq!(noted.len(), 86);
    }
}
