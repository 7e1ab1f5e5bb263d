//! From a command to events, effects and an answer.

mod agent;
mod answers;
mod calendar;
mod config;
mod consult;
mod create;
mod delivery;
mod ending;
mod item;
mod merge;
mod offers;
mod operator;
mod pick;
mod presence;
mod queueing;
mod receive;
mod tick;
mod timer;
mod transfer;

use std::collections::BTreeMap;

use crate::command::Command;
use crate::delivery::{Delivery, Notification, Phase, Previous, Status};
use crate::effect::{Decision, Effect, ErrorCode, Refusal, Reply};
use crate::event::Event;
use crate::evolve::{evolve, lane_key};
use crate::fault::{self, Fault};
use crate::ids::{self, Id, Millis};
use crate::item::{ItemState, WorkItem};
use crate::matching::{Match, Matching};
use crate::notice::Notice;
use crate::offer::{Offer, OfferKind, Why};
use crate::state::{PerChannel, State};

/// Decides on one command and applies the resulting events to the state.
///
/// The caller journals the events and only then acts on the rest of the decision; if the journal refuses them, the
/// state is to be thrown away and built again from the journal. `now` may jump: time in the state never goes back.
/// The same state, command and time always give the same decision.
pub fn decide(state: &mut State, command: &Command, now: Millis) -> Decision {
    let at = now.max(state.now());
    let mut context = Context::new(state, at);
    let reply = context.command(command);
    context.release_who_is_gone();
    context.offer_what_waits();
    context.decision(reply, matches!(command, Command::Started))
}

/// A decision in the making.
struct Context<'a> {
    state: &'a mut State,
    at: Millis,
    events: Vec<Event>,
    notices: Vec<Notice>,
    effects: Vec<Effect>,
    ended: Vec<WorkItem>,
    /// Lanes that the events so far belong to, each with what was released before.
    lanes: BTreeMap<PerChannel, Option<Id>>,
}

