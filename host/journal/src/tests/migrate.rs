//! Journals of older versions are brought up to date.

use super::*;
use crate::{Error, dump, verify};

/// Makes of a journal what the version of schema 1 would have left.
fn age(dir: &Path) {
    let database = rusqlite::Connection::open(dir.join("journal.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE seen (ord INTEGER PRIMARY KEY, hash BLOB NOT NULL, at INTEGER NOT NULL);
             ALTER TABLE settled ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
             DROP INDEX external_ids_of_message;
             DROP TABLE attachments;
             DROP TABLE origin;
             DROP TABLE probe;
             DROP TABLE erasures;
             ALTER TABLE messages DROP COLUMN customer;
             ALTER TABLE messages DROP COLUMN bare;
             DROP INDEX work_items_by_time;
             ALTER TABLE work_items DROP COLUMN at;
             PRAGMA user_version = 1;",
        )
        .unwrap();
}

#[test]
fn a_journal_of_schema_1_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 150));
    age(dir.path());
    // Who only reads leaves it as it is, and says what to do.
    let error = dump(dir.path(), 1, 1).err().expect("an older schema");
    assert!(matches!(error, Error::SchemaOlder { found: 1, .. }), "{error}");
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    assert!(journal.has_message(&id(7)).unwrap());
    append(&mut journal, batch(151));
    drop(journal);
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().head(), 151);
    assert_eq!(verify(dir.path()).unwrap().problems, [""; 0]);
}
