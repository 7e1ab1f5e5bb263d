//! The world around the router: customers, agents, drivers, a clock and a journal, none of them reliable.

use std::collections::{BTreeMap, BTreeSet};

use super::random::Random;
use crate::check::check;
use crate::tests::kit;
use crate::{
    Action, AgentEvent, Command, Config, Decision, Deliver, Effect, Event, Failure, Id, ItemState, Millis, OperatorAction,
    Outcome, Phase, Presence, Received, Record, Reply, Route, State, Status, StatusReport, decide,
};

const AGENTS: u64 = 5;
const CONVERSATIONS: u64 = 12;
const CHANNELS: [&str; 2] = ["one", "two"];
const QUEUES: [&str; 3] = ["plain", "strict", "again"];
const MEDIA: [&str; 3] = ["light", "heavy", "live"];

/// How often something happened, so that a simulation that goes nowhere is noticed.
#[derive(Default)]
pub(crate) struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    pub(crate) fn add(&mut self, other: &Seen) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn assert_everything_happened(&self) {
        for what in [
            "crash", "replay", "agent.updated", "offer.created", "offer.accepted", "offer.rejected", "offer.expired",
            "offer.revoked", "work-item.updated", "work-item.closed", "message.received", "message.changed",
            "message.status", "joined", "parent", "notification", "fired", "passed", "waiting report", "repeated",
            "forgotten", "cancelled", "wrapping", "unknown", "read", "failed",
        ] {
            let times = self.0.get(what).copied().unwrap_or(0);
            assert!(times >= 20, "`{what}` happened {times} times: {:?}", self.0);
        }
    }
}

pub(crate) struct World {
    state: State,
    journal: Vec<Record>,
    /// A snapshot and how many records it contains.
    snapshot: (String, usize),
    config: Config,
    now: Millis,
    counter: u64,
    deliver: Vec<Deliver>,
    attempting: Vec<(Id, u32)>,
    timers: Vec<(Id, Id, Millis)>,
    external_keys: Vec<(Id, Id)>,
    old_offers: Vec<(Id, Id)>,
    old_commands: Vec<Command>,
    sequences: BTreeMap<Id, u64>,
    statuses: BTreeMap<Id, Status>,
    accepted: BTreeSet<Id>,
    requests: u64,
    joined_or_opened: u64,
    seen: Seen,
    log: Vec<String>,
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let state = State::default();
        let mut world = World {
            snapshot: (serde_json::to_string(&state).unwrap_or_default(), 0),
            state,
            journal: Vec::new(),
            config: config(0),
            now: 1_700_000_000_000,
            counter: 0,
            deliver: Vec::new(),
            attempting: Vec::new(),
            timers: Vec::new(),
            external_keys: Vec::new(),
            old_offers: Vec::new(),
            old_commands: Vec::new(),
            sequences: BTreeMap::new(),
            statuses: BTreeMap::new(),
            accepted: BTreeSet::new(),
            requests: 0,
            joined_or_opened: 0,
            seen: Seen::default(),
            log: Vec::new(),
        };
        let start = [Command::Started, Command::Configure { salt: seed, config: Box::new(config(0)) }];
        for command in start {
            world.decide(&command).unwrap_or_else(|problem| panic!("the first step: {problem}"));
        }
        world
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(crate) fn last_commands(&self) -> String {
        self.log[self.log.len().saturating_sub(30)..].join("\n")
    }

    /// One random thing happens.
    pub(crate) fn step(&mut self, word: u64) -> Result<(), String> {
        let mut random = Random::new(word);
        self.clock(&mut random);
        let command = match random.below(100) {
            0..22 => Some(self.customer(&mut random)),
            22..30 => Some(self.interaction(&mut random)),
            30..38 => Some(self.connection(&mut random)),
            38..66 => self.agent(&mut random),
            66..82 => self.driver(&mut random),
            82..88 => self.timer(&mut random),
            88..96 => Some(Command::Tick),
            96 => Some(self.operator(&mut random)),
            97 => random.pick(&self.old_commands).cloned(),
            98 => {
                self.config = config(random.below(64));
                Some(Command::Configure { salt: word, config: Box::new(self.config.clone()) })
            }
            _ if random.once_in(4) => return self.crash(&mut random),
            _ => None,
        };
        let Some(command) = command else { return Ok(()) };
        if random.once_in(50) {
            self.decided_alike(&command)?;
        }
        if matches!(command, Command::Agent { .. }) && random.once_in(8) {
            self.old_commands.push(command.clone());
        }
        self.decide(&command).map(|_| ())
    }

