//! Who could take what waits. Written the plain way, apart from how the matching finds out.

use std::collections::BTreeMap;

use super::ensure;
use crate::agent::{Agent, Presence};
use crate::config::{Assign, Otherwise};
use crate::ids::Id;
use crate::item::WorkItem;
use crate::state::State;

/// No willing agent who is good enough and has room is idle while an item that fits waits.
pub(super) fn nobody_waits_in_vain(state: &State) -> Result<(), String> {
    for item in state.items().values().filter(|item| waits(state, item)) {
        for (id, agent) in state.agents() {
            ensure(!may_take(state, item, id, agent), || format!("{} waits although {id} could take it", item.id))?;
        }
    }
    Ok(())
}

/// Whether an item is to be offered, or to more agents.
pub(crate) fn waits(state: &State, item: &WorkItem) -> bool {
    let default = Default::default();
    let queue = state.config().queues.get(&item.queue).unwrap_or(&default);
    let named = item.transfer.as_ref().is_some_and(|transfer| transfer.named);
    let open = state.open(&item.queue) || queue.when_closed == Otherwise::Accept;
    item.untaken()
        && (item.offers.is_empty() || item.offers.len() < usize::from(queue.parallel_offers))
        && !named
        && open
        && queue.assign == Assign::Push
}

/// Whether an agent could be offered an item now.
pub(crate) fn may_take(state: &State, item: &WorkItem, id: &Id, agent: &Agent) -> bool {
    let asked = item.offers.iter().any(|offer| state.offer(offer).is_some_and(|offer| offer.agent == *id));
    let alone = item.sticky_until.is_some() && item.preferred.as_ref() != Some(id);
    !asked && !alone && able(state, item, id, agent) && has_room(state, item, id, agent) && !barred(state, item, id)
}

/// Whether an agent is good enough for an item, there, and wants such work.
pub(crate) fn able(state: &State, item: &WorkItem, id: &Id, agent: &Agent) -> bool {
    let Some(config) = state.config().agents.get(id) else { return false };
    let of_medium = agent.media.get(&item.media_type).copied().unwrap_or(Presence::Available);
    let wants = agent.presence == Presence::Available && of_medium == Presence::Available;
    let (skills, teams) = required(state, item);
    let skilled =
        skills.iter().all(|(skill, level)| config.skills.get(skill).is_some_and(|has| i32::from(*has) >= *level));
    let in_team = teams.is_none_or(|teams| teams.iter().any(|team| config.teams.contains(team)));
    wants && !agent.connections.is_empty() && skilled && in_team
}

/// The skills, with levels, and the teams that an item requires after the rings it has passed.
pub(crate) fn required(state: &State, item: &WorkItem) -> (BTreeMap<Id, i32>, Option<Vec<Id>>) {
    let mut skills: BTreeMap<Id, i32> =
        item.skills.iter().map(|(skill, level)| (skill.clone(), i32::from(*level))).collect();
    let Some(queue) = state.config().queues.get(&item.queue) else { return (skills, None) };
    let mut teams: Vec<Id> = queue.teams.iter().cloned().collect();
    let mut any = teams.is_empty();
    for (number, ring) in queue.rings.iter().enumerate() {
        if number >= usize::from(item.ring) {
            break;
        }
        for (skill, by) in &ring.lower_skills {
            skills.entry(skill.clone()).and_modify(|level| *level -= i32::from(*by));
        }
        skills.retain(|skill, level| *level > 0 && !ring.drop_skills.contains(skill));
        if ring.drop_all_skills {
            skills.clear();
        }
        teams.extend(ring.add_teams.iter().cloned());
        any = any || ring.any_team;
    }
    (skills, (!any).then_some(teams))
}

/// Whether an item fits into an agent's budget and limits.
pub(crate) fn has_room(state: &State, item: &WorkItem, id: &Id, agent: &Agent) -> bool {
    let Some(config) = state.config().agents.get(id) else { return false };
    let (load, weight) = (u64::from(agent.load), u64::from(item.weight));
    let budget = u64::from(agent.capacity);
    let firm = load - u64::from(agent.interruptible_load);
    let overtakes = !state.config().interruptible(&item.channel, &item.media_type)
        && firm + weight <= budget
        && load + weight <= budget + u64::from(config.overtake_limit);
    let count = agent.media_load.get(&item.media_type).copied().unwrap_or(0);
    let below = config.limits.get(&item.media_type).is_none_or(|limit| count < *limit);
    (load + weight <= budget || overtakes) && below
}

/// Whether an agent has refused an item and isn't asked again.
pub(crate) fn barred(state: &State, item: &WorkItem, id: &Id) -> bool {
    let again = state.config().queues.get(&item.queue).is_some_and(|queue| queue.offer_again);
    let others = || {
        let mut agents = state.agents().iter();
        agents.any(|(other, agent)| !item.excluded.contains(other) && able(state, item, other, agent))
    };
    item.excluded.contains(id) && (!again || others())
}
