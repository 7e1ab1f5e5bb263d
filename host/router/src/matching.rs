//! Which waiting item goes to which agent.
//!
//! Looked at after every command, never by a timer. Before it, no agent who is ready could take anything that
//! waits; so only what the command touched can have changed that: items that began to wait, and agents who changed.
//! The item that stands first among those is offered first, until nothing more fits.

use std::collections::BTreeSet;

use crate::config::AgentConfig;
use crate::fault::{self, Fault};
use crate::ids::{Id, Millis};
use crate::item::WorkItem;
use crate::need::{Rank, Standing, Turn};
use crate::offer::{By, Measure, Why};
use crate::pools::{Pool, could_take};
use crate::state::State;

/// An item to be offered, and to whom.
pub(crate) struct Match {
    pub(crate) item: Id,
    pub(crate) agent: Id,
    pub(crate) why: Why,
}

/// How many of those who weren't chosen are named in the reasons.
const OTHERS: usize = 3;

/// What is left to be looked at in one matching.
pub(crate) struct Matching {
    at: Millis,
    /// Items, the first to be served first; with the agent who could take it, where it was an agent who changed.
    open: BTreeSet<(Standing, Option<Id>)>,
    /// The only one who changed, not filed yet: whoever fills up again at once needn't be filed at all.
    alone: Option<Id>,
}

impl Matching {
    /// Files the agents who changed and notes what they, and the items that began to wait, make possible.
    pub(crate) fn begin(state: &mut State, at: Millis) -> Matching {
        let mut matching = Matching { at, open: BTreeSet::new(), alone: None };
        let touched = std::mem::take(&mut state.index.pools.touched);
        let fresh = std::mem::take(&mut state.index.pools.fresh);
        let refused = |agent: &Id| state.index.pools.member_of(agent).any(|pool| !pool.refused.is_empty());
        if fresh.is_empty() && touched.len() == 1 {
            matching.alone = touched.first().filter(|agent| !refused(agent)).cloned();
            if matching.alone.is_some() {
                return matching;
            }
        }
        touched.iter().for_each(|agent| settle(state, agent));
        for item in &fresh {
            let standing = state.item(item).and_then(|item| standing(state, item, at));
            matching.open.extend(standing.map(|standing| (standing, None)));
        }
        for agent in &touched {
            matching.look_for(state, agent);
            matching.look_at_refused(state, agent);
        }
        matching
    }

    /// The next offer. When it is made, [`Matching::made`] is to be called.
    pub(crate) fn next(&mut self, state: &mut State) -> Option<Match> {
        if let Some(agent) = self.alone.take() {
            if let Some(found) = self.first_for(state, &agent) {
                self.alone = Some(agent);
                return Some(found);
            }
            settle(state, &agent);
        }
        while let Some((standing, looking)) = self.open.pop_first() {
            let waits = state.item(&standing.id).filter(|item| state.index.pools.pool_of(item).is_some());
            let found = waits.and_then(|item| choose(state, item, &standing));
            match &found {
                // The same agent may have room for more, and the item may be offered to more agents.
                Some(found) => {
                    self.open.insert((standing, None));
                    let again = looking.filter(|agent| *agent != found.agent);
                    again.iter().for_each(|agent| self.look_for(state, agent));
                    return Some(Match {
                        item: found.item.clone(),
                        agent: found.agent.clone(),
                        why: found.why.clone(),
                    });
                }
                None => looking.iter().for_each(|agent| self.look_for(state, agent)),
            }
        }
        None
    }

    /// An offer was made: the agent is filed again, and may take more.
    pub(crate) fn made(&mut self, state: &mut State, agent: &Id) {
        state.index.pools.fresh.clear();
        state.index.pools.touched.remove(agent);
        if self.alone.is_some() {
            return;
        }
        settle(state, agent);
        self.look_for(state, agent);
    }

    /// What the only agent who changed could take first. Nobody else could take anything that waits, so there is no
    /// choice to be made.
    fn first_for(&self, state: &State, id: &Id) -> Option<Match> {
        let (agent, config) = (state.agent(id)?, state.config().agents.get(id)?);
        if !agent.willing() || fault::on(Fault::OverlooksAnAgent) {
            return None;
        }
        let first = |pool: &'_ Pool| {
            if pool.waiting.is_empty() || !could_take(&pool.need, agent, config) {
                return None;
            }
            let rank = pool.waiting.iter().find(|rank| open_to(state, pool, rank, id))?;
            Some(rank.standing(pool.terms.raise_per_minute, self.at))
        };
        let each = state.index.pools.member_of(id).filter_map(first);
        let standing = if fault::on(Fault::ServesTheLast) { each.max() } else { each.min() }?;
        let item = state.item(&standing.id)?;
        let (pool, _) = state.index.pools.pool_of(item)?;
        let by = if item.preferred.as_ref() == Some(id) { By::Preferred } else { pool.terms.choice.into() };
        let why = why(state, item, pool, &standing, id, by);
        Some(Match { item: item.id.clone(), agent: id.clone(), why })
    }

    /// Notes the first item, of all that wait, that an agent could take.
    fn look_for(&mut self, state: &State, agent: &Id) {
        let first = |pool: &Pool| {
            let rank = pool.waiting.iter().find(|rank| open_to(state, pool, rank, agent))?;
            Some(rank.standing(pool.terms.raise_per_minute, self.at))
        };
        if fault::on(Fault::OverlooksAnAgent) {
            return;
        }
        let each = state.index.pools.ready_in(agent).filter_map(first);
        let best = if fault::on(Fault::ServesTheLast) { each.max() } else { each.min() };
        self.open.extend(best.map(|standing| (standing, Some(agent.clone()))));
    }

    /// An agent who left may have been the last who hadn't refused an item: others may be asked again.
    fn look_at_refused(&mut self, state: &State, agent: &Id) {
        for pool in state.index.pools.member_of(agent).filter(|pool| !pool.refused.is_empty()) {
            let standing = |rank: &Rank| (rank.standing(pool.terms.raise_per_minute, self.at), None);
            self.open.extend(pool.refused.iter().map(standing));
        }
    }
}

