//! Asking another agent in, who doesn't take over; and handing the item to that agent in the end.

use super::agent::unchanged;
use super::{Context, refuse, wrong_state};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState};
use crate::offer::{By, OfferKind, OfferOutcome};

impl Context<'_> {
    pub(super) fn consult(&mut self, agent: &Id, id: &Id, whom: &Id, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if let Err(reply) = Self::only_in(&item, &[ItemState::Active]) {
            return reply;
        }
        if whom == agent {
            return refuse(ErrorCode::BadRequest, "ask another agent than yourself");
        }
        let asked = |offer: &Id| self.state.offer(offer).is_some_and(|offer| offer.agent == *whom);
        if item.helpers.contains_key(whom) || item.offers.iter().any(asked) {
            return refuse(ErrorCode::Conflict, format!("agent `{whom}` has been asked in already"));
        }
        if let Err(reply) = self.has_room(&item, whom) {
            return reply;
        }
        let why = self.why(&item, By::Named);
        self.offer(id, whom, OfferKind::Consult { from: agent.clone() }, why);
        Reply::Done
    }

    /// The agent who was asked in takes over.
    pub(super) fn hand_over(&mut self, agent: &Id, id: &Id, to: Option<&Id>, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if let Err(reply) = Self::only_in(&item, &[ItemState::Active, ItemState::Suspended]) {
            return reply;
        }
        let only = || item.helpers.keys().next().filter(|_| item.helpers.len() == 1);
        let Some(to) = to.or_else(only).filter(|to| item.helpers.contains_key(*to)) else {
            return refuse(ErrorCode::NotFound, "name an agent who was asked in and has accepted");
        };
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offers(id, OfferOutcome::Revoked, Cause::Transferred, &actor, None);
        self.apply(Event::ItemHanded { item: id.clone(), agent: to.clone(), actor });
        if let Some(item) = self.state.item(id).cloned() {
            self.notify(&item, "work-item.transfer-complete", Some(to));
            self.notify(&item, "work-item.assigned", Some(to));
        }
        self.leave_when_finished(Some(agent));
        Reply::Done
    }

    /// The owner does without the others again.
    pub(super) fn end_consultation(&mut self, agent: &Id, id: &Id, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if item.helpers.is_empty() && item.offers.is_empty() {
            return wrong_state("work item", item.state.name());
        }
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offers(id, OfferOutcome::Revoked, Cause::Agent, &actor, None);
        for helper in item.helpers.keys() {
            self.out(id, helper, Cause::Left, actor.clone());
        }
        Reply::Done
    }

    pub(super) fn leave(&mut self, agent: &Id, id: &Id) -> Reply {
        if !self.state.agent(agent).is_some_and(|agent| agent.helps.contains(id)) {
            return refuse(ErrorCode::NotFound, format!("you aren't in on a work item `{id}`"));
        }
        self.out(id, agent, Cause::Left, Actor::Agent { id: agent.clone() });
        self.leave_when_finished(Some(agent));
        Reply::Done
    }

    /// An agent who was asked in is out again.
    pub(super) fn out(&mut self, id: &Id, helper: &Id, cause: Cause, actor: Actor) {
        self.apply(Event::HelperLeft { item: id.clone(), agent: helper.clone(), cause, actor });
        if let Some(item) = self.state.item(id).cloned() {
            self.notify(&item, "work-item.leave", Some(helper));
        }
        self.leave_when_finished(Some(helper));
    }
}
