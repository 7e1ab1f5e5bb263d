//! The offer of a work item to an agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::Choice;
use crate::ids::{Id, Millis};

/// A pending offer. When it ends, only its outcome is remembered for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Made by the router.
    pub id: Id,
    /// The item offered.
    pub item: Id,
    /// The agent asked.
    pub agent: Id,
    /// What the agent is asked for.
    #[serde(default, skip_serializing_if = "OfferKind::is_work")]
    pub kind: OfferKind,
    /// What the offer takes of the agent's capacity while it is pending.
    pub weight: u32,
    /// When it was made.
    pub created: Millis,
    /// When it expires.
    pub expires: Millis,
    /// Why this agent: what the router knew at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<Why>>,
}

/// What an agent is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum OfferKind {
    /// To take an item that waits.
    #[default]
    Work,
    /// To take an item over from another agent.
    Transfer {
        /// Who asks.
        from: Id,
    },
    /// To come in without taking over.
    Consult {
        /// Who asks.
        from: Id,
    },
}

impl OfferKind {
    /// The name in the protocol.
    pub fn name(&self) -> &'static str {
        match self {
            OfferKind::Work => "work",
            OfferKind::Transfer { .. } => "transfer",
            OfferKind::Consult { .. } => "consult",
        }
    }

    pub(crate) fn is_work(&self) -> bool {
        *self == OfferKind::Work
    }
}

/// Why an agent was asked. Journaled with the offer, so that the journal alone can tell a month later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// How the agent came to be asked.
    pub by: By,
    /// The queue.
    pub queue: Id,
    /// The ring in force; 0 before the first.
    #[serde(default, skip_serializing_if = "crate::item::is_zero")]
    pub ring: u8,
    /// The route that sent the item to its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Id>,
    /// The skills that were required, rings applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<Id, u8>,
    /// The item's priority, its age included.
    pub priority: u32,
    /// How many agents could have taken it at that moment, the chosen one included.
    pub ready: u32,
    /// What the choice went by for the chosen agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// The next ones in the order of choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Measure>,
}

/// How an agent came to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The queue's choice: who has been idle longest.
    LongestIdle,
    /// The queue's choice: who has the least load.
    LeastLoaded,
    /// The queue's choice: whose turn it is.
    RoundRobin,
    /// The queue's choice: who is best at it.
    BestSkill,
    /// The item's preferred agent.
    Preferred,
    /// An agent named by another one.
    Named,
    /// The agent's own pick.
    Picked,
}

impl By {
    /// The name in the explanation.
    pub fn name(self) -> &'static str {
        match self {
            By::LongestIdle => "longest-idle",
            By::LeastLoaded => "least-loaded",
            By::RoundRobin => "round-robin",
            By::BestSkill => "best-skill",
            By::Preferred => "preferred",
            By::Named => "named",
            By::Picked => "picked",
        }
    }
}

impl From<Choice> for By {
    fn from(choice: Choice) -> By {
        match choice {
            Choice::LongestIdle => By::LongestIdle,
            Choice::LeastLoaded => By::LeastLoaded,
            Choice::RoundRobin => By::RoundRobin,
            Choice::BestSkill => By::BestSkill,
        }
    }
}

/// What a choice goes by for one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measure {
    /// The agent.
    pub agent: Id,
    /// Since when idle.
    pub idle_since: Millis,
    /// The load before the offer.
    pub load: u32,
    /// The sum of levels in the skills that the item requires.
    #[serde(default)]
    pub level: u32,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferOutcome {
    /// The agent took it.
    Accepted,
    /// The agent refused it.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// Another agent took the item.
    Rescinded,
    /// The item is gone, the agent is gone, or a supervisor took it back.
    Revoked,
    /// It could not be brought to the agent.
    Failed,
}

impl OfferOutcome {
    /// The name in the protocol, such as `expired`.
    pub fn name(self) -> &'static str {
        match self {
            OfferOutcome::Accepted => "accepted",
            OfferOutcome::Rejected => "rejected",
            OfferOutcome::Expired => "expired",
            OfferOutcome::Rescinded => "rescinded",
            OfferOutcome::Revoked => "revoked",
            OfferOutcome::Failed => "failed",
        }
    }
}
