//! What is checked of each decision beside the state, and what is counted.

use std::collections::BTreeMap;

use super::world::World;
use crate::{AgentEvent, Cause, Command, Decision, Effect, Event, Phase, Reply, Status};

/// How often something happened, so that a simulation that goes nowhere is noticed.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    pub(super) fn add(&mut self, other: &Seen) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    pub(super) fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(super) fn assert_everything_happened(&self) {
        for what in [
            "crash",
            "replay",
            "agent.updated",
            "offer.created",
            "offer.accepted",
            "offer.rejected",
            "offer.expired",
            "offer.revoked",
            "offer.rescinded",
            "offer.failed",
            "transfer",
            "consult",
            "ring",
            "split",
            "task",
            "suspended",
            "resumed",
            "returned",
            "handed",
            "left",
            "merged",
            "released",
            "added",
            "due soon",
            "breached",
            "hours",
            "answer",
            "overflow",
            "full",
            "outside hours",
            "transferred",
            "untaken",
            "work-item.updated",
            "work-item.closed",
            "message.received",
            "message.changed",
            "message.status",
            "joined",
            "parent",
            "notification",
            "fired",
            "passed",
            "waiting report",
            "repeated",
            "forgotten",
            "cancelled",
            "wrapping",
            "unknown",
            "read",
            "failed",
        ] {
            let times = self.0.get(what).copied().unwrap_or(0);
            assert!(times >= 10, "`{what}` happened {times} times: {:?}", self.0);
        }
    }
}

/// Whether a message's status may go from one to the other, written the plain way.
fn forward(from: Status, to: Status) -> bool {
    let order = [Status::Queued, Status::Unknown, Status::Sent, Status::Delivered, Status::Read];
    let place = |status: Status| order.iter().position(|known| *known == status);
    match (place(from), place(to)) {
        (Some(from), Some(to)) => from < to,
        (Some(from), None) => from <= 2,
        (None, _) => false,
    }
}

/// Causes that are to have been seen.
fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Overflow => "overflow",
        Cause::Full => "full",
        Cause::OutsideHours => "outside hours",
        Cause::Transferred => "transferred",
        Cause::Untaken => "untaken",
        _ => "queued",
    }
}

impl World {
    /// Takes note of what a decision brought about, and checks what the state alone doesn't show.
    pub(super) fn follow(&mut self, command: &Command, decision: &Decision) -> Result<(), String> {
        for notice in &decision.notices {
            self.seen.note(notice.body.name());
            let last = self.sequences.entry(notice.agent.clone()).or_default();
            *last += 1;
            if notice.sequence != *last {
                return Err(format!("{} gets {} after {}", notice.agent, notice.sequence, *last - 1));
            }
        }
        decision.events.iter().try_for_each(|event| self.follow_event(event))?;
        match &decision.reply {
            Reply::Joined { .. } | Reply::Opened { .. } if matches!(command, Command::Receive(_)) => {
                self.joined_or_opened += 1;
            }
            Reply::Refused(refusal) if refusal.message.is_empty() => {
                return Err("a refusal says nothing".to_owned());
            }
            _ => {}
        }
        match (command, &decision.reply) {
            (Command::Attempt { message_id }, Reply::Attempting { attempt, .. }) => {
                self.attempting.push((message_id.clone(), *attempt));
            }
            (Command::Agent { id, .. }, _) if !id.is_empty() && decision.events.is_empty() => {
                self.seen.note("repeated");
            }
            (Command::Disconnected { agent, .. }, Reply::Done) => {
                let gone = self.state.agent(agent).filter(|agent| agent.connections.is_empty());
                if gone.is_some_and(|agent| !agent.offers.is_empty()) {
                    return Err(format!("{agent} is gone and keeps offers"));
                }
            }
            (Command::Tick, _) => {
                let late = self.state.next_due().is_some_and(|due| due <= decision.at);
                if late && decision.events.len() < 256 {
                    return Err("a tick left something undone".to_owned());
                }
            }
            _ => {}
        }
        for effect in &decision.effects {
            match effect {
                Effect::Deliver(deliver) => {
                    let again = self.deliver.iter().any(|other| other.message_id == deliver.message_id);
                    let open = self.state.delivery(&deliver.message_id).is_some_and(|d| d.phase == Phase::Waiting);
                    if !open {
                        return Err(format!("{deliver:?} is released and doesn't wait"));
                    }
                    if !again {
                        self.deliver.push((**deliver).clone());
                    }
                    if deliver.notification.is_some() {
                        self.seen.note("notification");
                    }
                }
                Effect::FireTimer { channel, name, due, .. } => {
                    if *due > decision.at {
                        return Err(format!("timer {name} fires before its time"));
                    }
                    self.seen.note("fired");
                    self.timers.push((channel.clone(), name.clone(), *due));
                }
            }
        }
        self.overtaken(decision)
    }

