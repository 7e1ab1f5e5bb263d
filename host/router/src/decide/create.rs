//! Work items that no message opens: tasks, and what is scheduled.

use super::receive::{MAX_PRIORITY, Opening};
use super::{Context, refuse};
use crate::command::Task;
use crate::effect::{ErrorCode, Reply};
use crate::event::{Event, SendKey};
use crate::item::{Actor, Cause};

/// For how long a repeated request gets the first one's result.
const KEEP_ANSWERS: u64 = 24 * 3_600_000;

impl Context<'_> {
    pub(super) fn create(&mut self, task: &Task) -> Reply {
        let key = task.key.clone().map(|key| SendKey { item: task.by.clone(), key });
        let known = key.as_ref().and_then(|key| self.state.stored.sends.get(&(key.item.clone(), key.key.clone())));
        if let Some(answer) = known.filter(|answer| answer.until > self.at) {
            return answer.reply.clone();
        }
        if let Some(open) = self.state.open_item(&task.channel, &task.conversation) {
            let message = format!("the conversation has an open work item already, `{}`", open.id);
            return refuse(ErrorCode::Conflict, message);
        }
        let priority = task.route.as_ref().and_then(|route| route.priority).or(task.priority).unwrap_or(0);
        let item = self.new_item(Opening {
            channel: &task.channel,
            conversation: &task.conversation,
            customer: task.customer.clone(),
            media_type: &task.media_type,
            message_id: &task.message_id,
            route: task.route.as_ref(),
            priority: priority.min(MAX_PRIORITY),
            preferred: task.preferred.clone(),
        });
        let (id, queue) = (item.id.clone(), item.queue.clone());
        let later = task.not_before.filter(|at| *at > self.at);
        let parent = task.parent.clone().or(item.parent.clone());
        let item = crate::item::WorkItem {
            parent,
            not_before: later,
            expires: task.expires,
            unanswered: true,
            message_count: 0,
            ..item
        };
        self.apply(Event::ItemOpened { item: Box::new(item) });
        if later.is_none() {
            self.arrive(&id, &queue, Cause::Created, Actor::Operator { name: task.by.clone() }, None);
        }
        let reply = Reply::Opened { item: id };
        if let Some(send) = key {
            let (agent, until) = (task.by.clone(), self.at + KEEP_ANSWERS);
            self.apply(Event::Answered { agent, id: "".into(), send: Some(send), reply: reply.clone(), until });
        }
        reply
    }
}
