//! What an agent does with an item, apart from passing it on.

use super::agent::unchanged;
use super::{Context, wrong_state};
use crate::command::Change;
use crate::effect::Reply;
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};
use crate::offer::OfferOutcome;

impl Context<'_> {
    pub(super) fn suspend(&mut self, agent: &Id, id: &Id, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if item.state != ItemState::Active {
            return wrong_state("work item", item.state.name());
        }
        self.set_aside(&item, Cause::Agent, Actor::Agent { id: agent.clone() });
        Reply::Done
    }

    /// Sets an active item aside: it weighs less meanwhile, as its queue says. Nobody is asked in any more; who is in
    /// stays.
    pub(super) fn set_aside(&mut self, item: &WorkItem, cause: Cause, actor: Actor) {
        self.end_offers(&item.id, OfferOutcome::Revoked, cause, &actor, None);
        let config = self.state.config();
        let percent = config.queues.get(&item.queue).map_or(0, |queue| u64::from(queue.suspended_percent));
        let full = u64::from(config.weight(&item.queue, &item.channel, &item.media_type));
        let weight = u32::try_from(full * percent / 100).unwrap_or(u32::MAX);
        self.apply(Event::ItemSuspended { item: item.id.clone(), weight, cause, actor });
        self.notify(item, "work-item.suspend", item.owner.as_ref());
    }

    pub(super) fn resume(&mut self, agent: &Id, id: &Id, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if item.state != ItemState::Suspended {
            return wrong_state("work item", item.state.name());
        }
        self.go_on(&item, Cause::Agent, Actor::Agent { id: agent.clone() });
        Reply::Done
    }

    /// Goes on with an item that was set aside. It may put the load above the budget: then there are no new offers.
    pub(super) fn go_on(&mut self, item: &WorkItem, cause: Cause, actor: Actor) {
        let weight = self.state.config().weight(&item.queue, &item.channel, &item.media_type);
        self.apply(Event::ItemResumed { item: item.id.clone(), weight, cause, actor });
        self.notify(item, "work-item.resume", item.owner.as_ref());
    }

    pub(super) fn update(&mut self, item: &WorkItem, change: &Change, actor: Actor) -> Reply {
        let Change { priority, skills, preferred_skills } = change.clone();
        let priority = priority.map(|priority| priority.min(super::receive::MAX_PRIORITY));
        let item = item.id.clone();
        self.apply(Event::ItemUpdated { item, priority, skills, preferred_skills, actor });
        Reply::Done
    }

    /// Why a command can't be done to an item in this state, if it can't.
    pub(super) fn only_in(item: &WorkItem, states: &[ItemState]) -> Result<(), Reply> {
        if states.contains(&item.state) { Ok(()) } else { Err(wrong_state("work item", item.state.name())) }
    }
}
