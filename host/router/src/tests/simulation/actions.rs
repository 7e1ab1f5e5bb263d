//! What customers, agents, drivers and operators do, at random.

use super::random::Random;
use super::world::World;
use crate::tests::kit;
use crate::{
    Action, Command, Config, Failure, Id, OperatorAction, Outcome, Phase, Presence, Received, Route, Status,
    StatusReport,
};

const AGENTS: u64 = 5;
const CONVERSATIONS: u64 = 12;
const CHANNELS: [&str; 2] = ["one", "two"];
const QUEUES: [&str; 3] = ["plain", "strict", "again"];
const MEDIA: [&str; 3] = ["light", "heavy", "live"];

impl World {
    pub(super) fn clock(&mut self, random: &mut Random) {
        match random.below(400) {
            0..8 => self.now -= random.below(5_000),
            8..20 => self.now += random.below(120_000),
            20 => self.now += random.below(2 * 24 * 3_600_000),
            21 if random.once_in(4) => self.now += 31 * 24 * 3_600_000,
            22..150 => self.now += random.below(3_000),
            _ => {}
        }
    }

    pub(super) fn fresh(&mut self, kind: &str) -> Id {
        self.counter += 1;
        format!("{kind}{}", self.counter).into()
    }

    pub(super) fn received(&mut self, random: &mut Random, interaction: &str) -> Received {
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

    pub(super) fn customer(&mut self, random: &mut Random) -> Command {
        self.requests += 1;
        Command::Receive(Box::new(self.received(random, "support-request")))
    }

    pub(super) fn interaction(&mut self, random: &mut Random) -> Command {
        let names = [
            "work-item.cancel",
            "work-item.complete",
            "work-item.requeue",
            "message.changed",
            "reaction",
            "message.status",
            "message.status",
            "message.status",
            "message.status",
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

    pub(super) fn connection(&mut self, random: &mut Random) -> Command {
        let agent = agent(random.below(AGENTS));
        let open = self.state.agent(&agent).map(|agent| agent.connections.clone()).unwrap_or_default();
        let lost = open.iter().next().filter(|_| random.below(5) < 2).cloned();
        match lost {
            Some(connection) => Command::Disconnected { agent, connection },
            None => Command::Connected { agent, connection: self.fresh("c") },
        }
    }

    pub(super) fn agent(&mut self, random: &mut Random) -> Option<Command> {
        let any = agent(random.below(AGENTS));
        let pending: Vec<_> = self.state.offers().values().map(|o| (o.agent.clone(), o.id.clone())).collect();
        let items: Vec<_> = self.state.items().values().map(|i| (i.owner.clone(), i.id.clone(), i.version)).collect();
        let (who, action) = match random.below(20) {
            0..4 => {
                let states =
                    [Presence::Available, Presence::Busy, Presence::Away, Presence::Finishing, Presence::Offline];
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

    pub(super) fn driver(&mut self, random: &mut Random) -> Option<Command> {
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

    pub(super) fn outcome(&mut self, random: &mut Random) -> Outcome {
        let failed = |code: &str, after| Outcome::Failed {
            failure: Failure { code: code.to_owned(), text: None },
            retry_after_ms: after,
        };
        match random.below(20) {
            0..9 => {
                // Callbacks race our own receipt: take a key that was reported on before, now and then.
                let fresh = self.fresh("x-");
                let key =
                    if random.once_in(3) { format!("x-{}", self.counter.saturating_sub(5)).into() } else { fresh };
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
            _ => Outcome::Lost { text: None },
        }
    }

    pub(super) fn timer(&mut self, random: &mut Random) -> Option<Command> {
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

    pub(super) fn operator(&mut self, random: &mut Random) -> Command {
        let items: Vec<Id> = self.state.items().keys().cloned().collect();
        let item = random.pick(&items).cloned().unwrap_or_else(|| "none".into());
        let queue = random.pick(&QUEUES).filter(|_| random_once(items.len())).map(|queue| (*queue).into());
        let close = random.once_in(2);
        let action = if close { OperatorAction::Close { code: None } } else { OperatorAction::Requeue { queue } };
        Command::Operator { name: "boss".into(), item, action }
    }
}

fn agent(number: u64) -> Id {
    format!("agent{number}").into()
}

/// A cheap choice where the generator is in use already.
fn random_once(value: usize) -> bool {
    value.is_multiple_of(3)
}

fn failure(status: Status) -> Option<Failure> {
    (status == Status::Failed).then(|| Failure { code: "rejected-by-recipient".to_owned(), text: None })
}

/// One of several configs: agents and queues come and go, weights and capacities change.
pub(super) fn config(variant: u64) -> Config {
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
