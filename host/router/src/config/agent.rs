//! One agent's part of the config.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::Id;

/// The budget of an agent whose config doesn't say.
pub const DEFAULT_CAPACITY: u32 = 100;
/// How far work that doesn't wait may go beyond the budget of an agent who has work that can.
pub const DEFAULT_OVERTAKE_LIMIT: u32 = 100;

/// What an agent can do and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentConfig {
    /// The budget that the weights of offers and items are taken from.
    pub capacity: u32,
    /// How far beyond the budget an item that isn't interruptible may go, if without the interruptible ones it
    /// would fit.
    pub overtake_limit: u32,
    /// Skill -> level, 1 to 10. Languages are skills.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<Id, u8>,
    /// The teams the agent belongs to.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<Id>,
    /// Media type -> how many items and offers at once, besides the budget.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<Id, u32>,
}

impl Default for AgentConfig {
    fn default() -> AgentConfig {
        AgentConfig {
            capacity: DEFAULT_CAPACITY,
            overtake_limit: DEFAULT_OVERTAKE_LIMIT,
            skills: BTreeMap::new(),
            teams: BTreeSet::new(),
            limits: BTreeMap::new(),
        }
    }
}
