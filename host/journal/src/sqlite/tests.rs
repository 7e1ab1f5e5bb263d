//! Failures of the disk, which only the connection itself can be made to have.

use crate::tests::{NOW, append, batch, filled, id};
use crate::{Error, Journal, SqliteJournal, verify};

/// The journal is as it was after record 2, and takes records again.
fn goes_on(mut journal: SqliteJournal, dir: &std::path::Path) {
    assert_eq!(journal.head(), 2);
    assert!(!journal.has_message(&id(3)).unwrap());
    assert_eq!(append(&mut journal, batch(3)), 3);
    assert!(journal.reader().has_message(&id(3)).unwrap());
    drop(journal);
    assert_eq!(SqliteJournal::open(dir).unwrap().head(), 3);
    assert_eq!(verify(dir).unwrap().problems, [""; 0]);
}

#[test]
fn a_read_only_disk_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 2);
    let read_only = |journal: &SqliteJournal, on: bool| {
        let connection = &journal.connection;
        connection.pragma_update(None, "query_only", on).unwrap();
    };
    read_only(&journal, true);
    let error = journal.append(2, batch(3)).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }));
    let path = dir.path().join("journal.db");
    assert_eq!(
        error.to_string(),
        format!(
            "{} can't be written: the disk or the file is read-only; nothing was written. \
             Make it writable for the server's user",
            path.display()
        )
    );
    let error = journal.collect_store(NOW, 2, 10).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    read_only(&journal, false);
    goes_on(journal, dir.path());
}

#[test]
fn a_full_disk_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 2);
    let pages: i64 = journal.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |journal: &SqliteJournal, pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        journal.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap();
    };
    limit(&journal, pages);
    let mut large = batch(3);
    large.records[0].payload = vec![0; 100_000];
    let error = journal.append(2, large).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    assert!(matches!(journal.probe(100_000).unwrap_err(), Error::DiskFull { .. }));
    limit(&journal, 1_000_000_000);
    journal.probe(100_000).unwrap();
    goes_on(journal, dir.path());
}

#[test]
fn a_commit_that_fails_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 2);
    // A failure at the last moment: a constraint that is only checked at the commit.
    journal
        .connection
        .execute_batch(
            "CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TEMP TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
             CREATE TEMP TRIGGER spoil AFTER INSERT ON records BEGIN INSERT INTO child VALUES (1); END;",
        )
        .unwrap();
    let error = journal.append(2, batch(3)).unwrap_err();
    assert!(matches!(error, Error::Sqlite { .. }), "{error}");
    journal.connection.execute_batch("DROP TRIGGER spoil").unwrap();
    goes_on(journal, dir.path());
}
