//! A batch: what is committed at once, in one SQLite transaction.

use std::sync::Arc;

use crate::error::Error;
use crate::record::{Digest, Id, MAX_RECORD_BYTES, NewRecord};

/// The most bytes the payloads of a batch's records may have together.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// Bodies up to this size are stored in the records' own transaction. Larger ones are written and
/// synced as blobs before it, which costs a sync of its own.
pub const MAX_INLINE_BODY: usize = 64 * 1024;

/// The unit of commit: all of it becomes durable, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// At least one record, in order, with at most [`MAX_BATCH_BYTES`] of payload together.
    pub records: Vec<NewRecord>,
    /// Bodies that the records name by digest. A body that is already stored does no harm.
    pub bodies: Vec<Body>,
    /// Rows for lookups, each derivable from records and bodies; written in this order.
    pub rows: Vec<Row>,
}

/// Bytes that records name by digest, so that they can be erased without breaking the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// SHA-256 of `bytes`. The caller has computed it already, so it isn't computed again here;
    /// [`verify`](crate::verify()) does.
    pub digest: Digest,
    /// The content.
    pub bytes: Arc<[u8]>,
}

/// A row that makes something in the records quick to find.
///
/// `record` is always the position, from 0, of the record in the same batch that it is derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A new message. Its id is unique: an id that is there already fails the whole batch with
    /// [`Error::DuplicateMessage`].
    Message {
        /// Keyed hash of channel and event id.
        id: Id,
        /// Position of its record in the batch.
        record: usize,
        /// The channel it came in or goes out on.
        channel: String,
        /// Keyed hash of the driver's conversation key.
        conversation: Id,
        /// The work item it belongs to.
        work_item: Option<Id>,
        /// Whether it came from the customer.
        inbound: bool,
        /// The channel's own id of it, when known already.
        external_id: Option<String>,
        /// Digest of the body with its content.
        body: Digest,
        /// Keyed hash of the customer it came from or goes to.
        customer: Option<Id>,
        /// The blobs that it carries.
        attachments: Vec<Digest>,
        /// When it was received or sent, in milliseconds since 1970-01-01 UTC.
        at: i64,
    },
    /// A message got another body: an attachment became ready.
    MessageBody {
        /// The message, from this batch or an earlier one.
        id: Id,
        /// Digest of the new body.
        body: Digest,
    },
    /// A message got an external id after it was written; one sent in parts gets several.
    MessageExternalId {
        /// The message, from this batch or an earlier one.
        id: Id,
        /// The channel's own id of it or of one of its parts.
        external_id: String,
    },
    /// A channel stores a value under a key. Its version becomes the record's sequence number.
    StoreSet {
        /// Position of its record in the batch.
        record: usize,
        /// The channel whose store it is.
        channel: String,
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// From when on it counts as deleted, in milliseconds since 1970-01-01 UTC.
        expires_at: Option<i64>,
    },
    /// A channel deletes a key. The deletion has a version too, so that those who read the key notice.
    StoreDelete {
        /// Position of its record in the batch.
        record: usize,
        /// The channel whose store it is.
        channel: String,
        /// The key.
        key: String,
    },
    /// A work item as it is now; replaces the row of the same id.
    WorkItem {
        /// The work item.
        id: Id,
        /// Its state, to list by.
        state: String,
        /// Whether it is over for good.
        closed: bool,
        /// The whole of it, in the caller's own encoding.
        json: Vec<u8>,
        /// When it became so, in milliseconds since 1970-01-01 UTC.
        at: i64,
    },
    /// A customer's content is to be erased: noted until [`Erase::done`](crate::Erase::done) says that it is.
    Erasure {
        /// Position of its record in the batch.
        record: usize,
        /// Keyed hash of the customer.
        customer: Id,
    },
    /// A channel may read a blob, or somebody else whom the caller names as no channel is named.
    BlobGrant {
        /// The channel.
        channel: String,
        /// The blob.
        digest: Digest,
    },
}

impl Row {
    /// The position of the record that the row says it is derived from.
    fn record(&self) -> Option<usize> {
        match self {
            Row::Message { record, .. }
            | Row::StoreSet { record, .. }
            | Row::StoreDelete { record, .. }
            | Row::Erasure { record, .. } => Some(*record),
            _ => None,
        }
    }
}

impl Batch {
    /// Bytes of records and bodies: about what an append writes.
    pub fn size(&self) -> usize {
        let records: usize = self.records.iter().map(|record| record.payload.len()).sum();
        records + self.bodies.iter().map(|body| body.bytes.len()).sum::<usize>()
    }

    /// Sees that the batch can be appended at all, whatever is in the journal.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.records.is_empty() {
            return Err(Error::EmptyBatch);
        }
        let mut total = 0;
        for (index, record) in self.records.iter().enumerate() {
            let size = record.payload.len();
            if size > MAX_RECORD_BYTES {
                return Err(Error::RecordTooLarge { index, size });
            }
            total += size;
        }
        if total > MAX_BATCH_BYTES {
            return Err(Error::BatchTooLarge { size: total });
        }
        let records = self.records.len();
        match self.rows.iter().filter_map(Row::record).find(|record| *record >= records) {
            Some(record) => Err(Error::RowOutside { record, records }),
            None => Ok(()),
        }
    }
}
