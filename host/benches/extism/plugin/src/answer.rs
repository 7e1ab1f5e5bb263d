//! What goes back to the host, as JSON.

use jackfield_sdk::json::{Object, push_string};
use jackfield_sdk::{Attributes, Kind, Message, Part, WorkItem};

/// The answer to a request that makes no message.
pub fn refusal(status: u32, detail: &str) -> String {
    Object::new().number("status", status).string("detail", detail).finish()
}

/// The answer with the message, its fields named as in the specification.
pub fn accepted(message: &Message) -> String {
    let kind = match message.interaction.kind {
        Kind::Command => "command",
        Kind::Request => "request",
        Kind::Notification => "notification",
    };
    let interaction = Object::new()
        .string("kind", kind)
        .string("name", &message.interaction.name)
        .raw("arguments", &message.interaction.arguments);
    let mut json = Object::new()
        .string("mediaType", &message.media_type)
        .optional("eventId", message.event_id.as_deref())
        .optional("externalId", message.external_id.as_deref())
        .raw("interaction", &interaction.finish())
        .raw("parts", &parts(&message.parts));
    if let Some(time) = message.occurred_at {
        json = json.raw("occurredAt", &time.to_string());
    }
    if let Some(item) = &message.work_item {
        json = json.raw("workItem", &work_item(item));
    }
    Object::new().number("status", 200).raw("message", &json.finish()).finish()
}

fn work_item(item: &WorkItem) -> String {
    let customer = Object::new()
        .string("address", &item.customer.address)
        .optional("name", item.customer.name.as_deref())
        .finish();
    let mut json = Object::new()
        .string("conversation", &item.conversation)
        .raw("customer", &customer)
        .optional("subject", item.subject.as_deref())
        .optional("language", item.language.as_deref())
        .raw("attributes", &attributes(&item.attributes));
    if let Some(priority) = item.priority {
        json = json.number("priority", priority);
    }
    json.finish()
}

/// The texts: the sample has no other parts.
fn parts(parts: &[Part]) -> String {
    let mut json = String::from("[");
    for part in parts {
        if let Part::Text(part) = part {
            if json.len() > 1 {
                json.push(',');
            }
            let part = Object::new().string("type", "text").string("text", &part.text).string("format", &part.format);
            json.push_str(&part.finish());
        }
    }
    json.push(']');
    json
}

fn attributes(attributes: &Attributes) -> String {
    let mut json = String::from("{");
    for (key, value) in attributes {
        if json.len() > 1 {
            json.push(',');
        }
        push_string(&mut json, key);
        json.push(':');
        push_string(&mut json, value);
    }
    json.push('}');
    json
}
