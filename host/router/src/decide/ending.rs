//! How a work item goes back to a queue or comes to its end, whoever asks for it.

use super::Context;
use crate::agent::{Agent, Presence};
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};
use crate::offer::OfferOutcome;

impl Context<'_> {
    /// Takes an item back from whoever has it or is asked to take it, the age kept, and queues it.
    pub(super) fn requeue(&mut self, id: &Id, queue: Option<&Id>, cause: Cause, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, cause, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        let queue = queue.unwrap_or(&item.queue);
        if item.state == ItemState::Queued && *queue == item.queue && item.transfer.is_none() {
            return;
        }
        if let Some(owner) = &item.owner {
            self.notify(&item, "work-item.revoked", Some(owner));
        }
        let helpers = item.helpers.clone();
        self.queue(id, queue, cause, actor, None);
        self.leave_when_finished(item.owner.as_ref());
        helpers.keys().for_each(|helper| self.leave_when_finished(Some(helper)));
    }

    /// Gives an item to others because its owner is gone; who comes back in time is asked first.
    pub(super) fn leave_owner(&mut self, id: &Id, cause: Cause) {
        let Some(item) =
            self.state.item(id).filter(|item| matches!(item.state, ItemState::Active | ItemState::Suspended)).cloned()
        else {
            return;
        };
        self.end_offers(id, OfferOutcome::Revoked, cause, &Actor::Router, None);
        self.notify(&item, "work-item.revoked", item.owner.as_ref());
        self.queue(id, &item.queue, cause, Actor::Router, item.owner.clone());
        item.helpers.keys().for_each(|helper| self.leave_when_finished(Some(helper)));
    }

    /// Ends an active item as its agent does: with a time to wrap up, if its queue has one.
    pub(super) fn complete(&mut self, item: &WorkItem, code: Option<String>, cause: Cause, actor: Actor) {
        let wrap_up = self.state.config().queues.get(&item.queue).map_or(0, |queue| queue.wrap_up_ms);
        if wrap_up == 0 {
            self.close(&item.id, code, cause, actor);
            return;
        }
        self.end_offers(&item.id, OfferOutcome::Revoked, cause, &actor, None);
        let until = self.at.saturating_add(wrap_up);
        self.apply(Event::ItemWrapping { item: item.id.clone(), until, code, actor });
        self.notify(item, "work-item.wrapping", item.owner.as_ref());
        item.helpers.keys().for_each(|helper| self.leave_when_finished(Some(helper)));
    }

    /// Closes an item in any state.
    pub(super) fn close(&mut self, id: &Id, code: Option<String>, cause: Cause, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, cause, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        self.apply(Event::ItemClosed { item: id.clone(), code, cause, actor });
        self.notify(&item, "work-item.release", item.owner.as_ref());
        self.notify(&item, "work-item.closed", item.owner.as_ref());
        self.nobody_is_held(&item);
    }

    /// Withdraws an item.
    pub(super) fn cancel(&mut self, id: &Id, cause: Cause, reason: Option<String>, actor: Actor) {
        self.end_offers(id, OfferOutcome::Revoked, cause, &actor, None);
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        self.apply(Event::ItemCancelled { item: id.clone(), cause, reason, actor });
        self.notify(&item, "work-item.cancelled", item.owner.as_ref());
        self.nobody_is_held(&item);
    }

    /// Lets those go who were only waiting for this item to end.
    fn nobody_is_held(&mut self, item: &WorkItem) {
        self.leave_when_finished(item.owner.as_ref());
        item.helpers.keys().for_each(|helper| self.leave_when_finished(Some(helper)));
    }

    /// An agent who is finishing leaves with the last item.
    pub(super) fn leave_when_finished(&mut self, agent: Option<&Id>) {
        let Some(agent) = agent else { return };
        let done =
            |agent: &Agent| agent.presence == Presence::Finishing && agent.items.is_empty() && agent.helps.is_empty();
        if self.state.agent(agent).is_some_and(done) {
            self.sign_off(agent, None, Cause::Finished);
        }
    }
}
