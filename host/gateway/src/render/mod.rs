//! The JSON that leaves the server: events, work items, messages, snapshots. Pure: everything is handed in.

mod event;
mod item;
mod message;
mod offer;

pub(crate) use event::{Event, write};
pub(crate) use item::ItemView;
pub(crate) use message::{AgentStamp, DeliveredMessage};
pub(crate) use offer::{OfferData, OfferView};

use jackfield_router::{AgentView, Failure, Millis};
use jackfield_spec::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A time as it is written; one that RFC 3339 can't write is none.
pub(crate) fn time(millis: Millis) -> Option<Timestamp> {
    Timestamp::from_millis(millis).ok()
}

/// An agent as the agent's own desktop is told.
#[derive(Debug, Serialize)]
pub(crate) struct OwnState<'a> {
    id: &'a str,
    name: &'a str,
    state: &'static str,
    reason: Option<&'a str>,
    /// Presence that differs for a medium.
    media: BTreeMap<&'a str, &'static str>,
    load: u32,
    capacity: u32,
}

impl<'a> OwnState<'a> {
    pub(crate) fn new(agent: &'a AgentView, name: &'a str) -> Self {
        Self {
            id: &agent.id,
            name,
            state: agent.state.name(),
            reason: agent.reason.as_deref(),
            media: agent.media.iter().map(|(medium, presence)| (&**medium, presence.name())).collect(),
            load: agent.load,
            capacity: agent.capacity,
        }
    }
}

/// Why a message failed or is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FailureView {
    code: String,
    message: Option<String>,
}

impl FailureView {
    pub(crate) fn new(failure: &Failure) -> Self {
        Self { code: failure.code.clone(), message: failure.text.clone() }
    }
}

#[cfg(test)]
mod tests;