fn settle(state: &mut State, id: &Id) {
    let (config, agents) = (&state.stored.config, &state.stored.agents);
    if let (Some(agent), Some(config)) = (agents.get(id), config.agents.get(id)) {
        state.index.pools.settle(id, agent, config);
    }
}

/// Where an item stands among all that wait.
pub(crate) fn standing(state: &State, item: &WorkItem, at: Millis) -> Option<Standing> {
    let (pool, rank) = state.index.pools.pool_of(item)?;
    Some(rank.standing(pool.terms.raise_per_minute, at))
}

/// The agent to be asked: the preferred one if ready, else the first in the order of the queue's choice.
fn choose(state: &State, item: &WorkItem, standing: &Standing) -> Option<Match> {
    let (pool, rank) = state.index.pools.pool_of(item)?;
    let mut candidates = pool.ready.iter().filter(|turn| open_to(state, pool, rank, &turn.agent));
    let preferred = item.preferred.as_ref().and_then(|preferred| {
        let mut ready = state.index.pools.ready_in(preferred);
        let here = ready.any(|other| std::ptr::eq(other, pool)) && open_to(state, pool, rank, preferred);
        here.then(|| preferred.clone())
    });
    let (agent, by) = match preferred {
        Some(agent) => (agent, By::Preferred),
        None => {
            let last = fault::on(Fault::ChoosesTheLast);
            let turn = if last { candidates.next_back() } else { candidates.next() };
            (turn?.agent.clone(), pool.terms.choice.into())
        }
    };
    let why = why(state, item, pool, standing, &agent, by);
    Some(Match { item: item.id.clone(), agent, why })
}

/// What speaks for an agent, and who else could have been asked.
fn why(state: &State, item: &WorkItem, pool: &Pool, standing: &Standing, agent: &Id, by: By) -> Why {
    let rank = state.index.pools.pool_of(item).map(|(_, rank)| rank);
    let could = |turn: &&Turn| rank.is_some_and(|rank| open_to(state, pool, rank, &turn.agent));
    let others = pool.ready.iter().filter(|turn| turn.agent != *agent).filter(could);
    Why {
        by,
        queue: item.queue.clone(),
        ring: item.ring,
        rule: item.rule.clone(),
        skills: pool.terms.skills.clone(),
        priority: standing.priority(),
        ready: u32::try_from(pool.ready.len()).unwrap_or(u32::MAX).max(1),
        measure: measure(state, pool, agent),
        others: others.take(OTHERS).filter_map(|turn: &Turn| measure(state, pool, &turn.agent)).collect(),
    }
}

fn measure(state: &State, pool: &Pool, id: &Id) -> Option<Measure> {
    let agent = state.agent(id)?;
    let config: &AgentConfig = state.config().agents.get(id)?;
    let level = pool.terms.level(config);
    Some(Measure { agent: id.clone(), idle_since: agent.idle_since, load: agent.load, level })
}

/// Whether an item may be offered to an agent who is ready for it: not to who refused it, unless nobody else is
/// left and the queue says so, and not twice.
fn open_to(state: &State, pool: &Pool, rank: &Rank, agent: &Id) -> bool {
    let Some(item) = state.item(&rank.id) else { return false };
    if item.sticky_until.is_some() && item.preferred.as_ref() != Some(agent) {
        return false;
    }
    let asked = |offer: &Id| state.offer(offer).is_some_and(|offer| offer.agent == *agent);
    let refused = item.excluded.contains(agent) && !fault::on(Fault::ForgetsRefusals);
    (!refused || all_refused(state, pool, item)) && !item.offers.iter().any(asked)
}

/// Whether everybody who could be asked, now or when there is room again, has refused the item, and its queue asks
/// again then.
pub(crate) fn all_refused(state: &State, pool: &Pool, item: &WorkItem) -> bool {
    let left = |id: &&Id| {
        let willing = state.agent(id).is_some_and(|agent| agent.willing_for(&item.media_type));
        willing && !item.excluded.contains(*id)
    };
    pool.terms.again && !pool.members.iter().any(|id| left(&id))
}
