//! `/v1/agents`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::extract::State;
use jackfield_router::Agent;
use serde::Serialize;
use std::collections::BTreeMap;

/// An agent as operators see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentListed {
    id: String,
    name: String,
    state: &'static str,
    reason: Option<String>,
    media: BTreeMap<String, &'static str>,
    load: u32,
    capacity: u32,
    connections: usize,
    work_items: usize,
    offers: usize,
    skills: BTreeMap<String, u8>,
    teams: Vec<String>,
}

pub(crate) async fn list(
    caller: Caller,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<AgentListed>, Problem> {
    caller.reads()?;
    let directory = gateway.people().now().clone();
    let known = directory.clone();
    let look = move |state: &jackfield_router::State| -> Vec<Agent> {
        known.people().keys().map(|id| state.agent(id).cloned().unwrap_or_default()).collect()
    };
    let agents = gateway.sequencer().read(look).await?;
    let listed = directory.people().iter().zip(agents).map(|((id, person), agent)| AgentListed {
        id: id.to_string(),
        name: person.name().to_owned(),
        state: agent.presence.name(),
        reason: agent.reason,
        media: agent.media.iter().map(|(medium, presence)| (medium.to_string(), presence.name())).collect(),
        load: agent.load,
        capacity: agent.capacity,
        connections: agent.connections.len(),
        work_items: agent.items.len(),
        offers: agent.offers.len(),
        skills: person.skills.clone(),
        teams: person.teams.clone(),
    });
    Ok(page.of(listed.collect(), |agent| &agent.id))
}
