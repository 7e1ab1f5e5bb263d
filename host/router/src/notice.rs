//! What agents are told.

use crate::agent::AgentView;
use crate::delivery::{Failure, Status};
use crate::ids::{Id, Millis};
use crate::item::WorkItem;
use crate::offer::{Offer, OfferOutcome};

/// One numbered event for one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The agent.
    pub agent: Id,
    /// Counts this agent's events without gaps, over restarts too.
    pub sequence: u64,
    /// When it happened.
    pub at: Millis,
    /// What happened.
    pub body: AgentEvent,
}

/// What can happen to an agent. Everything is as it was at that moment, so that it can be shown without the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEvent {
    /// `agent.updated`: presence, load or capacity changed.
    AgentUpdated {
        /// The agent now.
        agent: AgentView,
    },
    /// `offer.created`
    OfferCreated {
        /// The offer.
        offer: Offer,
        /// The item.
        item: Box<WorkItem>,
        /// The message to be shown: the one that opened the item.
        message_id: Id,
    },
    /// `offer.accepted`, `.rejected`, `.expired`, `.rescinded`, `.revoked`, `.failed`
    OfferEnded {
        /// The offer.
        offer: Offer,
        /// How it ended.
        outcome: OfferOutcome,
        /// The item.
        item: Box<WorkItem>,
    },
    /// `work-item.updated`: also to the former owner of an item that went back to a queue.
    WorkItemUpdated {
        /// The item.
        item: Box<WorkItem>,
    },
    /// `work-item.closed`: closed or cancelled.
    WorkItemClosed {
        /// The item.
        item: Box<WorkItem>,
    },
    /// `message.received`
    MessageReceived {
        /// The item.
        item: Box<WorkItem>,
        /// The message.
        message_id: Id,
    },
    /// `message.changed`
    MessageChanged {
        /// The item.
        item: Box<WorkItem>,
        /// The message that says what changed.
        message_id: Id,
    },
    /// `message.status`
    MessageStatus {
        /// The item it was sent for.
        item: Id,
        /// The message.
        message_id: Id,
        /// What is known now.
        status: Status,
        /// Why it failed; with `queued`, the code `delayed` says that later ones pass it.
        error: Option<Failure>,
    },
}

impl AgentEvent {
    /// The event's type in the protocol, such as `offer.created`.
    pub fn name(&self) -> &'static str {
        match self {
            AgentEvent::AgentUpdated { .. } => "agent.updated",
            AgentEvent::OfferCreated { .. } => "offer.created",
            AgentEvent::OfferEnded { outcome, .. } => match outcome {
                OfferOutcome::Accepted => "offer.accepted",
                OfferOutcome::Rejected => "offer.rejected",
                OfferOutcome::Expired => "offer.expired",
                OfferOutcome::Rescinded => "offer.rescinded",
                OfferOutcome::Revoked => "offer.revoked",
                OfferOutcome::Failed => "offer.failed",
            },
            AgentEvent::WorkItemUpdated { .. } => "work-item.updated",
            AgentEvent::WorkItemClosed { .. } => "work-item.closed",
            AgentEvent::MessageReceived { .. } => "message.received",
            AgentEvent::MessageChanged { .. } => "message.changed",
            AgentEvent::MessageStatus { .. } => "message.status",
        }
    }
}

/// What an agent's desktop begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSnapshot {
    /// Number of the newest event that is contained.
    pub sequence: u64,
    /// The agent.
    pub agent: AgentView,
    /// Pending offers, each with its item; the message to be shown is the item's first.
    pub offers: Vec<(Offer, WorkItem)>,
    /// Items owned.
    pub items: Vec<WorkItem>,
}