    fn clock(&mut self, random: &mut Random) {
        match random.below(400) {
            0..8 => self.now -= random.below(5_000),
            8..20 => self.now += random.below(120_000),
            20 => self.now += random.below(2 * 24 * 3_600_000),
            21 if random.once_in(4) => self.now += 31 * 24 * 3_600_000,
            22..150 => self.now += random.below(3_000),
            _ => {}
        }
    }

    fn fresh(&mut self, kind: &str) -> Id {
        self.counter += 1;
        format!("{kind}{}", self.counter).into()
    }

    fn received(&mut self, random: &mut Random, interaction: &str) -> Received {
        let channel = random.below(2);
        Received {
            message_id: self.fresh("in-"),
            channel: CHANNELS[channel as usize].into(),
            conversation: format!("k{}", random.below(CONVERSATIONS)).into(),
            customer: None,
            media_type: MEDIA[random.below(3) as usize].into(),
            interaction: interaction.to_owned(),
            support_request: interaction == "support-request",
            route: (!random.once_in(6)).then(|| Route {
                queue: random.pick(&["plain", "strict", "again", "gone"]).copied().unwrap_or("plain").into(),
                priority: random.once_in(3).then(|| random.below(4) as u16 * 400),
                rule: "rule".into(),
            }),
            priority: random.once_in(3).then(|| random.below(3) as u16),
            status: None,
            reason: random.once_in(2).then(|| "reason".to_owned()),
            simulated: false,
        }
    }

    fn customer(&mut self, random: &mut Random) -> Command {
        self.requests += 1;
        Command::Receive(Box::new(self.received(random, "support-request")))
    }

    fn interaction(&mut self, random: &mut Random) -> Command {
        let names = [
            "work-item.cancel", "work-item.complete", "work-item.requeue", "message.changed", "reaction",
            "message.status", "message.status", "message.status", "message.status",
        ];
        let name = random.pick(&names).copied().unwrap_or("reaction");
        let mut received = self.received(random, name);
        if name == "message.status" && !random.once_in(20) {
            let unknown = self.fresh("x-");
            let known = random.pick(&self.external_keys).filter(|_| !random_once(unknown.len())).cloned();
            let (channel, key) = known.unwrap_or((received.channel.clone(), unknown));
            let statuses = [Status::Sent, Status::Delivered, Status::Read, Status::Failed];
            let status = random.pick(&statuses).copied().unwrap_or_default();
            received.channel = channel;
            received.status = Some(StatusReport { external_keys: vec![key], status, error: failure(status) });
        }
        Command::Receive(Box::new(received))
    }

    fn connection(&mut self, random: &mut Random) -> Command {
        let agent = agent(random.below(AGENTS));
        let open = self.state.agent(&agent).map(|agent| agent.connections.clone()).unwrap_or_default();
        let lost = open.iter().next().filter(|_| random.below(5) < 2).cloned();
        match lost {
            Some(connection) => Command::Disconnected { agent, connection },
            None => Command::Connected { agent, connection: self.fresh("c") },
        }
    }

