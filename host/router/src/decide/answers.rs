//! Answers that the server gives a customer by itself.

use super::Context;
use crate::delivery::{ANSWER_AGAIN, Automatic, Notification};
use crate::item::WorkItem;

impl Context<'_> {
    /// Whether a queue has a text for such an answer.
    pub(super) fn has_answer(&self, queue: &str, kind: Automatic) -> bool {
        self.state.config().queues.get(queue).is_some_and(|queue| queue.answers.contains(&kind))
    }

    /// Answers the customer, if the item's queue has such an answer and the channel can send. No conversation gets
    /// the same answer twice in a day, and no machine gets one, so that two machines can't answer each other for ever.
    pub(super) fn answer(&mut self, item: &WorkItem, kind: Automatic) {
        if !self.has_answer(&item.queue, kind) || item.unanswered || item.conversation.is_empty() {
            return;
        }
        let key = (item.channel.clone(), item.conversation.clone());
        let before = self.state.stored.conversations.get(&key).and_then(|it| it.answered.get(&kind));
        if before.is_some_and(|before| self.at < before.saturating_add(ANSWER_AGAIN)) {
            return;
        }
        let name = "message.send".into();
        self.tell_driver(item, Notification { name, automatic: Some(kind), ..Notification::about(&item.queue) });
    }
}
