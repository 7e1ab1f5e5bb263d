//! The offer of a work item to an agent.

use serde::{Deserialize, Serialize};

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
    /// What the offer takes of the agent's capacity while it is pending.
    pub weight: u32,
    /// When it was made.
    pub created: Millis,
    /// When it expires.
    pub expires: Millis,
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
