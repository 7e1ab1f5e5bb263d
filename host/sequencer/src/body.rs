//! Messages as they are stored: stamped, in canonical JSON, without the work item's id, which stands in the row.

use crate::keys::Keys;
use jackfield_journal::{Id, MessageRow, Reader, digest_of};
use jackfield_spec::{Digest, Direction, Message, Timestamp, canonical};
use std::sync::Arc;
use uuid::Uuid;

/// A message ready to be committed: what takes time has been done outside the sequencer.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The message with its stamps, but for the work item's id.
    pub message: Arc<Message>,
    pub(crate) id: Id,
    pub(crate) conversation: Id,
    pub(crate) customer: Option<Id>,
    pub(crate) body: Arc<[u8]>,
    pub(crate) digest: Digest,
}

impl Stored {
    /// Stamps a message of a channel: id, channel, direction, time and digest. `id` stays where the driver's push set it.
    ///
    /// # Errors
    /// A number that JSON can't write, which the validator would have refused.
    pub fn new(
        keys: &Keys,
        channel: &str,
        direction: Direction,
        now: Timestamp,
        mut message: Message,
    ) -> Result<Self, serde_json::Error> {
        let id = match &message.event_id {
            Some(event_id) => keys.message_id(channel, event_id),
            None => message.id.as_deref().and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_else(Uuid::now_v7),
        };
        message.id = Some(id.to_string());
        // A task belongs to no channel.
        message.channel = Some(channel.to_owned()).filter(|channel| !channel.is_empty());
        message.direction = Some(direction);
        message.received_at = Some(now);
        if let Some(item) = &mut message.work_item {
            item.id = None;
            // Only the id that the server gave for this address; what a guest makes up is ignored.
            let theirs = hex::encode(keys.customer(channel, &item.customer.address));
            item.customer.id = item.customer.id.take().filter(|id| *id == theirs);
        }
        let body = canonical::seal(&mut message)?.into_bytes();
        let conversation = message.work_item.as_ref().map_or("", |item| item.conversation.as_str());
        let address = message.work_item.as_ref().map(|item| item.customer.address.as_str());
        Ok(Self {
            id: id.into_bytes(),
            conversation: keys.conversation(channel, conversation),
            customer: address.map(|address| keys.customer(channel, address)),
            digest: Digest(digest_of(&body)),
            body: body.into(),
            message: Arc::new(message),
        })
    }

    /// The conversation's key, as the router knows it.
    pub fn conversation_key(&self) -> String {
        hex::encode(self.conversation)
    }

    /// The customer's key, as the router knows it.
    pub fn customer_key(&self) -> Option<String> {
        self.customer.map(hex::encode)
    }

    /// The message's id.
    pub fn id(&self) -> String {
        Uuid::from_bytes(self.id).to_string()
    }
}

/// Stands in a blob's grant in place of a channel: those who see this work item. No channel's id has a `/`.
pub fn readers_of(work_item: &str) -> String {
    format!("work-item/{work_item}")
}

/// Reads committed messages.
#[derive(Clone)]
pub struct Messages {
    reader: Reader,
}

impl Messages {
    /// Reads from this journal.
    pub fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// A message by its id, with its work item's id.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn get(&self, id: &str) -> Result<Option<Message>, jackfield_journal::Error> {
        let Ok(id) = Uuid::try_parse(id) else { return Ok(None) };
        match self.reader.message(&id.into_bytes())? {
            Some(row) => self.load(&row),
            None => Ok(None),
        }
    }

    /// The message of a row.
    ///
    /// # Errors
    /// The database can't be read. A body that was erased is none.
    pub fn load(&self, row: &MessageRow) -> Result<Option<Message>, jackfield_journal::Error> {
        let Some(body) = self.reader.body(&row.body)? else { return Ok(None) };
        let Ok(mut message) = serde_json::from_slice::<Message>(&body) else { return Ok(None) };
        if let Some(item) = &mut message.work_item {
            item.id = row.work_item.map(|id| Uuid::from_bytes(id).to_string());
        }
        Ok(Some(message))
    }

    /// Messages of a work item in order, after the one with this id.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn of_item(
        &self,
        item: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, jackfield_journal::Error> {
        let Ok(item) = Uuid::try_parse(item) else { return Ok(Vec::new()) };
        let after = after.and_then(|after| Uuid::try_parse(after).ok()).map(Uuid::into_bytes);
        let rows = self.reader.messages_of_item(&item.into_bytes(), after.as_ref(), limit)?;
        self.load_all(&rows)
    }

    /// Messages of a conversation in order, after the one with this id.
    ///
    /// # Errors
    /// The database can't be read.
    pub fn of_conversation(
        &self,
        channel: &str,
        conversation: &Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, jackfield_journal::Error> {
        let after = after.and_then(|after| Uuid::try_parse(after).ok()).map(Uuid::into_bytes);
        let rows = self.reader.conversation(channel, conversation, after.as_ref(), limit)?;
        self.load_all(&rows)
    }

    fn load_all(&self, rows: &[MessageRow]) -> Result<Vec<Message>, jackfield_journal::Error> {
        rows.iter().filter_map(|row| self.load(row).transpose()).collect()
    }

    /// The reader beneath.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}
