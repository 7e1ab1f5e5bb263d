//! How an item comes to wait in a queue, and in which.

use super::Context;
use crate::config::Otherwise;
use crate::delivery::Automatic;
use crate::event::Event;
use crate::ids::{Id, Millis};
use crate::item::{Actor, Cause, WorkItem};

impl Context<'_> {
    /// Puts an item in a queue and tells the driver. Whether the queue is open and has room doesn't matter: the item
    /// was there before.
    pub(super) fn queue(&mut self, id: &Id, queue: &Id, cause: Cause, actor: Actor, preferred: Option<Id>) {
        self.put(id, queue, cause, actor, preferred);
        self.tell_queued(id);
    }

    /// Puts an item in a queue where it hasn't been. A queue that is closed or full may pass it on, or refuse it.
    pub(super) fn arrive(&mut self, id: &Id, queue: &Id, cause: Cause, actor: Actor, preferred: Option<Id>) {
        let had = self.state.item(id).and_then(|item| item.owner.clone());
        self.put(id, queue, cause, actor, preferred);
        while let Some(item) = self.state.item(id) {
            let Some((cause, otherwise, answer)) = self.obstacle(item) else {
                break;
            };
            let item = item.clone();
            self.answer(&item, answer);
            match otherwise {
                Otherwise::Overflow(next) if self.may_pass_on(&item, &next) => {
                    self.put(id, &next, cause, Actor::Router, None);
                }
                Otherwise::Cancel => return self.cancel(id, cause, None, Actor::Router),
                _ => break,
            }
        }
        self.tell_queued(id);
        self.leave_when_finished(had.as_ref());
    }

    fn tell_queued(&mut self, id: &Id) {
        let wants = |item: &&WorkItem| self.state.config().wants(&item.channel, "work-item.queued");
        if let Some(item) = self.state.item(id).filter(wants).cloned() {
            self.notify(&item, "work-item.queued", None);
        }
    }

    /// Whether an item may go on to another queue: never to one that it came from on this way, so that queues that
    /// point at each other can't send it round and round.
    pub(super) fn may_pass_on(&self, item: &WorkItem, next: &Id) -> bool {
        self.state.config().queues.contains_key(next) && *next != item.queue && !item.passed_on.contains(next)
    }

    fn put(&mut self, id: &Id, queue: &Id, cause: Cause, actor: Actor, preferred: Option<Id>) {
        let Some(item) = self.state.item(id) else { return };
        let weight = self.state.config().weight(queue, &item.channel, &item.media_type);
        let preferred = preferred.or_else(|| item.preferred.clone());
        let sticky_until = preferred.as_ref().and_then(|agent| self.sticky_until(item, queue, agent));
        let (item, queue) = (id.clone(), queue.clone());
        self.apply(Event::ItemQueued { item, queue, weight, cause, actor, preferred, sticky_until });
    }

    /// Until when an item waits for its preferred agent alone: if the agent is there and wants such work.
    fn sticky_until(&self, item: &WorkItem, queue: &Id, agent: &Id) -> Option<Millis> {
        let sticky = self.state.config().queues.get(queue)?.sticky_ms;
        let here = self.state.agent(agent)?.willing_for(&item.media_type) && !item.excluded.contains(agent);
        (here && sticky > 0 && self.qualifies(item, queue, agent)).then(|| self.at.saturating_add(sticky))
    }

    /// Why a queue doesn't simply take an item that has come, and what it does instead.
    fn obstacle(&self, item: &WorkItem) -> Option<(Cause, Otherwise, Automatic)> {
        let queue = self.state.config().queues.get(&item.queue)?;
        if !self.state.open(&item.queue) {
            return Some((Cause::OutsideHours, queue.when_closed.clone(), Automatic::OutsideHours));
        }
        // The item itself waits there already.
        let full = queue.max_length.is_some_and(|most| self.state.waiting(&item.queue) > u64::from(most));
        full.then(|| (Cause::Full, queue.when_full.clone(), Automatic::Full))
    }
}
