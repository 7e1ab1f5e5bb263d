use super::*;
use serde_json::{Value, json};

mod carried;
mod catalogue;
mod forms;
mod properties;
mod sizes;

/// A support request that is as it should be.
fn request() -> Value {
    json!({
        "eventId": "SM1", "mediaType": "telegraph", "parts": [{"type": "text", "text": "hello", "attributes": {}}],
        "workItem": {"conversation": "c", "customer": {"address": "a"}, "attributes": {}},
        "interaction": {"kind": "request", "name": "support-request", "arguments": {}},
        "attributes": {},
    })
}

fn other(kind: &str, name: &str, arguments: Value) -> Value {
    let mut message = request();
    message["interaction"] = json!({"kind": kind, "name": name, "arguments": arguments});
    message
}

fn with(pointer: &str, value: Value) -> Value {
    let mut message = request();
    let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
    let place = message.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    match place {
        Value::Array(items) => items.push(value),
        place => place[key] = value,
    }
    message
}

fn check(message: Value) -> Result<(), Invalid> {
    validate(&serde_json::from_value(message.clone()).unwrap_or_else(|error| panic!("{error}: {message:#}")))
}

/// Code and pointer of the refusal; its text is there and ends as a sentence part, not in a full stop.
fn refused(message: Value) -> (&'static str, String) {
    match check(message.clone()) {
        Ok(()) => panic!("accepted: {message:#}"),
        Err(invalid) => {
            assert!(invalid.text.len() > 20 && !invalid.text.ends_with('.'), "{invalid}");
            assert!(invalid.text.len() < 400, "{invalid}");
            (invalid.code, invalid.pointer)
        }
    }
}

fn invalid(pointer: &str) -> (&'static str, String) {
    ("invalid", pointer.to_owned())
}

fn limit(pointer: &str) -> (&'static str, String) {
    ("limit", pointer.to_owned())
}
