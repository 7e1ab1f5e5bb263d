//! The agent: presence, connections, load.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Id, Millis};

/// What an agent says about being there. Apart from the connection, which is a fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Wants work.
    Available,
    /// Works and wants no more.
    Busy,
    /// Isn't at the desk; the reason says why.
    Away,
    /// Wants no new work and leaves when the last item ends.
    Finishing,
    /// Isn't there.
    #[default]
    Offline,
}

impl Presence {
    /// The name in the protocol, such as `available`.
    pub fn name(self) -> &'static str {
        match self {
            Presence::Available => "available",
            Presence::Busy => "busy",
            Presence::Away => "away",
            Presence::Finishing => "finishing",
            Presence::Offline => "offline",
        }
    }
}

/// What the state holds of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The budget; what a config that left the agent out took away is 0.
    pub capacity: u32,
    /// Whether the config names the agent.
    pub configured: bool,
    /// What the agent says.
    pub presence: Presence,
    /// Why, in the agent's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Open connections.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub connections: BTreeSet<Id>,
    /// Without a connection: when presence and real-time work are given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<Millis>,
    /// Sum of the agent's debits in the ledger.
    pub load: u32,
    /// When the agent last accepted or ended work, or signed on.
    pub idle_since: Millis,
    /// Number of the agent's newest event.
    pub sequence: u64,
    /// Items owned.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub items: BTreeSet<Id>,
    /// Pending offers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub offers: BTreeSet<Id>,
}

impl Agent {
    /// Whether the agent wants work and can be reached with it.
    pub fn willing(&self) -> bool {
        self.configured && self.presence == Presence::Available && !self.connections.is_empty()
    }

    /// What is left of the budget; a reload may have put the load above it.
    pub fn headroom(&self) -> Option<u32> {
        self.capacity.checked_sub(self.load)
    }

    pub(crate) fn view(&self, id: &Id) -> AgentView {
        AgentView {
            id: id.clone(),
            state: self.presence,
            reason: self.reason.clone(),
            load: self.load,
            capacity: self.capacity,
        }
    }
}

/// What an agent's desktop shows of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// The agent's id.
    pub id: Id,
    /// The presence.
    pub state: Presence,
    /// Why.
    pub reason: Option<String>,
    /// What offers and items take of the capacity.
    pub load: u32,
    /// The budget.
    pub capacity: u32,
}
