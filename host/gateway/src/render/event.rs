//! The envelope of everything that an agent is sent: CloudEvents 1.0.

use super::time;
use jackfield_router::Millis;
use jackfield_spec::Timestamp;
use serde::Serialize;
use std::fmt;

/// A CloudEvent.
#[derive(Debug, Serialize)]
pub(crate) struct Event<'a, D> {
    specversion: &'static str,
    id: EventId<'a>,
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'a str,
    time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    data: D,
}

/// Unique among all events of a server.
#[derive(Debug)]
enum EventId<'a> {
    /// An agent's numbered event.
    Numbered(&'a str, u64),
    /// What isn't kept: the agent, a number of the agent's own.
    Advice(&'a str, u64),
    /// What one connection is sent: the agent, the connection, a number that counts on it.
    OfConnection(&'a str, &'a str, u64),
}

impl fmt::Display for EventId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(agent, sequence) => write!(f, "{agent}-{sequence}"),
            Self::Advice(agent, count) => write!(f, "{agent}-advice-{count}"),
            Self::OfConnection(agent, connection, count) => {
                write!(f, "{agent}-{connection}-{count}")
            }
        }
    }
}

impl Serialize for EventId<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'a, D: Serialize> Event<'a, D> {
    /// One of an agent's numbered events.
    pub(crate) fn numbered(agent: &'a str, sequence: u64, at: Millis, kind: &'a str, data: D) -> Self {
        let id = EventId::Numbered(agent, sequence);
        Self { specversion: "1.0", id, source: "/jackfield", kind, time: time(at), sequence: Some(sequence), data }
    }

    /// The snapshot that a connection begins with, current to `sequence`.
    pub(crate) fn snapshot(
        agent: &'a str,
        connection: &'a str,
        count: u64,
        sequence: u64,
        at: Millis,
        data: D,
    ) -> Self {
        let id = EventId::OfConnection(agent, connection, count);
        let kind = "snapshot";
        Self { specversion: "1.0", id, source: "/jackfield", kind, time: time(at), sequence: Some(sequence), data }
    }

    /// What is told once and not kept.
    pub(crate) fn advice(agent: &'a str, count: u64, at: Millis, kind: &'a str, data: D) -> Self {
        let id = EventId::Advice(agent, count);
        Self { specversion: "1.0", id, source: "/jackfield", kind, time: time(at), sequence: None, data }
    }

    /// The result of a command, for one connection only.
    pub(crate) fn result(agent: &'a str, connection: &'a str, count: u64, at: Millis, data: D) -> Self {
        let id = EventId::OfConnection(agent, connection, count);
        let kind = "command.result";
        Self { specversion: "1.0", id, source: "/jackfield", kind, time: time(at), sequence: None, data }
    }
}

/// Writes an event.
///
/// # Errors
/// A number that JSON can't write, which the validator has refused long before.
pub(crate) fn write<T: Serialize>(event: &T) -> Result<String, serde_json::Error> {
    // Most events hold a message and a work item; growing in small steps would copy it often.
    let mut bytes = Vec::with_capacity(3 * 1024);
    serde_json::to_writer(&mut bytes, event)?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}
