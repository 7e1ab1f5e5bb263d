//! What is checked of each decision beside the state, and what is counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::world::World;
use crate::{
    Agent, AgentEvent, Command, Decision, Effect, Event, Id, ItemState, Millis, Offer, Phase, Presence, Reply, Status,
    WorkItem,
};

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
            assert!(times >= 20, "`{what}` happened {times} times: {:?}", self.0);
        }
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
            Reply::Joined { .. } => self.joined_or_opened += 1,
            Reply::Opened { .. } => self.joined_or_opened += 1,
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
                    self.fair(offer, item)?;
                }
                AgentEvent::MessageStatus { message_id, status, .. } => {
                    let known = self.statuses.insert(message_id.clone(), *status).unwrap_or_default();
                    if *status != known && !known.may_become(*status) {
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

    /// An offer overtakes nothing that this agent could take as well, goes to somebody who can take it and hasn't
    /// refused it, and to nobody before who has been idle longer.
    fn fair(&self, offer: &Offer, item: &WorkItem) -> Result<(), String> {
        let (id, who) = (&item.id, &offer.agent);
        let before = |other: &&WorkItem| {
            let (mine, others) = (place(item), place(other));
            others < mine && other.weight <= item.weight && !other.excluded.contains(who)
        };
        let queued = self.state.items().values().filter(|other| other.state == ItemState::Queued);
        if let Some(other) = queued.into_iter().find(before) {
            return Err(format!("{id} overtakes {}", other.id));
        }
        let able = |agent: &Agent| {
            let wants = agent.presence == Presence::Available && agent.configured;
            wants && !agent.connections.is_empty()
        };
        let Some(agent) = self.state.agent(who).filter(|agent| able(agent) && agent.load <= agent.capacity) else {
            return Err(format!("{who} is offered {id} and can't take it"));
        };
        let again = self.config.queues.get(&item.queue).is_some_and(|queue| queue.offer_again);
        if item.excluded.contains(who) && !again {
            return Err(format!("{who} is offered {id} again"));
        }
        let longer = |(other, known): &(&Id, &Agent)| {
            let fits = u64::from(known.load) + u64::from(item.weight) <= u64::from(known.capacity);
            let idle = (known.idle_since, *other) < (agent.idle_since, who);
            able(known) && fits && idle && !item.excluded.contains(*other)
        };
        let preferred = item.preferred.as_ref() == Some(who);
        match self.state.agents().iter().find(longer) {
            Some((other, _)) if !preferred => Err(format!("{who} is offered {id} before {other}")),
            _ => Ok(()),
        }
    }
}

/// Place in the order of waiting, the least first.
fn place(item: &WorkItem) -> (Reverse<u16>, Millis, &Id) {
    (Reverse(item.priority), item.first_queued, &item.id)
}
