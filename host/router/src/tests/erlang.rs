//! Waits of M/M/c agree with the Erlang C formula.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::kit::*;
use super::simulation::random::Random;
use crate::{Action, Command, Id, Received, decide};

/// Probability of having to wait, for `agents` and a load of `erlangs`.
fn erlang_c(agents: u32, erlangs: f64) -> f64 {
    // Erlang B by its recursion, which doesn't overflow; C follows from it.
    let blocked = (1..=agents).fold(1.0, |before, n| erlangs * before / (f64::from(n) + erlangs * before));
    let busy = erlangs / f64::from(agents);
    blocked / (1.0 - busy * (1.0 - blocked))
}

/// Exponentially distributed, in milliseconds.
fn exponential(random: &mut Random, mean: f64) -> u64 {
    let uniform = (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
    (-(1.0 - uniform).ln() * mean).round() as u64
}

/// What happens next: a customer comes, or an agent's item ends.
type Next = Reverse<(u64, Option<(Id, Id)>)>;

/// Part of the customers who wait, and the mean wait of all, in milliseconds.
fn simulate(agents: u32, between: f64, service: f64, customers: u32, seed: u64) -> (f64, f64) {
    let mut config = config();
    config.agents = (0..agents).map(|number| (format!("a{number}").into(), capacity(40))).collect();
    let names: Vec<String> = config.agents.keys().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Desk { mut state, now, .. } = Desk::with(&names, config);
    let mut random = Random::new(seed);
    let mut next: BinaryHeap<Next> = BinaryHeap::from([Reverse((now, None))]);
    let (mut came, mut waited, mut total) = (0, 0_u32, 0_u64);
    while let Some(Reverse((at, ended))) = next.pop() {
        let command = match ended {
            Some((agent, work_item)) => {
                let action = Action::Complete { work_item, code: None, if_version: None };
                Command::Agent { agent, id: "".into(), action }
            }
            None => {
                came += 1;
                if came < customers {
                    next.push(Reverse((at + exponential(&mut random, between), None)));
                }
                let id: Id = format!("m{came}").into();
                let (conversation, channel) = (id.clone(), "line".into());
                let received = Received {
                    message_id: id,
                    channel,
                    conversation,
                    media_type: "letter".into(),
                    ..Received::default()
                };
                Command::Receive(Box::new(Received { support_request: true, ..received }))
            }
        };
        decide(&mut state, &command, at);
        // Agents accept at once.
        let offers: Vec<_> = state.offers().values().cloned().collect();
        for offer in offers {
            let wait = at - state.item(&offer.item).map_or(at, |item| item.first_queued);
            waited += u32::from(wait > 0);
            total += wait;
            next.push(Reverse((
                at + exponential(&mut random, service),
                Some((offer.agent.clone(), offer.item.clone())),
            )));
            let action = Action::Accept { offer: offer.id };
            decide(&mut state, &Command::Agent { agent: offer.agent, id: "".into(), action }, at);
        }
    }
    (f64::from(waited) / f64::from(customers), total as f64 / f64::from(customers))
}

#[test]
fn the_formula_gives_published_values() {
    for (agents, erlangs, expected) in [(1, 0.5, 0.5), (2, 1.0, 1.0 / 3.0), (14, 10.0, 0.1741), (11, 10.0, 0.6821)] {
        let found = erlang_c(agents, erlangs);
        assert!((found - expected).abs() < 5e-4, "{agents} agents, {erlangs} E: {found}");
    }
}

#[test]
fn waits_agree_with_erlang_c() {
    const RUNS: u64 = 12;
    for (agents, erlangs) in [(1_u32, 0.7), (3, 2.4), (10, 8.5)] {
        let service = 100_000.0;
        let between = service / erlangs;
        let runs: Vec<(f64, f64)> =
            (0..RUNS).map(|seed| simulate(agents, between, service, 6_000, seed * 31 + u64::from(agents))).collect();
        let chance = erlang_c(agents, erlangs);
        let wait = chance * service / (f64::from(agents) - erlangs);
        for (what, expected, found) in [
            ("chance of waiting", chance, runs.iter().map(|run| run.0).collect::<Vec<_>>()),
            ("mean wait", wait, runs.iter().map(|run| run.1).collect()),
        ] {
            let mean = found.iter().sum::<f64>() / RUNS as f64;
            let variance = found.iter().map(|run| (run - mean).powi(2)).sum::<f64>() / (RUNS - 1) as f64;
            // Four standard errors: a right router fails once in some ten thousand seeds, and these are fixed.
            let bound = 4.0 * (variance / RUNS as f64).sqrt();
            let text =
                format!("{agents} agents, {erlangs} E: {what} {mean:.4}, by the formula {expected:.4} ± {bound:.4}");
            assert!((mean - expected).abs() < bound, "{text}");
            assert!(bound < 0.35 * expected, "too coarse to tell anything: {text}");
        }
    }
}
