//! The message: the unit of the standard format, in both directions.
//!
//! Field by field the records of `wit/message.wit`; what each means stands there.

use crate::{Digest, Timestamp};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use std::fmt;

/// The attribute of a message that a machine wrote, with the value `true`: nothing answers it by itself.
pub const AUTOMATIC: &str = "automatic";

/// Room to grow: pairs of text in the order they were given; keys are unique. In JSON an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes(pub Vec<(String, String)>);

impl Attributes {
    /// The value of `key`, if it is there.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Sets `key`, replacing what was there.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        match self.0.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((key.to_owned(), value.into())),
        }
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Attributes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Attributes, M::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    if pairs.iter().any(|(k, _)| *k == key) {
                        return Err(de::Error::custom(format_args!("the key `{key}` is there twice")));
                    }
                    pairs.push((key, value));
                }
                Ok(Attributes(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Which way a message goes. Stamped by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From a customer, by a driver.
    Inbound,
    /// To a customer, by an agent or the server.
    Outbound,
}

/// What an interaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Asks for something to be done.
    Command,
    /// Asks for something to be answered.
    Request,
    /// Tells what has happened.
    Notification,
}

/// The command, request or notification that a message carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interaction {
    /// Command, request or notification.
    pub kind: Kind,
    /// A name of the catalogue ([`crate::interaction::CATALOGUE`]) or a driver's own with its prefix.
    pub name: String,
    /// The arguments, a JSON object (I-JSON).
    pub arguments: Value,
    /// Links this interaction with its later answers.
    pub tracking_id: Option<String>,
    /// The tracking id of what this answers.
    pub in_reply_to: Option<String>,
}

/// The party at the far end of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// The address on this channel.
    pub address: String,
    /// Further addresses of the same person on this channel.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The name that the channel shows.
    pub name: Option<String>,
    /// The server's or CRM's id.
    #[serde(default)]
    pub id: Option<String>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// CRM information about the work item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItemInfo {
    /// Stamped by the server.
    pub id: Option<String>,
    /// The driver's key for messages that belong together.
    pub conversation: String,
    /// Who asks.
    pub customer: Customer,
    /// What it is about, in a line.
    pub subject: Option<String>,
    /// 0 to 1000, higher first.
    pub priority: Option<u32>,
    /// BCP 47.
    pub language: Option<String>,
    /// The state, where the server tells a driver.
    #[serde(default)]
    pub state: Option<String>,
    /// Room to grow.
    pub attributes: Attributes,
}

/// CRM information about an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentInfo {
    /// The agent's id.
    pub id: String,
    /// Shown to people.
    pub name: Option<String>,
    /// Where this channel's medium reaches the agent.
    pub address: Option<String>,
    /// `available`, `busy`, `away`, `finishing`, `offline`.
    pub presence: Option<String>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

impl AgentInfo {
    /// An agent of whom only the id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, address: None, presence: None, attributes: Attributes::default() }
    }
}

/// Queuing information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueInfo {
    /// The queue's id.
    pub id: String,
    /// Place in the queue, from 1.
    pub position: Option<u32>,
    /// How many wait.
    pub waiting: Option<u32>,
    /// Expected wait in milliseconds.
    pub expected_wait_ms: Option<u32>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

impl QueueInfo {
    /// A queue of which only the id is told.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), position: None, waiting: None, expected_wait_ms: None, attributes: Attributes::default() }
    }
}

/// Statistical information.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsInfo {
    /// What is counted.
    pub name: String,
    /// The figures, a JSON object.
    pub values: Value,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// Information about a connection of the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInfo {
    /// `connecting`, `connected`, `transient-error`, `bad-credentials`, `logged-out`, `unknown-error`.
    pub state: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// More, for people.
    pub detail: Option<String>,
    /// Somebody has to do something.
    pub user_action: bool,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// Information about a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleInfo {
    /// The rule's name.
    pub name: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// Text that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Text {
    /// The text; data, never markup to be run.
    pub text: String,
    /// `plain`, `markdown` or `html`.
    #[serde(default = "plain")]
    pub format: String,
    /// BCP 47.
    #[serde(default)]
    pub language: Option<String>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

