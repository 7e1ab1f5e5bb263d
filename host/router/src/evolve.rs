//! The one place where the state changes: each event is applied to it, in live running and in replay alike.
//!
//! Nothing is decided here. What is said of an event here is part of the journal's meaning: an old journal must give
//! the same state under a new server.

mod agent;
mod config;
mod delivery;
mod ended;
mod handing;
mod item;
mod offer;
mod sla;
mod timer;

pub(crate) use delivery::lane_key;

use crate::event::{Event, Record};
use crate::ids::{Id, Millis};
use crate::item::WorkItem;
use crate::ledger::Debit;
use crate::notice::{AgentEvent, Notice};
use crate::state::{Answer, State};

/// For how long reports on something sent are expected, and it can be sent again.
pub(crate) const KEEP_DELIVERIES: Millis = 14 * 24 * 3_600_000;
/// For how long a conversation's last agent is remembered.
pub(crate) const KEEP_CONVERSATIONS: Millis = 30 * 24 * 3_600_000;
/// For how long it is remembered how an offer or item ended: longer than anybody looks at a stale one.
pub(crate) const KEEP_ENDED: Millis = 15 * 60_000;

/// Applies one event to the state, at the time of its record, and says what agents are to be told of it.
///
/// An event about something that isn't there changes nothing.
pub fn evolve(state: &mut State, at: Millis, event: &Event) -> Vec<Notice> {
    state.stored.now = at;
    let mut evolution = Evolution { state, at, notices: Vec::new() };
    evolution.apply(event);
    evolution.notices
}

impl Record {
    /// Applies the record's events in order, as at replay.
    pub fn apply(&self, state: &mut State) -> Vec<Notice> {
        self.events.iter().flat_map(|event| evolve(state, self.at, event)).collect()
    }
}

struct Evolution<'a> {
    state: &'a mut State,
    at: Millis,
    notices: Vec<Notice>,
}

