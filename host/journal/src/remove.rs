//! Taking content away: what a customer wants erased, and what was kept long enough.
//!
//! Records stay as they are, so the chain of hashes does: they name bodies by digest, and the bodies go. A message's row
//! stays without its content for as long as its id must be known. Only retention takes records away, the oldest first;
//! the chain then begins behind the last of them, which `origin` remembers.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::queries::Queries;
use crate::record::{Digest, Id, Seq};
use crate::tail::{self, Key};
use crate::write::change_usage;

type Result<T> = rusqlite::Result<T>;

/// Part of a customer's erasure: small enough for one transaction between two batches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erase {
    /// Keyed hash of the customer.
    pub customer: Id,
    /// Messages whose content goes. One that isn't there is passed over.
    pub messages: Vec<Id>,
    /// Store entries that go, by channel and key.
    pub store: Vec<(String, String)>,
    /// Nothing of the customer's is left: the erasure is over.
    pub done: bool,
}

/// What retention takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Content, ended work items and records from before this go, in milliseconds since 1970-01-01 UTC.
    pub before: i64,
    /// Message ids, by which repetitions are known, go only if they are from before this as well.
    pub ids_before: i64,
    /// Records from this one on stay, whatever their age: a start may have to replay them.
    pub keep_from: Seq,
}

/// A blob that nothing in the journal needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loose {
    /// The blob.
    pub digest: Digest,
    /// When the message that needed it came or went, in milliseconds since 1970-01-01 UTC. A blob written later may
    /// belong to something that is only about to be committed.
    pub since: i64,
}

/// Carries out part of an erasure.
pub(crate) fn erase(queries: Queries<'_>, transaction: &Transaction<'_>, erase: &Erase) -> Result<Vec<Loose>> {
    let mut loose = Vec::new();
    for id in &erase.messages {
        if let Some(ord) = queries.message_ord(id)? {
            strip(queries, transaction, ord, &mut loose)?;
        }
    }
    for (channel, key) in &erase.store {
        let value: Option<Option<i64>> = transaction
            .prepare_cached("SELECT length(value) FROM store WHERE channel = ? AND key = ?")?
            .query_row([channel, key], |row| row.get(0))
            .optional()?;
        let Some(value) = value else { continue };
        transaction.prepare_cached("DELETE FROM store WHERE channel = ? AND key = ?")?.execute([channel, key])?;
        if let Some(length) = value {
            change_usage(transaction, channel, -1, -(key.len() as i64 + length))?;
        }
    }
    if erase.done {
        transaction.prepare_cached("DELETE FROM erasures WHERE customer = ?")?.execute([erase.customer])?;
    }
    Ok(loose)
}

/// What a step of retention came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retained {
    /// How much was taken away, of all kinds together.
    pub removed: usize,
    /// Something may be left that is to go.
    pub more: bool,
    /// Blobs that nothing needs any more.
    pub loose: Vec<Loose>,
}

/// Where a search through the messages, which are in the order of their times, has come to.
#[derive(Debug, Clone, Copy, Default)]
struct Search {
    /// The last row looked at.
    at: i64,
    /// Where the next search begins: before the first message that stayed because its work item is open.
    again: Option<i64>,
}

impl Search {
    fn kept(&mut self, ord: i64) {
        self.again.get_or_insert(ord - 1);
        self.at = ord;
    }

    fn ended(&mut self) {
        *self = Self { at: self.again.unwrap_or(self.at), again: None };
    }
}

/// How far retention has come with messages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    contents: Search,
    ids: Search,
}

