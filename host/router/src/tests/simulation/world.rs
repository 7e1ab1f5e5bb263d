//! The world around the router: customers, agents, drivers, a clock and a journal, none of them reliable.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::configs::config;
use super::random::Random;
use super::watch::Seen;
use crate::check::{check, derived};
use crate::{Command, Config, Decision, Deliver, Effect, Id, Millis, Outcome, Phase, Record, State, Status, decide};

pub(super) struct World {
    pub(super) state: State,
    pub(super) journal: Vec<Record>,
    /// A snapshot and how many records it contains.
    pub(super) snapshot: (String, usize),
    pub(super) config: Config,
    pub(super) now: Millis,
    pub(super) counter: u64,
    pub(super) deliver: Vec<Deliver>,
    pub(super) attempting: Vec<(Id, u32)>,
    pub(super) timers: Vec<(Id, Id, Millis)>,
    pub(super) external_keys: Vec<(Id, Id)>,
    pub(super) old_offers: Vec<(Id, Id)>,
    pub(super) old_commands: Vec<Command>,
    pub(super) sequences: BTreeMap<Id, u64>,
    pub(super) statuses: BTreeMap<Id, Status>,
    pub(super) accepted: BTreeSet<Id>,
    pub(super) requests: u64,
    pub(super) joined_or_opened: u64,
    pub(super) seen: Seen,
    /// When each agent was last asked, and how many offers there were.
    pub(super) asked: BTreeMap<Id, u64>,
    pub(super) offers: u64,
    pub(super) ages: BTreeMap<Id, Millis>,
    pub(super) steps: u64,
    pub(super) log: VecDeque<(Millis, Command)>,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
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
            asked: BTreeMap::new(),
            offers: 0,
            ages: BTreeMap::new(),
            steps: 0,
            log: VecDeque::new(),
        };
        let start = [Command::Started, Command::Configure { salt: seed, config: Box::new(config(0)) }];
        for command in start {
            world.decide(&command).unwrap_or_else(|problem| panic!("the first step: {problem}"));
        }
        world
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn last_commands(&self) -> String {
        let lines: Vec<String> = self.log.iter().map(|(at, command)| format!("{at} {command:?}")).collect();
        lines.join("\n")
    }

    /// One random thing happens.
    pub(super) fn step(&mut self, word: u64) -> Result<(), String> {
        let mut random = Random::new(word);
        self.clock(&mut random);
        let command = match random.below(100) {
            0..16 => Some(self.customer(&mut random)),
            16..22 => Some(self.interaction(&mut random)),
            22..27 => Some(self.connection(&mut random)),
            27..67 => self.agent(&mut random),
            67..82 => self.driver(&mut random),
            82..87 => self.timer(&mut random),
            87..96 => Some(Command::Tick),
            96 => Some(self.outside(&mut random)),
            97 => random.pick(&self.old_commands).cloned(),
            98 if random.once_in(2) => Some(self.operator(&mut random)),
            98 => {
                self.config = config(random.below(1 << 16));
                Some(Command::Configure { salt: word, config: Box::new(self.config.clone()) })
            }
            _ if random.once_in(4) => return self.crash(&mut random),
            _ => None,
        };
        let Some(command) = command else {
            return Ok(());
        };
        if random.once_in(50) {
            self.decided_alike(&command)?;
        }
        if matches!(command, Command::Agent { .. }) && random.once_in(8) {
            self.old_commands.push(command.clone());
        }
        self.decide(&command).map(|_| ())
    }

    /// Effects that weren't acknowledged are lost; the state comes back from the journal, the same to the byte.
    fn crash(&mut self, random: &mut Random) -> Result<(), String> {
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
        self.log.push_back((self.now, command.clone()));
        if self.log.len() > 30 {
            self.log.pop_front();
        }
        self.steps += 1;
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
            if self.steps.is_multiple_of(16) {
                let text = serde_json::to_string(&record).map_err(|e| e.to_string())?;
                if serde_json::from_str::<Record>(&text).map_err(|e| e.to_string())? != record {
                    return Err(format!("the record changes when it is written and read: {text}"));
                }
            }
            self.journal.push(record);
        }
        check(&self.state)?;
        if self.steps.is_multiple_of(16) {
            derived(&self.state)?;
        }
        Ok(decision)
    }

    /// Everything comes to rest: each message that was taken has been handed over, each timer has fired, and replay
    /// gives the same state.
    pub(super) fn finish(&mut self) -> Result<(), String> {
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
