//! How what is sent gets to the channel's driver.

use super::{Context, refuse, wrong_state};
use crate::config::DEFAULT_DELIVER_RETRY;
use crate::delivery::{Delivery, Failure, Outcome, Phase, Previous, Status};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::evolve::lane_key;
use crate::ids::{Id, Millis};
use crate::index::LANE_PATIENCE;

/// A report on something unknown waits that long: callbacks race our own receipt.
pub(super) const REPORT_WAITS: Millis = 10 * 60_000;
/// The first wait before another try; it doubles each time.
const FIRST_WAIT: Millis = 1_000;
/// The longest wait before another try.
const LONGEST_WAIT: Millis = 3_600_000;
/// The wait of a channel that limits the rate and doesn't say for how long.
const RATE_LIMITED_WAIT: Millis = 30_000;

/// The wait after so many failures.
pub(super) fn back_off(failures: u32) -> Millis {
    FIRST_WAIT.saturating_mul(1 << failures.min(20)).min(LONGEST_WAIT)
}

impl Context<'_> {
    pub(super) fn attempt(&mut self, message_id: &Id) -> Reply {
        let delivery = match self.delivery(message_id) {
            Ok(delivery) => delivery,
            Err(reply) => return reply,
        };
        if self.state.released(&lane_key(&delivery)) != Some(message_id) {
            return wrong_state("delivery", phase_name(delivery.phase));
        }
        let attempt = delivery.attempt + 1;
        self.apply(Event::AttemptStarted { message_id: message_id.clone(), attempt });
        let previous = match delivery.previous {
            Previous::Unknown if self.resends(&delivery) => Previous::Resend,
            previous => previous,
        };
        Reply::Attempting { attempt, previous }
    }

    pub(super) fn delivered(&mut self, message_id: &Id, attempt: u32, outcome: &Outcome) -> Reply {
        let delivery = match self.delivery(message_id) {
            Ok(delivery) => delivery,
            Err(reply) => return reply,
        };
        if delivery.phase != Phase::Attempting || delivery.attempt != attempt {
            return wrong_state("delivery", phase_name(delivery.phase));
        }
        match outcome {
            Outcome::Receipt { external_keys, status } => self.receipt(&delivery, external_keys, *status),
            Outcome::Later => self.ended(&delivery, None, None),
            Outcome::NotSupported => {
                let failure = Failure { code: ErrorCode::NotSupported.name().to_owned(), text: None };
                self.ended(&delivery, Some(Status::Failed), Some(failure));
            }
            Outcome::Failed { failure, retry_after_ms } => self.failed(&delivery, failure, *retry_after_ms),
            Outcome::Lost { text } => self.lost(&delivery, text.clone()),
        }
        Reply::Done
    }

    /// A crash cut the attempt short. What a driver is told about an item is told again; an agent's message only
    /// if the driver can find out what became of it, or the channel doesn't mind sending twice.
    pub(super) fn cut_short(&mut self, message_id: &Id) {
        let Some(delivery) = self.state.delivery(message_id).cloned() else {
            return;
        };
        self.apply(Event::AttemptCut { message_id: message_id.clone() });
        if !self.goes_on_after_unknown(&delivery) {
            self.ended(&delivery, None, None);
        }
    }

    fn receipt(&mut self, delivery: &Delivery, external_keys: &[Id], status: Status) {
        let waiting = external_keys
            .iter()
            .filter_map(|key| self.state.stored.reports.get(&(delivery.channel.clone(), key.clone())).cloned());
        let waiting: Vec<_> = waiting.collect();
        self.apply(Event::DeliveryEnded {
            message_id: delivery.message_id.clone(),
            status: Some(status.max(Status::Sent)),
            error: None,
            external_keys: external_keys.to_vec(),
        });
        for report in waiting {
            let message_id = delivery.message_id.clone();
            let current = self.state.delivery(&message_id).map(|delivery| delivery.status);
            if current.is_some_and(|current| current.may_become(report.status)) {
                self.apply(Event::StatusReported { message_id, status: report.status, error: report.error });
            }
        }
    }

    fn failed(&mut self, delivery: &Delivery, failure: &Failure, retry_after: Option<Millis>) {
        let (wait, counts) = match failure.code.as_str() {
            "temporary" | "unavailable" => (back_off(delivery.tries).max(retry_after.unwrap_or(0)), true),
            "rate-limited" => (retry_after.unwrap_or(RATE_LIMITED_WAIT), false),
            "unknown" if self.resends(delivery) => (back_off(delivery.tries), true),
            "unknown" => {
                self.ended(delivery, Some(Status::Unknown), Some(failure.clone()));
                return;
            }
            _ => {
                self.ended(delivery, Some(Status::Failed), Some(failure.clone()));
                return;
            }
        };
        if !self.postpone(delivery, wait, counts, Previous::Failed, failure) {
            self.ended(delivery, Some(Status::Failed), Some(failure.clone()));
        }
    }

    fn lost(&mut self, delivery: &Delivery, text: Option<String>) {
        let failure = Failure { code: "unknown".to_owned(), text };
        let wait = back_off(delivery.tries);
        if !self.goes_on_after_unknown(delivery) || !self.postpone(delivery, wait, true, Previous::Unknown, &failure) {
            self.ended(delivery, Some(Status::Unknown), Some(failure));
        }
    }

    /// Tries again later, unless the channel's time for that is over.
    fn postpone(
        &mut self,
        delivery: &Delivery,
        wait: Millis,
        counts: bool,
        previous: Previous,
        failure: &Failure,
    ) -> bool {
        let channel = self.state.config().channels.get(&delivery.channel);
        let retry_for = channel.map_or(DEFAULT_DELIVER_RETRY, |channel| channel.deliver_retry_for_ms);
        let until = self.at.saturating_add(wait);
        if until > delivery.created.saturating_add(retry_for) {
            return false;
        }
        let message_id = delivery.message_id.clone();
        let failure = failure.clone();
        self.apply(Event::AttemptPostponed { message_id: message_id.clone(), until, counts, previous, failure });
        let blocking = delivery.blocking_since.filter(|_| !delivery.passed);
        if blocking.is_some_and(|since| since + LANE_PATIENCE <= self.at) {
            self.apply(Event::DeliveryPassed { message_id });
        }
        true
    }

    fn ended(&mut self, delivery: &Delivery, status: Option<Status>, error: Option<Failure>) {
        let message_id = delivery.message_id.clone();
        self.apply(Event::DeliveryEnded { message_id, status, error, external_keys: Vec::new() });
    }

    fn goes_on_after_unknown(&self, delivery: &Delivery) -> bool {
        let looks_up = self.state.config().channels.get(&delivery.channel).is_some_and(|it| it.look_up_unknown);
        delivery.notification.is_some() || looks_up || self.resends(delivery)
    }

    fn resends(&self, delivery: &Delivery) -> bool {
        self.state.config().channels.get(&delivery.channel).is_some_and(|channel| channel.resend_unknown)
    }

    fn delivery(&self, message_id: &Id) -> Result<Delivery, Reply> {
        let missing = || refuse(ErrorCode::NotFound, format!("there is no delivery `{message_id}`"));
        self.state.delivery(message_id).cloned().ok_or_else(missing)
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting",
        Phase::Attempting => "attempting",
        Phase::Backoff { .. } => "backoff",
        Phase::Done { .. } => "done",
    }
}
