//! The index over messages and bodies, whose newest part is in memory.
//!
//! Ids and digests are random, so each new one would dirty a page of its own in every index: with
//! five keys to a message that made a commit ten times slower. Instead a commit writes only tables
//! that grow at their end. The keys of the newest rows wait here, sorted; when there are many, they
//! are written into the table `postings` in key order, a slice with each append, where neighbours
//! share pages. After a crash the part in memory is read again from the rows behind the mark in
//! `settled`.
//!
//! A posting says only where to look: two keys can have the same 64 bits, so whoever follows one
//! compares the row it leads to.

use std::collections::BTreeSet;
use std::fmt;

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use crate::record::{Digest, Id};

/// How many postings are gathered before they are written: some 50,000 messages, some 10 MB. The
/// more, the more of them share a page; but at a start up to twice as many are read again. Few in
/// tests, so that those go through all of it.
const GATHERED: usize = if cfg!(test) { 100 } else { 1 << 18 };

/// At least this many postings are written with an append, if any are waiting.
const LEAST_SLICE: usize = if cfg!(test) { 8 } else { 64 };

/// A key in 64 bits and the row to look at.
pub(crate) type Posting = (i64, i64);

/// What can be looked up by a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key<'a> {
    /// A row of `messages` by its id.
    Message(&'a Id),
    /// A row of `bodies` by its digest.
    Body(&'a Digest),
    /// Rows of `messages` of a conversation.
    Conversation(&'a Id),
    /// Rows of `messages` of a work item.
    WorkItem(&'a Id),
    /// Rows of `messages` of a customer.
    Customer(&'a Id),
    /// A row of `messages` by the external id it was written with.
    External(&'a str, &'a str),
    /// A row of `external_ids` by channel and external id.
    LaterExternal(&'a str, &'a str),
}

impl Key<'_> {
    /// The key in 64 bits. It is stored, so it must never change.
    pub(crate) fn bits(self) -> i64 {
        match self {
            Key::Message(id) => mix(1, id),
            Key::Body(digest) => mix(2, digest),
            Key::Conversation(id) => mix(3, id),
            Key::WorkItem(id) => mix(4, id),
            Key::External(channel, id) => mix(5, &hash_pair(channel, id)),
            Key::LaterExternal(channel, id) => mix(6, &hash_pair(channel, id)),
            Key::Customer(id) => mix(8, id),
        }
    }
}

/// Folds the first 16 bytes into 8 and sets the kinds of keys apart.
fn mix(kind: u64, bytes: &[u8]) -> i64 {
    let half = |from: usize| bytes[from..from + 8].iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
    let folded = half(0) ^ half(8).rotate_left(29);
    folded.wrapping_add(kind.wrapping_mul(0x9e37_79b9_7f4a_7c15)).cast_signed()
}

fn hash_pair(channel: &str, id: &str) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update((channel.len() as u64).to_be_bytes());
    hasher.update(channel);
    hasher.update(id);
    hasher.finalize().into()
}

/// A row id in each of the tables that postings lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ords {
    pub(crate) messages: i64,
    pub(crate) bodies: i64,
    pub(crate) external_ids: i64,
}

impl Ords {
    /// The last row of each table. Never before the mark, even if the last rows were deleted: what
    /// comes next must be behind it.
    pub(crate) fn last(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row(
            "SELECT max(messages, (SELECT coalesce(max(ord), 0) FROM messages)),
                    max(bodies, (SELECT coalesce(max(ord), 0) FROM bodies)),
                    max(external_ids, (SELECT coalesce(max(ord), 0) FROM external_ids))
             FROM settled",
            [],
            Self::from_row,
        )
    }

    /// The rows up to which everything is in `postings`.
    pub(crate) fn settled(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row("SELECT messages, bodies, external_ids FROM settled", [], Self::from_row)
    }

    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { messages: row.get(0)?, bodies: row.get(1)?, external_ids: row.get(2)? })
    }
}

/// The part of the index that is in memory. Shared by the writer and all readers.
#[derive(Default)]
pub(crate) struct Tail {
    /// Of the newest rows.
    fresh: BTreeSet<Posting>,
    /// Being written to the table; sorted. Those before `written` are there.
    settling: Vec<Posting>,
    written: usize,
    /// The last rows whose postings are in `settling`.
    settling_up_to: Ords,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("fresh", &self.fresh.len())
            .field("settling", &(self.settling.len() - self.written))
            .finish()
    }
}

/// What the next append writes into the table.
pub(crate) struct Slice {
    postings: Vec<Posting>,
    /// Set when nothing is left to be written after it.
    settles: Option<Ords>,
}

impl Tail {
    /// Gathers the postings of all rows behind the mark.
    pub(crate) fn recover(connection: &Connection) -> rusqlite::Result<Self> {
        let settled = Ords::settled(connection)?;
        let mut fresh = BTreeSet::new();
        let mut statement = connection.prepare(
            "SELECT ord, id, conversation, work_item, channel, external_id, customer FROM messages WHERE ord > ?",
        )?;
        let mut rows = statement.query([settled.messages])?;
        while let Some(row) = rows.next()? {
            let (ord, channel, external_id): (i64, String, Option<String>) = (row.get(0)?, row.get(4)?, row.get(5)?);
            let (id, conversation, work_item): (Id, Id, Option<Id>) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let customer: Option<Id> = row.get(6)?;
            fresh.extend(of_message(
                ord,
                &id,
                &conversation,
                work_item.as_ref(),
                &channel,
                external_id.as_deref(),
                customer.as_ref(),
            ));
        }
        let mut statement = connection.prepare("SELECT ord, digest FROM bodies WHERE ord > ?")?;
        let mut rows = statement.query([settled.bodies])?;
        while let Some(row) = rows.next()? {
            let digest: Digest = row.get(1)?;
            fresh.insert((Key::Body(&digest).bits(), row.get(0)?));
        }
        let mut statement = connection.prepare("SELECT ord, channel, external_id FROM external_ids WHERE ord > ?")?;
        let mut rows = statement.query([settled.external_ids])?;
        while let Some(row) = rows.next()? {
            let (channel, id): (String, String) = (row.get(1)?, row.get(2)?);
            fresh.insert((Key::LaterExternal(&channel, &id).bits(), row.get(0)?));
        }
        Ok(Self { fresh, ..Self::default() })
    }

