//! Waiting items by what they need, and for each need the agents who could take one now.
//!
//! A pool holds the items of one need in the order of waiting, the agents whose skills and teams are enough
//! (its members, fixed until the config changes), and those of them who want work and have room, in the order of
//! the queue's choice. An agent or item that changes touches only its own pools, so the cost of a decision grows
//! neither with the agents online nor with the items that wait.
//!
//! Nothing here is stored, and nothing is decided by how it came about: it can be built anew at any time.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::Agent;
use crate::config::{AgentConfig, Choice, Config};
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::item::WorkItem;
use crate::need::{Need, Rank, Terms, Turn};

/// So many pools may stand empty before they are thrown away.
const KEPT_EMPTY: usize = 4_096;

/// Where an item is filed; not part of its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filed(Option<(usize, Rank)>);

impl PartialEq for Filed {
    fn eq(&self, _: &Filed) -> bool {
        true
    }
}

impl Eq for Filed {}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) need: Need,
    pub(crate) terms: Terms,
    /// Items that wait for an offer, or for more of them.
    pub(crate) waiting: BTreeSet<Rank>,
    /// Those of them that agents have refused, if the queue may offer them again.
    pub(crate) refused: BTreeSet<Rank>,
    /// Agents who could take an item of this pool now.
    pub(crate) ready: BTreeSet<Turn>,
    /// Agents whose skills and teams are enough.
    pub(crate) members: Vec<Id>,
}

/// Items that wait, those of them that were refused, and agents who are ready.
pub(crate) type Contents<'a> = (&'a BTreeSet<Rank>, &'a BTreeSet<Rank>, &'a BTreeSet<Turn>);

/// An agent's pools, and where the agent is filed as ready.
#[derive(Clone, Debug, Default)]
struct Desk {
    pools: Vec<usize>,
    ready: Vec<(usize, Turn)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pools {
    slots: Vec<Pool>,
    by_need: BTreeMap<Need, usize>,
    desks: BTreeMap<Id, Desk>,
    /// Agents who changed since the last matching; they are filed nowhere.
    pub(crate) touched: BTreeSet<Id>,
    /// Items that began to wait since the last matching.
    pub(crate) fresh: BTreeSet<Id>,
}

impl Pools {
    /// Nobody is filed yet: all agents count as touched.
    pub(crate) fn new(config: &Config) -> Pools {
        let desks: BTreeMap<Id, Desk> = config.agents.keys().map(|id| (id.clone(), Desk::default())).collect();
        Pools { touched: desks.keys().cloned().collect(), desks, ..Pools::default() }
    }

    /// The pool in which an item waits.
    pub(crate) fn pool_of<'a>(&'a self, item: &'a WorkItem) -> Option<(&'a Pool, &'a Rank)> {
        let (slot, rank) = item.filed.0.as_ref()?;
        Some((&self.slots[*slot], rank))
    }

    /// Files an item that waits to be offered.
    pub(crate) fn add_item(&mut self, item: &mut WorkItem, config: &Config) {
        let slot = self.slot(Need::of(item, config), config);
        let pool = &mut self.slots[slot];
        let rank = pool.terms.rank(item);
        pool.waiting.insert(rank.clone());
        if pool.terms.again && !item.excluded.is_empty() {
            pool.refused.insert(rank.clone());
        }
        self.fresh.insert(item.id.clone());
        item.filed = Filed(Some((slot, rank)));
    }

    pub(crate) fn remove_item(&mut self, item: &mut WorkItem) {
        if let Some((slot, rank)) = item.filed.0.take() {
            let pool = &mut self.slots[slot];
            pool.waiting.remove(&rank);
            pool.refused.remove(&rank);
            self.fresh.remove(&item.id);
        }
    }

    /// The pool of a need; the first item of a need looks at every agent once.
    fn slot(&mut self, need: Need, config: &Config) -> usize {
        if let Some(slot) = self.by_need.get(&need) {
            return *slot;
        }
        let slot = self.free_slot();
        let terms = Terms::of(&need, config);
        let members: Vec<Id> =
            config.agents.iter().filter(|(_, agent)| terms.met_by(agent)).map(|(id, _)| id.clone()).collect();
        for id in &members {
            if let Some(desk) = self.desks.get_mut(id) {
                desk.pools.push(slot);
            }
            self.touch(id);
        }
        let (waiting, refused, ready) = Default::default();
        let pool = Pool { need: need.clone(), terms, waiting, refused, ready, members };
        self.by_need.insert(need, slot);
        if slot < self.slots.len() {
            self.slots[slot] = pool
        } else {
            self.slots.push(pool)
        }
        slot
    }

