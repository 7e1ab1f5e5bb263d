//! Equal ids are kept once: of a million open items each names its channel, queue and conversation.
//!
//! It changes no value, only what it takes to keep it.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::ids::Id;
use crate::item::WorkItem;
use crate::state::Stored;

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

/// Shares what a snapshot has many times.
pub(crate) fn after_reading(stored: &mut Stored) {
    let mut names = Names::default();
    names.0.extend(stored.config.channels.keys().chain(stored.config.queues.keys()).cloned());
    let conversations = std::mem::take(&mut stored.conversations).into_iter();
    stored.conversations = conversations
        .map(|((mut channel, conversation), known)| {
            names.share(&mut channel);
            ((channel, conversation), known)
        })
        .collect();
    for (id, item) in &mut stored.items {
        item.id = id.clone();
        with_config(item, &stored.config);
        names.share(&mut item.channel);
        names.share(&mut item.queue);
        names.share(&mut item.media_type);
        item.rule.iter_mut().for_each(|rule| names.share(rule));
        let key = (item.channel.clone(), item.conversation.clone());
        if let Some(((_, conversation), known)) = stored.conversations.range_mut(&key..=&key).next() {
            item.conversation = conversation.clone();
            known.open = known.open.take().map(|open| if open == *id { id.clone() } else { open });
        }
    }
}
