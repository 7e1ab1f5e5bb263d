//! What happens to offers.

use super::{Evolution, KEEP_ENDED};
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::item::{Assigned, ItemState};
use crate::notice::AgentEvent;
use crate::offer::{Offer, OfferKind, OfferOutcome};
use crate::state::{Ended, Fate};

impl Evolution<'_> {
    pub(super) fn offer_created(&mut self, offer: &Offer) {
        self.state.stored.counter += 1;
        let (at, counter) = (self.at, self.state.stored.counter);
        self.state.insert_offer(offer.clone());
        let consult = matches!(offer.kind, OfferKind::Consult { .. });
        self.state.edit_item(&offer.item, |item| {
            if !consult && item.state != ItemState::Offered {
                item.state = ItemState::Offered;
                item.since = at;
            }
            item.offers.insert(offer.id.clone());
        });
        self.debit(&offer.id, &offer.agent, offer.weight, &offer.item);
        self.state.edit_agent(&offer.agent, |agent| {
            agent.offers.insert(offer.id.clone());
            agent.asked = counter;
        });
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
        if !fault::on(Fault::KeepsADebit) {
            self.credit(id);
        }
        let at = self.at;
        let consult = matches!(offer.kind, OfferKind::Consult { .. });
        self.state.edit_item(&offer.item, |item| {
            item.offers.remove(id);
            if consult {
                return;
            }
            if matches!(outcome, OfferOutcome::Rejected | OfferOutcome::Expired | OfferOutcome::Failed) {
                item.excluded.insert(offer.agent.clone());
            }
            if item.offers.is_empty() {
                item.state = ItemState::Queued;
                item.since = at;
            }
        });
        let (agent, of_item) = (offer.agent.clone(), offer.item.clone());
        if let Some(item) = self.shown(&offer.item) {
            self.tell(&agent, AgentEvent::OfferEnded { offer, outcome, item });
        }
        self.tell_agent(&agent);
        if consult {
            self.tell_owner(&of_item, |item| AgentEvent::WorkItemUpdated { item });
        }
    }

    pub(super) fn offer_accepted(&mut self, id: &Id) {
        let Some(offer) = self.take_offer(id, OfferOutcome::Accepted) else {
            return;
        };
        if let OfferKind::Consult { .. } = offer.kind {
            self.helper_joined(&offer);
        } else {
            self.credit(id);
            let (agent, offered, accepted) = (offer.agent.clone(), offer.created, self.at);
            let assigned = Assigned { agent, offered, accepted, why: offer.why.clone() };
            self.state.adjust_item(&offer.item, |item| {
                item.offers.clear();
                item.assigned = Some(Box::new(assigned));
            });
            self.note_accepted(&offer);
            self.given_to(&offer.item, &offer.agent, offer.weight);
        }
        let agent = offer.agent.clone();
        if let Some(item) = self.shown(&offer.item) {
            self.tell(&agent, AgentEvent::OfferEnded { offer, outcome: OfferOutcome::Accepted, item });
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
}
