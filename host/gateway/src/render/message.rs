//! A message on its way to an agent: as it was encoded, with the server's stamps.

use jackfield_spec::{
    AgentInfo, Attributes, ConnectionInfo, Customer, Digest, Direction, Interaction, Message, Part, QueueInfo,
    RuleInfo, StatisticsInfo, Timestamp, WorkItemInfo,
};
use serde::Serialize;

/// The receiving agent, as it stands in a message.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct AgentStamp<'a> {
    /// The agent's id.
    pub(crate) id: &'a str,
    /// Shown to people.
    pub(crate) name: &'a str,
    /// Where the message's medium reaches the agent, if not at the desktop.
    pub(crate) address: Option<&'a str>,
    /// The presence at that moment.
    pub(crate) presence: &'static str,
    attributes: NoAttributes,
}

/// `{}`: agents have none yet.
#[derive(Debug, Clone, Copy, Serialize)]
struct NoAttributes {}

impl<'a> AgentStamp<'a> {
    pub(crate) fn new(id: &'a str, name: &'a str, address: Option<&'a str>, presence: &'static str) -> Self {
        Self { id, name, address, presence, attributes: NoAttributes {} }
    }
}

/// A message with the receiving agent and the work item's id stamped. Borrows everything: it is written once for each
/// event and never copied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveredMessage<'a> {
    id: &'a Option<String>,
    event_id: &'a Option<String>,
    external_id: &'a Option<String>,
    channel: &'a Option<String>,
    driver: &'a Option<String>,
    media_type: &'a str,
    direction: &'a Option<Direction>,
    occurred_at: &'a Option<Timestamp>,
    received_at: &'a Option<Timestamp>,
    cause: &'a Option<String>,
    digest: &'a Option<Digest>,
    work_item: Option<StampedItem<'a>>,
    agent: AgentStamp<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_agent: &'a Option<AgentInfo>,
    queue: &'a Option<QueueInfo>,
    statistics: &'a Option<StatisticsInfo>,
    connection: &'a Option<ConnectionInfo>,
    rule: &'a Option<RuleInfo>,
    interaction: &'a Interaction,
    parts: &'a [Part],
    attributes: &'a Attributes,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StampedItem<'a> {
    id: &'a str,
    conversation: &'a str,
    customer: &'a Customer,
    subject: &'a Option<String>,
    priority: &'a Option<u32>,
    language: &'a Option<String>,
    state: &'a Option<String>,
    attributes: &'a Attributes,
}

impl<'a> DeliveredMessage<'a> {
    /// Stamps a committed message. The fields are taken apart by name, so that one that is added to the specification
    /// can't be forgotten here.
    pub(crate) fn new(message: &'a Message, work_item: &'a str, agent: AgentStamp<'a>) -> Self {
        let Message {
            id,
            event_id,
            external_id,
            channel,
            driver,
            media_type,
            direction,
            occurred_at,
            received_at,
            cause,
            digest,
            work_item: info,
            agent: encoded_agent,
            encoded_agent: _,
            queue,
            statistics,
            connection,
            rule,
            interaction,
            parts,
            attributes,
        } = message;
        Self {
            id,
            event_id,
            external_id,
            channel,
            driver,
            media_type,
            direction,
            occurred_at,
            received_at,
            cause,
            digest,
            work_item: info.as_ref().map(|info| StampedItem::new(info, work_item)),
            agent,
            encoded_agent,
            queue,
            statistics,
            connection,
            rule,
            interaction,
            parts,
            attributes,
        }
    }
}

impl<'a> StampedItem<'a> {
    fn new(info: &'a WorkItemInfo, work_item: &'a str) -> Self {
        let WorkItemInfo { id: _, conversation, customer, subject, priority, language, state, attributes } = info;
        Self { id: work_item, conversation, customer, subject, priority, language, state, attributes }
    }
}