    /// Up to `limit` rows of `key` before `before`, descending.
    fn find_before(&self, key: i64, before: i64, limit: usize) -> Vec<i64> {
        let waiting = &self.settling[self.written..];
        let end = waiting.partition_point(|posting| *posting < (key, before));
        let waiting = waiting[..end].iter().rev().take_while(|posting| posting.0 == key);
        let fresh = self.fresh.range((key, i64::MIN)..(key, before)).rev();
        waiting.take(limit).chain(fresh.take(limit)).map(|posting| posting.1).collect()
    }

    /// Up to `limit` rows of `key` behind `after`, ascending.
    fn find(&self, key: i64, after: i64, limit: usize) -> Vec<i64> {
        let waiting = &self.settling[self.written..];
        let start = waiting.partition_point(|posting| *posting <= (key, after));
        let mut ords: Vec<i64> = waiting[start..]
            .iter()
            .take_while(|posting| posting.0 == key)
            .take(limit)
            .map(|posting| posting.1)
            .collect();
        if after < i64::MAX {
            let fresh = self.fresh.range((key, after + 1)..=(key, i64::MAX));
            ords.extend(fresh.take(limit).map(|posting| posting.1));
        }
        ords
    }

    /// What to write with an append that adds `added` postings: twice as many, so that `settling`
    /// is empty long before `fresh` is full again.
    pub(crate) fn next_slice(&self, added: usize) -> Slice {
        let end = (self.written + (2 * added).max(LEAST_SLICE)).min(self.settling.len());
        Slice {
            postings: self.settling[self.written..end].to_vec(),
            settles: (self.written < end && end == self.settling.len()).then_some(self.settling_up_to),
        }
    }

    /// After a commit: takes in the new postings, whose rows end at `last`, and lets go of `slice`.
    pub(crate) fn committed(&mut self, slice: &Slice, new: Vec<Posting>, last: Ords) {
        self.written += slice.postings.len();
        if slice.settles.is_some() {
            self.settling = Vec::new();
            self.written = 0;
        }
        self.fresh.extend(new);
        if self.fresh.len() >= GATHERED && self.settling.is_empty() {
            self.settling = std::mem::take(&mut self.fresh).into_iter().collect();
            self.settling_up_to = last;
        }
    }
}

impl Slice {
    /// Writes the postings, and moves the mark if all are written.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.postings.is_empty() {
            return Ok(());
        }
        // After a crash some of them are there already.
        let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO postings VALUES (?, ?)")?;
        for (key, ord) in &self.postings {
            insert.execute(params![key, ord])?;
        }
        if let Some(ords) = self.settles {
            connection.execute(
                "UPDATE settled SET messages = ?, bodies = ?, external_ids = ?",
                params![ords.messages, ords.bodies, ords.external_ids],
            )?;
        }
        Ok(())
    }
}

/// The postings of a row of `messages`.
pub(crate) fn of_message(
    ord: i64,
    id: &Id,
    conversation: &Id,
    work_item: Option<&Id>,
    channel: &str,
    external_id: Option<&str>,
    customer: Option<&Id>,
) -> impl Iterator<Item = Posting> {
    [
        Some(Key::Message(id).bits()),
        Some(Key::Conversation(conversation).bits()),
        work_item.map(|item| Key::WorkItem(item).bits()),
        external_id.map(|external| Key::External(channel, external).bits()),
        customer.map(|customer| Key::Customer(customer).bits()),
    ]
    .into_iter()
    .flatten()
    .map(move |key| (key, ord))
}

/// Up to `limit` rows of `key` behind `after`, ascending: those in memory and those in the table.
///
/// Memory is asked first: a posting leaves it only after it was committed to the table.
pub(crate) fn find(
    connection: &Connection,
    tail: &parking_lot::RwLock<Tail>,
    key: Key<'_>,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let key = key.bits();
    let mut ords = tail.read().find(key, after, limit);
    let mut statement =
        connection.prepare_cached("SELECT ord FROM postings WHERE key = ? AND ord > ? ORDER BY ord LIMIT ?")?;
    let mut rows = statement.query(params![key, after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        ords.push(row.get(0)?);
    }
    ords.sort_unstable();
    ords.dedup();
    ords.truncate(limit);
    Ok(ords)
}

/// Up to `limit` rows of `key` before `before`, descending; else as [`find`].
pub(crate) fn find_before(
    connection: &Connection,
    tail: &parking_lot::RwLock<Tail>,
    key: Key<'_>,
    before: i64,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let key = key.bits();
    let mut ords = tail.read().find_before(key, before, limit);
    let mut statement =
        connection.prepare_cached("SELECT ord FROM postings WHERE key = ? AND ord < ? ORDER BY ord DESC LIMIT ?")?;
    let mut rows = statement.query(params![key, before, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        ords.push(row.get(0)?);
    }
    ords.sort_unstable_by(|a, b| b.cmp(a));
    ords.dedup();
    ords.truncate(limit);
    Ok(ords)
}
