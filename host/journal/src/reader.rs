//! Lookups on committed state, from any thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;

use crate::blobs::Blobs;
use crate::error::Error;
use crate::queries::{Queries, Stored};
use crate::record::{Digest, Id, Record, Seq};
use crate::rows::{MessageRow, StoreEntry, StoreRead, StoreUsage, WorkItemFilter, WorkItemRow};
use crate::schema;
use crate::tail::{Key, Tail};

/// This many idle connections are kept; a crowd of readers opens more for a moment.
const IDLE: usize = 8;

/// A pool of read-only connections. Sees every append that has returned; never blocks one.
///
/// Every method fails only if the database does ([`Error::Damaged`], [`Error::Sqlite`]) or, where a
/// large body is read, the disk.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    tail: Arc<RwLock<Tail>>,
    blobs: Blobs,
}

impl Reader {
    pub(crate) fn new(path: &Path, tail: Arc<RwLock<Tail>>, blobs: Blobs) -> Self {
        Self { pool: Arc::new(Pool { path: path.to_path_buf(), idle: Mutex::default(), tail, blobs }) }
    }

    fn ask<T>(&self, ask: impl FnOnce(Queries<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let pool = &*self.pool;
        let idle = pool.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::open_reader(&pool.path)?,
        };
        let answer = ask(Queries { connection: &connection, tail: &pool.tail })
            .map_err(|source| Error::sqlite(&pool.path, source))?;
        let mut idle = pool.idle.lock();
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }

    /// A body by its digest; none if it was never stored or is erased.
    pub fn body(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        match self.ask(|queries| queries.body(digest))? {
            Some(Stored::Inline(bytes)) => Ok(Some(bytes)),
            Some(Stored::Blob) => self.pool.blobs.read(digest, 0, u64::MAX),
            None => Ok(None),
        }
    }

    /// A message by its id.
    pub fn message(&self, id: &Id) -> Result<Option<MessageRow>, Error> {
        self.ask(|queries| queries.message(id))
    }

    /// Whether there is a message of this id.
    pub fn has_message(&self, id: &Id) -> Result<bool, Error> {
        self.ask(|queries| Ok(queries.message_ord(id)?.is_some()))
    }

    /// The first message of a channel that has this external id.
    pub fn message_by_external(&self, channel: &str, external_id: &str) -> Result<Option<MessageRow>, Error> {
        self.ask(|queries| queries.message_by_external(channel, external_id))
    }

    /// Up to `limit` messages of a work item in the order they were committed, those after the
    /// message `after` or from the first.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] if there is no message `after`.
    pub fn messages_of_item(&self, item: &Id, after: Option<&Id>, limit: usize) -> Result<Vec<MessageRow>, Error> {
        let after = self.row_of(after)?;
        self.ask(|queries| {
            queries.messages(Key::WorkItem(item), after, limit, |message| message.work_item.as_ref() == Some(item))
        })
    }

    /// Up to `limit` messages of a work item from the newest on, those before the message `before`
    /// or from the last.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] if there is no message `before`.
    pub fn newest_of_item(&self, item: &Id, before: Option<&Id>, limit: usize) -> Result<Vec<MessageRow>, Error> {
        let before = match before {
            None => i64::MAX,
            before => self.row_of(before)?,
        };
        self.ask(|queries| {
            let belongs = |message: &MessageRow| message.work_item.as_ref() == Some(item);
            queries.newest_messages(Key::WorkItem(item), before, limit, belongs)
        })
    }

    /// Up to `limit` messages of a channel's conversation in the order they were committed, those
    /// after the message `after` or from the first.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] if there is no message `after`.
    pub fn conversation(
        &self,
        channel: &str,
        conversation: &Id,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, Error> {
        let after = self.row_of(after)?;
        self.ask(|queries| {
            queries.messages(Key::Conversation(conversation), after, limit, |message| {
                message.channel == channel && message.conversation == *conversation
            })
        })
    }

    /// Up to `limit` messages from or to a customer in the order they were committed, those after the
    /// message `after` or from the first; also those whose content was taken away.
    ///
    /// # Errors
    /// [`Error::UnknownMessage`] if there is no message `after`.
    pub fn messages_of_customer(
        &self,
        customer: &Id,
        after: Option<&Id>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, Error> {
        let after = self.row_of(after)?;
        self.ask(|queries| {
            queries
                .messages(Key::Customer(customer), after, limit, |message| message.customer.as_ref() == Some(customer))
        })
    }

    /// Up to `limit` messages from and to a customer, the newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn newest_of_customer(&self, customer: &Id, limit: usize) -> Result<Vec<MessageRow>, Error> {
        let belongs = |message: &MessageRow| message.customer.as_ref() == Some(customer);
        self.ask(|queries| queries.newest_messages(Key::Customer(customer), i64::MAX, limit, belongs))
    }

    /// Customers whose content is being erased, with the record that says so.
    pub fn erasures(&self) -> Result<Vec<(Id, Seq)>, Error> {
        self.ask(|queries| queries.erasures())
    }

    /// The row of the message `after`, 0 for none.
    fn row_of(&self, after: Option<&Id>) -> Result<i64, Error> {
        let Some(id) = after else { return Ok(0) };
        self.ask(|queries| queries.message_ord(id))?.ok_or_else(|| Error::UnknownMessage { id: hex::encode(id) })
    }

    /// A key of a channel's store at `now` (milliseconds since 1970-01-01 UTC), with its version
    /// also where there is no value.
    pub fn store_get(&self, channel: &str, key: &str, now: i64) -> Result<StoreRead, Error> {
        self.ask(|queries| queries.store_get(channel, key, now))
    }

    /// Up to `limit` entries of a channel's store whose keys begin with `prefix` and come after
    /// `after`, ordered by the keys' bytes.
    pub fn store_entries(
        &self,
        channel: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<StoreEntry>, Error> {
        self.ask(|queries| queries.store_entries(channel, prefix, after, limit, now))
    }

    /// A channel's keys that begin with `prefix`, in order; no value is read. Those that are expired at `now` are left out.
    pub fn store_keys(&self, channel: &str, prefix: &str, now: i64) -> Result<Vec<String>, Error> {
        self.ask(|queries| queries.store_keys(channel, prefix, now))
    }

    /// How much a channel stores.
    pub fn store_usage(&self, channel: &str) -> Result<StoreUsage, Error> {
        self.ask(|queries| queries.store_usage(channel))
    }

    /// A work item by its id.
    pub fn work_item(&self, id: &Id) -> Result<Option<WorkItemRow>, Error> {
        self.ask(|queries| queries.work_item(id))
    }

    /// The work items that `filter` lets through, ordered by id.
    pub fn work_items(&self, filter: &WorkItemFilter) -> Result<Vec<WorkItemRow>, Error> {
        self.ask(|queries| queries.work_items(filter))
    }

    /// Whether a channel may read a blob.
    pub fn blob_granted(&self, channel: &str, digest: &Digest) -> Result<bool, Error> {
        self.ask(|queries| queries.blob_granted(channel, digest))
    }

    /// Whether the journal needs a blob: some channel may read it, or it is a large body.
    pub fn blob_needed(&self, digest: &Digest) -> Result<bool, Error> {
        self.ask(|queries| queries.blob_needed(digest))
    }

    /// Up to `limit` records in order, the first one being `from` (or 1, if that is 0).
    pub fn records(&self, from: Seq, limit: usize) -> Result<Vec<Record>, Error> {
        self.ask(|queries| queries.records(from, limit))
    }
}