impl Evolution<'_> {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Genesis { salt } => self.state.stored.salt = Some(*salt),
            Event::Configured { config } => self.configured(config),
            Event::Restarted { grace_until } => self.restarted(*grace_until),
            Event::AgentConnected { agent, connection } => self.agent_connected(agent, connection),
            Event::AgentDisconnected { agent, connection, grace_until } => {
                self.agent_disconnected(agent, connection, *grace_until);
            }
            Event::PresenceChanged { agent, presence, reason, cause: _, media_type } => match media_type {
                Some(media_type) => self.media_presence_changed(agent, media_type, *presence),
                None => self.presence_changed(agent, *presence, reason),
            },
            Event::HoursChanged { open } => self.hours_changed(open),
            Event::ItemOpened { item } => self.item_opened(item),
            Event::ItemJoined { item, message_id } => self.item_joined(item, message_id),
            Event::ItemTouched { item, message_id, changes } => self.item_touched(item, message_id, *changes),
            Event::MessageRecorded { .. } => {}
            Event::ItemQueued { item, queue, weight, cause, preferred, sticky_until, actor: _ } => {
                self.item_queued(item, queue, *weight, *cause, |item| {
                    item.preferred = preferred.clone().or(item.preferred.take());
                    item.sticky_until = *sticky_until;
                });
            }
            Event::ItemReleased { item } => self.state.edit_item(item, |item| item.sticky_until = None),
            Event::RingPassed { item, ring } => self.ring_passed(item, *ring),
            Event::ItemUpdated { item, priority, skills, preferred_skills, actor: _ } => {
                self.item_updated(item, *priority, skills, preferred_skills);
            }
            Event::ItemSuspended { item, weight, .. } => self.item_suspended(item, *weight),
            Event::ItemResumed { item, weight, .. } => self.item_resumed(item, *weight),
            Event::ItemTransferring { item, transfer, skills, actor: _ } => {
                self.item_transferring(item, transfer, skills);
            }
            Event::ItemReturned { item, agent, queue, weight } => self.item_returned(item, agent, queue, *weight),
            Event::ItemHanded { item, agent, actor: _ } => self.item_handed(item, agent),
            Event::HelperLeft { item, agent, .. } => self.helper_left(item, agent),
            Event::ConversationAdded { item, channel, conversation } => {
                self.conversation_added(item, (channel.clone(), conversation.clone()));
            }
            Event::ItemMerged { item, into, actor: _ } => self.item_merged(item, into),
            Event::DueSoon { item, target, due: _ } => self.due_soon(item, *target),
            Event::Breached { item, target } => self.breached(item, *target),
            Event::OfferCreated { offer } => self.offer_created(offer),
            Event::OfferEnded { offer, outcome, .. } => self.offer_ended(offer, *outcome),
            Event::OfferAccepted { offer } => self.offer_accepted(offer),
            Event::ItemWrapping { item, until, code, .. } => self.item_wrapping(item, *until, code),
            Event::ItemClosed { item, code, .. } => self.item_closed(item, code),
            Event::ItemCancelled { item, .. } => self.item_cancelled(item),
            Event::DeliveryQueued { delivery } => self.delivery_queued(delivery),
            Event::AttemptStarted { message_id, attempt } => self.attempt_started(message_id, *attempt),
            Event::AttemptCut { message_id } => self.attempt_cut(message_id),
            Event::AttemptPostponed { message_id, until, counts, previous, .. } => {
                self.attempt_postponed(message_id, *until, *counts, *previous);
            }
            Event::DeliveryEnded { message_id, status, error, external_keys } => {
                self.delivery_ended(message_id, *status, error, external_keys);
            }
            Event::DeliveryDue { message_id } => self.delivery_due(message_id),
            Event::DeliveryPassed { message_id } => self.delivery_passed(message_id),
            Event::DeliveryRevived { message_id } => self.delivery_revived(message_id),
            Event::StatusReported { message_id, status, error } => {
                self.status_reported(message_id, *status, error);
            }
            Event::ReportWaits { channel, external_key, status, error, until } => {
                self.report_waits((channel.clone(), external_key.clone()), *status, error, *until);
            }
            Event::ReportDropped { channel, external_key } => {
                self.state.remove_report(&(channel.clone(), external_key.clone()));
            }
            Event::TimerSet { channel, name, due, payload } => self.timer_set(channel, name, *due, payload),
            Event::TimerRemoved { channel, name, handled: _ } => {
                self.state.remove_timer(&(channel.clone(), name.clone()));
            }
            Event::TimerFired { channel, name } => self.timer_fired(channel, name),
            Event::TimerPostponed { channel, name, until } => self.timer_postponed(channel, name, *until),
            Event::Answered { agent, id, send, reply, until } => {
                let answer = Answer { reply: reply.clone(), until: *until };
                if let Some(send) = send {
                    self.state.insert_send((send.item.clone(), send.key.clone()), answer.clone());
                }
                if !id.is_empty() {
                    self.state.insert_answer((agent.clone(), id.clone()), answer);
                }
            }
            Event::Forgotten { until } => self.state.forget(*until),
        }
    }

    /// Numbers an event and notes it for an agent.
    fn tell(&mut self, agent: &Id, body: AgentEvent) {
        if let Some(known) = self.state.stored.agents.get_mut(agent) {
            known.sequence += 1;
            self.notices.push(Notice { agent: agent.clone(), sequence: known.sequence, at: self.at, body });
        }
    }

    /// Tells an agent of the agent's own presence, load and capacity.
    fn tell_agent(&mut self, agent: &Id) {
        if let Some(known) = self.state.agent(agent) {
            let view = known.view(agent);
            self.tell(agent, AgentEvent::AgentUpdated { agent: view });
        }
    }

    /// A copy of an item for those who are told of it.
    fn shown(&self, id: &str) -> Option<Box<WorkItem>> {
        self.state.item(id).cloned().map(Box::new)
    }

    /// Takes an item's weight off an agent's budget, under the id of what it is for.
    fn debit(&mut self, id: &Id, agent: &Id, weight: u32, item: &Id) {
        let Some(item) = self.state.item(item) else { return };
        let media_type = item.media_type.clone();
        let interruptible = self.state.config().interruptible(&item.channel, &media_type);
        let debit = Debit { agent: agent.clone(), weight, media_type: media_type.clone(), interruptible };
        if self.state.stored.ledger.debit(id, debit) {
            self.state.edit_agent(agent, |agent| {
                agent.load = agent.load.saturating_add(weight);
                if interruptible {
                    agent.interruptible_load = agent.interruptible_load.saturating_add(weight);
                }
                *agent.media_load.entry(media_type).or_default() += 1;
            });
        }
    }

    fn credit(&mut self, id: &Id) {
        let Some(Debit { agent, weight, media_type, interruptible }) = self.state.stored.ledger.credit(id) else {
            return;
        };
        self.state.edit_agent(&agent, |agent| {
            agent.load = agent.load.saturating_sub(weight);
            if interruptible {
                agent.interruptible_load = agent.interruptible_load.saturating_sub(weight);
            }
            if let Some(count) = agent.media_load.get_mut(&media_type) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    agent.media_load.remove(&media_type);
                }
            }
        });
    }
}
