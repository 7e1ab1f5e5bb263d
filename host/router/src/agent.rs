//! The agent: presence, connections, load.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Presence that differs for a media type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<Id, Presence>,
    /// Sum of the agent's debits in the ledger.
    pub load: u32,
    /// The part of the load that is interruptible.
    #[serde(default)]
    pub interruptible_load: u32,
    /// How many debits there are by media type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media_load: BTreeMap<Id, u32>,
    /// Items that the agent was asked into.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub helps: BTreeSet<Id>,
    /// Goes up each time the agent is asked, over all agents: for taking turns.
    #[serde(default)]
    pub asked: u64,
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

    /// Whether the agent wants work of this media type.
    pub fn willing_for(&self, media_type: &str) -> bool {
        self.willing() && self.presence_for(media_type) == Presence::Available
    }

    /// The presence for a media type: the agent's word on it counts while the agent is available in general.
    pub fn presence_for(&self, media_type: &str) -> Presence {
        match self.presence {
            Presence::Available => self.media.get(media_type).copied().unwrap_or(Presence::Available),
            other => other,
        }
    }

    /// Whether the agent is there, though perhaps only within the grace.
    pub fn present(&self) -> bool {
        self.configured && self.presence != Presence::Offline
    }

    /// Whether something of this weight fits into the budget. What isn't interruptible may go beyond it, up to the
    /// limit, if it would fit without the work that is.
    pub fn has_room(&self, weight: u32, interruptible: bool, overtake_limit: u32) -> bool {
        let (load, capacity) = (u64::from(self.load) + u64::from(weight), u64::from(self.capacity));
        let firm = load - u64::from(self.interruptible_load.min(self.load));
        load <= capacity || (!interruptible && firm <= capacity && load <= capacity + u64::from(overtake_limit))
    }

    pub(crate) fn view(&self, id: &Id) -> AgentView {
        AgentView {
            id: id.clone(),
            state: self.presence,
            reason: self.reason.clone(),
            media: self.media.clone(),
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
    /// Presence that differs for a media type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<Id, Presence>,
    /// What offers and items take of the capacity.
    pub load: u32,
    /// The budget.
    pub capacity: u32,
}