    fn agent(&mut self, random: &mut Random) -> Option<Command> {
        let any = agent(random.below(AGENTS));
        let pending: Vec<_> = self.state.offers().values().map(|o| (o.agent.clone(), o.id.clone())).collect();
        let items: Vec<_> = self.state.items().values().map(|i| (i.owner.clone(), i.id.clone(), i.version)).collect();
        let (who, action) = match random.below(20) {
            0..4 => {
                let states = [Presence::Available, Presence::Busy, Presence::Away, Presence::Finishing, Presence::Offline];
                let likely = if random.below(3) > 0 { &states[..1] } else { &states[..] };
                let state = random.pick(likely).copied().unwrap_or_default();
                (any, Action::SetState { state, reason: None })
            }
            4..10 => {
                let (who, offer) = random.pick(&pending).cloned()?;
                (if random.once_in(20) { any } else { who }, Action::Accept { offer })
            }
            10 | 11 => {
                let (who, offer) = random.pick(&pending).cloned()?;
                (who, Action::Reject { offer, reason: None })
            }
            12 => {
                let (who, offer) = random.pick(&self.old_offers).cloned()?;
                (who, Action::Accept { offer })
            }
            13..16 => {
                let (owner, work_item, version) = random.pick(&items).cloned()?;
                let if_version = random.once_in(3).then(|| version - random.below(2));
                (owner.unwrap_or(any), Action::Complete { work_item, code: None, if_version })
            }
            16..19 => {
                let (owner, work_item, _) = random.pick(&items).cloned()?;
                let message_id = self.fresh("out-");
                let idempotency_key = random.once_in(2).then(|| format!("key{}", random.below(9)).into());
                let who = if random.once_in(10) { any } else { owner.unwrap_or(any) };
                (who, Action::Send { work_item, message_id, idempotency_key, if_version: None })
            }
            _ => {
                let ended = |id: &&Id| self.state.delivery(id).is_some_and(|d| matches!(d.phase, Phase::Done { .. }));
                let ended: Vec<Id> = self.state.deliveries().keys().filter(ended).cloned().collect();
                let message_id = random.pick(&ended).cloned()?;
                let writer = self.state.delivery(&message_id).and_then(|delivery| delivery.agent.clone());
                (writer.unwrap_or(any), Action::Retry { message_id })
            }
        };
        // Half of the commands have no id, so that the results remembered stay few and the checks quick.
        let id = if random.once_in(2) { self.fresh("cmd") } else { "".into() };
        Some(Command::Agent { agent: who, id, action })
    }

    fn driver(&mut self, random: &mut Random) -> Option<Command> {
        if !self.attempting.is_empty() && random.below(5) < 3 {
            let place = random.below(self.attempting.len() as u64) as usize;
            let (message_id, attempt) = self.attempting[place].clone();
            if !random.once_in(10) {
                self.attempting.swap_remove(place);
            }
            return Some(Command::Delivered { message_id, attempt, outcome: self.outcome(random) });
        }
        if self.deliver.is_empty() {
            return None;
        }
        let place = random.below(self.deliver.len() as u64) as usize;
        let message_id = self.deliver[place].message_id.clone();
        if !random.once_in(10) {
            self.deliver.swap_remove(place);
        }
        Some(Command::Attempt { message_id })
    }

    fn outcome(&mut self, random: &mut Random) -> Outcome {
        let failed = |code: &str, after| Outcome::Failed {
            failure: Failure { code: code.to_owned(), text: None },
            retry_after_ms: after,
        };
        match random.below(20) {
            0..9 => {
                // Callbacks race our own receipt: take a key that was reported on before, now and then.
                let fresh = self.fresh("x-");
                let key = if random.once_in(3) { format!("x-{}", self.counter.saturating_sub(5)).into() } else { fresh };
                let status = if random.once_in(4) { Status::Delivered } else { Status::Sent };
                let keys = if random.once_in(9) { vec![] } else { vec![key] };
                Outcome::Receipt { external_keys: keys, status }
            }
            9 => Outcome::Later,
            10 => Outcome::NotSupported,
            11..15 => failed("temporary", None),
            15 => failed("rate-limited", random.once_in(2).then_some(7_000)),
            16 => failed("unknown", None),
            17 => failed("rejected-by-recipient", None),
            _ => Outcome::Lost,
        }
    }

    fn timer(&mut self, random: &mut Random) -> Option<Command> {
        let channel: Id = CHANNELS[random.below(2) as usize].into();
        let name: Id = format!("t{}", random.below(4)).into();
        match random.below(8) {
            0..3 => {
                let due = self.now + random.below(20_000);
                Some(Command::SetTimer { channel, name, due, payload: "AAAA".to_owned() })
            }
            3 => Some(Command::CancelTimer { channel, name }),
            _ => {
                if self.timers.is_empty() {
                    return None;
                }
                let place = random.below(self.timers.len() as u64) as usize;
                let (channel, name, due) = self.timers.swap_remove(place);
                Some(if random.once_in(3) {
                    Command::TimerFailed { channel, name, due }
                } else {
                    Command::TimerDone { channel, name, due }
                })
            }
        }
    }

