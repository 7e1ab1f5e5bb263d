//! What happens to work items on their way to an agent and with one.

use std::collections::BTreeMap;

use super::Evolution;
use crate::fault::{self, Fault};
use crate::ids::{Id, Millis};
use crate::item::{Cause, ItemState, WorkItem};
use crate::notice::AgentEvent;
use crate::share;

impl Evolution<'_> {
    pub(super) fn item_opened(&mut self, item: &WorkItem) {
        self.state.stored.counter += 1;
        let mut item = item.clone();
        share::with_config(&mut item, &self.state.stored.config);
        if !item.detached && !item.conversation.is_empty() {
            let key = (item.channel.clone(), item.conversation.clone());
            self.state.edit_conversation(key, |conversation| {
                conversation.open = Some(item.id.clone());
                conversation.forget = None;
            });
        }
        let id = item.id.clone();
        self.state.insert_item(item);
        self.start_targets(&id);
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
        self.heard_of(id);
        self.customer_waits(id);
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

    /// The item waits, in another queue or again. What it was asked of others for is over.
    pub(super) fn item_queued(
        &mut self,
        id: &Id,
        queue: &Id,
        weight: u32,
        cause: Cause,
        prefer: impl FnOnce(&mut WorkItem),
    ) {
        let owner = self.taken_from_owner(id);
        self.helpers_leave(id);
        let at = self.at;
        let settings = self.state.config().queues.get(queue);
        let first_ring = settings.and_then(|queue| queue.rings.first()).map(|ring| at.saturating_add(ring.after_ms));
        let expires = settings.and_then(|queue| queue.time_to_live_ms).map(|after| at.saturating_add(after));
        self.state.edit_item(id, |item| {
            let (first, elsewhere) = (item.state == ItemState::New, item.queue != *queue);
            if first || fault::on(Fault::ForgetsTheAge) {
                item.first_queued = at;
                item.expires = item.expires.or(expires);
            }
            if first || elsewhere || owner.is_some() || item.ring_due.is_none() {
                item.queued_at = at;
                item.ring = 0;
                item.ring_due = first_ring;
            }
            match cause {
                Cause::Full | Cause::OutsideHours | Cause::Overflow => {
                    item.passed_on.insert(item.queue.clone());
                }
                _ => item.passed_on.clear(),
            }
            let untaken = item.transfer.take_if(|_| cause != Cause::Transferred);
            if let (Cause::Untaken, Some(before)) = (cause, untaken) {
                item.skills = before.skills;
            }
            item.state = ItemState::Queued;
            item.since = at;
            item.queue = queue.clone();
            item.weight = weight;
            item.owner = None;
            item.not_before = None;
            item.wrap_up_until = None;
            item.suspend_at = None;
            item.code = None;
            prefer(item);
        });
        if let Some(owner) = owner
            && let Some(item) = self.shown(id)
        {
            self.tell(&owner, AgentEvent::WorkItemUpdated { item });
            self.tell_agent(&owner);
        }
    }

    pub(super) fn ring_passed(&mut self, id: &Id, ring: u8) {
        let Some(queue) = self.state.item(id).map(|item| item.queue.clone()) else {
            return;
        };
        let rings = self.state.config().queues.get(&queue).map_or(&[][..], |queue| &queue.rings);
        let next = rings.get(usize::from(ring)).map(|ring| ring.after_ms);
        self.state.edit_item(id, |item| {
            item.ring = ring;
            item.ring_due = next.map(|after| item.queued_at.saturating_add(after));
        });
    }

    pub(super) fn item_updated(
        &mut self,
        id: &Id,
        priority: Option<u16>,
        skills: &Option<BTreeMap<Id, u8>>,
        preferred_skills: &Option<BTreeMap<Id, u8>>,
    ) {
        self.state.edit_item(id, |item| {
            item.priority = priority.unwrap_or(item.priority);
            if let Some(skills) = skills {
                item.skills.clone_from(skills);
            }
            if let Some(skills) = preferred_skills {
                item.preferred_skills.clone_from(skills);
            }
        });
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    pub(super) fn item_suspended(&mut self, id: &Id, weight: u32) {
        let at = self.at;
        self.reweigh(id, weight);
        self.state.edit_item(id, |item| {
            item.state = ItemState::Suspended;
            item.since = at;
            item.suspend_at = None;
        });
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
        self.tell_owner_of_load(id);
    }

    pub(super) fn item_resumed(&mut self, id: &Id, weight: u32) {
        let at = self.at;
        self.reweigh(id, weight);
        self.state.edit_item(id, |item| {
            item.state = ItemState::Active;
            item.since = at;
        });
        self.heard_of(id);
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
        self.tell_owner_of_load(id);
    }

    pub(super) fn item_wrapping(&mut self, id: &Id, until: Millis, code: &Option<String>) {
        let at = self.at;
        self.helpers_leave(id);
        self.state.edit_item(id, |item| {
            item.state = ItemState::Wrapping;
            item.since = at;
            item.wrap_up_until = Some(until);
            item.suspend_at = None;
            item.code = code.clone();
        });
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    /// Something was said on an item: the time until it is suspended begins anew.
    pub(super) fn heard_of(&mut self, id: &Id) {
        let Some(item) = self.state.item(id).filter(|item| item.state == ItemState::Active) else {
            return;
        };
        let after = self.state.config().queues.get(&item.queue).and_then(|queue| queue.suspend_after_ms);
        let suspend_at = after.map(|after| self.at.saturating_add(after));
        if suspend_at != item.suspend_at {
            self.state.adjust_item(id, |item| item.suspend_at = suspend_at);
        }
    }

    /// Gives an owned item another weight on its owner's budget.
    fn reweigh(&mut self, id: &Id, weight: u32) {
        let Some(owner) = self.state.item(id).and_then(|item| item.owner.clone()) else {
            return;
        };
        self.credit(id);
        self.state.edit_item(id, |item| item.weight = weight);
        self.debit(id, &owner, weight, id);
    }

    /// Takes an item off its owner's list and budget; the owner's idle time begins anew.
    pub(super) fn taken_from_owner(&mut self, id: &Id) -> Option<Id> {
        let owner = self.state.item(id)?.owner.clone()?;
        self.credit(id);
        let at = self.at;
        self.state.edit_agent(&owner, |agent| {
            agent.items.remove(id);
            agent.idle_since = at;
        });
        Some(owner)
    }

    /// Puts an item on an agent's list and budget, and has it active there.
    pub(super) fn given_to(&mut self, id: &Id, agent: &Id, weight: u32) {
        let at = self.at;
        self.state.edit_item(id, |item| {
            item.state = ItemState::Active;
            item.since = at;
            item.owner = Some(agent.clone());
            item.weight = weight;
            item.excluded.clear();
            item.preferred = None;
            item.sticky_until = None;
            item.ring_due = None;
            item.transfer = None;
        });
        self.debit(id, agent, weight, id);
        self.state.edit_agent(agent, |agent| {
            agent.items.insert(id.clone());
            agent.idle_since = at;
        });
        self.heard_of(id);
    }

    fn tell_owner_of_load(&mut self, id: &Id) {
        if let Some(owner) = self.state.item(id).and_then(|item| item.owner.clone()) {
            self.tell_agent(&owner);
        }
    }

    /// Tells the owner and who was asked in.
    pub(super) fn tell_owner(&mut self, id: &Id, body: impl Fn(Box<WorkItem>) -> AgentEvent) {
        let Some(item) = self.shown(id) else { return };
        let holders: Vec<Id> = item.owner.iter().chain(item.helpers.keys()).cloned().collect();
        for holder in holders {
            self.tell(&holder, body(item.clone()));
        }
    }

    /// Tells the owner, who was asked in, and those to whom the item is offered.
    pub(super) fn tell_holders(&mut self, id: &Id, body: impl Fn(Box<WorkItem>) -> AgentEvent) {
        let Some(item) = self.shown(id) else { return };
        let offered = item.offers.iter().filter_map(|offer| self.state.offer(offer)).map(|offer| offer.agent.clone());
        let holders: Vec<Id> = item.owner.iter().cloned().chain(item.helpers.keys().cloned()).chain(offered).collect();
        for holder in holders {
            self.tell(&holder, body(item.clone()));
        }
    }
}
