//! Passing an item on to another agent or queue. What nobody takes comes back.

use super::agent::unchanged;
use super::{Context, refuse, wrong_state};
use crate::command::Destination;
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::fault::{self, Fault};
use crate::ids::{Id, Millis};
use crate::item::{Actor, Cause, ItemState, Transfer, WorkItem};
use crate::offer::{By, OfferKind, OfferOutcome};

impl Context<'_> {
    pub(super) fn transfer(&mut self, agent: &Id, id: &Id, to: &Destination, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if let Err(reply) = Self::only_in(&item, &[ItemState::Active, ItemState::Suspended]) {
            return reply;
        }
        match to {
            Destination::Agent(target) => self.transfer_to_agent(agent, &item, target),
            Destination::Queue(queue) => self.transfer_to_queue(agent, &item, queue, None),
            Destination::Skill { skills, queue } => {
                let queue = queue.clone().unwrap_or_else(|| item.queue.clone());
                self.transfer_to_queue(agent, &item, &queue, Some(skills.clone()))
            }
        }
    }

    fn transfer_to_agent(&mut self, agent: &Id, item: &WorkItem, target: &Id) -> Reply {
        if target == agent {
            return refuse(ErrorCode::BadRequest, "the work item is yours already");
        }
        if let Err(reply) = self.has_room(item, target) {
            return reply;
        }
        self.let_go(agent, item, None, true, None);
        let why = self.why(item, By::Named);
        self.offer(&item.id, target, OfferKind::Transfer { from: agent.clone() }, why);
        self.leave_when_finished(Some(agent));
        Reply::Done
    }

    fn transfer_to_queue(
        &mut self,
        agent: &Id,
        item: &WorkItem,
        queue: &Id,
        skills: Option<std::collections::BTreeMap<Id, u8>>,
    ) -> Reply {
        let Some(settings) = self.state.config().queues.get(queue) else {
            return refuse(ErrorCode::NotFound, format!("the config has no queue `{queue}`"));
        };
        let after = settings.transfer_return_ms;
        let until = (after > 0).then(|| self.at.saturating_add(after));
        self.let_go(agent, item, skills, false, until);
        self.arrive(&item.id, queue, Cause::Transferred, Actor::Agent { id: agent.clone() }, None);
        self.leave_when_finished(Some(agent));
        Reply::Done
    }

    /// Takes an item off its agent, with what it needs to come back.
    fn let_go(
        &mut self,
        agent: &Id,
        item: &WorkItem,
        skills: Option<std::collections::BTreeMap<Id, u8>>,
        named: bool,
        until: Option<Millis>,
    ) {
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offers(&item.id, OfferOutcome::Revoked, Cause::Transferred, &actor, None);
        let (queue, before) = (item.queue.clone(), item.skills.clone());
        let transfer = Transfer { from: agent.clone(), queue, skills: before, named, until };
        self.apply(Event::ItemTransferring { item: item.id.clone(), transfer, skills, actor });
    }

    /// Nobody took a transfer: the item goes back to who had it or, if that agent has left, to the queue it was in.
    pub(super) fn come_back(&mut self, id: &Id) {
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        let Some(transfer) = item.transfer.as_deref().filter(|_| !fault::on(Fault::DropsTransfers)) else {
            return;
        };
        let from = &transfer.from;
        let queue = self.state.config().queue_or_default(&transfer.queue);
        if !self.state.agent(from).is_some_and(|agent| agent.present()) {
            self.queue(id, &queue, Cause::Untaken, Actor::Router, None);
            return;
        }
        let weight = self.state.config().weight(&queue, &item.channel, &item.media_type);
        self.apply(Event::ItemReturned { item: id.clone(), agent: from.clone(), queue, weight });
        if let Some(item) = self.state.item(id).cloned() {
            self.notify(&item, "work-item.assigned", Some(from));
        }
    }

    /// The time of a transfer to a queue is over.
    pub(super) fn transfer_returns(&mut self, id: &Id) {
        self.end_offers(id, OfferOutcome::Revoked, Cause::Untaken, &Actor::Router, None);
        self.come_back(id);
    }

    /// Takes back what an agent asked of others: a transfer that nobody has taken yet, or a consultation.
    pub(super) fn take_back(&mut self, agent: &Id, id: &Id, if_version: Option<u64>) -> Reply {
        let under_way = |item: &&WorkItem| item.transfer.as_ref().is_some_and(|transfer| transfer.from == *agent);
        let Some(item) = self.state.item(id).filter(under_way).cloned() else {
            return self.end_consultation(agent, id, if_version);
        };
        if let Err(reply) = unchanged(item, if_version) {
            return reply;
        }
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offers(id, OfferOutcome::Revoked, Cause::Agent, &actor, None);
        if !self.state.agent(agent).is_some_and(|agent| agent.present()) {
            return wrong_state("agent", "offline");
        }
        self.come_back(id);
        Reply::Done
    }
}
