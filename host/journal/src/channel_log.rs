//! What drivers and the server say about a channel, for its operator to read.
//!
//! Kept in a database of its own: it is no part of the truth, so it needn't be synced, and writing it
//! never delays an append.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::folder;

/// So many lines of each channel are kept, the newest.
pub const LINES_PER_CHANNEL: u64 = 10_000;

/// Old lines are dropped when a channel has this many too many: one deletion for many lines.
const MARGIN: u64 = 500;

/// A line to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The channel it is about.
    pub channel: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// How grave it is: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// What happened.
    pub text: String,
    /// Further fields as a JSON object.
    pub fields: String,
}

/// A line that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its number, ascending within and across channels.
    pub number: u64,
    /// The line.
    pub line: LogLine,
}

/// The channels' logs of a data folder. Lines of the last moments before a power cut may be lost.
#[derive(Debug, Clone)]
pub struct ChannelLog {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    connection: Connection,
    /// Lines of each channel that was written to since the start.
    counts: HashMap<String, u64>,
}

impl ChannelLog {
    /// Opens the logs in the data folder `dir`, or makes both. A damaged file is put aside as
    /// `log.db.damaged`: a lost log is no reason not to serve.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        folder::make_private(dir)?;
        let path = dir.join("log.db");
        let connection = match connect(&path) {
            Err(Error::Damaged { what, .. }) => {
                let aside = dir.join("log.db.damaged");
                tracing::warn!(path = %aside.display(), "the channels' logs are damaged and put aside: {what}");
                fs::rename(&path, &aside).map_err(Error::io("putting aside", &path))?;
                connect(&path)?
            }
            connection => connection?,
        };
        let inner = Inner { path, connection, counts: HashMap::new() };
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }

    /// Writes lines in one transaction, and drops the oldest of channels that have too many.
    ///
    /// # Errors
    /// Those of the database.
    pub fn append(&self, lines: &[LogLine]) -> Result<(), Error> {
        let mut inner = self.inner.lock();
        let written = inner.append(lines);
        if written.is_err() {
            // Counted lines were rolled back; count again.
            inner.counts.clear();
        }
        written.map_err(|source| Error::sqlite(&inner.path, source))
    }

    /// Up to `limit` lines of a channel with numbers over `after`, in order.
    ///
    /// # Errors
    /// Those of the database.
    pub fn read(&self, channel: &str, after: u64, limit: usize) -> Result<Vec<LogEntry>, Error> {
        let inner = self.inner.lock();
        inner.read(channel, after, limit).map_err(|source| Error::sqlite(&inner.path, source))
    }

    /// Removes the lines of a channel whose text or fields `unwanted` says yes to, and returns how many. Nothing of them
    /// stays in the file.
    ///
    /// # Errors
    /// Those of the database.
    pub fn erase(&self, channel: &str, unwanted: &dyn Fn(&[u8]) -> bool) -> Result<usize, Error> {
        let mut inner = self.inner.lock();
        let erased = inner.erase(channel, unwanted);
        inner.counts.remove(channel);
        erased.map_err(|source| Error::sqlite(&inner.path, source))
    }

    /// The number before the newest `lines` lines of a channel, to read those from.
    ///
    /// # Errors
    /// Those of the database.
    pub fn before_newest(&self, channel: &str, lines: usize) -> Result<u64, Error> {
        let inner = self.inner.lock();
        inner
            .connection
            .prepare_cached(
                "SELECT coalesce(min(number) - 1, 0) FROM
                 (SELECT number FROM lines WHERE channel = ? ORDER BY number DESC LIMIT ?)",
            )
            .and_then(|mut query| {
                let lines = i64::try_from(lines).unwrap_or(i64::MAX);
                query.query_row(params![channel, lines], |row| row.get(0))
            })
            .map_err(|source| Error::sqlite(&inner.path, source))
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS lines (
                 number INTEGER PRIMARY KEY AUTOINCREMENT,
                 channel TEXT NOT NULL,
                 at INTEGER NOT NULL,
                 level TEXT NOT NULL,
                 text TEXT NOT NULL,
                 fields TEXT NOT NULL
             );
             CREATE INDEX IF NOT EXISTS lines_of_channel ON lines (channel);",
        )?;
        Ok(connection)
    };
    open().map_err(|source| Error::sqlite(path, source))
}

impl Inner {
    fn append(&mut self, lines: &[LogLine]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for line in lines {
            transaction
                .prepare_cached("INSERT INTO lines (channel, at, level, text, fields) VALUES (?, ?, ?, ?, ?)")?
                .execute(params![line.channel, line.at, line.level, line.text, line.fields])?;
            let count = match self.counts.get_mut(&line.channel) {
                Some(count) => {
                    *count += 1;
                    *count
                }
                None => {
                    let count = transaction.query_row(
                        "SELECT count(*) FROM lines WHERE channel = ?",
                        [&line.channel],
                        |row| row.get(0),
                    )?;
                    self.counts.insert(line.channel.clone(), count);
                    count
                }
            };
            if count > LINES_PER_CHANNEL + MARGIN {
                transaction
                    .prepare_cached(
                        "DELETE FROM lines WHERE channel = ?1 AND number <=
                         (SELECT number FROM lines WHERE channel = ?1
                          ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                    )?
                    .execute(params![line.channel, LINES_PER_CHANNEL])?;
                self.counts.insert(line.channel.clone(), LINES_PER_CHANNEL);
            }
        }
        transaction.commit()
    }

    fn erase(&mut self, channel: &str, unwanted: &dyn Fn(&[u8]) -> bool) -> rusqlite::Result<usize> {
        let transaction = self.connection.transaction()?;
        let mut numbers: Vec<i64> = Vec::new();
        {
            let mut select = transaction.prepare_cached("SELECT number, text, fields FROM lines WHERE channel = ?")?;
            let mut rows = select.query([channel])?;
            while let Some(row) = rows.next()? {
                let is_unwanted = |column| row.get_ref(column)?.as_bytes().map(unwanted).map_err(rusqlite::Error::from);
                if is_unwanted(1)? || is_unwanted(2)? {
                    numbers.push(row.get(0)?);
                }
            }
        }
        for number in &numbers {
            transaction.prepare_cached("DELETE FROM lines WHERE number = ?")?.execute([number])?;
        }
        transaction.commit()?;
        if !numbers.is_empty() {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(numbers.len())
    }

    fn read(&self, channel: &str, after: u64, limit: usize) -> rusqlite::Result<Vec<LogEntry>> {
        self.connection
            .prepare_cached(
                "SELECT number, at, level, text, fields FROM lines
                 WHERE channel = ? AND number > ? ORDER BY number LIMIT ?",
            )?
            .query_map(params![channel, after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(LogEntry {
                    number: row.get(0)?,
                    line: LogLine {
                        channel: channel.to_owned(),
                        at: row.get(1)?,
                        level: row.get(2)?,
                        text: row.get(3)?,
                        fields: row.get(4)?,
                    },
                })
            })?
            .collect()
    }
}
