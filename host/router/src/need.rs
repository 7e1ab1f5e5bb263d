//! What an item needs of an agent. Items with the same need wait in one pool, and the agents who meet it are known.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{AgentConfig, Choice, Config, Order};
use crate::fault::{self, Fault};
use crate::ids::{Id, Millis};
use crate::item::WorkItem;

/// What decides who may take an item, in which order it waits and how an agent is chosen. Equal for many items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) queue: Id,
    pub(crate) media_type: Id,
    pub(crate) weight: u32,
    pub(crate) interruptible: bool,
    pub(crate) ring: u8,
    pub(crate) skills: BTreeMap<Id, u8>,
    pub(crate) preferred_skills: BTreeMap<Id, u8>,
}

impl Need {
    pub(crate) fn of(item: &WorkItem, config: &Config) -> Need {
        Need {
            queue: item.queue.clone(),
            media_type: item.media_type.clone(),
            weight: item.weight,
            interruptible: config.interruptible(&item.channel, &item.media_type),
            ring: item.ring,
            skills: item.skills.clone(),
            preferred_skills: item.preferred_skills.clone(),
        }
    }
}

/// A need with what the config makes of it: rings applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Required skills that no ring has dropped, with their levels.
    pub(crate) skills: BTreeMap<Id, u8>,
    /// Who may serve; none: everybody.
    pub(crate) teams: Option<BTreeSet<Id>>,
    pub(crate) choice: Choice,
    pub(crate) order: Order,
    pub(crate) raise_per_minute: u32,
    pub(crate) parallel: usize,
    pub(crate) again: bool,
}

impl Terms {
    pub(crate) fn of(need: &Need, config: &Config) -> Terms {
        let default = Default::default();
        let queue = config.queues.get(&need.queue).unwrap_or(&default);
        let mut terms = Terms {
            skills: need.skills.clone(),
            teams: Some(queue.teams.clone()).filter(|teams| !teams.is_empty()),
            choice: queue.choose,
            order: queue.order,
            raise_per_minute: queue.raise_per_minute,
            parallel: usize::from(queue.parallel_offers.max(1)),
            again: queue.offer_again,
        };
        for ring in queue.rings.iter().take(usize::from(need.ring)) {
            terms.skills.retain(|skill, level| {
                *level = level.saturating_sub(ring.lower_skills.get(skill).copied().unwrap_or(0));
                *level > 0 && !ring.drop_all_skills && !ring.drop_skills.contains(skill)
            });
            if let Some(teams) = &mut terms.teams {
                teams.extend(ring.add_teams.iter().cloned());
            }
            if ring.any_team {
                terms.teams = None;
            }
        }
        terms
    }

    /// Whether an agent's skills and teams are enough.
    pub(crate) fn met_by(&self, agent: &AgentConfig) -> bool {
        let of_team = |teams: &BTreeSet<Id>| !teams.is_disjoint(&agent.teams);
        self.skills.iter().all(|(skill, level)| {
            agent.skills.get(skill).is_some_and(|has| has >= level || fault::on(Fault::IgnoresLevels))
        }) && self.teams.as_ref().is_none_or(of_team)
    }

    /// The sum of an agent's levels in the required skills.
    pub(crate) fn level(&self, agent: &AgentConfig) -> u32 {
        self.skills.keys().filter_map(|skill| agent.skills.get(skill)).map(|level| u32::from(*level)).sum()
    }

    /// An item's place in the order of waiting.
    pub(crate) fn rank(&self, item: &WorkItem) -> Rank {
        let slope = i64::from(self.raise_per_minute);
        let queued = i64::try_from(item.first_queued).unwrap_or(i64::MAX);
        let raised = slope.saturating_mul(queued);
        let age = match self.order {
            Order::Fifo => item.first_queued,
            Order::Lifo => u64::MAX - item.first_queued,
        };
        Rank { behind: raised.saturating_sub(i64::from(item.priority) * MINUTE), age, id: item.id.clone() }
    }
}

/// Milliseconds: priorities are compared in points times this, so that no fraction of a point is lost.
const MINUTE: i64 = 60_000;

/// Place in the order of waiting within a queue; the least is served first. It doesn't depend on the time, since
/// the priority of all items of a queue grows alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    behind: i64,
    age: u64,
    pub(crate) id: Id,
}

/// Place among items of different queues, at one moment; the least is served first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    behind: i64,
    age: u64,
    pub(crate) id: Id,
}

impl Rank {
    /// Where the item stands now, its age counted in.
    pub(crate) fn standing(&self, raise_per_minute: u32, at: Millis) -> Standing {
        let grown = i64::from(raise_per_minute).saturating_mul(i64::try_from(at).unwrap_or(i64::MAX));
        Standing { behind: self.behind.saturating_sub(grown), age: self.age, id: self.id.clone() }
    }
}

impl Standing {
    /// The priority with what the age has added, in whole points.
    pub(crate) fn priority(&self) -> u32 {
        u32::try_from(-(self.behind / MINUTE)).unwrap_or(0)
    }
}

/// What a choice goes by; the least is asked first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    /// How many preferred skills are missing.
    pub(crate) missing: u32,
    /// By the queue's choice.
    pub(crate) measure: u64,
    pub(crate) idle_since: Millis,
    pub(crate) agent: Id,
}
