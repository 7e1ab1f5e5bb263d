//! Why an item waits, and why an agent has it.
//!
//! For what waits now the state is asked; for what was decided, the journal: each offer carries the reasons that the
//! router had when it was made.

mod agent;
mod history;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::config::Assign;
use crate::ids::{Id, Millis};
use crate::item::{Assigned, ItemState, WorkItem};
use crate::matching;
use crate::need::{Need, Terms};
use crate::offer::Offer;
use crate::state::State;

pub use agent::AgentExplained;
pub use history::{Decided, decisions};

/// One reason, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Such as `skill`, `capacity`, `outside-hours`.
    pub code: &'static str,
    /// What is so.
    pub text: String,
    /// What would change it.
    pub change: String,
}

impl Reason {
    fn new(code: &'static str, text: impl Into<String>, change: impl Into<String>) -> Reason {
        Reason { code, text: text.into(), change: change.into() }
    }
}

/// Everything that is known of an open item's way to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The item.
    pub item: Id,
    /// Its state.
    pub state: ItemState,
    /// Since when.
    pub since: Millis,
    /// Its queue.
    pub queue: Id,
    /// The route that sent it there.
    pub rule: Option<Id>,
    /// How many rings it has passed.
    pub ring: u8,
    /// When the next ring is due.
    pub ring_due: Option<Millis>,
    /// The priority, its age included, in whole points.
    pub priority: u32,
    /// The skills required now, rings applied.
    pub skills: BTreeMap<Id, u8>,
    /// The teams that may take it; null: everybody.
    pub teams: Option<BTreeSet<Id>>,
    /// The place in its queue, if it is among the first thousand.
    pub position: Option<u32>,
    /// Why it isn't offered at all, whoever is there.
    pub held: Vec<Reason>,
    /// For an item that nobody has: each agent, and why not this one.
    pub agents: Vec<AgentExplained>,
    /// Pending offers, with their reasons.
    pub offers: Vec<Offer>,
    /// For an item that an agent has: how that came.
    pub assigned: Option<Assigned>,
}

/// How many places of a queue are counted.
const PLACES: usize = 1_000;

/// Explains an open item; none if there is no such item. Its cost grows with the number of agents.
pub fn explain(state: &State, id: &str, now: Millis) -> Option<Explanation> {
    let item = state.item(id)?;
    let at = now.max(state.now());
    let terms = Terms::of(&Need::of(item, state.config()), state.config());
    let agents = match item.taken() {
        true => Vec::new(),
        false => state.agents().keys().filter_map(|agent| agent::explain(state, item, &terms, agent)).collect(),
    };
    let places = if item.untaken() { state.places(&item.queue, PLACES) } else { Vec::new() };
    let standing = matching::standing(state, item, at);
    Some(Explanation {
        item: item.id.clone(),
        state: item.state,
        since: item.since,
        queue: item.queue.clone(),
        rule: item.rule.clone(),
        ring: item.ring,
        ring_due: item.ring_due,
        priority: standing.map_or(u32::from(item.priority), |standing| standing.priority()),
        position: places.iter().find(|place| place.item == item.id).map(|place| place.position),
        held: held(state, item),
        agents,
        offers: item.offers.iter().filter_map(|offer| state.offer(offer)).cloned().collect(),
        assigned: item.assigned.as_deref().filter(|_| item.taken()).cloned(),
        skills: terms.skills,
        teams: terms.teams,
    })
}

/// Why an item isn't offered, whoever is there.
fn held(state: &State, item: &WorkItem) -> Vec<Reason> {
    let mut held = Vec::new();
    if let Some(at) = item.not_before {
        held.push(Reason::new("scheduled", format!("it isn't queued before {at}"), "that time"));
    }
    let queue = state.config().queues.get(&item.queue);
    if queue.is_some_and(|queue| queue.assign == Assign::Pick) && item.untaken() {
        let text = "its queue offers nothing: agents pick from it";
        held.push(Reason::new("pick", text, "an agent who picks it, or `assign = \"push\"` in the queue"));
    }
    if item.untaken() && !state.open(&item.queue) {
        let hours = queue.and_then(|queue| queue.hours.as_deref()).unwrap_or_default();
        let text = format!("its queue is closed by the hours `{hours}`");
        held.push(Reason::new("outside-hours", text, "the opening, or `outside-hours.then = \"accept\"`"));
    }
    if let (Some(until), Some(agent)) = (item.sticky_until, &item.preferred) {
        let text = format!("it waits for its preferred agent `{agent}` alone until {until}");
        held.push(Reason::new("sticky", text, "that agent having room or leaving, or that time"));
    }
    if let Some(transfer) = item.transfer.as_deref().filter(|transfer| transfer.named) {
        let text = format!("agent `{}` has passed it to one agent, who is asked", transfer.from);
        held.push(Reason::new("transfer", text, "that agent's answer"));
    }
    held
}
