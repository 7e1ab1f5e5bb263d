//! Whether an agent may and can have an item, and taking one from the list.

use super::agent::unchanged;
use super::{Context, refuse, wrong_state};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::ids::Id;
use crate::item::WorkItem;
use crate::need::{Need, Terms};
use crate::offer::{By, Offer, OfferKind, Why};
use crate::pools::could_take;

impl Context<'_> {
    pub(super) fn pick(&mut self, agent: &Id, id: &Id, if_version: Option<u64>) -> Reply {
        let Some(item) = self.state.item(id).cloned() else {
            return refuse(ErrorCode::NotFound, format!("there is no open work item `{id}`"));
        };
        let item = match unchanged(item, if_version) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        let mine = |offer: &&Id| self.state.offer(offer).is_some_and(|offer| offer.agent == *agent);
        if let Some(offer) = item.offers.iter().find(mine).cloned().filter(|_| item.untaken()) {
            return self.accept(agent, &offer);
        }
        if !item.untaken() || item.transfer.as_ref().is_some_and(|transfer| transfer.named) {
            return wrong_state("work item", item.state.name());
        }
        if !self.qualifies(&item, &item.queue, agent) {
            return refuse(ErrorCode::NotAllowed, "your skills or teams aren't those that the work item needs");
        }
        if let Err(reply) = self.has_room(&item, agent) {
            return reply;
        }
        let why = self.why(&item, By::Picked);
        let offer = Offer {
            id: self.new_id(),
            item: id.clone(),
            agent: agent.clone(),
            kind: OfferKind::Work,
            weight: item.weight,
            created: self.at,
            expires: self.at,
            why: Some(Box::new(why)),
        };
        self.apply(Event::OfferCreated { offer: offer.clone() });
        self.take(&offer);
        Reply::Done
    }

    /// Whether an agent's skills and teams are enough for an item in a queue.
    pub(super) fn qualifies(&self, item: &WorkItem, queue: &Id, agent: &Id) -> bool {
        let config = self.state.config();
        let ring = if item.queue == *queue { item.ring } else { 0 };
        let need = Need { queue: queue.clone(), ring, ..Need::of(item, config) };
        config.agents.get(agent).is_some_and(|agent| Terms::of(&need, config).met_by(agent))
    }

    /// Whether an agent wants an item and has room for it; if not, why.
    pub(super) fn has_room(&self, item: &WorkItem, id: &Id) -> Result<(), Reply> {
        let config = self.state.config();
        let (Some(agent), Some(settings)) = (self.state.agent(id), config.agents.get(id)) else {
            return Err(refuse(ErrorCode::NotFound, format!("the config has no agent `{id}`")));
        };
        if !agent.willing_for(&item.media_type) {
            let presence = agent.presence_for(&item.media_type).name();
            let message = format!("agent `{id}` is {presence} or not connected, and takes no new work");
            return Err(refuse(ErrorCode::Unavailable, message));
        }
        if !could_take(&Need::of(item, config), agent, settings) {
            let message = format!(
                "agent `{id}` has a load of {} of {}, and the work item weighs {}; or too many of this media type",
                agent.load, agent.capacity, item.weight
            );
            return Err(refuse(ErrorCode::OverCapacity, message));
        }
        Ok(())
    }

    /// The reason of an offer that no choice was made for.
    pub(super) fn why(&self, item: &WorkItem, by: By) -> Why {
        Why {
            by,
            queue: item.queue.clone(),
            ring: item.ring,
            rule: item.rule.clone(),
            skills: item.skills.clone(),
            priority: u32::from(item.priority),
            ready: 1,
            measure: None,
            others: Vec::new(),
        }
    }
}
