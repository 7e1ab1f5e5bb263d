//! P5: what one decision of the router costs, and how that grows with agents and waiting items.

use crate::report::{Row, Target};
use crate::rounds::{Compared, ROUNDS, compare};
use jackfield_router::{
    Action, AgentConfig, Command, Config, Id, Presence, QueueConfig, Received, Reply, Route, State, decide,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

const SKILLS: u64 = 50;
/// Requirement sets: one or two skills, each with a level.
const NEEDS: u64 = 200;
const SMALL: (u64, u64) = (100, 1_000);
const LARGE: (u64, u64) = (10_000, 1_000_000);
/// Times round of complete, accept and receive in a measurement.
const CYCLES: u64 = 10_000;
/// Pops and inserts in a measurement.
const TURNS: u64 = 1_000_000;
const DECISIONS_A_SECOND: f64 = 500_000.0;

/// Measures growth against the small case, against a `BTreeMap`, and the rate of the small case.
///
/// # Errors
/// The router does something else than it should: then nothing was measured.
pub fn measure() -> anyhow::Result<Vec<Row>> {
    let (mut small, mut large) = (Desk::new(SMALL)?, Desk::new(LARGE)?);
    let (mut few, mut many) = (queue(SMALL.1), queue(LARGE.1));
    let mut costs = Vec::new();
    let mut growths = Vec::new();
    for round in 0..=ROUNDS {
        let (of_small, of_large) = (small.cost()?, large.cost()?);
        let (of_few, of_many) = (turn_over(&mut few), turn_over(&mut many));
        // The first round only warms up.
        if round > 0 {
            costs.push((of_large, of_small));
            growths.push((of_large / of_small, of_many / of_few));
        }
    }
    let cost = compare(&costs);
    let rate = Compared { this: 1e9 / cost.reference, reference: DECISIONS_A_SECOND };
    let sizes = "10,000 agents and 1,000,000 waiting over 100 and 1,000";
    Ok(vec![
        Row::new(&format!("P5 decision, ns: {sizes}"), &cost, Target::AtMost(4.0)),
        Row::new("P5 that growth over a BTreeMap's pop and insert", &compare(&growths), Target::AtMost(1.5)),
        Row::new("P5 decisions a second: 100 agents, 1,000 waiting", &rate, Target::AtLeast(1.0)),
    ])
}

/// A router at work: every agent has an item, and many wait.
struct Desk {
    state: State,
    now: u64,
    messages: u64,
    random: u64,
    /// Agents with the item of each, the longest at work first.
    busy: VecDeque<(Id, Id)>,
}

impl Desk {
    fn new((agents, waiting): (u64, u64)) -> anyhow::Result<Desk> {
        let now = 1_700_000_000_000;
        let mut desk = Desk { state: State::default(), now, messages: 0, random: 7, busy: VecDeque::new() };
        let mut config = Config { default_queue: "main".into(), ..Config::default() };
        config.queues.insert("main".into(), QueueConfig::default());
        for number in 0..agents {
            // Each has a fifth of the skills.
            let skills = (0..SKILLS / 5).map(|_| (skill(desk.random() % SKILLS), (1 + desk.random() % 10) as u8));
            let skills: BTreeMap<Id, u8> = skills.collect::<Vec<_>>().into_iter().collect();
            let settings = AgentConfig { capacity: 20, skills, ..AgentConfig::default() };
            config.agents.insert(format!("agent{number}").into(), settings);
        }
        let names: Vec<Id> = config.agents.keys().cloned().collect();
        desk.decide(&Command::Configure { salt: 1, config: Box::new(config) });
        for _ in 0..waiting {
            desk.receive();
        }
        for agent in names {
            let connection = agent.clone();
            desk.decide(&Command::Connected { agent: agent.clone(), connection });
            let state = Presence::Available;
            desk.act(&agent, Action::SetState { state, reason: None, media_type: None })?;
            desk.accept()?;
        }
        Ok(desk)
    }

    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random >> 33
    }

    /// Nanoseconds a decision, over agents who complete, take what they are offered, and customers who come.
    fn cost(&mut self) -> anyhow::Result<f64> {
        let mut decisions = 0;
        let started = Instant::now();
        for cycle in 0..CYCLES {
            if let Some((agent, work_item)) = self.busy.pop_front() {
                self.act(&agent, Action::Complete { work_item, code: None, if_version: None })?;
                decisions += 1;
            }
            self.receive();
            decisions += 1 + self.accept()?;
            if cycle % 100 == 0 {
                self.decide(&Command::Tick);
                decisions += 1;
            }
        }
        anyhow::ensure!(decisions > CYCLES * 2, "the agents ran out of work after {decisions} decisions");
        Ok(started.elapsed().as_secs_f64() * 1e9 / decisions as f64)
    }

    /// Agents accept what they are offered; says how many did.
    fn accept(&mut self) -> anyhow::Result<u64> {
        let mut accepted = 0;
        while let Some(offer) = self.state.offers().values().next() {
            let (agent, item, offer) = (offer.agent.clone(), offer.item.clone(), offer.id.clone());
            self.act(&agent, Action::Accept { offer })?;
            self.busy.push_back((agent, item));
            accepted += 1;
        }
        Ok(accepted)
    }

    fn act(&mut self, agent: &Id, action: Action) -> anyhow::Result<()> {
        let reply = self.decide(&Command::Agent { agent: agent.clone(), id: "".into(), action });
        anyhow::ensure!(reply == Reply::Done, "{agent} is answered {reply:?}");
        Ok(())
    }

    fn receive(&mut self) {
        self.messages += 1;
        let need = self.random() % NEEDS;
        let mut skills = BTreeMap::from([(skill(need % SKILLS), (1 + need % 5) as u8)]);
        if need >= NEEDS / 2 {
            skills.insert(skill((need * 7 + 3) % SKILLS), 1);
        }
        let received = Received {
            message_id: format!("message{}", self.messages).into(),
            channel: "line".into(),
            conversation: format!("conversation{}", self.messages).into(),
            media_type: "letter".into(),
            support_request: true,
            route: Some(Route { queue: "main".into(), rule: "route 1".into(), skills, ..Route::default() }),
            ..Received::default()
        };
        self.decide(&Command::Receive(Box::new(received)));
    }

    fn decide(&mut self, command: &Command) -> Reply {
        self.now += 1;
        decide(&mut self.state, command, self.now).reply
    }
}

fn skill(number: u64) -> Id {
    format!("skill{number}").into()
}

fn queue(size: u64) -> BTreeMap<u64, u64> {
    (0..size).map(|number| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number)).collect()
}

/// Nanoseconds for a pop of the first and an insertion of another.
fn turn_over(queue: &mut BTreeMap<u64, u64>) -> f64 {
    let started = Instant::now();
    for _ in 0..TURNS {
        if let Some((key, value)) = queue.pop_first() {
            queue.insert(key.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(value) | 1 << 63, value);
        }
    }
    started.elapsed().as_secs_f64() * 1e9 / TURNS as f64
}
