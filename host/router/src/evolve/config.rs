//! What a new config changes.

use super::Evolution;
use crate::config::Config;
use crate::ids::Id;
use crate::item::ItemState;

impl Evolution<'_> {
    pub(super) fn configured(&mut self, config: &Config) {
        let queues_changed = self.state.config().queues != config.queues
            || self.state.config().channels != config.channels
            || self.state.config().default_queue != config.default_queue;
        self.state.stored.config = config.clone();
        self.agents_configured();
        if queues_changed {
            self.items_configured();
        }
    }

    fn agents_configured(&mut self) {
        let named: Vec<(Id, u32)> =
            self.state.config().agents.iter().map(|(id, agent)| (id.clone(), agent.capacity)).collect();
        for (id, _) in &named {
            self.state.stored.agents.entry(id.clone()).or_default();
        }
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

    /// Items of queues that are gone go to the default one; what waits is weighed anew. Offers and items that an
    /// agent has keep the weight they were taken with.
    fn items_configured(&mut self) {
        let config = &self.state.stored.config;
        let mut moves = Vec::new();
        for item in self.state.items().values() {
            let queue = config.queue_or_default(&item.queue);
            let waits = matches!(item.state, ItemState::New | ItemState::Queued | ItemState::Offered);
            let weight = if waits { config.weight(&queue, &item.channel, &item.media_type) } else { item.weight };
            if queue != item.queue || weight != item.weight {
                moves.push((item.id.clone(), queue, weight));
            }
        }
        for (id, queue, weight) in moves {
            self.state.edit_item(&id, |item| {
                item.queue = queue;
                item.weight = weight;
            });
        }
    }
}
