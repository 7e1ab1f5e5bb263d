//! A copy is as good as the folder it was made of.

use super::*;
use crate::{Error, backup, restore, verify};

#[test]
fn a_backup_of_a_journal_in_use_is_restored_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 150);
    let (kept, loose) = (journal.blobs().put(b"a picture").unwrap(), journal.blobs().put(b"nobody's").unwrap());
    append(&mut journal, rows(vec![Row::BlobGrant { channel: "c".to_owned(), digest: kept }]));
    journal.write_snapshot(100, b"state").unwrap();
    std::fs::write(dir.path().join("key"), [7; 32]).unwrap();
    std::fs::create_dir(dir.path().join("compiled")).unwrap();
    std::fs::write(dir.path().join("compiled/driver"), b"code").unwrap();

    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("backups/monday");
    let report = std::thread::scope(|scope| {
        let copying = scope.spawn(|| backup(dir.path(), &copy));
        for number in 151..200 {
            append(&mut journal, batch(number));
        }
        copying.join().unwrap().unwrap()
    });
    assert!((151..=200).contains(&report.head), "{report:?}");
    assert_eq!((report.blobs, report.snapshots), (1, 1));
    assert!(!copy.join("compiled").exists() && !copy.join("lock").exists());
    let error = backup(dir.path(), &copy).unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");

    let data = place.path().join("data");
    assert_eq!(restore(&copy, &data).unwrap().head, report.head);
    assert_eq!(std::fs::read(data.join("key")).unwrap(), [7; 32]);
    let mut again = SqliteJournal::open(&data).unwrap();
    assert_eq!(again.head(), report.head);
    assert!(again.reader().has_message(&id(150)).unwrap());
    assert_eq!(again.blobs().size(&kept).unwrap(), Some(9));
    assert_eq!(again.blobs().size(&loose).unwrap(), None);
    assert_eq!(&*again.latest_snapshot().unwrap().unwrap().payload, b"state");
    append(&mut again, batch(1000));
    drop(again);
    assert_eq!(verify(&data).unwrap().problems, [""; 0]);
    let error = restore(&copy, &data).unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "what is there is never overwritten: {error}");
}

#[test]
fn what_is_damaged_is_neither_backed_up_nor_restored() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 5));
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("copy");
    backup(dir.path(), &copy).unwrap();
    for folder in [dir.path(), &copy] {
        let database = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
        database.execute_batch("UPDATE records SET payload = x'00' WHERE seq = 3").unwrap();
    }
    let data = place.path().join("data");
    for error in [restore(&copy, &data).unwrap_err(), backup(dir.path(), &data).unwrap_err()] {
        assert!(error.to_string().contains("record 3 was altered"), "{error}");
    }
    assert!(!data.exists());
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["copy"], "nothing half made is left behind");
}
