//! Reading a message back from its JSON, as `server.to-json` gives it: for what a driver keeps in its store.

use crate::json::{Value, parse};
use crate::time::from_rfc3339;
use crate::{
    AttachmentPart, Attributes, Customer, Interaction, Kind, Message, Part, StructuredPart, TextPart, WorkItem,
};

impl Message {
    /// What a driver encodes of a message about a work item: ids, media type, time, work item, interaction, parts and
    /// attributes. None where the text is no such JSON.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let value = parse(json).ok()?;
        Some(Self {
            id: text(&value, "id"),
            event_id: text(&value, "eventId"),
            external_id: text(&value, "externalId"),
            channel: None,
            driver: None,
            media_type: text(&value, "mediaType")?,
            direction: None,
            occurred_at: value.get("occurredAt").and_then(Value::as_str).and_then(from_rfc3339),
            received_at: None,
            cause: text(&value, "cause"),
            digest: None,
            work_item: value.get("workItem").and_then(work_item),
            agent: None,
            queue: None,
            statistics: None,
            connection: None,
            rule: None,
            interaction: interaction(value.get("interaction")?)?,
            parts: value.get("parts")?.as_array()?.iter().map(part).collect::<Option<_>>()?,
            attributes: attributes(&value),
        })
    }
}

fn interaction(value: &Value<'_>) -> Option<Interaction> {
    Some(Interaction {
        kind: match value.get("kind")?.as_str()? {
            "command" => Kind::Command,
            "request" => Kind::Request,
            _ => Kind::Notification,
        },
        name: text(value, "name")?,
        arguments: value.get("arguments")?.to_json(),
        tracking_id: text(value, "trackingId"),
        in_reply_to: text(value, "inReplyTo"),
    })
}

fn work_item(value: &Value<'_>) -> Option<WorkItem> {
    let customer = value.get("customer")?;
    let aliases = customer.get("aliases").and_then(Value::as_array).unwrap_or_default();
    Some(WorkItem {
        id: text(value, "id"),
        conversation: text(value, "conversation")?,
        customer: Customer {
            address: text(customer, "address")?,
            aliases: aliases.iter().filter_map(Value::as_str).map(String::from).collect(),
            name: text(customer, "name"),
            id: text(customer, "id"),
            attributes: attributes(customer),
        },
        subject: text(value, "subject"),
        priority: value.get("priority").and_then(Value::as_f64).map(|priority| priority as u32),
        language: text(value, "language"),
        state: text(value, "state"),
        attributes: attributes(value),
    })
}

fn part(value: &Value<'_>) -> Option<Part> {
    let attributes = attributes(value);
    Some(match value.get("type")?.as_str()? {
        "text" => Part::Text(TextPart {
            text: text(value, "text")?,
            format: text(value, "format")?,
            language: text(value, "language"),
            attributes,
        }),
        "attachment" => Part::Attachment(AttachmentPart {
            name: text(value, "name"),
            media_type: text(value, "mediaType")?,
            size: value.get("size").and_then(Value::as_f64).map(|size| size as u32),
            blob: text(value, "blob"),
            state: text(value, "state")?,
            disposition: text(value, "disposition")?,
            attributes,
        }),
        _ => Part::Structured(StructuredPart {
            name: text(value, "name")?,
            values: value.get("values")?.to_json(),
            fallback: text(value, "fallback")?,
            attributes,
        }),
    })
}

fn attributes(value: &Value<'_>) -> Attributes {
    let fields = value.get("attributes").and_then(Value::as_object).unwrap_or_default();
    fields.iter().filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
}

fn text(value: &Value<'_>, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(String::from)
}