fn plain() -> String {
    "plain".to_owned()
}

fn attached() -> String {
    "attached".to_owned()
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// File name as the sender gave it.
    pub name: Option<String>,
    /// RFC 6838 type.
    pub media_type: String,
    /// Bytes.
    pub size: Option<u32>,
    /// Where the bytes are, when `state` is `ready`.
    pub blob: Option<Digest>,
    /// `pending`, `ready`, `failed`, `removed`.
    pub state: String,
    /// `attached` or `inline`.
    #[serde(default = "attached")]
    pub disposition: String,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What is neither text nor file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Structured {
    /// `location`, `contact`, `choice`, `choices`, `template`, `card`, or a driver's own.
    pub name: String,
    /// The values, a JSON object.
    pub values: Value,
    /// What to show where the name is not known.
    pub fallback: String,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

/// A piece of what was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Part {
    /// Text.
    Text(Text),
    /// A file.
    Attachment(Attachment),
    /// Anything else.
    Structured(Structured),
}

/// The unit of the standard format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Stamped by the server: a keyed hash of channel and event id.
    pub id: Option<String>,
    /// The channel's id of this event: the duplicate key.
    pub event_id: Option<String>,
    /// The channel's id of the thing that the event is about.
    pub external_id: Option<String>,
    /// Stamped by the server.
    pub channel: Option<String>,
    /// Stamped by the server: `name@version`.
    pub driver: Option<String>,
    /// An open name such as `telegraph`.
    pub media_type: String,
    /// Stamped by the server.
    pub direction: Option<Direction>,
    /// When it happened, by the channel's clock.
    pub occurred_at: Option<Timestamp>,
    /// Stamped by the server.
    pub received_at: Option<Timestamp>,
    /// The id of what caused this message; the chain ends at the channel's own id.
    pub cause: Option<String>,
    /// Stamped by the server: over what the driver encoded.
    pub digest: Option<Digest>,
    /// CRM information: the work item.
    pub work_item: Option<WorkItemInfo>,
    /// CRM information: the agent. On the way to an agent, the receiving one.
    pub agent: Option<AgentInfo>,
    /// What the driver gave as `agent`, where the server has put the receiving agent in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoded_agent: Option<AgentInfo>,
    /// Queuing information.
    pub queue: Option<QueueInfo>,
    /// Statistical information.
    pub statistics: Option<StatisticsInfo>,
    /// Connection information.
    pub connection: Option<ConnectionInfo>,
    /// Rule information.
    pub rule: Option<RuleInfo>,
    /// The command, request or notification.
    pub interaction: Interaction,
    /// What was said.
    pub parts: Vec<Part>,
    /// Room to grow.
    pub attributes: Attributes,
}

impl Message {
    /// A message with nothing but an interaction without arguments.
    pub fn new(media_type: impl Into<String>, kind: Kind, name: impl Into<String>) -> Self {
        Self {
            id: None,
            event_id: None,
            external_id: None,
            channel: None,
            driver: None,
            media_type: media_type.into(),
            direction: None,
            occurred_at: None,
            received_at: None,
            cause: None,
            digest: None,
            work_item: None,
            agent: None,
            encoded_agent: None,
            queue: None,
            statistics: None,
            connection: None,
            rule: None,
            interaction: Interaction {
                kind,
                name: name.into(),
                arguments: Value::Object(serde_json::Map::new()),
                tracking_id: None,
                in_reply_to: None,
            },
            parts: Vec::new(),
            attributes: Attributes::default(),
        }
    }
}

/// Why something could not be done (`message.error` of the specification).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorInfo {
    /// From the catalogue, or a driver's own with its prefix.
    pub code: String,
    /// For people: what happened and what to do.
    pub text: String,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u32>,
    /// Room to grow.
    #[serde(default)]
    pub attributes: Attributes,
}

impl ErrorInfo {
    /// An error with a code of the catalogue and a text.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), retry_after_ms: None, attributes: Attributes::default() }
    }
}
