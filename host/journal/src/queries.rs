//! The lookups, on whichever connection is at hand.

use parking_lot::RwLock;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::record::{Digest, Id, Record, Seq};
use crate::rows::{MessageRow, StoreEntry, StoreRead, StoreUsage, WorkItemFilter, WorkItemRow};
use crate::tail::{self, Key, Tail};

type Result<T> = rusqlite::Result<T>;

/// Columns of `messages` in the order that [`message_row`] expects.
const MESSAGE: &str = "SELECT id, seq, at, channel, conversation, work_item, inbound, external_id, body, customer, bare
     FROM messages WHERE ord = ?";

/// A body as it is stored.
pub(crate) enum Stored {
    /// In the database.
    Inline(Vec<u8>),
    /// In a blob file of the same digest.
    Blob,
}

/// A connection and the part of the index that is in memory.
#[derive(Clone, Copy)]
pub(crate) struct Queries<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) tail: &'a RwLock<Tail>,
}

impl Queries<'_> {
    pub(crate) fn find(&self, key: Key<'_>) -> Result<Vec<i64>> {
        // More than one only if two keys share their 64 bits, or a body was written twice.
        tail::find(self.connection, self.tail, key, 0, 16)
    }

    pub(crate) fn body(&self, digest: &Digest) -> Result<Option<Stored>> {
        let mut statement = self.connection.prepare_cached("SELECT bytes FROM bodies WHERE ord = ? AND digest = ?")?;
        for ord in self.find(Key::Body(digest))? {
            let found = statement.query_row(params![ord, digest], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?;
            match found {
                Some(Some(bytes)) => return Ok(Some(Stored::Inline(bytes))),
                Some(None) => return Ok(Some(Stored::Blob)),
                None => {}
            }
        }
        Ok(None)
    }

    /// The row id of a message.
    pub(crate) fn message_ord(&self, id: &Id) -> Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached("SELECT 1 FROM messages WHERE ord = ? AND id = ?")?;
        for ord in self.find(Key::Message(id))? {
            if statement.exists(params![ord, id])? {
                return Ok(Some(ord));
            }
        }
        Ok(None)
    }

    pub(crate) fn message(&self, id: &Id) -> Result<Option<MessageRow>> {
        match self.message_ord(id)? {
            Some(ord) => self.message_at(ord),
            None => Ok(None),
        }
    }

    pub(crate) fn message_at(&self, ord: i64) -> Result<Option<MessageRow>> {
        self.connection.prepare_cached(MESSAGE)?.query_row([ord], message_row).optional()
    }

    pub(crate) fn message_by_external(&self, channel: &str, external_id: &str) -> Result<Option<MessageRow>> {
        let mut first: Option<i64> = None;
        for ord in self.find(Key::External(channel, external_id))? {
            let mut statement = self
                .connection
                .prepare_cached("SELECT 1 FROM messages WHERE ord = ? AND channel = ? AND external_id = ?")?;
            if statement.exists(params![ord, channel, external_id])? {
                first = Some(ord);
                break;
            }
        }
        for ord in self.find(Key::LaterExternal(channel, external_id))? {
            let mut statement = self
                .connection
                .prepare_cached("SELECT message FROM external_ids WHERE ord = ? AND channel = ? AND external_id = ?")?;
            let message = statement.query_row(params![ord, channel, external_id], |row| row.get(0)).optional()?;
            first = first.into_iter().chain(message).min();
        }
        match first {
            Some(ord) => self.message_at(ord),
            None => Ok(None),
        }
    }

    /// Up to `limit` messages of `key` for which `belongs` is true, behind the row `after`.
    pub(crate) fn messages(
        &self,
        key: Key<'_>,
        after: i64,
        limit: usize,
        belongs: impl Fn(&MessageRow) -> bool,
    ) -> Result<Vec<MessageRow>> {
        let mut found = Vec::new();
        let mut after = after;
        while found.len() < limit {
            let ords = tail::find(self.connection, self.tail, key, after, limit - found.len())?;
            let Some(last) = ords.last() else { break };
            after = *last;
            for ord in ords {
                found.extend(self.message_at(ord)?.filter(&belongs));
            }
        }
        Ok(found)
    }

    /// The same from the newest on, before the row `before`.
    pub(crate) fn newest_messages(
        &self,
        key: Key<'_>,
        before: i64,
        limit: usize,
        belongs: impl Fn(&MessageRow) -> bool,
    ) -> Result<Vec<MessageRow>> {
        let mut found = Vec::new();
        let mut before = before;
        while found.len() < limit {
            let ords = tail::find_before(self.connection, self.tail, key, before, limit - found.len())?;
            let Some(last) = ords.last() else { break };
            before = *last;
            for ord in ords {
                found.extend(self.message_at(ord)?.filter(&belongs));
            }
        }
        Ok(found)
    }

    pub(crate) fn store_get(&self, channel: &str, key: &str, now: i64) -> Result<StoreRead> {
        let read = self
            .connection
            .prepare_cached(
                "SELECT CASE WHEN expires_at <= ?3 THEN NULL ELSE value END, version
                 FROM store WHERE channel = ?1 AND key = ?2",
            )?
            .query_row(params![channel, key, now], |row| Ok(StoreRead { value: row.get(0)?, version: row.get(1)? }))
            .optional()?;
        Ok(read.unwrap_or_default())
    }

    pub(crate) fn store_version(&self, channel: &str, key: &str) -> Result<Seq> {
        let version = self
            .connection
            .prepare_cached("SELECT version FROM store WHERE channel = ? AND key = ?")?
            .query_row(params![channel, key], |row| row.get(0))
            .optional()?;
        Ok(version.unwrap_or(0))
    }

    pub(crate) fn store_entries(
        &self,
        channel: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<StoreEntry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key, value, version FROM store
             WHERE channel = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3)
               AND value IS NOT NULL AND (expires_at IS NULL OR expires_at > ?4)
             ORDER BY key",
        )?;
        // What is before `after` is skipped by the index when that is behind the prefix.
        let from = after.filter(|after| *after > prefix).unwrap_or(prefix);
        let mut rows = statement.query(params![channel, from, after, now])?;
        let mut entries = Vec::new();
        while entries.len() < limit
            && let Some(row) = rows.next()?
        {
            let key: String = row.get(0)?;
            if !key.starts_with(prefix) {
                break;
            }
            entries.push(StoreEntry { key, value: row.get(1)?, version: row.get(2)? });
        }
        Ok(entries)
    }

    pub(crate) fn store_keys(&self, channel: &str, prefix: &str, now: i64) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT key FROM store
             WHERE channel = ?1 AND key >= ?2 AND value IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3)
             ORDER BY key",
        )?;
        let mut rows = statement.query(params![channel, prefix, now])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            if !key.starts_with(prefix) {
                break;
            }
            keys.push(key);
        }
        Ok(keys)
    }

    pub(crate) fn store_usage(&self, channel: &str) -> Result<StoreUsage> {
        let usage = self
            .connection
            .prepare_cached("SELECT keys, bytes FROM store_usage WHERE channel = ?")?
            .query_row([channel], |row| Ok(StoreUsage { keys: row.get(0)?, bytes: row.get(1)? }))
            .optional()?;
        Ok(usage.unwrap_or_default())
    }

    pub(crate) fn work_item(&self, id: &Id) -> Result<Option<WorkItemRow>> {
        self.connection
            .prepare_cached("SELECT id, state, closed, json FROM work_items WHERE id = ?")?
            .query_row([id], work_item_row)
            .optional()
    }

    pub(crate) fn work_items(&self, filter: &WorkItemFilter) -> Result<Vec<WorkItemRow>> {
        // An empty blob sorts before every id.
        let after: &[u8] = filter.after.as_ref().map_or(&[], |id| id);
        let limit = sql_limit(filter.limit);
        match &filter.state {
            Some(state) => self
                .connection
                .prepare_cached(
                    "SELECT id, state, closed, json FROM work_items
                     WHERE state = ? AND id > ? ORDER BY id LIMIT ?",
                )?
                .query_map(params![state, after, limit], work_item_row)?
                .collect(),
            None => self
                .connection
                .prepare_cached(
                    "SELECT id, state, closed, json FROM work_items
                     WHERE id > ? ORDER BY id LIMIT ?",
                )?
                .query_map(params![after, limit], work_item_row)?
                .collect(),
        }
    }

    pub(crate) fn blob_granted(&self, channel: &str, digest: &Digest) -> Result<bool> {
        self.connection
            .prepare_cached("SELECT 1 FROM blob_grants WHERE digest = ? AND channel = ?")?
            .exists(params![digest, channel])
    }

    /// Customers whose content is being erased, with the record that says so.
    pub(crate) fn erasures(&self) -> Result<Vec<(Id, Seq)>> {
        self.connection
            .prepare_cached("SELECT customer, seq FROM erasures ORDER BY customer")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The blobs that a message carries.
    pub(crate) fn carried(&self, ord: i64) -> Result<Vec<Digest>> {
        self.connection
            .prepare_cached("SELECT digest FROM attachments WHERE message = ?")?
            .query_map([ord], |row| row.get(0))?
            .collect()
    }

    /// Whether anything needs the blob file: a channel that may read it, or a large body.
    pub(crate) fn blob_needed(&self, digest: &Digest) -> Result<bool> {
        let granted = self.connection.prepare_cached("SELECT 1 FROM blob_grants WHERE digest = ?")?.exists([digest])?;
        Ok(granted || matches!(self.body(digest)?, Some(Stored::Blob)))
    }

    pub(crate) fn records(&self, from: Seq, limit: usize) -> Result<Vec<Record>> {
        self.connection
            .prepare_cached("SELECT seq, at, payload, hash FROM records WHERE seq >= ? ORDER BY seq LIMIT ?")?
            .query_map(params![i64::try_from(from).unwrap_or(i64::MAX), sql_limit(limit)], |row| {
                Ok(Record { seq: row.get(0)?, at: row.get(1)?, payload: row.get(2)?, hash: row.get(3)? })
            })?
            .collect()
    }
}

/// SQLite takes a negative limit for none at all.
fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn message_row(row: &Row<'_>) -> Result<MessageRow> {
    Ok(MessageRow {
        id: row.get(0)?,
        seq: row.get(1)?,
        at: row.get(2)?,
        channel: row.get(3)?,
        conversation: row.get(4)?,
        work_item: row.get(5)?,
        inbound: row.get(6)?,
        external_id: row.get(7)?,
        body: row.get(8)?,
        customer: row.get(9)?,
        bare: row.get(10)?,
    })
}

fn work_item_row(row: &Row<'_>) -> Result<WorkItemRow> {
    Ok(WorkItemRow { id: row.get(0)?, state: row.get(1)?, closed: row.get(2)?, json: row.get(3)? })
}
