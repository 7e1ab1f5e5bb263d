//! The canonical JSON of a message (RFC 8785: keys in order, no space), as the server makes it.

use crate::bindings::imports::jackfield::channel::message::{
    AgentInfo, ConnectionInfo, QueueInfo, RuleInfo, StatisticsInfo,
};
use crate::json::{Object, push_string};
use crate::time::to_rfc3339;
use crate::{Attributes, Customer, Direction, Kind, Message, Part, WorkItem};

pub(super) fn message(message: &Message) -> String {
    Object::new()
        .raw("agent", &or_null(&message.agent, agent))
        .raw("attributes", &attributes(&message.attributes))
        .optional("cause", message.cause.as_deref())
        .optional("channel", message.channel.as_deref())
        .raw("connection", &or_null(&message.connection, connection))
        .optional("digest", message.digest.as_deref())
        .optional("direction", message.direction.map(direction))
        .optional("driver", message.driver.as_deref())
        .optional("eventId", message.event_id.as_deref())
        .optional("externalId", message.external_id.as_deref())
        .optional("id", message.id.as_deref())
        .raw("interaction", &interaction(message))
        .string("mediaType", &message.media_type)
        .optional("occurredAt", message.occurred_at.map(to_rfc3339).as_deref())
        .raw("parts", &list(&message.parts, part))
        .raw("queue", &or_null(&message.queue, queue))
        .optional("receivedAt", message.received_at.map(to_rfc3339).as_deref())
        .raw("rule", &or_null(&message.rule, rule))
        .raw("statistics", &or_null(&message.statistics, statistics))
        .raw("workItem", &or_null(&message.work_item, work_item))
        .finish()
}

fn interaction(message: &Message) -> String {
    let interaction = &message.interaction;
    let kind = match interaction.kind {
        Kind::Command => "command",
        Kind::Request => "request",
        Kind::Notification => "notification",
    };
    Object::new()
        .raw("arguments", &interaction.arguments)
        .optional("inReplyTo", interaction.in_reply_to.as_deref())
        .string("kind", kind)
        .string("name", &interaction.name)
        .optional("trackingId", interaction.tracking_id.as_deref())
        .finish()
}

fn work_item(item: &WorkItem) -> String {
    Object::new()
        .raw("attributes", &attributes(&item.attributes))
        .string("conversation", &item.conversation)
        .raw("customer", &customer(&item.customer))
        .optional("id", item.id.as_deref())
        .optional("language", item.language.as_deref())
        .raw("priority", &or_null(&item.priority, u32::to_string))
        .optional("state", item.state.as_deref())
        .optional("subject", item.subject.as_deref())
        .finish()
}

fn customer(customer: &Customer) -> String {
    Object::new()
        .string("address", &customer.address)
        .raw("aliases", &list(&customer.aliases, |alias| quoted(alias)))
        .raw("attributes", &attributes(&customer.attributes))
        .optional("id", customer.id.as_deref())
        .optional("name", customer.name.as_deref())
        .finish()
}

fn agent(agent: &AgentInfo) -> String {
    Object::new()
        .optional("address", agent.address.as_deref())
        .raw("attributes", &attributes(&agent.attributes))
        .string("id", &agent.id)
        .optional("name", agent.name.as_deref())
        .optional("presence", agent.presence.as_deref())
        .finish()
}

fn queue(queue: &QueueInfo) -> String {
    Object::new()
        .raw("attributes", &attributes(&queue.attributes))
        .raw("expectedWaitMs", &or_null(&queue.expected_wait_ms, u32::to_string))
        .string("id", &queue.id)
        .raw("position", &or_null(&queue.position, u32::to_string))
        .raw("waiting", &or_null(&queue.waiting, u32::to_string))
        .finish()
}

fn statistics(statistics: &StatisticsInfo) -> String {
    Object::new()
        .raw("attributes", &attributes(&statistics.attributes))
        .string("name", &statistics.name)
        .raw("values", &statistics.values)
        .finish()
}

fn connection(connection: &ConnectionInfo) -> String {
    Object::new()
        .raw("attributes", &attributes(&connection.attributes))
        .optional("detail", connection.detail.as_deref())
        .optional("since", connection.since.map(to_rfc3339).as_deref())
        .string("state", &connection.state)
        .boolean("userAction", connection.user_action)
        .finish()
}

fn rule(rule: &RuleInfo) -> String {
    Object::new()
        .raw("attributes", &attributes(&rule.attributes))
        .string("name", &rule.name)
        .optional("outcome", rule.outcome.as_deref())
        .finish()
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(text) => Object::new()
            .raw("attributes", &attributes(&text.attributes))
            .string("format", &text.format)
            .optional("language", text.language.as_deref())
            .string("text", &text.text)
            .string("type", "text"),
        Part::Attachment(file) => Object::new()
            .raw("attributes", &attributes(&file.attributes))
            .optional("blob", file.blob.as_deref())
            .string("disposition", &file.disposition)
            .string("mediaType", &file.media_type)
            .optional("name", file.name.as_deref())
            .raw("size", &or_null(&file.size, u32::to_string))
            .string("state", &file.state)
            .string("type", "attachment"),
        Part::Structured(structured) => Object::new()
            .raw("attributes", &attributes(&structured.attributes))
            .string("fallback", &structured.fallback)
            .string("name", &structured.name)
            .string("type", "structured")
            .raw("values", &structured.values),
    }
    .finish()
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

fn attributes(attributes: &Attributes) -> String {
    let mut sorted: Vec<_> = attributes.iter().collect();
    sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    sorted.into_iter().fold(Object::new(), |object, (key, value)| object.string(key, value)).finish()
}

fn or_null<T>(value: &Option<T>, write: impl FnOnce(&T) -> String) -> String {
    value.as_ref().map_or_else(|| "null".into(), write)
}

fn list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_string(&mut json, text);
    json
}
