//! What happens to deliveries and their lanes.

use std::collections::VecDeque;

use super::{Evolution, KEEP_DELIVERIES};
use crate::delivery::{Delivery, Failure, Phase, Previous, Status};
use crate::ids::{Id, Millis};
use crate::notice::AgentEvent;
use crate::state::{PerChannel, Report};

/// The code of the notice that a delivery is late and lets later ones pass.
const DELAYED: &str = "delayed";

impl Evolution<'_> {
    pub(super) fn delivery_queued(&mut self, delivery: &Delivery) {
        match &delivery.notification {
            Some(notification) => {
                self.state.stored.counter += 1;
                if let Some(kind) = notification.automatic {
                    let at = self.at;
                    self.state.edit_conversation(lane_key(delivery), |conversation| {
                        conversation.answered.insert(kind, at);
                    });
                }
            }
            None => {
                self.heard_of(&delivery.item);
                self.answered(&delivery.item);
            }
        }
        self.lane(delivery).push_back(delivery.message_id.clone());
        self.state.insert_delivery(delivery.clone());
        self.tell_status(&delivery.message_id, None);
    }

    pub(super) fn attempt_started(&mut self, id: &Id, attempt: u32) {
        self.state.edit_delivery(id, |delivery| {
            delivery.phase = Phase::Attempting;
            delivery.attempt = attempt;
        });
    }

    pub(super) fn attempt_cut(&mut self, id: &Id) {
        self.state.edit_delivery(id, |delivery| {
            delivery.phase = Phase::Waiting;
            delivery.previous = Previous::Unknown;
        });
        self.becomes(id, Status::Unknown, &None);
    }

    pub(super) fn attempt_postponed(&mut self, id: &Id, until: Millis, counts: bool, previous: Previous) {
        let at = self.at;
        self.state.edit_delivery(id, |delivery| {
            delivery.phase = Phase::Backoff { until };
            delivery.previous = previous;
            delivery.tries += u32::from(counts);
            delivery.blocking_since = delivery.blocking_since.or(Some(at));
        });
        if self.state.delivery(id).is_some_and(|delivery| delivery.passed) {
            self.leave_lane(id);
        }
        if previous == Previous::Unknown {
            self.becomes(id, Status::Unknown, &None);
        }
    }

    pub(super) fn delivery_due(&mut self, id: &Id) {
        self.state.edit_delivery(id, |delivery| delivery.phase = Phase::Waiting);
        let Some(delivery) = self.state.delivery(id) else {
            return;
        };
        if !delivery.passed {
            return;
        }
        // It is older than all that wait, but must not come between the driver and what it is handling.
        let key = lane_key(delivery);
        let busy = self.state.stored.lanes.get(&key).and_then(|lane| lane.front()).is_some_and(|head| {
            let phase = self.state.delivery(head).map(|head| head.phase);
            matches!(phase, Some(Phase::Waiting | Phase::Attempting))
        });
        let lane = self.state.stored.lanes.entry(key).or_default();
        lane.insert(usize::from(busy), id.clone());
    }

    pub(super) fn delivery_passed(&mut self, id: &Id) {
        self.state.edit_delivery(id, |delivery| delivery.passed = true);
        self.leave_lane(id);
        self.tell_status(id, Some(Failure { code: DELAYED.to_owned(), text: None }));
    }

    pub(super) fn delivery_ended(
        &mut self,
        id: &Id,
        status: Option<Status>,
        error: &Option<Failure>,
        external_keys: &[Id],
    ) {
        self.leave_lane(id);
        if self.state.delivery(id).is_some_and(|delivery| delivery.notification.is_some()) {
            self.state.remove_delivery(id);
            return;
        }
        let forget = self.at + KEEP_DELIVERIES;
        self.state.edit_delivery(id, |delivery| {
            delivery.phase = Phase::Done { forget };
            delivery.blocking_since = None;
            delivery.passed = false;
            delivery.external_keys.extend(external_keys.iter().cloned());
        });
        let Some(channel) = self.state.delivery(id).map(|delivery| delivery.channel.clone()) else {
            return;
        };
        for key in external_keys {
            let key = (channel.clone(), key.clone());
            self.state.remove_report(&key);
            self.state.stored.external_keys.entry(key).or_insert_with(|| id.clone());
        }
        if let Some(status) = status {
            self.becomes(id, status, error);
        }
    }

    pub(super) fn delivery_revived(&mut self, id: &Id) {
        let Some(delivery) = self.state.delivery(id).cloned() else {
            return;
        };
        // Late reports on the failed attempt must not be taken for reports on the new one.
        self.state.forget_external_keys(&delivery);
        self.lane(&delivery).push_back(id.clone());
        let at = self.at;
        self.state.edit_delivery(id, |delivery| {
            delivery.previous = if delivery.status == Status::Unknown { Previous::Resend } else { Previous::Failed };
            delivery.phase = Phase::Waiting;
            delivery.status = Status::Queued;
            delivery.error = None;
            delivery.tries = 0;
            delivery.created = at;
            delivery.external_keys.clear();
        });
        self.tell_status(id, None);
    }

    pub(super) fn status_reported(&mut self, id: &Id, status: Status, error: &Option<Failure>) {
        self.becomes(id, status, error);
    }

    pub(super) fn report_waits(&mut self, key: PerChannel, status: Status, error: &Option<Failure>, until: Millis) {
        self.state.insert_report(key, Report { status, error: error.clone(), until });
    }

    /// Moves a message's status forward; back is no way.
    fn becomes(&mut self, id: &Id, status: Status, error: &Option<Failure>) {
        let forward = |delivery: &Delivery| delivery.notification.is_none() && delivery.status.may_become(status);
        if self.state.delivery(id).is_some_and(forward) {
            self.state.edit_delivery(id, |delivery| {
                delivery.status = status;
                delivery.error = error.clone();
            });
            self.tell_status(id, None);
        }
    }

    /// Tells the owner of the item, or who wrote the message, how it is.
    fn tell_status(&mut self, id: &Id, error: Option<Failure>) {
        let Some(delivery) = self.state.delivery(id) else {
            return;
        };
        let owner = self.state.item(&delivery.item).and_then(|item| item.owner.clone());
        let Some(agent) = delivery.agent.as_ref().map(|writer| owner.unwrap_or_else(|| writer.clone())) else {
            return;
        };
        let body = AgentEvent::MessageStatus {
            item: delivery.item.clone(),
            message_id: id.clone(),
            status: delivery.status,
            error: error.or_else(|| delivery.error.clone()),
        };
        self.tell(&agent, body);
    }

    fn lane(&mut self, delivery: &Delivery) -> &mut VecDeque<Id> {
        self.state.stored.lanes.entry(lane_key(delivery)).or_default()
    }

    fn leave_lane(&mut self, id: &Id) {
        let Some(key) = self.state.delivery(id).map(lane_key) else {
            return;
        };
        if let Some(lane) = self.state.stored.lanes.get_mut(&key) {
            lane.retain(|other| other != id);
            if lane.is_empty() {
                self.state.stored.lanes.remove(&key);
            }
        }
    }
}

/// The lane that a delivery goes in.
pub(crate) fn lane_key(delivery: &Delivery) -> PerChannel {
    (delivery.channel.clone(), delivery.conversation.clone())
}