    fn operator(&mut self, random: &mut Random) -> Command {
        let items: Vec<Id> = self.state.items().keys().cloned().collect();
        let item = random.pick(&items).cloned().unwrap_or_else(|| "none".into());
        let queue = random.pick(&QUEUES).filter(|_| random_once(items.len())).map(|queue| (*queue).into());
        let close = random.once_in(2);
        let action = if close { OperatorAction::Close { code: None } } else { OperatorAction::Requeue { queue } };
        Command::Operator { name: "boss".into(), item, action }
    }

    /// Effects that weren't acknowledged are lost; the state comes back from the journal, the same to the byte.
    fn crash(&mut self, random: &mut Random) -> Result<(), String> {
        self.log.push("crash".to_owned());
        self.seen.note("crash");
        let from_start = random.once_in(4);
        self.state = self.replayed(from_start)?;
        if random.once_in(2) {
            self.snapshot = (serde_json::to_string(&self.state).map_err(|e| e.to_string())?, self.journal.len());
        }
        self.deliver.clear();
        self.attempting.clear();
        self.timers.clear();
        let decision = self.decide(&Command::Started)?;
        if decision.effects != self.state.outstanding() {
            return Err("the start released something else than what is outstanding".to_owned());
        }
        self.decide(&Command::Configure { salt: 1, config: Box::new(self.config.clone()) })?;
        Ok(())
    }

    fn replayed(&mut self, from_start: bool) -> Result<State, String> {
        self.seen.note("replay");
        let (text, from) = if from_start { ("{}", 0) } else { (self.snapshot.0.as_str(), self.snapshot.1) };
        let mut state: State = serde_json::from_str(text).map_err(|e| e.to_string())?;
        for record in &self.journal[from..] {
            record.apply(&mut state);
        }
        let bytes = |state: &State| serde_json::to_vec(state).map_err(|e| e.to_string());
        if bytes(&state)? != bytes(&self.state)? || state != self.state {
            return Err("replay gives another state".to_owned());
        }
        Ok(state)
    }

    /// The same state, command and time give the same decision.
    fn decided_alike(&self, command: &Command) -> Result<(), String> {
        let (mut first, mut second) = (self.state.clone(), self.state.clone());
        if decide(&mut first, command, self.now) != decide(&mut second, command, self.now) || first != second {
            return Err(format!("{command:?} is decided in two ways"));
        }
        Ok(())
    }

    fn decide(&mut self, command: &Command) -> Result<Decision, String> {
        self.log.push(format!("{} {command:?}", self.now));
        let before = self.state.now();
        let decision = decide(&mut self.state, command, self.now);
        let unchanged = decision.events.is_empty() && !decision.notices.is_empty();
        if unchanged || decision.at < before {
            return Err("a decision without events has notices, or time goes back".to_owned());
        }
        self.follow(command, &decision)?;
        if !decision.events.is_empty() {
            let (at, cause) = (decision.at, command.kind().to_owned());
            let record = Record { at, cause, events: decision.events.clone() };
            let text = serde_json::to_string(&record).map_err(|e| e.to_string())?;
            if serde_json::from_str::<Record>(&text).map_err(|e| e.to_string())? != record {
                return Err(format!("the record changes when it is written and read: {text}"));
            }
            self.journal.push(record);
        }
        check(&self.state)?;
        Ok(decision)
    }

