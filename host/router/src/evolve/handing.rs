//! What happens when an item is passed on, when others are asked in, and when items become one.

use std::collections::BTreeMap;

use super::Evolution;
use crate::ids::Id;
use crate::item::{ItemState, Transfer, WorkItem};
use crate::notice::AgentEvent;
use crate::offer::Offer;
use crate::state::PerChannel;

impl Evolution<'_> {
    pub(super) fn item_transferring(&mut self, id: &Id, transfer: &Transfer, skills: &Option<BTreeMap<Id, u8>>) {
        let owner = self.taken_from_owner(id);
        self.helpers_leave(id);
        let at = self.at;
        self.state.edit_item(id, |item| {
            item.state = ItemState::Queued;
            item.since = at;
            item.owner = None;
            item.suspend_at = None;
            item.wrap_up_until = None;
            item.ring_due = None;
            item.preferred = None;
            item.excluded = [transfer.from.clone()].into();
            item.transfer = Some(Box::new(transfer.clone()));
            if let Some(skills) = skills {
                item.skills.clone_from(skills);
            }
        });
        if let Some(owner) = owner
            && let Some(item) = self.shown(id)
        {
            self.tell(&owner, AgentEvent::WorkItemUpdated { item });
            self.tell_agent(&owner);
        }
    }

    pub(super) fn item_returned(&mut self, id: &Id, agent: &Id, queue: &Id, weight: u32) {
        let before = self.state.item(id).and_then(|item| item.transfer.clone());
        self.state.edit_item(id, |item| {
            item.queue = queue.clone();
            if let Some(before) = before {
                item.skills = before.skills;
            }
        });
        self.given_to(id, agent, weight);
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
        self.tell_agent(agent);
    }

    /// The one who was asked in takes over: what was debited for helping now stands for owning.
    pub(super) fn item_handed(&mut self, id: &Id, agent: &Id) {
        let weight = self.state.item(id).map_or(0, |item| item.weight);
        let owner = self.taken_from_owner(id);
        self.helper_out(id, agent);
        self.given_to(id, agent, weight);
        if let Some(owner) = owner
            && let Some(item) = self.shown(id)
        {
            self.tell(&owner, AgentEvent::WorkItemUpdated { item });
            self.tell_agent(&owner);
        }
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
        self.tell_agent(agent);
    }

    /// The offer's debit stays for as long as the agent is in.
    pub(super) fn helper_joined(&mut self, offer: &Offer) {
        self.state.edit_item(&offer.item, |item| {
            item.offers.remove(&offer.id);
            item.helpers.insert(offer.agent.clone(), offer.id.clone());
        });
        self.state.edit_agent(&offer.agent, |agent| {
            agent.helps.insert(offer.item.clone());
        });
        self.tell_owner(&offer.item, |item| AgentEvent::WorkItemUpdated { item });
    }

    pub(super) fn helper_left(&mut self, id: &Id, agent: &Id) {
        self.helper_out(id, agent);
        if let Some(item) = self.shown(id) {
            self.tell(agent, AgentEvent::WorkItemUpdated { item });
            self.tell_agent(agent);
        }
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    fn helper_out(&mut self, id: &Id, agent: &Id) {
        let mut debit = None;
        self.state.edit_item(id, |item| debit = item.helpers.remove(agent));
        if let Some(debit) = debit {
            self.credit(&debit);
            self.state.edit_agent(agent, |agent| {
                agent.helps.remove(id);
            });
        }
    }

    /// Everybody who was asked in is out, and told so.
    pub(super) fn helpers_leave(&mut self, id: &Id) {
        let helpers = self.state.item(id).map(|item| item.helpers.clone()).unwrap_or_default();
        for agent in helpers.keys() {
            self.helper_left(id, agent);
        }
    }

    pub(super) fn conversation_added(&mut self, id: &Id, key: PerChannel) {
        if self.state.item(id).is_none() {
            return;
        }
        self.state.edit_item(id, |item| item.merged.push(key.clone()));
        self.state.edit_conversation(key, |conversation| {
            conversation.open = Some(id.clone());
            conversation.forget = None;
        });
    }

    /// The conversations of an item go on in another.
    pub(super) fn item_merged(&mut self, id: &Id, into: &Id) {
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        for key in item.conversations() {
            self.state.edit_conversation(key, |conversation| conversation.open = Some(into.clone()));
        }
        self.state.edit_item(into, |goes_on: &mut WorkItem| {
            goes_on.merged.extend(item.conversations());
            goes_on.message_count += item.message_count;
            goes_on.first_queued = goes_on.first_queued.min(item.first_queued);
            goes_on.priority = goes_on.priority.max(item.priority);
        });
        self.state.edit_item(id, |item| {
            item.detached = true;
            item.merged.clear();
        });
        self.item_ended(id, ItemState::Closed, &None);
        self.tell_owner(into, |item| AgentEvent::WorkItemUpdated { item });
    }
}
