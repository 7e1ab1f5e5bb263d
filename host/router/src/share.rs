//! Equal ids are kept once: of a million open items each names its channel, queue and conversation.
//!
//! It changes no value, only what it takes to keep it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Formatter};

use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};

use crate::config::Config;
use crate::ids::Id;
use crate::item::WorkItem;
use crate::state::{Conversation, Items, PerChannel, Stored};

/// Names that many things have in common, each once.
#[derive(Default)]
struct Names(BTreeSet<Id>);

impl Names {
    fn share(&mut self, name: &mut Id) {
        match self.0.get(name) {
            Some(known) => *name = known.clone(),
            None => drop(self.0.insert(name.clone())),
        }
    }
}

/// Lets a new item have the config's names as its own.
pub(crate) fn with_config(item: &mut WorkItem, config: &Config) {
    if let Some((channel, settings)) = config.channels.get_key_value(&item.channel) {
        item.channel = channel.clone();
        if let Some((media_type, _)) = settings.media.get_key_value(&item.media_type) {
            item.media_type = media_type.clone();
        }
    }
    if let Some((queue, _)) = config.queues.get_key_value(&item.queue) {
        item.queue = queue.clone();
    }
    if item.last_message == item.first_message {
        item.last_message = item.first_message.clone();
    }
}

/// Reads the items of a snapshot. Each is shared as it is read: what is many times in the file never is in memory.
pub(crate) fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Items, D::Error> {
    deserializer.deserialize_map(ReadItems)
}

/// Reads the conversations of a snapshot, in the same way.
pub(crate) fn conversations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<PerChannel, Conversation>, D::Error> {
    deserializer.deserialize_seq(ReadConversations)
}

struct ReadItems;

impl<'de> Visitor<'de> for ReadItems {
    type Value = Items;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("work items by their ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Items, A::Error> {
        let (mut names, mut items) = (Names::default(), Items::new());
        while let Some((id, mut item)) = map.next_entry::<Id, Box<WorkItem>>()? {
            item.id = id.clone();
            names.share(&mut item.channel);
            names.share(&mut item.queue);
            names.share(&mut item.media_type);
            item.rule.iter_mut().for_each(|rule| names.share(rule));
            if item.last_message == item.first_message {
                item.last_message = item.first_message.clone();
            }
            items.insert(id, item);
        }
        Ok(items)
    }
}

struct ReadConversations;

impl<'de> Visitor<'de> for ReadConversations {
    type Value = BTreeMap<PerChannel, Conversation>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("pairs of a conversation's key and what is known of it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
        let (mut names, mut conversations) = (Names::default(), BTreeMap::new());
        while let Some(((mut channel, conversation), known)) = pairs.next_element::<(PerChannel, Conversation)>()? {
            names.share(&mut channel);
            conversations.insert((channel, conversation), known);
        }
        Ok(conversations)
    }
}

/// Shares what items have in common with their conversations.
pub(crate) fn after_reading(stored: &mut Stored) {
    for (id, item) in &mut stored.items {
        let key = (item.channel.clone(), item.conversation.clone());
        if let Some(((channel, conversation), known)) = stored.conversations.range_mut(&key..=&key).next() {
            item.channel = channel.clone();
            item.conversation = conversation.clone();
            known.open = known.open.take().map(|open| if open == *id { id.clone() } else { open });
        }
    }
}