    /// Takes note of what a decision brought about, and checks what the state alone doesn't show.
    fn follow(&mut self, command: &Command, decision: &Decision) -> Result<(), String> {
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
            Reply::Refused(refusal) if refusal.message.is_empty() => return Err("a refusal says nothing".to_owned()),
            _ => {}
        }
        match (command, &decision.reply) {
            (Command::Attempt { message_id }, Reply::Attempting { attempt, .. }) => {
                self.attempting.push((message_id.clone(), *attempt));
            }
            (Command::Agent { id, .. }, _) if !id.is_empty() && decision.events.is_empty() => {
                self.seen.note("repeated");
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
                self.external_keys.extend(channel.into_iter().flat_map(|channel| {
                    external_keys.iter().map(move |key| (channel.clone(), key.clone()))
                }));
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
                    let before = |other: &&crate::WorkItem| {
                        other.state == ItemState::Queued
                            && other.rank() < item.rank()
                            && other.weight <= item.weight
                            && !other.excluded.contains(&offer.agent)
                    };
                    if let Some(other) = self.state.items().values().find(before) {
                        return Err(format!("{} overtakes {}", item.id, other.id));
                    }
                    let agent = self.state.agent(&offer.agent);
                    if agent.is_none_or(|agent| !agent.willing() || agent.load > agent.capacity) {
                        return Err(format!("{} is offered {} and can't take it", offer.agent, item.id));
                    }
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

    /// Everything comes to rest: each message that was taken has been handed over, each timer has fired, and replay
    /// gives the same state.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        if self.requests != self.joined_or_opened {
            return Err(format!("{} of {} requests found an item", self.joined_or_opened, self.requests));
        }
        for _ in 0..10_000 {
            let command = if let Some((message_id, attempt)) = self.attempting.pop() {
                let outcome = Outcome::Receipt { external_keys: vec![], status: Status::Sent };
                Command::Delivered { message_id, attempt, outcome }
            } else if let Some(deliver) = self.deliver.pop() {
                Command::Attempt { message_id: deliver.message_id }
            } else if let Some((channel, name, due)) = self.timers.pop() {
                Command::TimerDone { channel, name, due }
            } else if let Some(effect) = self.state.outstanding().into_iter().next() {
                // The sloppy driver above dropped it: it comes again with a restart.
                return match effect {
                    Effect::Deliver(deliver) => Err(format!("{} was forgotten", deliver.message_id)),
                    Effect::FireTimer { .. } => {
                        self.decide(&Command::Started)?;
                        continue;
                    }
                };
            } else if self.state.deliveries().values().all(|it| matches!(it.phase, Phase::Done { .. }))
                && self.state.timers().is_empty()
            {
                return self.replayed(true).map(|_| ());
            } else {
                self.now = self.state.next_due().ok_or("something waits for a time that never comes")?.max(self.now);
                Command::Tick
            };
            self.decide(&command)?;
        }
        Err("it never comes to rest".to_owned())
    }
}

/// A cheap choice where the generator is in use already.
fn random_once(value: usize) -> bool {
    value.is_multiple_of(3)
}

fn agent(number: u64) -> Id {
    format!("agent{number}").into()
}

fn failure(status: Status) -> Option<Failure> {
    (status == Status::Failed).then(|| Failure { code: "rejected-by-recipient".to_owned(), text: None })
}

/// One of several configs: agents and queues come and go, weights and capacities change.
fn config(variant: u64) -> Config {
    let agents = (0..AGENTS).filter(|number| variant & 1 == 0 || *number != variant % AGENTS);
    let mut config = kit::config();
    config.agents = agents.map(|number| (agent(number), kit::capacity(60 + 20 * (number as u32 % 3)))).collect();
    for queue in QUEUES {
        config.queues.insert(queue.into(), Default::default());
    }
    let change = |name: &str, change: fn(&mut crate::QueueConfig)| (Id::from(name), change);
    for (name, change) in [
        change("strict", |queue| {
            queue.away_after_missed = true;
            queue.wrap_up_ms = 5_000;
            queue.offer_timeout_ms = Some(10_000);
        }),
        change("again", |queue| {
            queue.offer_again = true;
            queue.weights.insert("heavy".into(), 45);
        }),
    ] {
        config.queues.entry(name).and_modify(change);
    }
    if variant & 2 != 0 {
        config.queues.remove("strict");
    }
    if variant & 4 != 0 {
        config.queues.entry("plain".into()).and_modify(|queue| {
            queue.weights.insert("light".into(), 5);
        });
    }
    if variant & 8 != 0 {
        config.agents.values_mut().for_each(|agent| agent.capacity = 30);
    }
    for (number, name) in CHANNELS.into_iter().enumerate() {
        let channel = config.channels.entry(name.into()).or_default();
        let names = ["work-item.assigned", "work-item.queued", "work-item.closed", "work-item.revoked"];
        channel.interactions = names.into_iter().skip(number).map(Id::from).collect();
        channel.resend_unknown = variant & 16 != 0;
        channel.look_up_unknown = number == 0;
        channel.media.insert("heavy".into(), kit::media(70, false));
        channel.media.insert("live".into(), kit::media(30, true));
        channel.media.insert("*".into(), kit::media(15, false));
    }
    config
}
