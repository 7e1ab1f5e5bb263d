use super::*;
use crate::{Message, canonical, limits, strategies};
use jsonschema::Validator;
use proptest::prelude::*;
use std::sync::LazyLock;

mod agreement;
mod forms;
mod golden;
mod refused;

static MESSAGE: LazyLock<Validator> = LazyLock::new(|| compile(&json_schema()));

fn compile(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}: {schema:#}"))
}

fn sample() -> Value {
    json!({
        "id": null, "eventId": "SM1", "externalId": null, "channel": null, "driver": null, "mediaType": "telegraph",
        "direction": "inbound", "occurredAt": "2026-11-22T16:04:05.123Z", "receivedAt": null, "cause": null,
        "digest": canonical::Digest::of(b"x"),
        "workItem": {
            "id": null, "conversation": "c", "subject": null, "priority": 5, "language": null, "state": null,
            "customer": {"address": "a", "aliases": ["b"], "name": null, "id": null, "attributes": {}},
            "attributes": {"key": "value"},
        },
        "agent": null, "queue": null, "statistics": null, "connection": null, "rule": null,
        "interaction": {
            "kind": "request", "name": "support-request", "arguments": {}, "trackingId": null, "inReplyTo": null,
        },
        "parts": [
            {"type": "text", "text": "hello", "format": "plain", "language": null, "attributes": {}},
            {
                "type": "attachment", "name": null, "mediaType": "image/png", "size": 7, "blob": null,
                "state": "pending", "disposition": "inline", "attributes": {},
            },
            {"type": "structured", "name": "location", "values": {"latitude": 1.5}, "fallback": "", "attributes": {}},
        ],
        "attributes": {},
    })
}

#[test]
fn every_type_that_a_message_or_an_interaction_holds_is_described() {
    let schema = json_schema();
    let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
    assert!(definitions.contains_key("message") && definitions.contains_key("interactions.messageStatus"));
    for (name, definition) in &definitions {
        assert!(definition.is_object(), "{name}: a kind of type that messages do not have: {definition}");
        assert!(definition["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} has no prose");
    }
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&schema, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        assert!(definitions.contains_key(reference.trim_start_matches("#/$defs/")), "{reference} leads nowhere");
    }
    assert_eq!(schema["x-interactions"].as_array().map(Vec::len), Some(CATALOGUE.len()));
}

#[test]
fn every_schema_is_a_valid_one_and_compiles() {
    assert!(jsonschema::meta::is_valid(&json_schema()));
    for entry in CATALOGUE.iter() {
        let arguments = arguments_schema(entry.name).unwrap_or_else(|| panic!("{} has none", entry.name));
        compile(&arguments);
        assert_eq!(reply_schema(entry.name).map(|schema| compile(&schema)).is_some(), entry.reply != Reply::None);
    }
    assert_eq!(arguments_schema("telegraph.stop"), None);
    assert_eq!(reply_schema("typing"), None);
}

#[test]
fn wit_types_become_the_json_that_is_promised() {
    let definitions = &json_schema()["$defs"];
    let message = &definitions["message"]["properties"];
    assert_eq!(message["eventId"]["type"], json!(["string", "null"]));
    assert_eq!(message["parts"]["type"], "array");
    assert_eq!(message["workItem"]["anyOf"][0]["$ref"], "#/$defs/workItemInfo");
    assert_eq!(definitions["attributes"]["additionalProperties"]["type"], "string");
    assert_eq!(definitions["attributes"]["maxProperties"], limits::ATTRIBUTES);
    assert_eq!(definitions["timestamp"]["format"], "date-time");
    assert_eq!(definitions["queueInfo"]["properties"]["expectedWaitMs"]["maximum"], u32::MAX);
    assert_eq!(definitions["part"]["oneOf"][0]["properties"]["type"]["const"], "text");
    assert_eq!(definitions["interactions.invoke"]["properties"]["arguments"]["$ref"], "#/$defs/json");
    let required = definitions["message"]["required"].as_array().cloned().unwrap_or_default();
    assert!(required.contains(&json!("agent")) && !required.contains(&json!("encodedAgent")));
    assert_eq!(definitions["interactions.messageStatus"]["required"], json!(["status", "at"]));
}

#[test]
fn arguments_may_grow_and_options_may_be_missing() {
    let status = compile(&arguments_schema("message.status").unwrap_or_default());
    let at = "2026-11-22T16:04:05.123Z";
    assert!(status.is_valid(&json!({"status": "read", "at": at})));
    assert!(status.is_valid(&json!({"status": "read", "at": at, "code": null, "fromLater": {"a": [1]}})));
    assert!(!status.is_valid(&json!({"status": "read"})));
    assert!(!status.is_valid(&json!({"status": "eaten", "at": at})));
    assert!(!status.is_valid(&json!({"status": "read", "at": "yesterday"})));
    assert!(!status.is_valid(&json!({"status": "read", "at": at, "code": 5})));
    assert!(compile(&arguments_schema("work-item.accept").unwrap_or_default()).is_valid(&json!({"any": 1})));
}

#[test]
fn the_sample_fits_and_each_change_of_it_is_refused() {
    let sample = sample();
    let errors: Vec<String> = MESSAGE.iter_errors(&sample).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let read: Message = serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(serde_json::to_value(&read).ok().as_ref(), Some(&sample), "the Rust types are those of the WIT");
    let changes = [
        ("/mediaType", json!(null)),
        ("/eventId", json!(5)),
        ("/direction", json!("sideways")),
        ("/occurredAt", json!(1_700_000_000_000_u64)),
        ("/digest", json!("sha256-00")),
        ("/workItem/priority", json!(-1)),
        ("/workItem/priority", json!(4_294_967_296_u64)),
        ("/workItem/priority", json!(1.5)),
        ("/workItem/customer", json!(null)),
        ("/workItem/customer/aliases", json!("b")),
        ("/workItem/attributes/key", json!(1)),
        ("/workItem/state", json!("lost")),
        ("/interaction", json!(null)),
        ("/interaction/kind", json!("wish")),
        ("/interaction/arguments", json!("{}")),
        ("/parts", json!(null)),
        ("/parts/0/type", json!("video")),
        ("/parts/0/type", json!("attachment")),
        ("/parts/0/format", json!("rtf")),
        ("/parts/1/state", json!("gone")),
        ("/parts/1/blob", json!("x")),
        ("/parts/2/values", json!([])),
        ("/attributes", json!([])),
        ("/agent", json!({"id": "ana"})),
    ];
    for (pointer, value) in changes {
        let mut changed = sample.clone();
        *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        assert!(!MESSAGE.is_valid(&changed), "{pointer}: {value}");
    }
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn every_message_in_json_fits_the_schema(mut message in strategies::stamped(), agent in strategies::agent()) {
        let check = |message: &Message| {
            let value = serde_json::to_value(message)?;
            let errors: Vec<String> = MESSAGE.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert_eq!(errors, Vec::<String>::new());
            Ok(())
        };
        check(&message)?;
        message.encoded_agent = message.agent.replace(agent);
        check(&message)?;
    }

    #[test]
    fn a_message_without_one_of_its_members_does_not_fit(message in strategies::stamped(), at in any::<prop::sample::Index>()) {
        let mut value = serde_json::to_value(&message)?;
        let Some(members) = value.as_object_mut() else { return Err(TestCaseError::fail("no object")) };
        let keys: Vec<String> = members.keys().cloned().collect();
        let key = at.get(&keys);
        members.remove(key);
        prop_assert!(!MESSAGE.is_valid(&value), "without {}", key);
    }
}
