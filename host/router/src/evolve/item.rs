//! What happens to work items and their offers.

use super::{Evolution, KEEP_CONVERSATIONS, KEEP_ENDED};
use crate::ids::{Id, Millis};
use crate::item::{ItemState, WorkItem};
use crate::notice::AgentEvent;
use crate::offer::{Offer, OfferOutcome};
use crate::state::{Ended, Fate};

impl Evolution<'_> {
    pub(super) fn item_opened(&mut self, item: &WorkItem) {
        self.state.stored.counter += 1;
        let key = (item.channel.clone(), item.conversation.clone());
        self.state.edit_conversation(key, |conversation| {
            conversation.open = Some(item.id.clone());
            conversation.forget = None;
        });
        self.state.insert_item(item.clone());
    }

    pub(super) fn item_joined(&mut self, id: &Id, message_id: &Id) {
        let at = self.at;
        let Some(before) = self.state.item(id).map(|item| item.state) else {
            return;
        };
        self.state.edit_item(id, |item| {
            item.last_message = message_id.clone();
            item.message_count += 1;
            if item.state == ItemState::Wrapping {
                item.state = ItemState::Active;
                item.since = at;
                item.wrap_up_until = None;
                item.code = None;
            }
        });
        if before == ItemState::Wrapping {
            self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
        }
        self.tell_holders(id, |item| AgentEvent::MessageReceived { item, message_id: message_id.clone() });
    }

    pub(super) fn item_touched(&mut self, id: &Id, message_id: &Id, changes: bool) {
        let message_id = || message_id.clone();
        if changes {
            self.tell_holders(id, |item| AgentEvent::MessageChanged { item, message_id: message_id() });
        } else {
            self.tell_holders(id, |item| AgentEvent::MessageReceived { item, message_id: message_id() });
        }
    }

    pub(super) fn item_queued(&mut self, id: &Id, queue: &Id, weight: u32, preferred: &Option<Id>) {
        let owner = self.taken_from_owner(id);
        let at = self.at;
        self.state.edit_item(id, |item| {
            item.state = ItemState::Queued;
            item.since = at;
            item.queue = queue.clone();
            item.weight = weight;
            item.owner = None;
            item.wrap_up_until = None;
            item.code = None;
            if preferred.is_some() {
                item.preferred = preferred.clone();
            }
        });
        if let Some(owner) = owner
            && let Some(item) = self.shown(id)
        {
            self.tell(&owner, AgentEvent::WorkItemUpdated { item });
            self.tell_agent(&owner);
        }
    }

    pub(super) fn offer_created(&mut self, offer: &Offer) {
        self.state.stored.counter += 1;
        let at = self.at;
        self.state.insert_offer(offer.clone());
        self.state.edit_item(&offer.item, |item| {
            if item.state != ItemState::Offered {
                item.state = ItemState::Offered;
                item.since = at;
            }
            item.offers.insert(offer.id.clone());
        });
        self.state.edit_agent(&offer.agent, |agent| {
            agent.offers.insert(offer.id.clone());
        });
        self.debit(&offer.id, &offer.agent, offer.weight);
        if let Some(item) = self.shown(&offer.item) {
            let message_id = item.first_message.clone();
            self.tell(&offer.agent, AgentEvent::OfferCreated { offer: offer.clone(), item, message_id });
        }
        self.tell_agent(&offer.agent);
    }

    pub(super) fn offer_ended(&mut self, id: &Id, outcome: OfferOutcome) {
        let Some(offer) = self.take_offer(id, outcome) else {
            return;
        };
        self.credit(id);
        let at = self.at;
        self.state.edit_item(&offer.item, |item| {
            item.offers.remove(id);
            if matches!(outcome, OfferOutcome::Rejected | OfferOutcome::Expired) {
                item.excluded.insert(offer.agent.clone());
            }
            if item.offers.is_empty() {
                item.state = ItemState::Queued;
                item.since = at;
            }
        });
        let agent = offer.agent.clone();
        if let Some(item) = self.shown(&offer.item) {
            self.tell(&agent, AgentEvent::OfferEnded { offer, outcome, item });
        }
        self.tell_agent(&agent);
    }

    pub(super) fn offer_accepted(&mut self, id: &Id) {
        let Some(offer) = self.take_offer(id, OfferOutcome::Accepted) else {
            return;
        };
        self.credit(id);
        self.debit(&offer.item, &offer.agent, offer.weight);
        let at = self.at;
        self.state.edit_agent(&offer.agent, |agent| {
            agent.items.insert(offer.item.clone());
            agent.idle_since = at;
        });
        self.state.edit_item(&offer.item, |item| {
            item.offers.clear();
            item.state = ItemState::Active;
            item.since = at;
            item.owner = Some(offer.agent.clone());
            item.weight = offer.weight;
            item.excluded.clear();
            item.preferred = None;
        });
        let agent = offer.agent.clone();
        if let Some(item) = self.shown(&offer.item) {
            self.tell(&agent, AgentEvent::OfferEnded { offer, outcome: OfferOutcome::Accepted, item });
        }
    }

    pub(super) fn item_wrapping(&mut self, id: &Id, until: Millis, code: &Option<String>) {
        let at = self.at;
        self.state.edit_item(id, |item| {
            item.state = ItemState::Wrapping;
            item.since = at;
            item.wrap_up_until = Some(until);
            item.code = code.clone();
        });
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    pub(super) fn item_closed(&mut self, id: &Id, code: &Option<String>) {
        self.item_ended(id, ItemState::Closed, code);
    }

    pub(super) fn item_cancelled(&mut self, id: &Id) {
        self.item_ended(id, ItemState::Cancelled, &None);
    }

    fn item_ended(&mut self, id: &Id, state: ItemState, code: &Option<String>) {
        let owner = self.taken_from_owner(id);
        let Some(mut item) = self.state.remove_item(id) else {
            return;
        };
        item.end(state, self.at, code.as_deref());
        let forget = self.at + KEEP_CONVERSATIONS;
        let key = (item.channel.clone(), item.conversation.clone());
        self.state.edit_conversation(key, |conversation| {
            conversation.open = None;
            conversation.last_item = Some(id.clone());
            conversation.last_owner = owner.clone().or(conversation.last_owner.take());
            conversation.forget = Some(forget);
        });
        let ended = Ended { agent: owner.clone(), fate: Fate::Item(state), until: self.at + KEEP_ENDED };
        self.state.insert_ended(id.clone(), ended);
        if let Some(owner) = owner {
            self.tell(&owner, AgentEvent::WorkItemClosed { item: Box::new(item) });
            self.tell_agent(&owner);
        }
    }

    /// Takes a pending offer off its agent and remembers how it ended.
    fn take_offer(&mut self, id: &Id, outcome: OfferOutcome) -> Option<Offer> {
        let offer = self.state.remove_offer(id)?;
        self.state.edit_agent(&offer.agent, |agent| {
            agent.offers.remove(id);
        });
        let agent = Some(offer.agent.clone());
        let ended = Ended { agent, fate: Fate::Offer(outcome), until: self.at + KEEP_ENDED };
        self.state.insert_ended(id.clone(), ended);
        Some(offer)
    }

    /// Takes an item off its owner's list and budget; the owner's idle time begins anew.
    fn taken_from_owner(&mut self, id: &Id) -> Option<Id> {
        let owner = self.state.item(id)?.owner.clone()?;
        self.credit(id);
        let at = self.at;
        self.state.edit_agent(&owner, |agent| {
            agent.items.remove(id);
            agent.idle_since = at;
        });
        Some(owner)
    }

    fn tell_owner(&mut self, id: &Id, body: impl FnOnce(Box<WorkItem>) -> AgentEvent) {
        if let Some(item) = self.shown(id)
            && let Some(owner) = item.owner.clone()
        {
            self.tell(&owner, body(item));
        }
    }

    /// Tells the owner, or those to whom the item is offered.
    fn tell_holders(&mut self, id: &Id, body: impl Fn(Box<WorkItem>) -> AgentEvent) {
        let Some(item) = self.shown(id) else { return };
        let offered = item.offers.iter().filter_map(|offer| self.state.offer(offer)).map(|offer| offer.agent.clone());
        let holders: Vec<Id> = item.owner.iter().cloned().chain(offered).collect();
        for holder in holders {
            self.tell(&holder, body(item.clone()));
        }
    }
}