impl<'a> Context<'a> {
    fn new(state: &'a mut State, at: Millis) -> Context<'a> {
        let lanes = BTreeMap::new();
        Context { state, at, events: Vec::new(), notices: Vec::new(), effects: Vec::new(), ended: Vec::new(), lanes }
    }

    fn command(&mut self, command: &Command) -> Reply {
        match command {
            Command::Configure { salt, config } => self.configure(*salt, config),
            Command::Started => self.started(),
            Command::Receive(received) => self.receive(received),
            Command::Create(task) => self.create(task),
            Command::Hours { open } => self.hours(open),
            Command::OfferFailed { offer, reason } => self.offer_failed(offer, reason.clone()),
            Command::Connected { agent, connection } => self.connected(agent, connection),
            Command::Disconnected { agent, connection } => self.disconnected(agent, connection),
            Command::Agent { agent, id, action } => self.agent(agent, id, action),
            Command::Attempt { message_id } => self.attempt(message_id),
            Command::Delivered { message_id, attempt, outcome } => self.delivered(message_id, *attempt, outcome),
            Command::SetTimer { channel, name, due, payload } => self.set_timer(channel, name, *due, payload),
            Command::CancelTimer { channel, name } => self.cancel_timer(channel, name),
            Command::TimerDone { channel, name, due } => self.timer_done(channel, name, *due),
            Command::TimerFailed { channel, name, due } => self.timer_failed(channel, name, *due),
            Command::Tick => self.tick(),
            Command::Operator { name, item, if_version, action } => self.operator(name, item, *if_version, action),
        }
    }

    fn decision(mut self, reply: Reply, started: bool) -> Decision {
        if started {
            self.effects = self.state.outstanding();
        } else {
            self.release_lanes();
        }
        Decision {
            at: self.at,
            events: self.events,
            notices: self.notices,
            effects: self.effects,
            ended: self.ended,
            reply,
        }
    }

    /// Applies an event, so that what is decided next sees it.
    fn apply(&mut self, event: Event) {
        if let Some(lane) = self.lane_of(&event) {
            let released = self.state.released(&lane).cloned();
            self.lanes.entry(lane).or_insert(released);
        }
        let ended = self.ended_by(&event);
        self.notices.extend(evolve(self.state, self.at, &event));
        self.ended.extend(ended);
        self.events.push(event);
    }

    /// The item that an event ends, as it will have been at last.
    fn ended_by(&self, event: &Event) -> Option<WorkItem> {
        let (id, state, code) = match event {
            Event::ItemClosed { item, code, .. } => (item, ItemState::Closed, code.as_deref()),
            Event::ItemMerged { item, .. } => (item, ItemState::Closed, None),
            Event::ItemCancelled { item, .. } => (item, ItemState::Cancelled, None),
            _ => return None,
        };
        let mut item = self.state.item(id)?.clone();
        item.end(state, self.at, code);
        Some(item)
    }

    fn lane_of(&self, event: &Event) -> Option<PerChannel> {
        match event {
            Event::DeliveryQueued { delivery } => Some(lane_key(delivery)),
            Event::AttemptStarted { message_id, .. }
            | Event::AttemptCut { message_id }
            | Event::AttemptPostponed { message_id, .. }
            | Event::DeliveryEnded { message_id, .. }
            | Event::DeliveryDue { message_id }
            | Event::DeliveryPassed { message_id }
            | Event::DeliveryRevived { message_id } => self.state.delivery(message_id).map(lane_key),
            _ => None,
        }
    }

    /// What came to the head of a lane may be attempted now.
    fn release_lanes(&mut self) {
        for (lane, before) in std::mem::take(&mut self.lanes) {
            let released = self.state.released(&lane);
            if released != before.as_ref() {
                self.effects.extend(released.and_then(|head| self.state.deliver(head)));
            }
        }
    }

    /// Who is waited for alone and has gone, or refused, isn't waited for any more.
    fn release_who_is_gone(&mut self) {
        if self.state.index.sticky.is_empty() {
            return;
        }
        let state = &self.state;
        let of_agent = |agent: &Id| {
            let from = (agent.clone(), Id::default());
            let items = state.index.sticky.range(from..).take_while({
                let agent = agent.clone();
                move |(other, _)| *other == agent
            });
            items.map(|(_, item)| item.clone()).collect::<Vec<Id>>()
        };
        let waited: Vec<Id> = state.index.pools.touched.iter().flat_map(of_agent).collect();
        for item in waited {
            let waits = self.state.item(&item).is_some_and(|item| {
                let agent = item.preferred.as_ref();
                let willing = |agent: &Id| self.state.agent(agent).is_some_and(|it| it.willing_for(&item.media_type));
                agent.is_some_and(|agent| willing(agent) && !item.excluded.contains(agent))
            });
            if !waits {
                self.apply(Event::ItemReleased { item });
            }
        }
    }

    fn offer_what_waits(&mut self) {
        let mut matching = Matching::begin(self.state, self.at);
        while let Some(Match { item, agent, why }) = matching.next(self.state) {
            self.offer(&item, &agent, OfferKind::Work, why);
            matching.made(self.state, &agent);
        }
        if fault::on(Fault::ActsWithoutAnEvent) && self.at.is_multiple_of(97) {
            self.state.stored.counter += 1;
        }
    }

    /// Asks an agent.
    fn offer(&mut self, item: &Id, agent: &Id, kind: OfferKind, why: Why) {
        let Some(item) = self.state.item(item) else { return };
        let timeout = self.state.config().offer_timeout(&item.queue, &item.channel, &item.media_type);
        let offer = Offer {
            id: self.new_id(),
            item: item.id.clone(),
            agent: agent.clone(),
            kind,
            weight: item.weight,
            created: self.at,
            expires: self.at.saturating_add(timeout),
            why: Some(Box::new(why)),
        };
        self.apply(Event::OfferCreated { offer });
    }

    /// The id that the next event with a new id will use up.
    fn new_id(&self) -> Id {
        ids::make(self.at, self.state.stored.counter, self.state.stored.salt.unwrap_or_default())
    }

    /// Tells the channel's driver about a work item, if it wants to know.
    fn notify(&mut self, item: &WorkItem, name: &str, agent: Option<&Id>) {
        let agent = agent.cloned();
        self.tell_driver(item, Notification { name: name.into(), agent, ..Notification::about(&item.queue) });
    }

    fn tell_driver(&mut self, item: &WorkItem, notification: Notification) {
        if !self.state.config().wants(&item.channel, &notification.name) {
            return;
        }
        let delivery =
            Delivery { agent: None, notification: Some(notification), ..self.new_delivery(self.new_id(), item) };
        self.apply(Event::DeliveryQueued { delivery: Box::new(delivery) });
    }

    fn new_delivery(&self, message_id: Id, item: &WorkItem) -> Delivery {
        Delivery {
            message_id,
            channel: item.channel.clone(),
            conversation: item.conversation.clone(),
            item: item.id.clone(),
            agent: item.owner.clone(),
            notification: None,
            status: Status::Queued,
            error: None,
            phase: Phase::Waiting,
            attempt: 0,
            tries: 0,
            previous: Previous::None,
            created: self.at,
            blocking_since: None,
            passed: false,
            external_keys: Vec::new(),
        }
    }
}

fn refuse(code: ErrorCode, message: impl Into<String>) -> Reply {
    Reply::Refused(Refusal { code, message: message.into(), state: None })
}

fn wrong_state(what: &str, state: &str) -> Reply {
    Reply::Refused(Refusal {
        code: ErrorCode::WrongState,
        message: format!("the {what} is {state}"),
        state: Some(state.to_owned()),
    })
}
