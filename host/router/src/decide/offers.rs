//! How offers end.

use super::{Context, refuse, wrong_state};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::item::{Actor, Cause, WorkItem};
use crate::offer::{Offer, OfferKind, OfferOutcome};

impl Context<'_> {
    pub(super) fn accept(&mut self, agent: &Id, id: &Id) -> Reply {
        let offer = match self.pending(agent, id) {
            Ok(offer) => offer,
            Err(reply) => return reply,
        };
        self.take(&offer);
        Reply::Done
    }

    /// An offer is accepted. An item has one owner, so all other offers of it end.
    pub(super) fn take(&mut self, offer: &Offer) {
        let consult = matches!(offer.kind, OfferKind::Consult { .. });
        if !consult && !fault::on(Fault::DoesNotRescind) {
            let actor = Actor::Agent { id: offer.agent.clone() };
            self.end_offers(&offer.item, OfferOutcome::Rescinded, Cause::Rescinded, &actor, Some(&offer.id));
        }
        self.apply(Event::OfferAccepted { offer: offer.id.clone() });
        let told = ["work-item.consult", "work-item.accept", "work-item.transfer", "work-item.assigned"];
        let wants = |item: &&WorkItem| told.iter().any(|name| self.state.config().wants(&item.channel, name));
        let Some(item) = self.state.item(&offer.item).filter(wants).cloned() else {
            return;
        };
        if consult {
            self.notify(&item, "work-item.consult", Some(&offer.agent));
        } else {
            let name = if offer.kind.is_work() { "work-item.accept" } else { "work-item.transfer" };
            self.notify(&item, name, Some(&offer.agent));
            self.notify(&item, "work-item.assigned", Some(&offer.agent));
        }
    }

    pub(super) fn reject(&mut self, agent: &Id, id: &Id, reason: Option<String>) -> Reply {
        let offer = match self.pending(agent, id) {
            Ok(offer) => offer,
            Err(reply) => return reply,
        };
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offer(&offer, OfferOutcome::Rejected, Cause::Rejected, reason, actor);
        Reply::Done
    }

    pub(super) fn offer_failed(&mut self, id: &Id, reason: Option<String>) -> Reply {
        let Some(offer) = self.state.offer(id).cloned() else {
            return match self.state.ended(id) {
                Some(ended) => wrong_state("offer", ended.fate.name()),
                None => refuse(ErrorCode::NotFound, format!("there is no offer `{id}`")),
            };
        };
        self.end_offer(&offer, OfferOutcome::Failed, Cause::Unreachable, reason, Actor::Router);
        Reply::Done
    }

    /// An agent's pending offer, or the reason why it can't be answered any more.
    fn pending(&mut self, agent: &Id, id: &Id) -> Result<Offer, Reply> {
        let missing = || refuse(ErrorCode::NotFound, format!("there is no offer `{id}` to you"));
        if let Some(ended) = self.state.ended(id).filter(|ended| ended.agent.as_ref() == Some(agent)) {
            return Err(wrong_state("offer", ended.fate.name()));
        }
        let offer = self.state.offer(id).filter(|offer| offer.agent == *agent).cloned().ok_or_else(missing)?;
        if offer.expires <= self.at {
            self.expire(&offer);
            return Err(wrong_state("offer", OfferOutcome::Expired.name()));
        }
        Ok(offer)
    }

    /// Nobody answered the offer in time.
    pub(super) fn expire(&mut self, offer: &Offer) {
        let queue = self.state.item(&offer.item).and_then(|item| self.state.config().queues.get(&item.queue));
        let away = queue.is_some_and(|queue| queue.away_after_missed);
        self.end_offer(offer, OfferOutcome::Expired, Cause::Expired, None, Actor::Router);
        if away {
            self.missed(&offer.agent);
        }
    }

    /// Ends an offer that its agent didn't take. A transfer to this agent goes back.
    pub(super) fn end_offer(
        &mut self,
        offer: &Offer,
        outcome: OfferOutcome,
        cause: Cause,
        reason: Option<String>,
        actor: Actor,
    ) {
        self.apply(Event::OfferEnded { offer: offer.id.clone(), outcome, cause, reason, actor });
        if let OfferKind::Transfer { .. } = offer.kind {
            self.come_back(&offer.item);
        }
    }

    /// Ends the pending offers of an item, all but one. What becomes of the item is the caller's.
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

    /// Takes back everything that an agent was asked.
    pub(super) fn revoke_offers(&mut self, agent: &Id, cause: Cause, concerns: impl Fn(&Offer) -> bool) {
        let offers = self.state.agent(agent).map(|agent| agent.offers.clone());
        for id in offers.into_iter().flatten() {
            if let Some(offer) = self.state.offer(&id).filter(|offer| concerns(offer)).cloned() {
                self.end_offer(&offer, OfferOutcome::Revoked, cause, None, Actor::Router);
            }
        }
    }
}