/// Takes away up to `limit` of each kind. `open` tells whether a work item is still open: its messages stay whole.
pub(crate) fn retain(
    queries: Queries<'_>,
    transaction: &Transaction<'_>,
    cut: &Cut,
    progress: &mut Progress,
    open: &dyn Fn(&Id) -> bool,
    limit: usize,
) -> Result<Retained> {
    let mut done = Retained { removed: records(transaction, cut, limit)?, ..Retained::default() };
    done.more = done.removed == limit;
    let items = transaction
        .prepare_cached(
            "DELETE FROM work_items WHERE id IN (SELECT id FROM work_items WHERE at < ? AND closed ORDER BY at LIMIT ?)",
        )?
        .execute(params![cut.before, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    done.removed += items;
    done.more |= items == limit;
    let contents = |ord, bare: bool| {
        if !bare {
            strip(queries, transaction, ord, &mut done.loose)?;
            done.removed += 1;
        }
        Ok(())
    };
    done.more |= search(transaction, &mut progress.contents, cut.before, open, limit, contents)?;
    let before = cut.before.min(cut.ids_before);
    let ids = |ord, _: bool| {
        forget(queries, transaction, ord, &mut done.loose)?;
        done.removed += 1;
        Ok(())
    };
    done.more |= search(transaction, &mut progress.ids, before, open, limit, ids)?;
    Ok(done)
}

/// Shows `take` up to `limit` messages from before `before` whose work item isn't open; returns whether there may be more.
fn search(
    transaction: &Transaction<'_>,
    search: &mut Search,
    before: i64,
    open: &dyn Fn(&Id) -> bool,
    limit: usize,
    mut take: impl FnMut(i64, bool) -> Result<()>,
) -> Result<bool> {
    let rows: Vec<(i64, i64, bool, Option<Id>)> = transaction
        .prepare_cached("SELECT ord, at, bare, work_item FROM messages WHERE ord > ? ORDER BY ord LIMIT ?")?
        .query_map(params![search.at, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_>>()?;
    let full = rows.len() == limit;
    for (ord, at, bare, item) in rows {
        if at >= before {
            search.ended();
            return Ok(false);
        }
        if item.as_ref().is_some_and(open) {
            search.kept(ord);
        } else {
            take(ord, bare)?;
            search.at = ord;
        }
    }
    if !full {
        search.ended();
    }
    Ok(full)
}

/// Deletes the oldest records, and remembers the last of them.
fn records(transaction: &Transaction<'_>, cut: &Cut, limit: usize) -> Result<usize> {
    let last: Option<(Seq, Digest)> = {
        let mut select = transaction.prepare_cached("SELECT seq, at, hash FROM records ORDER BY seq LIMIT ?")?;
        let mut rows = select.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let (seq, at): (Seq, i64) = (row.get(0)?, row.get(1)?);
            if seq >= cut.keep_from || at >= cut.before {
                break;
            }
            last = Some((seq, row.get(2)?));
        }
        last
    };
    let Some((seq, hash)) = last else { return Ok(0) };
    let removed = transaction.prepare_cached("DELETE FROM records WHERE seq <= ?")?.execute([seq])?;
    transaction.prepare_cached("UPDATE origin SET seq = ?, hash = ?")?.execute(params![seq, hash])?;
    Ok(removed)
}

/// Deletes the row of a message whose id needn't be known any more.
fn forget(queries: Queries<'_>, transaction: &Transaction<'_>, ord: i64, loose: &mut Vec<Loose>) -> Result<()> {
    let Some(row) = queries.message_at(ord)? else { return Ok(()) };
    if !row.bare {
        strip(queries, transaction, ord, loose)?;
    }
    let item = row.work_item.as_ref();
    let keys = tail::of_message(ord, &row.id, &row.conversation, item, &row.channel, None, row.customer.as_ref());
    for (key, ord) in keys {
        unpost(transaction, key, ord)?;
    }
    transaction.prepare_cached("DELETE FROM messages WHERE ord = ?")?.execute([ord])?;
    Ok(())
}

/// Takes a message's content away: its body, what it carried, the channel's ids of it.
fn strip(queries: Queries<'_>, transaction: &Transaction<'_>, ord: i64, loose: &mut Vec<Loose>) -> Result<()> {
    let Some(row) = queries.message_at(ord)? else { return Ok(()) };
    for body in queries.find(Key::Body(&row.body))? {
        let found: Option<bool> = transaction
            .prepare_cached("SELECT bytes IS NULL FROM bodies WHERE ord = ? AND digest = ?")?
            .query_row(params![body, row.body], |row| row.get(0))
            .optional()?;
        let Some(is_blob) = found else { continue };
        transaction.prepare_cached("DELETE FROM bodies WHERE ord = ?")?.execute([body])?;
        unpost(transaction, Key::Body(&row.body).bits(), body)?;
        if is_blob {
            loose.push(Loose { digest: row.body, since: row.at });
        }
    }
    for digest in queries.carried(ord)? {
        transaction
            .prepare_cached("DELETE FROM attachments WHERE message = ? AND digest = ?")?
            .execute(params![ord, digest])?;
        let elsewhere = transaction.prepare_cached("SELECT 1 FROM attachments WHERE digest = ?")?.exists([digest])?;
        if !elsewhere {
            transaction.prepare_cached("DELETE FROM blob_grants WHERE digest = ?")?.execute([digest])?;
            loose.push(Loose { digest, since: row.at });
        }
    }
    if let Some(external_id) = &row.external_id {
        unpost(transaction, Key::External(&row.channel, external_id).bits(), ord)?;
    }
    let later: Vec<(i64, String)> = transaction
        .prepare_cached("SELECT ord, external_id FROM external_ids WHERE message = ?")?
        .query_map([ord], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    for (later, external_id) in later {
        unpost(transaction, Key::LaterExternal(&row.channel, &external_id).bits(), later)?;
        transaction.prepare_cached("DELETE FROM external_ids WHERE ord = ?")?.execute([later])?;
    }
    transaction.prepare_cached("UPDATE messages SET external_id = NULL, bare = 1 WHERE ord = ?")?.execute([ord])?;
    Ok(())
}

/// Takes a posting out of the table. One that is still in memory leads to a row that isn't there, and is passed over.
fn unpost(transaction: &Transaction<'_>, key: i64, ord: i64) -> Result<()> {
    transaction.prepare_cached("DELETE FROM postings WHERE key = ? AND ord = ?")?.execute([key, ord])?;
    Ok(())
}
