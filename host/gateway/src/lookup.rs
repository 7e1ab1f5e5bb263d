//! What the router doesn't know of a work item: the customer, the conversation, the texts. It stands in the item's
//! messages; the router has keyed hashes only.

use jackfield_journal::{Error, Id as RowId, MessageRow};
use jackfield_router::{Id, WorkItem};
use jackfield_sequencer::Messages;
use jackfield_spec::{Customer, Message, Part, WorkItemInfo};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// External ids that are kept and shown of an item, the newest.
pub(crate) const EXTERNAL_IDS: usize = 100;
/// Bytes that one half of the cache may hold, roughly.
const HALF: usize = 16 * 1024 * 1024;
/// What an entry costs besides the texts of its message.
const ENTRY: usize = 2 * 1024;
/// Rows read at once.
const PAGE: usize = 1_000;

/// What the messages of an item say about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The message that opened it; none if its content was erased.
    pub(crate) first: Option<Arc<Message>>,
    /// External ids of its messages, the newest last.
    pub(crate) external_ids: VecDeque<Box<str>>,
}

impl Facts {
    /// The facts of an item that has only this message.
    pub(crate) fn of_first(message: &Arc<Message>) -> Self {
        let mut facts = Self { first: Some(message.clone()), external_ids: VecDeque::new() };
        facts.note(message.external_id.as_deref());
        facts
    }

    /// CRM information of the message that opened the item.
    pub(crate) fn work_item(&self) -> Option<&WorkItemInfo> {
        self.first.as_ref()?.work_item.as_ref()
    }

    /// Who asks.
    pub(crate) fn customer(&self) -> Option<&Customer> {
        self.work_item().map(|item| &item.customer)
    }

    /// Adds an external id as the newest, unless it is there.
    fn note(&mut self, external_id: Option<&str>) {
        let Some(external_id) = external_id else {
            return;
        };
        if self.external_ids.iter().rev().any(|known| **known == *external_id) {
            return;
        }
        if self.external_ids.len() == EXTERNAL_IDS {
            self.external_ids.pop_front();
        }
        self.external_ids.push_back(external_id.into());
    }

    fn weight(&self) -> usize {
        let texts = self.first.iter().flat_map(|first| &first.parts).map(|part| match part {
            Part::Text(text) => text.text.len(),
            Part::Attachment(_) => 256,
            Part::Structured(structured) => 4 * 1024 + structured.fallback.len(),
        });
        ENTRY + texts.sum::<usize>()
    }
}

/// Finds facts, in memory where it can. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lookup {
    messages: Messages,
    cache: Arc<Mutex<Cache>>,
}

impl Lookup {
    pub(crate) fn new(messages: Messages) -> Self {
        Self { messages, cache: Arc::default() }
    }

    /// Committed messages.
    pub(crate) fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The facts of an item. Reads the database if it must.
    ///
    /// # Errors
    /// The database can't be read.
    pub(crate) fn facts(&self, item: &Id) -> Result<Arc<Facts>, Error> {
        if let Some(facts) = self.cache.lock().get(item) {
            return Ok(facts);
        }
        let facts = self.load(item)?;
        Ok(self.cache.lock().insert(item, facts))
    }

    /// The same for an item that a new message has reached.
    ///
    /// # Errors
    /// The database can't be read.
    pub(crate) fn facts_with(&self, item: &WorkItem, message: &Arc<Message>) -> Result<Arc<Facts>, Error> {
        let known = self.cache.lock().update(&item.id, |facts| facts.note(message.external_id.as_deref()));
        let only = item.message_count == 1 && message.id.as_deref() == Some(&*item.first_message);
        match known {
            Some(facts) => Ok(facts),
            None if only => Ok(self.cache.lock().insert(&item.id, Facts::of_first(message))),
            None => self.facts(&item.id),
        }
    }