    fn follow_event(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::RingPassed { ring: 0, item } => return Err(format!("{item} passes no ring")),
            Event::RingPassed { .. } => self.seen.note("ring"),
            Event::ItemQueued { item, cause, .. } => {
                self.seen.note(cause_name(*cause));
                let age = self.state.item(item).map(|item| item.first_queued);
                if let (Some(age), Some(before)) = (age, self.ages.get(item))
                    && age > *before
                {
                    return Err(format!("{item} is younger than it was"));
                }
                self.ages.extend(age.map(|age| (item.clone(), age)));
            }
            Event::ItemOpened { item } if item.detached => self.seen.note("split"),
            Event::ItemOpened { item } if item.channel.is_empty() => self.seen.note("task"),
            Event::ItemSuspended { .. } => self.seen.note("suspended"),
            Event::ItemResumed { .. } => self.seen.note("resumed"),
            Event::ItemReturned { .. } => self.seen.note("returned"),
            Event::ItemHanded { .. } => self.seen.note("handed"),
            Event::HelperLeft { .. } => self.seen.note("left"),
            Event::ItemMerged { .. } => self.seen.note("merged"),
            Event::ItemReleased { .. } => self.seen.note("released"),
            Event::ConversationAdded { .. } => self.seen.note("added"),
            Event::DueSoon { .. } => self.seen.note("due soon"),
            Event::Breached { .. } => self.seen.note("breached"),
            Event::HoursChanged { .. } => self.seen.note("hours"),
            Event::DeliveryQueued { delivery }
                if delivery.notification.as_ref().is_some_and(|notification| notification.automatic.is_some()) =>
            {
                self.seen.note("answer");
            }
            Event::ItemOpened { item } if item.parent.is_some() => self.seen.note("parent"),
            Event::ItemJoined { .. } => self.seen.note("joined"),
            Event::ItemCancelled { .. } => self.seen.note("cancelled"),
            Event::ItemWrapping { .. } => self.seen.note("wrapping"),
            Event::DeliveryPassed { .. } => self.seen.note("passed"),
            Event::ReportWaits { .. } => self.seen.note("waiting report"),
            Event::Forgotten { .. } => {
                self.seen.note("forgotten");
                let state = &self.state;
                self.statuses.retain(|id, _| state.delivery(id).is_some());
            }
            Event::OfferCreated { offer } => self.old_offers.push((offer.agent.clone(), offer.id.clone())),
            Event::OfferAccepted { offer } if !self.accepted.insert(offer.clone()) => {
                return Err(format!("offer {offer} is accepted twice"));
            }
            Event::DeliveryRevived { message_id } => {
                self.statuses.insert(message_id.clone(), Status::Queued);
            }
            Event::DeliveryEnded { external_keys, message_id, .. } => {
                let channel = self.state.delivery(message_id).map(|delivery| delivery.channel.clone());
                self.external_keys.extend(
                    channel
                        .into_iter()
                        .flat_map(|channel| external_keys.iter().map(move |key| (channel.clone(), key.clone()))),
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// Nobody was offered an item while a better one that fits as well still waits; offers stay within budgets;
    /// statuses go forward.
    fn overtaken(&mut self, decision: &Decision) -> Result<(), String> {
        for notice in &decision.notices {
            match &notice.body {
                AgentEvent::OfferCreated { offer, item, .. } => {
                    super::fairness::offer(self, offer, item, decision.at)?;
                    self.offers += 1;
                    self.asked.insert(offer.agent.clone(), self.offers);
                    self.seen.note(offer.kind.name());
                }
                AgentEvent::MessageStatus { message_id, status, .. } => {
                    let known = self.statuses.insert(message_id.clone(), *status).unwrap_or_default();
                    if *status != known && !forward(known, *status) {
                        return Err(format!("{message_id} goes from {known:?} to {status:?}"));
                    }
                    match status {
                        Status::Unknown => self.seen.note("unknown"),
                        Status::Read => self.seen.note("read"),
                        Status::Failed => self.seen.note("failed"),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
