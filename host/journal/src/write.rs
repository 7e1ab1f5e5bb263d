//! Writing a batch inside its transaction.

use std::collections::hash_map::{Entry, HashMap};
use std::collections::hash_set::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::batch::{Body, MAX_INLINE_BODY, Row};
use crate::error::Error;
use crate::head::Head;
use crate::queries::Queries;
use crate::record::{Digest, Id, NewRecord, Seq, chained};
use crate::tail::{self, Key, Ords, Posting};

/// Why a row can't be written.
pub(crate) enum Failure {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// It contradicts what is there.
    Refused(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// A transaction, and what will be true once it is committed.
pub(crate) struct Write<'a> {
    transaction: &'a Transaction<'a>,
    committed: Queries<'a>,
    /// The head before the batch.
    after: Seq,
    /// The last rows.
    pub(crate) ords: Ords,
    /// Messages known not to be there before this batch.
    absent: HashSet<Id>,
    /// What the index is to get.
    pub(crate) postings: Vec<Posting>,
    /// Messages of this batch and their rows.
    messages: HashMap<Id, i64>,
}

impl<'a> Write<'a> {
    pub(crate) fn new(
        transaction: &'a Transaction<'a>,
        tail: &'a parking_lot::RwLock<tail::Tail>,
        after: Seq,
        ords: Ords,
        absent: HashSet<Id>,
    ) -> Self {
        Self {
            transaction,
            committed: Queries { connection: transaction, tail },
            after,
            ords,
            absent,
            postings: Vec::new(),
            messages: HashMap::new(),
        }
    }

    /// Writes the records behind `head`, and returns the new head.
    pub(crate) fn records(&self, mut head: Head, records: &[NewRecord]) -> Result<Head> {
        let mut insert =
            self.transaction.prepare_cached("INSERT INTO records (seq, at, hash, payload) VALUES (?, ?, ?, ?)")?;
        for NewRecord { at, payload } in records {
            let seq = head.seq + 1;
            let hash = chained(&head.hash, seq, *at, payload);
            insert.execute(params![seq, at, hash, payload])?;
            head = Head { seq, hash };
        }
        Ok(head)
    }

    /// Writes the small bodies, and notes of the large ones that they are blobs.
    pub(crate) fn bodies(&mut self, bodies: &[Body]) -> Result<()> {
        let mut insert = self.transaction.prepare_cached("INSERT INTO bodies (ord, digest, bytes) VALUES (?, ?, ?)")?;
        for Body { digest, bytes } in bodies {
            self.ords.bodies += 1;
            let inline = (bytes.len() <= MAX_INLINE_BODY).then_some(&**bytes);
            insert.execute(params![self.ords.bodies, digest, inline])?;
            let key = Key::Body(digest).bits();
            self.postings.push((key, self.ords.bodies));
        }
        Ok(())
    }

    pub(crate) fn row(&mut self, row: &Row) -> Result<()> {
        match row {
            Row::Message {
                id,
                record,
                channel,
                conversation,
                work_item,
                inbound,
                external_id,
                body,
                customer,
                attachments,
                at,
            } => {
                let ord = self.new_message(id)?;
                self.transaction
                    .prepare_cached(
                        "INSERT INTO messages
                         (ord, id, seq, at, channel, conversation, work_item, inbound, external_id, body, customer)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        ord,
                        id,
                        self.seq(*record),
                        at,
                        channel,
                        conversation,
                        work_item,
                        inbound,
                        external_id,
                        body,
                        customer
                    ])?;
                for digest in attachments {
                    self.transaction
                        .prepare_cached("INSERT OR IGNORE INTO attachments (message, digest) VALUES (?, ?)")?
                        .execute(params![ord, digest])?;
                }
                self.postings.extend(tail::of_message(
                    ord,
                    id,
                    conversation,
                    work_item.as_ref(),
                    channel,
                    external_id.as_deref(),
                    customer.as_ref(),
                ));
                Ok(())
            }
            Row::MessageBody { id, body } => self.message_body(id, body),
            Row::MessageExternalId { id, external_id } => self.external_id(id, external_id),
            Row::StoreSet { record, channel, key, value, expires_at } => {
                self.store(channel, key, *record, Some(value), *expires_at)
            }
            Row::StoreDelete { record, channel, key } => self.store(channel, key, *record, None, None),
            Row::WorkItem { id, state, closed, json, at } => self.work_item(id, state, *closed, json, *at),
            Row::Erasure { record, customer } => {
                self.transaction
                    .prepare_cached("INSERT OR REPLACE INTO erasures (customer, seq) VALUES (?, ?)")?
                    .execute(params![customer, self.seq(*record)])?;
                Ok(())
            }
            Row::BlobGrant { channel, digest } => {
                self.transaction
                    .prepare_cached("INSERT OR IGNORE INTO blob_grants (digest, channel) VALUES (?, ?)")?
                    .execute(params![digest, channel])?;
                Ok(())
            }
        }
    }

    fn seq(&self, record: usize) -> Seq {
        self.after + 1 + record as Seq
    }