    /// Takes in the channel's id of a message that was sent, should it have become known. An item that nobody has
    /// looked up is left alone.
    ///
    /// # Errors
    /// The database can't be read.
    pub(crate) fn note_sent(&self, item: &Id, message: &str) -> Result<(), Error> {
        if self.cache.lock().get(item).is_none() {
            return Ok(());
        }
        let Ok(message) = Uuid::try_parse(message) else { return Ok(()) };
        if let Some(row) = self.messages.reader().message(&message.into_bytes())? {
            self.cache.lock().update(item, |facts| facts.note(row.external_id.as_deref()));
        }
        Ok(())
    }

    /// Forgets an item that has ended.
    pub(crate) fn forget(&self, item: &Id) {
        self.cache.lock().remove(item);
    }

    /// Forgets all items: content was erased.
    pub(crate) fn clear(&self) {
        *self.cache.lock() = Cache::default();
    }

    fn load(&self, item: &str) -> Result<Facts, Error> {
        let Ok(id) = Uuid::try_parse(item).map(Uuid::into_bytes) else {
            return Ok(Facts::default());
        };
        let mut facts = Facts::default();
        let mut first = true;
        self.each_row(&id, |row| {
            if first {
                facts.first = self.messages.load(row)?.map(Arc::new);
                first = false;
            }
            facts.note(row.external_id.as_deref());
            Ok(())
        })?;
        Ok(facts)
    }

    /// The newest `count` messages of an item that were committed by `until`, in order.
    ///
    /// # Errors
    /// The database can't be read.
    pub(crate) fn newest(&self, item: &str, count: usize, until: u64) -> Result<VecDeque<MessageRow>, Error> {
        let mut newest = VecDeque::new();
        let Ok(id) = Uuid::try_parse(item).map(Uuid::into_bytes) else {
            return Ok(newest);
        };
        let until = i64::try_from(until).unwrap_or(i64::MAX);
        let mut before: Option<RowId> = None;
        while newest.len() < count {
            let rows = self.messages.reader().newest_of_item(&id, before.as_ref(), count)?;
            let Some(last) = rows.last() else { break };
            before = Some(last.id);
            for row in rows.into_iter().filter(|row| row.at <= until) {
                newest.push_front(row);
            }
        }
        while newest.len() > count {
            newest.pop_front();
        }
        Ok(newest)
    }

    fn each_row(&self, item: &RowId, mut look: impl FnMut(&MessageRow) -> Result<(), Error>) -> Result<(), Error> {
        let mut after = None;
        loop {
            let rows = self.messages.reader().messages_of_item(item, after.as_ref(), PAGE)?;
            for row in &rows {
                look(row)?;
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }
}

/// What was used lately, in two halves: when the young one is full, the old one is dropped.
#[derive(Default)]
struct Cache {
    young: HashMap<Id, Arc<Facts>>,
    old: HashMap<Id, Arc<Facts>>,
    weight: usize,
}

impl Cache {
    fn get(&mut self, item: &Id) -> Option<Arc<Facts>> {
        if let Some(facts) = self.young.get(item) {
            return Some(facts.clone());
        }
        let facts = self.old.remove(item)?;
        self.put(item, facts.clone());
        Some(facts)
    }

    /// Changes what is there.
    fn update(&mut self, item: &Id, change: impl FnOnce(&mut Facts)) -> Option<Arc<Facts>> {
        if !self.young.contains_key(item) {
            let facts = self.old.remove(item)?;
            self.put(item, facts);
        }
        let facts = self.young.get_mut(item)?;
        change(Arc::make_mut(facts));
        Some(facts.clone())
    }

    /// Adds facts; those that somebody else has added meanwhile stay, as they may be newer.
    fn insert(&mut self, item: &Id, facts: Facts) -> Arc<Facts> {
        if let Some(known) = self.get(item) {
            return known;
        }
        let facts = Arc::new(facts);
        self.put(item, facts.clone());
        facts
    }

    fn remove(&mut self, item: &Id) {
        self.young.remove(item);
        self.old.remove(item);
    }

    fn put(&mut self, item: &Id, facts: Arc<Facts>) {
        let weight = facts.weight();
        if self.weight + weight > HALF {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(item.clone(), facts);
    }
}

#[cfg(test)]
mod tests;
