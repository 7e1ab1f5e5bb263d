//! Why an agent isn't asked to take an item now.

use serde::Serialize;

use super::Reason;
use crate::agent::{Agent, Presence};
use crate::ids::Id;
use crate::item::WorkItem;
use crate::need::Terms;
use crate::state::State;

/// One agent, as far as one item is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentExplained {
    /// The agent.
    pub agent: Id,
    /// The agent could take the item now.
    pub eligible: bool,
    /// Why not; each of them must change.
    pub reasons: Vec<Reason>,
}

/// Explains one agent; none for one whom the config doesn't name.
pub(super) fn explain(state: &State, item: &WorkItem, terms: &Terms, id: &Id) -> Option<AgentExplained> {
    let agent = state.agent(id).filter(|agent| agent.configured)?;
    let mut reasons = Vec::new();
    presence(item, agent, &mut reasons);
    good_enough(state, terms, id, &mut reasons);
    room(state, item, id, agent, &mut reasons);
    refusals(state, item, id, &mut reasons);
    Some(AgentExplained { agent: id.clone(), eligible: reasons.is_empty(), reasons })
}

fn presence(item: &WorkItem, agent: &Agent, reasons: &mut Vec<Reason>) {
    if agent.presence != Presence::Available {
        let why = agent.reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        let text = format!("is {}{why}", agent.presence.name());
        reasons.push(Reason::new("presence", text, "the agent becoming available"));
    } else if !agent.willing_for(&item.media_type) && agent.willing() {
        let text = format!("is {} for `{}`", agent.presence_for(&item.media_type).name(), item.media_type);
        reasons.push(Reason::new("presence", text, "the agent becoming available for this media type"));
    }
    if agent.connections.is_empty() && agent.presence != Presence::Offline {
        reasons.push(Reason::new("connection", "has no connection", "the agent connecting again"));
    }
}

fn good_enough(state: &State, terms: &Terms, id: &Id, reasons: &mut Vec<Reason>) {
    let Some(config) = state.config().agents.get(id) else { return };
    for (skill, level) in &terms.skills {
        let has = config.skills.get(skill).copied().unwrap_or(0);
        if has < *level {
            let text = match has {
                0 => format!("lacks the skill `{skill}`, level {level} is required"),
                has => format!("has `{skill}` at level {has}, {level} is required"),
            };
            let change = format!("the agent getting `{skill}` at {level}, or a ring that drops or lowers it");
            reasons.push(Reason::new("skill", text, change));
        }
    }
    if let Some(teams) = terms.teams.as_ref().filter(|teams| teams.is_disjoint(&config.teams)) {
        let teams: Vec<&str> = teams.iter().map(|team| &**team).collect();
        let text = format!("is in none of the teams {}", teams.join(", "));
        reasons.push(Reason::new("team", text, "the agent joining one of them, or a ring that adds the agent's"));
    }
}

fn room(state: &State, item: &WorkItem, id: &Id, agent: &Agent, reasons: &mut Vec<Reason>) {
    let Some(config) = state.config().agents.get(id) else { return };
    let interruptible = state.config().interruptible(&item.channel, &item.media_type);
    if !agent.has_room(item.weight, interruptible, config.overtake_limit) {
        let text = format!("has a load of {} of {}, the item weighs {}", agent.load, agent.capacity, item.weight);
        reasons.push(Reason::new("capacity", text, "the agent ending or suspending other work, or a larger capacity"));
    }
    let count = agent.media_load.get(&item.media_type).copied().unwrap_or(0);
    if let Some(limit) = config.limits.get(&item.media_type).filter(|limit| count >= **limit) {
        let text = format!("has {count} of at most {limit} of `{}`", item.media_type);
        reasons.push(Reason::new("limit", text, "the agent ending one of them, or a higher limit"));
    }
}

fn refusals(state: &State, item: &WorkItem, id: &Id, reasons: &mut Vec<Reason>) {
    let asked = |offer: &Id| state.offer(offer).is_some_and(|offer| offer.agent == *id);
    if item.offers.iter().any(asked) {
        reasons.push(Reason::new("asked", "has been asked and hasn't answered", "the agent's answer"));
    }
    if item.excluded.contains(id) {
        let asks_again = state.config().queues.get(&item.queue).is_some_and(|queue| queue.offer_again);
        let change = match asks_again {
            true => "all others who could take it refusing too",
            false => "`offer-again = true` in the queue, or a supervisor's requeue to another queue",
        };
        let text = "rejected it, let it expire, could not be reached, or passed it on";
        reasons.push(Reason::new("refused", text, change));
    }
    let preferred = item.preferred.as_ref();
    if item.sticky_until.is_some() && preferred != Some(id) {
        let change = "the preferred agent leaving, or the sticky time ending";
        reasons.push(Reason::new("sticky", "another agent is waited for", change));
    }
}
