//! What agents ask for.

use super::{Context, refuse, wrong_state};
use crate::command::Action;
use crate::delivery::{Delivery, Phase, Status};
use crate::effect::{ErrorCode, Reply};
use crate::event::{Event, SendKey};
use crate::ids::{Id, Millis};
use crate::item::{Actor, Cause, ItemState, WorkItem};
use crate::offer::{Offer, OfferOutcome};

/// For how long a repeated command gets the first one's result.
const KEEP_ANSWERS: Millis = 24 * 3_600_000;

impl Context<'_> {
    pub(super) fn agent(&mut self, agent: &Id, id: &Id, action: &Action) -> Reply {
        if !self.state.agent(agent).is_some_and(|agent| agent.configured) {
            return refuse(ErrorCode::NotFound, format!("the config has no agent `{agent}`"));
        }
        let answered = self.state.stored.answers.get(&(agent.clone(), id.clone()));
        if let Some(answer) = answered.filter(|answer| answer.until > self.at) {
            return answer.reply.clone();
        }
        let (reply, send) = match action {
            Action::SetState { state, reason } => (self.set_state(agent, *state, reason.clone()), None),
            Action::Accept { offer } => (self.accept(agent, offer), None),
            Action::Reject { offer, reason } => (self.reject(agent, offer, reason.clone()), None),
            Action::Send { work_item, message_id, idempotency_key, if_version } => {
                let key = idempotency_key.clone().map(|key| SendKey { item: work_item.clone(), key });
                self.send(agent, work_item, message_id, key, *if_version)
            }
            Action::Retry { message_id } => (self.retry(agent, message_id), None),
            Action::Complete { work_item, code, if_version } => {
                (self.end(agent, work_item, code.clone(), *if_version), None)
            }
            Action::Unsupported { name } => {
                (refuse(ErrorCode::NotSupported, format!("this server doesn't serve `{name}`")), None)
            }
        };
        if !id.is_empty() || send.is_some() {
            let until = self.at + KEEP_ANSWERS;
            let (agent, id, reply) = (agent.clone(), id.clone(), reply.clone());
            self.apply(Event::Answered { agent, id, send, reply, until });
        }
        reply
    }

    fn accept(&mut self, agent: &Id, id: &Id) -> Reply {
        let offer = match self.pending(agent, id) {
            Ok(offer) => offer,
            Err(reply) => return reply,
        };
        let actor = Actor::Agent { id: agent.clone() };
        self.end_offers(&offer.item, OfferOutcome::Rescinded, Cause::Rescinded, &actor, Some(id));
        self.apply(Event::OfferAccepted { offer: id.clone() });
        if let Some(item) = self.state.item(&offer.item).cloned() {
            self.notify(&item, "work-item.assigned", Some(agent));
        }
        Reply::Done
    }

    fn reject(&mut self, agent: &Id, id: &Id, reason: Option<String>) -> Reply {
        if let Err(reply) = self.pending(agent, id) {
            return reply;
        }
        let (outcome, cause) = (OfferOutcome::Rejected, Cause::Rejected);
        let actor = Actor::Agent { id: agent.clone() };
        self.apply(Event::OfferEnded { offer: id.clone(), outcome, cause, reason, actor });
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
        let (outcome, cause) = (OfferOutcome::Expired, Cause::Expired);
        let item = self.state.item(&offer.item).map(|item| item.queue.clone());
        let queue = item.and_then(|queue| self.state.config().queues.get(&queue));
        let away = queue.is_some_and(|queue| queue.away_after_missed);
        let id = offer.id.clone();
        self.apply(Event::OfferEnded { offer: id, outcome, cause, reason: None, actor: Actor::Router });
        if away {
            self.missed(&offer.agent);
        }
    }

    fn send(
        &mut self,
        agent: &Id,
        item: &Id,
        message_id: &Id,
        key: Option<SendKey>,
        if_version: Option<u64>,
    ) -> (Reply, Option<SendKey>) {
        let sent = key.as_ref().and_then(|send| self.state.stored.sends.get(&(send.item.clone(), send.key.clone())));
        if let Some(answer) = sent.filter(|answer| answer.until > self.at) {
            return (answer.reply.clone(), None);
        }
        let item = match self.owned(agent, item).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return (reply, None),
        };
        if self.state.delivery(message_id).is_none() {
            let delivery = self.new_delivery(message_id.clone(), &item);
            self.apply(Event::DeliveryQueued { delivery: Box::new(delivery) });
        }
        (Reply::Sending { message_id: message_id.clone() }, key)
    }

    fn retry(&mut self, agent: &Id, message_id: &Id) -> Reply {
        let own = |delivery: &&Delivery| {
            let owner = self.state.item(&delivery.item).and_then(|item| item.owner.as_ref());
            delivery.notification.is_none() && (owner == Some(agent) || delivery.agent.as_ref() == Some(agent))
        };
        let Some(delivery) = self.state.delivery(message_id).filter(own) else {
            return refuse(ErrorCode::NotFound, format!("there is no message `{message_id}` of yours"));
        };
        let over = matches!(delivery.phase, Phase::Done { .. });
        if !over || !matches!(delivery.status, Status::Failed | Status::Unknown) {
            return wrong_state("message", delivery.status.name());
        }
        self.apply(Event::DeliveryRevived { message_id: message_id.clone() });
        Reply::Sending { message_id: message_id.clone() }
    }

    fn end(&mut self, agent: &Id, item: &Id, code: Option<String>, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, item).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        let actor = Actor::Agent { id: agent.clone() };
        if item.state == ItemState::Wrapping {
            self.close(&item.id, code, Cause::Completed, actor);
        } else {
            self.complete(&item, code, Cause::Completed, actor);
        }
        Reply::Done
    }
}

/// Refuses if the item isn't any more what the agent saw.
fn unchanged(item: WorkItem, if_version: Option<u64>) -> Result<WorkItem, Reply> {
    match if_version {
        Some(seen) if seen != item.version => {
            let message = format!("the work item has version {}, not {seen}", item.version);
            Err(refuse(ErrorCode::Conflict, message))
        }
        _ => Ok(item),
    }
}
