//! The work item.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Id, Millis};

/// Where a work item is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Just opened; becomes `queued` in the same record.
    New,
    /// Waits for an agent.
    Queued,
    /// An agent has been asked and hasn't answered yet.
    Offered,
    /// An agent works on it.
    Active,
    /// The agent ended it and does what remains to be done.
    Wrapping,
    /// Ended.
    Closed,
    /// Withdrawn before anybody ended it.
    Cancelled,
}

impl ItemState {
    /// The name in the protocol, such as `queued`.
    pub fn name(self) -> &'static str {
        match self {
            ItemState::New => "new",
            ItemState::Queued => "queued",
            ItemState::Offered => "offered",
            ItemState::Active => "active",
            ItemState::Wrapping => "wrapping",
            ItemState::Closed => "closed",
            ItemState::Cancelled => "cancelled",
        }
    }
}

/// One customer's request while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    /// Made by the router; sorts by the time it was opened.
    pub id: Id,
    /// The channel it came in by.
    pub channel: Id,
    /// An open string that only config gives a meaning to.
    pub media_type: Id,
    /// The caller's keyed hash of the conversation.
    pub conversation: Id,
    /// The caller's keyed hash of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Id>,
    /// Where it is in its life.
    pub state: ItemState,
    /// Since when it is there.
    pub since: Millis,
    /// The queue it waits in or came from.
    pub queue: Id,
    /// The agent who accepted it; none before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Id>,
    /// 0 to 1000, higher first.
    pub priority: u16,
    /// The route that sent it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Id>,
    /// What it takes of an agent's capacity.
    pub weight: u32,
    /// When it was opened.
    pub created: Millis,
    /// Its age counts from here, whatever happens to it later.
    pub first_queued: Millis,
    /// Agents who rejected it or let it expire since it was last accepted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded: BTreeSet<Id>,
    /// The agent to be asked first, if able and there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Id>,
    /// The closed item that this one goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// Goes up with each change.
    pub version: u64,
    /// The message that opened it.
    pub first_message: Id,
    /// The newest inbound message.
    pub last_message: Id,
    /// How many inbound messages belong to it.
    pub message_count: u32,
    /// Pending offers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub offers: BTreeSet<Id>,
    /// When wrap-up ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap_up_until: Option<Millis>,
    /// The agent's wrap-up code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// It came from a simulated channel.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
}

pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

impl WorkItem {
    /// The item as it is when it has ended.
    pub(crate) fn end(&mut self, state: ItemState, at: Millis, code: Option<&str>) {
        self.state = state;
        self.since = at;
        self.wrap_up_until = None;
        self.version += 1;
        if let Some(code) = code {
            self.code = Some(code.to_owned());
        }
    }

    /// The order of waiting: priority first, then age, then id.
    pub(crate) fn rank(&self) -> Rank {
        Rank { behind: u16::MAX - self.priority, first_queued: self.first_queued, id: self.id.clone() }
    }
}

/// Place in the order of waiting; the least is served first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    behind: u16,
    first_queued: Millis,
    pub(crate) id: Id,
}

/// Why a work item, an offer or a presence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A customer said something.
    SupportRequest,
    /// The router found an agent for an item.
    Matched,
    /// The agent took the offer.
    Accepted,
    /// The agent refused the offer.
    Rejected,
    /// Nobody answered the offer in time.
    Expired,
    /// Another agent was faster.
    Rescinded,
    /// The agent's last connection was lost, or the time to come back ran out.
    AgentLost,
    /// The agent said to be no longer available.
    AgentUnavailable,
    /// The config doesn't name the agent any more.
    AgentRemoved,
    /// The owner isn't there to go on.
    OwnerAbsent,
    /// The config doesn't name the queue any more.
    QueueRemoved,
    /// The driver asked for it.
    Driver,
    /// A supervisor asked for it.
    Operator,
    /// The agent ended the item, or its wrap-up.
    Completed,
    /// Wrap-up took as long as it may.
    WrapUpEnded,
    /// The agent's own wish.
    Agent,
    /// The last item of an agent who is finishing has ended.
    Finished,
}

/// Who made something happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Actor {
    /// The router, by time or by a rule.
    Router,
    /// An agent.
    Agent {
        /// The agent's id.
        id: Id,
    },
    /// A channel's driver.
    Driver {
        /// The channel's id.
        channel: Id,
    },
    /// An operator or supervisor.
    Operator {
        /// The operator's name in the config.
        name: Id,
    },
}
