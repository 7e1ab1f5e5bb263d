//! Due times of items, and what queues count.

use super::Evolution;
use crate::ids::{Id, Millis};
use crate::item::{Deadline, ItemState, Sla, Target};
use crate::notice::AgentEvent;
use crate::offer::Offer;

impl Evolution<'_> {
    /// Due times that count from an item's creation.
    pub(super) fn start_targets(&mut self, id: &Id) {
        let Some(item) = self.state.item(id) else { return };
        let from = item.not_before.unwrap_or(item.created);
        let first_answer = self.deadline(&item.queue, Target::FirstAnswer, from);
        let resolution = self.deadline(&item.queue, Target::Resolution, from);
        if first_answer.is_some() || resolution.is_some() {
            let sla = Sla { first_answer, resolution, ..Sla::default() };
            self.state.adjust_item(id, |item| item.sla = Some(Box::new(sla)));
        }
    }

    fn deadline(&self, queue: &str, target: Target, from: Millis) -> Option<Deadline> {
        let targets = &self.state.config().queues.get(queue)?.targets;
        let within = match target {
            Target::FirstAnswer => targets.first_answer_ms,
            Target::NextAnswer => targets.next_answer_ms,
            Target::Resolution => targets.resolution_ms,
        }?;
        let warn = from.saturating_add(within / 100 * u64::from(targets.warn_percent));
        Some(Deadline { warn: Some(warn), due: from.saturating_add(within), breached: false })
    }

    /// A customer said something more: the next answer has a due time, if there is none yet.
    pub(super) fn customer_waits(&mut self, id: &Id) {
        let Some(item) = self.state.item(id) else { return };
        let sla = item.sla.as_deref();
        if sla.is_some_and(|sla| sla.next_answer.is_some() || sla.first_answer.is_some()) {
            return;
        }
        let next = self.deadline(&item.queue, Target::NextAnswer, self.at);
        if next.is_some() {
            self.state.adjust_item(id, |item| item.sla.get_or_insert_default().next_answer = next);
        }
    }

    /// An agent answered.
    pub(super) fn answered(&mut self, id: &Id) {
        let at = self.at;
        if self.state.item(id).is_some_and(|item| item.sla.is_some()) {
            self.state.adjust_item(id, |item| {
                if let Some(sla) = &mut item.sla {
                    sla.first_answer = None;
                    sla.next_answer = None;
                    sla.answered = sla.answered.or(Some(at));
                }
            });
        }
    }

    pub(super) fn due_soon(&mut self, id: &Id, target: Target) {
        self.edit_deadline(id, target, |deadline| deadline.warn = None);
    }

    pub(super) fn breached(&mut self, id: &Id, target: Target) {
        self.edit_deadline(id, target, |deadline| {
            deadline.warn = None;
            deadline.breached = true;
        });
        self.state.adjust_item(id, |item| {
            if let Some(sla) = &mut item.sla {
                sla.breached.insert(target);
            }
        });
        if let Some(queue) = self.state.item(id).map(|item| item.queue.clone()) {
            self.state.stored.statistics.entry(queue).or_default().breached += 1;
        }
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    fn edit_deadline(&mut self, id: &Id, target: Target, change: impl FnOnce(&mut Deadline)) {
        self.state.edit_item(id, |item| {
            let Some(sla) = &mut item.sla else { return };
            let deadline = match target {
                Target::FirstAnswer => &mut sla.first_answer,
                Target::NextAnswer => &mut sla.next_answer,
                Target::Resolution => &mut sla.resolution,
            };
            if let Some(deadline) = deadline {
                change(deadline);
            }
        });
        self.tell_owner(id, |item| AgentEvent::WorkItemUpdated { item });
    }

    /// Counts an accepted item for its queue's service level and expected wait.
    pub(super) fn note_accepted(&mut self, offer: &Offer) {
        let Some(item) = self.state.item(&offer.item) else { return };
        let queue = item.queue.clone();
        let within = self.state.config().queues.get(&queue).map_or(0, |queue| queue.answered_within_ms);
        let waited = self.at.saturating_sub(item.first_queued);
        let at = self.at;
        self.state.stored.statistics.entry(queue).or_default().accepted(at, waited, within);
    }

    /// Counts an item that was given up before anybody took it.
    pub(super) fn note_abandoned(&mut self, id: &Id) {
        let Some(item) = self.state.item(id) else { return };
        if matches!(item.state, ItemState::New | ItemState::Queued | ItemState::Offered) {
            self.state.stored.statistics.entry(item.queue.clone()).or_default().abandoned += 1;
        }
    }
}
