//! What a new config changes.

use std::collections::BTreeMap;

use super::Evolution;
use crate::config::Config;
use crate::ids::Id;
use crate::item::{ItemState, WorkItem};

impl Evolution<'_> {
    pub(super) fn configured(&mut self, config: &Config) {
        let queues_changed = self.state.config().queues != config.queues
            || self.state.config().channels != config.channels
            || self.state.config().default_queue != config.default_queue;
        self.state.stored.config = config.clone();
        for id in config.agents.keys() {
            self.state.stored.agents.entry(id.clone()).or_default();
        }
        self.state.reindex();
        self.agents_configured();
        if queues_changed {
            self.items_configured();
        }
    }

    /// What waits in queues that opened or closed is filed anew.
    pub(super) fn hours_changed(&mut self, open: &BTreeMap<Id, bool>) {
        let before = std::mem::replace(&mut self.state.stored.hours, open.clone());
        let changed = |hours: &Id| before.get(hours) != open.get(hours);
        let queues = &self.state.config().queues;
        let of_changed = |item: &&WorkItem| {
            let hours = queues.get(&item.queue).and_then(|queue| queue.hours.as_ref());
            item.untaken() && hours.is_some_and(changed)
        };
        let items: Vec<Id> =
            self.state.items().values().map(Box::as_ref).filter(of_changed).map(|item| item.id.clone()).collect();
        for item in items {
            self.state.adjust_item(&item, |_| {});
        }
    }

    fn agents_configured(&mut self) {
        let all: Vec<Id> = self.state.stored.agents.keys().cloned().collect();
        for id in all {
            let capacity = self.state.config().agents.get(&id).map(|agent| agent.capacity);
            let Some(agent) = self.state.agent(&id) else {
                continue;
            };
            let changed = agent.configured && capacity != Some(agent.capacity);
            if agent.configured == capacity.is_some() && !changed {
                continue;
            }
            self.state.edit_agent(&id, |agent| {
                agent.configured = capacity.is_some();
                agent.capacity = capacity.unwrap_or(0);
            });
            if changed {
                self.tell_agent(&id);
            }
        }
    }

    /// Items of queues that are gone go to the default one; what waits is weighed anew, and its rings and the time
    /// until an item is suspended follow the queue's new settings. Offers and items that an agent has keep the weight
    /// they were taken with.
    fn items_configured(&mut self) {
        let ids: Vec<Id> = self.state.items().keys().cloned().collect();
        for id in ids {
            let (Some(item), config) = (self.state.item(&id), &self.state.stored.config) else {
                continue;
            };
            let queue = config.queue_or_default(&item.queue);
            let settings = config.queues.get(&queue);
            let waits = item.untaken() || item.state == ItemState::New;
            let weight = if waits { config.weight(&queue, &item.channel, &item.media_type) } else { item.weight };
            let ring = settings.and_then(|settings| settings.rings.get(usize::from(item.ring)));
            let ring_due = ring.filter(|_| item.untaken()).map(|ring| item.queued_at.saturating_add(ring.after_ms));
            let after = settings.and_then(|settings| settings.suspend_after_ms);
            let suspend_at = after.filter(|_| item.state == ItemState::Active);
            let suspend_at = suspend_at.map(|after| item.suspend_at.unwrap_or(self.at.saturating_add(after)));
            let moved = queue != item.queue || weight != item.weight;
            let retimed = ring_due != item.ring_due || suspend_at != item.suspend_at;
            let change = |item: &mut WorkItem| {
                item.queue = queue;
                item.weight = weight;
                item.ring_due = ring_due;
                item.suspend_at = suspend_at;
            };
            if moved {
                self.state.edit_item(&id, change);
            } else if retimed {
                self.state.adjust_item(&id, change);
            }
        }
    }
}
