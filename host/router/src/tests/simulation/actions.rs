//! What customers, agents, drivers and operators do, at random.

use std::collections::BTreeMap;

use super::random::Random;
use super::world::World;
use crate::{
    Action, Change, Command, Destination, Failure, Id, OperatorAction, Outcome, Phase, Presence, Received, Route,
    Status, StatusReport, Task,
};

pub(super) const AGENTS: u64 = 5;
const CONVERSATIONS: u64 = 12;
pub(super) const CHANNELS: [&str; 2] = ["one", "two"];
pub(super) const QUEUES: [&str; 7] = ["plain", "strict", "again", "skilled", "picked", "sticky", "wide"];
pub(super) const SKILLS: [&str; 3] = ["x", "y", "z"];
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
            media_type: MEDIA[random.below(3) as usize].into(),
            interaction: interaction.to_owned(),
            support_request: interaction == "support-request",
            route: (!random.once_in(6)).then(|| Route {
                queue: if random.once_in(9) { "gone".into() } else { queue(random) },
                priority: random.once_in(3).then(|| random.below(4) as u16 * 400),
                rule: "rule".into(),
                skills: skills(random, 3),
                preferred_skills: skills(random, 5),
                ..Route::default()
            }),
            priority: random.once_in(3).then(|| random.below(3) as u16),
            reason: random.once_in(2).then(|| "reason".to_owned()),
            preferred: random.once_in(6).then(|| agent(random.below(AGENTS))),
            automatic: random.once_in(9),
            into: random.once_in(2).then(|| format!("k{}", random.below(CONVERSATIONS)).into()),
            ..Received::default()
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
            "work-item.merge",
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
        let (who, action) = match random.below(26) {
            0..4 => {
                let states =
                    [Presence::Available, Presence::Busy, Presence::Away, Presence::Finishing, Presence::Offline];
                let likely = if random.below(3) > 0 { &states[..1] } else { &states[..] };
                let state = random.pick(likely).copied().unwrap_or_default();
                let media_type = random.once_in(8).then(|| MEDIA[random.below(3) as usize].into());
                (any, Action::SetState { state, reason: None, media_type })
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
            19..25 => self.handles(random)?,
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

    /// What an agent does with an item of its own, or with one that waits.
    fn handles(&mut self, random: &mut Random) -> Option<(Id, Action)> {
        let items: Vec<_> = self.state.items().values().map(|i| (i.owner.clone(), i.id.clone())).collect();
        let other = random.pick(&items).cloned()?.1;
        let owned: Vec<_> = items.iter().filter(|(owner, _)| owner.is_some()).cloned().collect();
        let likely = if random.once_in(4) { &items } else { &owned };
        let (owner, work_item) = random.pick(likely).cloned()?;
        let willing = self.state.agents().iter().filter(|(_, agent)| agent.willing()).map(|(id, _)| id.clone());
        let willing: Vec<Id> = willing.collect();
        let any = agent(random.below(AGENTS));
        let to = random.pick(&willing).cloned().unwrap_or_else(|| any.clone());
        let former = self.state.item(&work_item).and_then(|item| item.transfer.as_ref().map(|it| it.from.clone()));
        let who = if random.once_in(12) { any.clone() } else { owner.or(former).unwrap_or(any.clone()) };
        let if_version = None;
        let action = match random.below(14) {
            0 | 1 => Action::Suspend { work_item, if_version },
            2 => Action::Resume { work_item, if_version },
            3 => Action::Transfer { work_item, to: Destination::Queue(queue(random)), if_version },
            4 | 5 => Action::Transfer { work_item, to: Destination::Agent(to), if_version },
            6 => {
                let to = Destination::Skill { skills: skills(random, 2), queue: None };
                Action::Transfer { work_item, to, if_version }
            }
            7 | 8 => Action::Consult { work_item, agent: to, if_version },
            9 => {
                let (owner, item) = self.helped(random).unwrap_or((who.clone(), work_item));
                return Some((owner, Action::TransferComplete { work_item: item, agent: None, if_version }));
            }
            10 if random.once_in(2) => Action::TransferCancel { work_item, if_version },
            10 => {
                let work_item = self.helped(random).map_or(work_item, |(_, item)| item);
                let helper = self.state.item(&work_item).and_then(|item| item.helpers.keys().next().cloned());
                return Some((helper.unwrap_or(any), Action::Leave { work_item }));
            }
            11 if random.once_in(2) => Action::Merge { work_item, from: other, if_version },
            11 => Action::Split { work_item, message_id: self.fresh("part-"), queue: None, if_version },
            12 => {
                let change = Change {
                    priority: random.once_in(2).then(|| random.below(1_000) as u16),
                    skills: random.once_in(2).then(|| skills(random, 3)),
                    preferred_skills: None,
                };
                Action::Update { work_item, change, if_version }
            }
            _ => return Some((any, Action::Pick { work_item, if_version })),
        };
        Some((who, action))
    }

    /// An item that somebody was asked into, and its owner.
    fn helped(&self, random: &mut Random) -> Option<(Id, Id)> {
        let helped = self.state.items().values().filter(|item| !item.helpers.is_empty());
        let helped: Vec<_> = helped.filter_map(|item| Some((item.owner.clone()?, item.id.clone()))).collect();
        random.pick(&helped).cloned()
    }

    /// What comes from elsewhere: tasks, business hours, sockets that can't be written.
    pub(super) fn outside(&mut self, random: &mut Random) -> Command {
        match random.below(4) {
            0 => {
                let open = ["office"].into_iter().map(|id| (id.into(), !random.once_in(3)));
                Command::Hours { open: open.collect() }
            }
            1 => {
                let offers: Vec<Id> = self.state.offers().keys().cloned().collect();
                let offer = random.pick(&offers).cloned().unwrap_or_default();
                Command::OfferFailed { offer, reason: None }
            }
            _ => Command::Create(Box::new(Task {
                message_id: self.fresh("task-"),
                key: random.once_in(3).then(|| format!("t{}", random.below(5)).into()),
                by: "crm".into(),
                media_type: MEDIA[random.below(3) as usize].into(),
                route: Some(Route { queue: queue(random), skills: skills(random, 3), ..Route::default() }),
                priority: random.once_in(2).then(|| random.below(900) as u16),
                preferred: random.once_in(4).then(|| agent(random.below(AGENTS))),
                not_before: random.once_in(2).then(|| self.now + random.below(60_000)),
                expires: random.once_in(3).then(|| self.now + random.below(90_000)),
                ..Task::default()
            })),
        }
    }

    pub(super) fn operator(&mut self, random: &mut Random) -> Command {
        let items: Vec<Id> = self.state.items().keys().cloned().collect();
        let item = random.pick(&items).cloned().unwrap_or_else(|| "none".into());
        let queue = random.pick(&QUEUES).filter(|_| random_once(items.len())).map(|queue| (*queue).into());
        let action = match random.below(4) {
            0 => OperatorAction::Close { code: None },
            1 => OperatorAction::Cancel { reason: None },
            2 => {
                let change = Change { priority: Some(random.below(1_000) as u16), ..Change::default() };
                OperatorAction::Update { change }
            }
            _ => OperatorAction::Requeue { queue },
        };
        Command::Operator { name: "boss".into(), item, if_version: None, action }
    }
}

fn queue(random: &mut Random) -> Id {
    random.pick(&QUEUES).copied().unwrap_or("plain").into()
}

/// Mostly none; otherwise one or two, of random levels.
fn skills(random: &mut Random, once_in: u64) -> BTreeMap<Id, u8> {
    if !random.once_in(once_in) {
        return BTreeMap::new();
    }
    let count = 1 + random.below(2);
    (0..count).map(|_| (SKILLS[random.below(3) as usize].into(), 1 + random.below(9) as u8)).collect()
}

pub(super) fn agent(number: u64) -> Id {
    format!("agent{number}").into()
}

/// A cheap choice where the generator is in use already.
fn random_once(value: usize) -> bool {
    value.is_multiple_of(3)
}

fn failure(status: Status) -> Option<Failure> {
    (status == Status::Failed).then(|| Failure { code: "rejected-by-recipient".to_owned(), text: None })
}
