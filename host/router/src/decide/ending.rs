//! How a work item goes back to a queue or comes to its end, whoever asks for it.

use super::Context;
use crate::agent::{Agent, Presence};
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};
use crate::offer::OfferOutcome;

impl Context<'_> {
    /// Puts an item in a queue and tells the driver.
    pub(super) fn queue(&mut self, id: &Id, queue: &Id, cause: Cause, actor: Actor, preferred: Option<Id>) {
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        let weight = self.state.config().weight(queue, &item.channel, &item.media_type);
        let (item_id, queue) = (id.clone(), queue.clone());
        self.apply(Event::ItemQueued { item: item_id, queue: queue.clone(), weight, cause, actor, preferred });
        self.notify(&WorkItem { queue, ..item }, "work-item.queued", None);
    }

    /// Takes an item back from whoever has it or is asked to take it, the age kept, and queues it.
    pub(super) fn requeue(&mut self, id: &Id, queue: Option<&Id>, cause: Cause, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, cause, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        let queue = queue.unwrap_or(&item.queue);
        if item.state == ItemState::Queued && *queue == item.queue {
            return;
        }
        if let Some(owner) = &item.owner {
            self.notify(&item, "work-item.revoked", Some(owner));
        }
        self.queue(id, queue, cause, actor, None);
        self.leave_when_finished(item.owner.as_ref());
    }

    /// Gives an item to others because its owner is gone; who comes back in time is asked first.
    pub(super) fn leave_owner(&mut self, id: &Id, cause: Cause) {
        let Some(item) = self.state.item(id).filter(|item| item.state == ItemState::Active).cloned() else {
            return;
        };
        self.notify(&item, "work-item.revoked", item.owner.as_ref());
        self.queue(id, &item.queue, cause, Actor::Router, item.owner.clone());
    }

    /// Ends an active item as its agent does: with a time to wrap up, if its queue has one.
    pub(super) fn complete(&mut self, item: &WorkItem, code: Option<String>, cause: Cause, actor: Actor) {
        let wrap_up = self.state.config().queues.get(&item.queue).map_or(0, |queue| queue.wrap_up_ms);
        if wrap_up == 0 {
            self.close(&item.id, code, cause, actor);
            return;
        }
        let until = self.at.saturating_add(wrap_up);
        self.apply(Event::ItemWrapping { item: item.id.clone(), until, code, actor });
        self.notify(item, "work-item.wrapping", item.owner.as_ref());
    }

    /// Closes an item in any state.
    pub(super) fn close(&mut self, id: &Id, code: Option<String>, cause: Cause, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, cause, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        self.apply(Event::ItemClosed { item: id.clone(), code, cause, actor });
        self.notify(&item, "work-item.closed", item.owner.as_ref());
        self.leave_when_finished(item.owner.as_ref());
    }

    /// Withdraws an item.
    pub(super) fn cancel(&mut self, id: &Id, reason: Option<String>, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, Cause::Driver, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        self.apply(Event::ItemCancelled { item: id.clone(), reason, actor });
        self.notify(&item, "work-item.cancelled", item.owner.as_ref());
        self.leave_when_finished(item.owner.as_ref());
    }

    /// Ends the pending offers of an item, all but one.
    pub(super) fn end_offers(
        &mut self,
        item: &Id,
        outcome: OfferOutcome,
        cause: Cause,
        actor: &Actor,
        but: Option<&Id>,
    ) {
        let offers = self.state.item(item).map(|item| item.offers.clone());
        for offer in offers.into_iter().flatten().filter(|offer| Some(offer) != but) {
            self.apply(Event::OfferEnded { offer, outcome, cause, reason: None, actor: actor.clone() });
        }
    }

    /// An agent who is finishing leaves with the last item.
    pub(super) fn leave_when_finished(&mut self, agent: Option<&Id>) {
        let Some(agent) = agent else { return };
        let done = |agent: &Agent| agent.presence == Presence::Finishing && agent.items.is_empty();
        if self.state.agent(agent).is_some_and(done) {
            self.sign_off(agent, None, Cause::Finished);
        }
    }
}