    /// The next number, or that of a pool that stands empty when there are too many of them.
    fn free_slot(&mut self) -> usize {
        if self.slots.len() < KEPT_EMPTY {
            return self.slots.len();
        }
        let Some(slot) = self.slots.iter().position(|pool| pool.waiting.is_empty()) else {
            return self.slots.len();
        };
        let members = std::mem::take(&mut self.slots[slot].members);
        for id in &members {
            self.touch(id);
            if let Some(desk) = self.desks.get_mut(id) {
                desk.pools.retain(|other| *other != slot);
            }
        }
        self.by_need.remove(&self.slots[slot].need);
        slot
    }

    /// Takes an agent who changes out of every pool, until the next matching.
    pub(crate) fn touch(&mut self, id: &Id) {
        let Some(desk) = self.desks.get_mut(id) else { return };
        if self.touched.insert(id.clone()) {
            for (slot, turn) in desk.ready.drain(..) {
                self.slots[slot].ready.remove(&turn);
            }
        }
    }

    /// Files an agent in each pool from which the agent could take something now.
    pub(crate) fn settle(&mut self, id: &Id, agent: &Agent, config: &AgentConfig) {
        self.touched.remove(id);
        let Some(desk) = self.desks.get_mut(id) else { return };
        if !agent.willing() {
            return;
        }
        for slot in &desk.pools {
            let pool = &mut self.slots[*slot];
            if could_take(&pool.need, agent, config) {
                let turn = turn(pool, id, agent, config);
                pool.ready.insert(turn.clone());
                desk.ready.push((*slot, turn));
            }
        }
    }

    /// The pools in which an agent is ready.
    pub(crate) fn ready_in(&self, id: &Id) -> impl Iterator<Item = &Pool> {
        self.desks.get(id).into_iter().flat_map(|desk| desk.ready.iter().map(|(slot, _)| &self.slots[*slot]))
    }

    /// The pools whose items an agent is good enough for.
    pub(crate) fn member_of(&self, id: &Id) -> impl Iterator<Item = &Pool> {
        self.desks.get(id).into_iter().flat_map(|desk| desk.pools.iter().map(|slot| &self.slots[*slot]))
    }

    /// The first items of a queue, whatever they need.
    pub(crate) fn first_waiting(&self, queue: &Id, limit: usize) -> Vec<Id> {
        let of_queue = self.slots.iter().filter(|pool| pool.need.queue == *queue);
        let mut ranks: Vec<&Rank> = of_queue.flat_map(|pool| pool.waiting.iter().take(limit)).collect();
        ranks.sort_unstable();
        ranks.into_iter().take(limit).map(|rank| rank.id.clone()).collect()
    }

    /// What must be the same however it came about, for tests: pools in which something waits.
    pub(crate) fn contents(&self) -> BTreeMap<&Need, Contents<'_>> {
        let used = self.slots.iter().filter(|pool| !pool.waiting.is_empty());
        used.map(|pool| (&pool.need, (&pool.waiting, &pool.refused, &pool.ready))).collect()
    }
}

/// Whether an agent who is good enough wants such work now and has room for it.
pub(crate) fn could_take(need: &Need, agent: &Agent, config: &AgentConfig) -> bool {
    let below_limit = |limit: &u32| agent.media_load.get(&need.media_type).copied().unwrap_or(0) < *limit;
    agent.willing_for(&need.media_type)
        && (agent.has_room(need.weight, need.interruptible, config.overtake_limit)
            || fault::on(Fault::IgnoresTheBudget))
        && config.limits.get(&need.media_type).is_none_or(below_limit)
}

/// An agent's place in the order of a pool's choice.
fn turn(pool: &Pool, id: &Id, agent: &Agent, config: &AgentConfig) -> Turn {
    let has = |(skill, level): &(&Id, &u8)| config.skills.get(*skill).is_some_and(|has| has >= level);
    let preferred = &pool.need.preferred_skills;
    let missing = preferred.len() - preferred.iter().filter(has).count();
    let measure = match pool.terms.choice {
        Choice::LongestIdle => 0,
        Choice::LeastLoaded => u64::from(agent.load) * 10_000 / u64::from(agent.capacity.max(1)),
        Choice::RoundRobin => agent.asked,
        Choice::BestSkill => u64::from(u32::MAX - pool.terms.level(config)),
    };
    Turn {
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        measure,
        idle_since: agent.idle_since,
        agent: id.clone(),
    }
}
