//! The database's tables, and how connections to it are opened.
//!
//! What is written with every message goes into tables that only grow at their end (`ord` and `seq`
//! are row ids): a commit then touches few pages, and pages are what a commit costs (about 8 µs
//! each). The one index that is hit at random, `postings`, is written later and in key order; see
//! [`crate::tail`].

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::Error;

/// "JKFD": tells a journal from other SQLite files.
const APPLICATION_ID: i64 = 0x4a4b_4644;

/// How long a connection waits for another one's lock.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// Goes up with every change of the tables below.
const SCHEMA: i64 = 3;

const TABLES: &str = "
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        hash BLOB NOT NULL,
        payload BLOB NOT NULL
    );
    -- A body without bytes is in a blob file.
    CREATE TABLE bodies (ord INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB);
    CREATE TABLE messages (
        ord INTEGER PRIMARY KEY,
        id BLOB NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        channel TEXT NOT NULL,
        conversation BLOB NOT NULL,
        work_item BLOB,
        inbound INTEGER NOT NULL,
        external_id TEXT,
        body BLOB NOT NULL,
        customer BLOB,
        -- 1: its content was taken away, only that it was there is known.
        bare INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE external_ids (
        ord INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        external_id TEXT NOT NULL,
        message INTEGER NOT NULL
    );
    CREATE INDEX external_ids_of_message ON external_ids (message);
    -- The blobs that messages carry.
    CREATE TABLE attachments (message INTEGER, digest BLOB, PRIMARY KEY (message, digest)) WITHOUT ROWID;
    CREATE INDEX attachments_by_blob ON attachments (digest);
    -- The last record that retention took away; the chain of hashes begins there.
    CREATE TABLE origin (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL);
    INSERT INTO origin VALUES (1, 0, zeroblob(32));
    -- Written to find out whether it can be.
    CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), bytes BLOB NOT NULL);
    INSERT INTO probe VALUES (1, zeroblob(0));
    -- Customers whose content is being erased, and the record that says so.
    CREATE TABLE erasures (customer BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
    -- Where to look for a key: `ord` is a row of the table that the key belongs to.
    CREATE TABLE postings (key INTEGER, ord INTEGER, PRIMARY KEY (key, ord)) WITHOUT ROWID;
    -- Up to which row of each table everything is in `postings`.
    CREATE TABLE settled (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        messages INTEGER NOT NULL,
        bodies INTEGER NOT NULL,
        external_ids INTEGER NOT NULL
    );
    INSERT INTO settled VALUES (1, 0, 0, 0);
    -- A deleted key stays, without a value, for its version.
    CREATE TABLE store (
        channel TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER,
        value BLOB,
        PRIMARY KEY (channel, key)
    ) WITHOUT ROWID;
    CREATE INDEX store_deleted ON store (version) WHERE value IS NULL;
    CREATE INDEX store_expiring ON store (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE store_usage (channel TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE work_items (
        id BLOB PRIMARY KEY,
        state TEXT NOT NULL,
        closed INTEGER NOT NULL,
        json BLOB NOT NULL,
        at INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX work_items_by_state ON work_items (state);
    CREATE INDEX work_items_by_time ON work_items (at);
    CREATE TABLE blob_grants (digest BLOB, channel TEXT, PRIMARY KEY (digest, channel)) WITHOUT ROWID;
";

/// What leads from one schema to the next, by the schema it leads to.
const MIGRATIONS: [(i64, &str); 2] = [
    (
        2,
        "
    -- Nothing was ever written to it: what a channel repeats is known by its message's id.
    DROP TABLE seen;
    ALTER TABLE settled DROP COLUMN seen;
",
    ),
    (
        3,
        "
    ALTER TABLE messages ADD COLUMN customer BLOB;
    ALTER TABLE messages ADD COLUMN bare INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX external_ids_of_message ON external_ids (message);
    CREATE TABLE attachments (message INTEGER, digest BLOB, PRIMARY KEY (message, digest)) WITHOUT ROWID;
    CREATE INDEX attachments_by_blob ON attachments (digest);
    CREATE TABLE origin (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL);
    INSERT INTO origin VALUES (1, 0, zeroblob(32));
    CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), bytes BLOB NOT NULL);
    INSERT INTO probe VALUES (1, zeroblob(0));
    CREATE TABLE erasures (customer BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
    -- When they ended isn't known: as of now, so that none goes too early.
    ALTER TABLE work_items ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
    UPDATE work_items SET at = (SELECT coalesce(max(at), 0) FROM records);
    CREATE INDEX work_items_by_time ON work_items (at);
",
    ),
];

/// Opens the journal at `path` for writing, brings it up to date, and makes its tables if it is new.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let open = || -> rusqlite::Result<(Connection, i64, i64)> {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        // FULL syncs the log at every commit: what was answered must be there after a power cut. A
        // checkpoint every 8 MiB of log keeps its pause under some 10 ms. What is erased is overwritten.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 2000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -65536;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;",
        )?;
        prepare(&connection)?;
        let application = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
        let schema = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
        Ok((connection, application, schema))
    };
    let failed = |source| Error::sqlite(path, source);
    let (mut connection, application, schema) = open().map_err(failed)?;
    if (application, schema) == (0, 0) && is_empty(&connection).map_err(failed)? {
        create(&mut connection).map_err(failed)?;
    } else {
        accept(path, application, schema)?;
        migrate(&mut connection, schema).map_err(failed)?;
    }
    Ok(connection)
}

/// Opens the journal at `path` for reading. It may be in use by a server.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let open = || -> rusqlite::Result<(Connection, i64, i64)> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.execute_batch("PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
        prepare(&connection)?;
        let application = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
        let schema = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
        Ok((connection, application, schema))
    };
    let (connection, application, schema) = open().map_err(|source| Error::sqlite(path, source))?;
    accept(path, application, schema)?;
    if schema < SCHEMA {
        return Err(Error::SchemaOlder { path: path.to_path_buf(), found: schema, known: SCHEMA });
    }
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Without it SQLite prepares a statement anew whenever another LIMIT is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn accept(path: &Path, application: i64, schema: i64) -> Result<(), Error> {
    let path = path.to_path_buf();
    if application != APPLICATION_ID {
        Err(Error::NotAJournal { path })
    } else if schema > SCHEMA {
        Err(Error::SchemaNewer { path, found: schema, known: SCHEMA })
    } else {
        Ok(())
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
}

/// Brings an older journal's tables to what they are now, step by step, in one transaction.
fn migrate(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    if found == SCHEMA {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for (to, step) in MIGRATIONS {
        if found < to {
            transaction.execute_batch(step)?;
        }
    }
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
}