    /// The row for a new message, if its id is new.
    fn new_message(&mut self, id: &Id) -> Result<i64> {
        let ord = self.ords.messages + 1;
        let known = !self.absent.contains(id) && self.committed.message_ord(id)?.is_some();
        match self.messages.entry(*id) {
            Entry::Vacant(entry) if !known => {
                entry.insert(ord);
                self.ords.messages = ord;
                Ok(ord)
            }
            _ => Err(Failure::Refused(Error::DuplicateMessage { id: hex::encode(id) })),
        }
    }

    /// The row of a message from this batch or an earlier one.
    fn message(&self, id: &Id) -> Result<i64> {
        let found = match self.messages.get(id) {
            Some(ord) => Some(*ord),
            None => self.committed.message_ord(id)?,
        };
        found.ok_or_else(|| Failure::Refused(Error::UnknownMessage { id: hex::encode(id) }))
    }

    fn message_body(&self, id: &Id, body: &Digest) -> Result<()> {
        let ord = self.message(id)?;
        self.transaction.prepare_cached("UPDATE messages SET body = ? WHERE ord = ?")?.execute(params![body, ord])?;
        Ok(())
    }

    fn external_id(&mut self, id: &Id, external_id: &str) -> Result<()> {
        let message = self.message(id)?;
        let channel: String = self
            .transaction
            .prepare_cached("SELECT channel FROM messages WHERE ord = ?")?
            .query_row([message], |row| row.get(0))?;
        self.ords.external_ids += 1;
        self.transaction
            .prepare_cached("INSERT INTO external_ids (ord, channel, external_id, message) VALUES (?, ?, ?, ?)")?
            .execute(params![self.ords.external_ids, channel, external_id, message])?;
        // Shows the first one with the message; it is found by `external_ids`, as it has no posting.
        self.transaction
            .prepare_cached("UPDATE messages SET external_id = ? WHERE ord = ? AND external_id IS NULL")?
            .execute(params![external_id, message])?;
        let key = Key::LaterExternal(&channel, external_id).bits();
        self.postings.push((key, self.ords.external_ids));
        Ok(())
    }

    fn store(
        &self,
        channel: &str,
        key: &str,
        record: usize,
        value: Option<&[u8]>,
        expires_at: Option<i64>,
    ) -> Result<()> {
        let before: Option<i64> = self
            .transaction
            .prepare_cached("SELECT length(value) FROM store WHERE channel = ? AND key = ?")?
            .query_row([channel, key], |row| row.get(0))
            .optional()?
            .flatten();
        self.transaction
            .prepare_cached(
                "INSERT INTO store (channel, key, version, expires_at, value) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET
                     version = excluded.version, expires_at = excluded.expires_at, value = excluded.value",
            )?
            .execute(params![channel, key, self.seq(record), expires_at, value])?;
        let size = |value: i64| key.len() as i64 + value;
        let bytes = value.map_or(0, |value| size(value.len() as i64)) - before.map_or(0, size);
        let keys = i64::from(value.is_some()) - i64::from(before.is_some());
        change_usage(self.transaction, channel, keys, bytes)?;
        Ok(())
    }

    fn work_item(&self, id: &Id, state: &str, closed: bool, json: &[u8], at: i64) -> Result<()> {
        // Most changes leave the state as it is, and with it the index.
        let same = self
            .transaction
            .prepare_cached("UPDATE work_items SET closed = ?, json = ?, at = ? WHERE id = ? AND state = ?")?
            .execute(params![closed, json, at, id, state])?;
        if same == 0 {
            self.transaction
                .prepare_cached(
                    "INSERT INTO work_items (id, state, closed, json, at) VALUES (?, ?, ?, ?, ?)
                     ON CONFLICT DO UPDATE SET
                         state = excluded.state, closed = excluded.closed, json = excluded.json, at = excluded.at",
                )?
                .execute(params![id, state, closed, json, at])?;
        }
        Ok(())
    }
}

/// Deletes up to `limit` store entries that expired by `now`, and as many deletions written before
/// the record `before`; returns how many in all.
pub(crate) fn collect_store(
    transaction: &Transaction<'_>,
    now: i64,
    before: Seq,
    limit: usize,
) -> rusqlite::Result<usize> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let expired: Vec<(String, String, i64)> = transaction
        .prepare_cached(
            "SELECT channel, key, length(value) FROM store
             WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT ?",
        )?
        .query_map([now, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let deleted: Vec<(String, String)> = transaction
        .prepare_cached("SELECT channel, key FROM store WHERE value IS NULL AND version < ? LIMIT ?")?
        .query_map(params![before, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut remove = transaction.prepare_cached("DELETE FROM store WHERE channel = ? AND key = ?")?;
    for (channel, key, value) in &expired {
        remove.execute([channel, key])?;
        change_usage(transaction, channel, -1, -(key.len() as i64 + value))?;
    }
    for (channel, key) in &deleted {
        remove.execute([channel, key])?;
    }
    Ok(expired.len() + deleted.len())
}

pub(crate) fn change_usage(
    transaction: &Transaction<'_>,
    channel: &str,
    keys: i64,
    bytes: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO store_usage (channel, keys, bytes) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET keys = keys + excluded.keys, bytes = bytes + excluded.bytes",
        )?
        .execute(params![channel, keys, bytes])?;
    Ok(())
}
