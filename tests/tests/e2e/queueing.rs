//! The router against an independent simulation of queues: the same customers, the same service times.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jackfield_router::{
    Action, AgentConfig, Command, Config, Id, MediaConfig, Presence, QueueConfig, Received, Reply, State, decide,
};
use jackfield_tests::{Random, ask_python};
use serde_json::json;

const START: u64 = 1_700_000_000_000;
const CUSTOMERS: usize = 5_000;
/// The mean time of a service, in milliseconds.
const SERVICE: f64 = 100_000.0;

/// Exponentially distributed, in milliseconds.
fn exponential(random: &mut Random, mean: f64) -> u64 {
    let uniform = (random.number() >> 11) as f64 / (1_u64 << 53) as f64;
    (-(1.0 - uniform).ln() * mean).round() as u64
}

/// A router with so many agents, each of whom has room for one item, all available.
fn router(agents: usize) -> State {
    let one = AgentConfig { capacity: 100, ..AgentConfig::default() };
    let names: Vec<Id> = (0..agents).map(|number| format!("agent {number}").into()).collect();
    let mut config = Config {
        agents: names.iter().map(|name| (name.clone(), one.clone())).collect(),
        queues: [("line".into(), QueueConfig::default())].into(),
        default_queue: "line".into(),
        ..Config::default()
    };
    let call = MediaConfig { weight: Some(100), ..MediaConfig::default() };
    config.channels.entry("desk".into()).or_default().media = [("talk".into(), call)].into();
    let mut state = State::default();
    decide(&mut state, &Command::Started, START);
    decide(&mut state, &Command::Configure { salt: 1, config: Box::new(config) }, START);
    for agent in names {
        let connection = "only".into();
        decide(&mut state, &Command::Connected { agent: agent.clone(), connection }, START);
        let action = Action::SetState { state: Presence::Available, reason: None, media_type: None };
        decide(&mut state, &Command::Agent { agent, id: "".into(), action }, START);
    }
    state
}

/// What comes next: when, whether it is a customer who comes (who has been served goes first), which, and with whom.
type Next = (u64, bool, usize, Option<(Id, Id)>);

/// How long each customer waits when agents accept at once and complete after the service time.
fn waits(agents: usize, gaps: &[u64], services: &[u64]) -> Vec<u64> {
    let mut state = router(agents);
    let mut waits = vec![0; gaps.len()];
    let mut customers: BTreeMap<Id, usize> = BTreeMap::new();
    let mut next: BinaryHeap<Reverse<Next>> = BinaryHeap::new();
    next.push(Reverse((START + gaps[0], true, 0, None)));
    while let Some(Reverse((at, _, customer, ended))) = next.pop() {
        match ended {
            Some((agent, work_item)) => {
                let action = Action::Complete { work_item, code: None, if_version: None };
                decide(&mut state, &Command::Agent { agent, id: "".into(), action }, at);
            }
            None => {
                if let Some(gap) = gaps.get(customer + 1) {
                    next.push(Reverse((at + gap, true, customer + 1, None)));
                }
                let id: Id = format!("customer {customer}").into();
                let received = Received {
                    message_id: id.clone(),
                    channel: "desk".into(),
                    conversation: id,
                    media_type: "talk".into(),
                    interaction: "support-request".to_owned(),
                    support_request: true,
                    ..Received::default()
                };
                match decide(&mut state, &Command::Receive(Box::new(received)), at).reply {
                    Reply::Opened { item } => drop(customers.insert(item, customer)),
                    other => panic!("customer {customer}: {other:?}"),
                }
            }
        }
        let offers: Vec<_> = state.offers().values().cloned().collect();
        for offer in offers {
            let customer = customers[&offer.item];
            waits[customer] = at - state.item(&offer.item).expect("an offered item is open").first_queued;
            let action = Action::Accept { offer: offer.id };
            let accepted =
                decide(&mut state, &Command::Agent { agent: offer.agent.clone(), id: "".into(), action }, at);
            assert_eq!(accepted.reply, Reply::Done);
            next.push(Reverse((at + services[customer], false, customer, Some((offer.agent, offer.item)))));
        }
    }
    waits
}

#[tokio::test]
async fn each_customer_waits_as_long_as_in_an_independent_simulation() {
    for (agents, erlangs, seed) in [(1, 0.8, 1), (3, 2.6, 2), (12, 11.0, 3)] {
        let mut random = Random::new(seed);
        let between = SERVICE / erlangs;
        let gaps: Vec<u64> = (0..CUSTOMERS).map(|_| exponential(&mut random, between)).collect();
        let services: Vec<u64> = (0..CUSTOMERS).map(|_| exponential(&mut random, SERVICE)).collect();
        let ours = waits(agents, &gaps, &services);
        let queue = json!({ "servers": agents, "gaps": gaps, "services": services });
        let theirs: Vec<u64> = serde_json::from_str(&ask_python("queueing.py", &queue).await).expect("their waits");
        let first = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!(first, None, "{agents} agents, seed {seed}: {first:?} of {CUSTOMERS} waits otherwise");
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.iter().filter(|wait| **wait > 0).count() > CUSTOMERS / 3, "hardly anybody had to wait");
    }
}
