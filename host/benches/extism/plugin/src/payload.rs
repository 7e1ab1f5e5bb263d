//! From the payload to the message: what the driver `webhook` makes with the settings of the sample's channel.

use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, WorkItem, time};

/// The driver's limits.
const MAX_LINE: usize = 1024;
const MAX_LANGUAGE: usize = 35;
const MAX_ATTRIBUTES: usize = 32;
const MAX_KEY: usize = 64;
const MAX_VALUE: usize = 1024;
const MAX_PRIORITY: f64 = 1000.0;

/// Fields that have a place of their own in a message.
const MAPPED: [&str; 7] = ["id", "conversation", "from", "name", "text", "attachments", "time"];

/// Makes the message; none where an id, a sender or a text is missing or no text.
pub fn message(payload: &Value<'_>) -> Option<Message> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::scalar).filter(|text| !text.is_empty());
    let id = text("/id")?;
    let address = text("/from")?;
    let mut work_item = WorkItem::new(text("/conversation").unwrap_or(address), address);
    work_item.customer.name = text("/name").map(|name| clipped(name, MAX_LINE));
    work_item.subject = payload.pointer("/subject").and_then(Value::as_str).map(|text| clipped(text, MAX_LINE));
    work_item.language = payload.pointer("/language").and_then(language).map(String::from);
    work_item.priority = payload.pointer("/priority").and_then(priority);
    work_item.attributes = attributes(payload, &work_item);
    let mut message = Message::support_request("sms", work_item).with_event_id(id).with_external_id(id);
    message.occurred_at = payload.pointer("/time").and_then(Value::as_str).and_then(time::from_rfc3339);
    Some(message.with_text(text("/text")?))
}

fn language<'a>(value: &'a Value<'_>) -> Option<&'a str> {
    let tag = value.as_str()?;
    let well_formed = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (well_formed && (2..=MAX_LANGUAGE).contains(&tag.len())).then_some(tag)
}

fn priority(value: &Value<'_>) -> Option<u32> {
    let number = value.as_f64()?;
    (number.fract() == 0.0 && (0.0..=MAX_PRIORITY).contains(&number)).then_some(number as u32)
}

/// The payload's own texts, numbers and booleans.
fn attributes(payload: &Value<'_>, work_item: &WorkItem) -> Vec<(String, String)> {
    let is_used = |key: &str| match key {
        "subject" => work_item.subject.is_some(),
        "language" => work_item.language.is_some(),
        "priority" => work_item.priority.is_some(),
        _ => MAPPED.contains(&key),
    };
    payload
        .as_object()
        .unwrap_or_default()
        .iter()
        .filter(|(key, _)| !is_used(key) && (1..=MAX_KEY).contains(&key.len()) && !key.contains(char::is_control))
        .filter_map(|(key, value)| Some((key, value.scalar()?)))
        .filter(|(_, value)| value.len() <= MAX_VALUE)
        .take(MAX_ATTRIBUTES)
        .map(|(key, value)| (key.clone().into_owned(), value.into()))
        .collect()
}

fn clipped(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].into()
}
