//! What agents ask for.

use super::{Context, refuse, wrong_state};
use crate::command::Action;
use crate::delivery::{Delivery, Phase, Status};
use crate::effect::{ErrorCode, Reply};
use crate::event::{Event, SendKey};
use crate::ids::{Id, Millis};
use crate::item::{Actor, Cause, ItemState, WorkItem};

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
            Action::Send { work_item, message_id, idempotency_key, if_version } => {
                let key = idempotency_key.clone().map(|key| SendKey { item: work_item.clone(), key });
                self.send(agent, work_item, message_id, key, *if_version)
            }
            other => (self.act(agent, other), None),
        };
        if !id.is_empty() || send.is_some() {
            let until = self.at + KEEP_ANSWERS;
            let (agent, id, reply) = (agent.clone(), id.clone(), reply.clone());
            self.apply(Event::Answered { agent, id, send, reply, until });
        }
        reply
    }

    fn act(&mut self, agent: &Id, action: &Action) -> Reply {
        match action {
            Action::SetState { state, reason, media_type } => {
                self.set_state(agent, *state, reason.clone(), media_type.as_ref())
            }
            Action::Accept { offer } => self.accept(agent, offer),
            Action::Reject { offer, reason } => self.reject(agent, offer, reason.clone()),
            Action::Retry { message_id } => self.retry(agent, message_id),
            Action::Complete { work_item, code, if_version } => self.end(agent, work_item, code.clone(), *if_version),
            Action::Suspend { work_item, if_version } => self.suspend(agent, work_item, *if_version),
            Action::Resume { work_item, if_version } => self.resume(agent, work_item, *if_version),
            Action::Pick { work_item, if_version } => self.pick(agent, work_item, *if_version),
            Action::Transfer { work_item, to, if_version } => self.transfer(agent, work_item, to, *if_version),
            Action::Consult { work_item, agent: whom, if_version } => self.consult(agent, work_item, whom, *if_version),
            Action::TransferComplete { work_item, agent: to, if_version } => {
                self.hand_over(agent, work_item, to.as_ref(), *if_version)
            }
            Action::TransferCancel { work_item, if_version } => self.take_back(agent, work_item, *if_version),
            Action::Leave { work_item } => self.leave(agent, work_item),
            Action::Merge { work_item, from, if_version } => self.merge(agent, work_item, from, *if_version),
            Action::Split { work_item, message_id, queue, if_version } => {
                self.split(agent, work_item, message_id, queue.as_ref(), *if_version)
            }
            Action::Update { work_item, change, if_version } => {
                let actor = Actor::Agent { id: agent.clone() };
                match self.owned(agent, work_item).and_then(|item| unchanged(item, *if_version)) {
                    Ok(item) => self.update(&item, change, actor),
                    Err(reply) => reply,
                }
            }
            // A send is decided with its idempotency key.
            Action::Send { .. } => refuse(ErrorCode::BadRequest, "a message to send came without its key"),
            Action::Unsupported { name } => {
                refuse(ErrorCode::NotSupported, format!("this server doesn't serve `{name}`"))
            }
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
pub(super) fn unchanged(item: WorkItem, if_version: Option<u64>) -> Result<WorkItem, Reply> {
    match if_version {
        Some(seen) if seen != item.version => {
            let message = format!("the work item has version {}, not {seen}", item.version);
            Err(refuse(ErrorCode::Conflict, message))
        }
        _ => Ok(item),
    }
}
