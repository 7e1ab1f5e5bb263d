//! Which waiting item goes to which agent.
//!
//! Looked at after every command, never by a timer. It ends at once when nobody is free, or nothing that waits is
//! light enough for whoever is; otherwise its cost grows with the number of different weights and remainders of
//! budgets, and with the items that the free agents have refused, not with all that wait or are signed on.

use std::collections::BTreeSet;

use crate::agent::Agent;
use crate::ids::{Id, Millis};
use crate::item::{Rank, WorkItem};
use crate::state::State;

/// The first item in the order of waiting that somebody could take, and who is to be asked.
pub(crate) fn next(state: &State) -> Option<(Id, Id)> {
    let (most, _) = state.index.willing.last_key_value()?;
    let mut best: Option<(&Rank, Id)> = None;
    for ranks in state.index.waiting.range(..=most).map(|(_, ranks)| ranks) {
        let ahead = ranks.iter().take_while(|rank| best.as_ref().is_none_or(|(first, _)| rank < first));
        let found = ahead.filter_map(|rank| Some((rank, choose(state, state.item(&rank.id)?)?))).next();
        best = found.or(best);
    }
    best.map(|(rank, agent)| (rank.id.clone(), agent))
}

/// The agent to be asked: the preferred one, else who has been idle longest; ties go by id.
fn choose(state: &State, item: &WorkItem) -> Option<Id> {
    let barred = |agent: &Id| item.excluded.contains(agent) && !all_refused(state, item);
    let fits = |agent: &Agent| agent.willing() && agent.headroom().is_some_and(|left| left >= item.weight);
    if let Some(preferred) = &item.preferred
        && state.agent(preferred).is_some_and(fits)
        && !barred(preferred)
    {
        return Some(preferred.clone());
    }
    let first_of =
        |(_, agents): (&u32, &'_ BTreeSet<(Millis, Id)>)| agents.iter().find(|(_, agent)| !barred(agent)).cloned();
    let longest_idle = state.index.willing.range(item.weight..).filter_map(first_of).min()?;
    Some(longest_idle.1)
}

/// Whether the item may be offered again to those who refused it: its queue says so, and no willing agent is left
/// who hasn't, not even a busy one.
fn all_refused(state: &State, item: &WorkItem) -> bool {
    let again = state.config().queues.get(&item.queue).is_some_and(|queue| queue.offer_again);
    let willing = |agent: &&Id| state.agent(agent).is_some_and(Agent::willing);
    again && item.excluded.iter().filter(willing).count() == state.index.willing_count
}
