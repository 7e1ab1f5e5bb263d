//! One broken message for each rule of the validator: schema and validator refuse it both.

use super::*;
use crate::validate::validate;

/// Whether the validator refuses it, or it cannot even be read.
fn invalid(message: &Value) -> bool {
    serde_json::from_value::<Message>(message.clone()).map_or(true, |read| validate(&read).is_err())
}

fn both_refuse(what: &str, message: &Value) {
    assert!(invalid(message), "the validator accepts {what}");
    assert!(!MESSAGE.is_valid(message), "the schema accepts {what}");
}

fn changed(changes: &[(&str, Value)]) -> Value {
    let mut message = sample();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        let place = message.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
        match place {
            Value::Array(items) if key == "-" => items.push(value.clone()),
            Value::Array(items) => items[key.parse::<usize>().unwrap_or_default()] = value.clone(),
            place => place[key] = value.clone(),
        }
    }
    message
}

fn interaction(kind: &str, name: &str, arguments: Value) -> Value {
    changed(&[
        ("/interaction/kind", json!(kind)),
        ("/interaction/name", json!(name)),
        ("/interaction/arguments", arguments),
    ])
}

#[test]
fn a_field_out_of_its_form() {
    let long = |bytes: usize| json!("x".repeat(bytes));
    let pairs = |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), json!("v"))).collect());
    let cases = [
        ("/eventId", json!("")),
        ("/eventId", long(limits::ID + 1)),
        ("/eventId", json!("SM1\n")),
        ("/eventId", json!("SM\u{85}1")),
        ("/externalId", json!("")),
        ("/cause", json!("\u{7f}")),
        ("/mediaType", json!("")),
        ("/mediaType", json!("Big Type")),
        ("/mediaType", json!("sms\n")),
        ("/mediaType", long(limits::MEDIA_TYPE + 1)),
        ("/occurredAt", json!("yesterday")),
        ("/receivedAt", json!("yesterday")),
        ("/receivedAt", json!("2026-13-22T16:04:05.123Z")),
        ("/workItem/conversation", json!("")),
        ("/workItem/conversation", json!("a\tb")),
        ("/workItem/subject", long(limits::LINE + 1)),
        ("/workItem/priority", json!(limits::PRIORITY + 1)),
        ("/workItem/language", json!("not a lang!")),
        ("/workItem/language", json!("x-")),
        ("/workItem/state", json!("lost")),
        ("/workItem/customer/address", json!("")),
        ("/workItem/customer/aliases", json!(vec!["a"; limits::ALIASES + 1])),
        ("/workItem/customer/aliases", json!([""])),
        ("/workItem/customer/aliases", json!(["a\nb"])),
        ("/workItem/customer/name", long(limits::LINE + 1)),
        ("/workItem/customer/id", json!("")),
        ("/workItem/attributes", json!({"": "v"})),
        ("/workItem/attributes", json!({"k\n": "v"})),
        ("/workItem/attributes", json!({"k".repeat(limits::NAME + 1): "v"})),
        ("/workItem/attributes", json!({"k": "v".repeat(limits::ATTRIBUTE + 1)})),
        ("/attributes", pairs(limits::ATTRIBUTES + 1)),
        ("/agent", json!({"id": "", "name": null, "address": null, "presence": null, "attributes": {}})),
        ("/agent", json!({"id": "a", "name": null, "address": "", "presence": null, "attributes": {}})),
        ("/agent", json!({"id": "a", "name": null, "address": null, "presence": "asleep", "attributes": {}})),
        ("/queue", json!({"id": "q", "position": 0, "waiting": null, "expectedWaitMs": null, "attributes": {}})),
        ("/statistics", json!({"name": "Waiting", "values": {}, "attributes": {}})),
        ("/statistics", json!({"name": "waiting", "values": [], "attributes": {}})),
        ("/rule", json!({"name": "r", "outcome": "x".repeat(limits::LINE + 1), "attributes": {}})),
        ("/connection", json!({"state": "fine", "since": null, "detail": null, "userAction": true, "attributes": {}})),
        (
            "/connection",
            json!({"state": "connected", "since": "soon", "detail": null, "userAction": true, "attributes": {}}),
        ),
        ("/interaction/name", json!("")),
        ("/interaction/name", json!(" ")),
        ("/interaction/name", json!("Bad Name")),
        ("/interaction/name", long(limits::NAME + 1)),
        ("/interaction/trackingId", json!("")),
        ("/interaction/inReplyTo", json!("a\rb")),
        ("/interaction/arguments", json!({"n": u64::MAX})),
        ("/interaction/arguments", json!({"list": [-9_007_199_254_740_992_i64]})),
        ("/interaction/arguments", json!({"n": 1e20})),
        ("/interaction/arguments", (0..limits::DEPTH).fold(json!({}), |inner, _| json!({"a": inner}))),
        ("/interaction/arguments", (0..limits::DEPTH).fold(json!([]), |inner, _| json!({"a": [inner]}))),
        ("/parts", json!(vec![sample()["parts"][0].clone(); limits::PARTS + 1])),
        ("/parts/0/text", long(limits::TEXT + 1)),
        ("/parts/0/format", json!("rtf")),
        ("/parts/0/language", json!("pt_BR")),
        ("/parts/1/name", long(limits::LINE + 1)),
        ("/parts/1/mediaType", json!("nonsense")),
        ("/parts/1/mediaType", json!("image/png\n")),
        ("/parts/1/mediaType", json!(format!("image/{}", "x".repeat(limits::CONTENT_TYPE)))),
        ("/parts/1/state", json!("gone")),
        ("/parts/1/state", json!("ready")),
        ("/parts/1/disposition", json!("below")),
        ("/parts/2/name", json!("A Map")),
        ("/parts/2/values", json!({"n": i64::MIN})),
        ("/parts/2/values", (0..limits::DEPTH).fold(json!({}), |inner, _| json!({"a": inner}))),
        ("/parts/2/fallback", long(limits::TEXT + 1)),
    ];
    for (pointer, value) in cases {
        let shown: String = value.to_string().chars().take(60).collect();
        both_refuse(&format!("{pointer}: {shown}"), &changed(&[(pointer, value)]));
    }
}

#[test]
fn what_a_message_must_carry() {
    both_refuse("no work item", &changed(&[("/workItem", Value::Null)]));
    both_refuse("no event id", &changed(&[("/eventId", Value::Null)]));
    for kind in ["command", "notification"] {
        both_refuse(kind, &changed(&[("/interaction/kind", json!(kind))]));
    }
    let mut bare = interaction("notification", "typing", json!({"on": true}));
    assert!(MESSAGE.is_valid(&bare) && !invalid(&bare));
    bare["workItem"] = Value::Null;
    both_refuse("no CRM information", &bare);
    bare["interaction"] = interaction("notification", "telegraph.stop", json!({}))["interaction"].clone();
    both_refuse("no CRM information with a name of the driver's own", &bare);
}

#[test]
fn fields_of_work_item_and_agent_in_the_interaction() {
    for key in ["workItem", "work-item", "WORK_ITEM_ID", "workItemInfo", "agent", "agentId", "agent-info", "-a_gent-"] {
        for arguments in [json!({key: {}}), json!({"a": [1, {"b": {key: null}}]})] {
            both_refuse(key, &interaction("request", "support-request", arguments.clone()));
            both_refuse(key, &interaction("notification", "telegraph.stop", arguments));
        }
        both_refuse(key, &interaction("command", "invoke", json!({"name": "x", "arguments": {}, key: 1})));
        let own = interaction("command", "invoke", json!({"name": "x", "arguments": {key: 1}}));
        assert!(MESSAGE.is_valid(&own) && !invalid(&own), "a command of the driver's own may have {key}");
    }
    for key in ["customer", "Conversation", "sub-ject", "priority", "language"] {
        both_refuse(key, &interaction("request", "support-request", json!({key: 1})));
        let deeper = interaction("request", "support-request", json!({"x": {key: 1}}));
        assert!(MESSAGE.is_valid(&deeper) && !invalid(&deeper), "{key} deeper down");
    }
}

#[test]
fn kind_and_arguments_that_the_catalogue_does_not_have() {
    let at = "2026-11-22T16:04:05.123Z";
    for (kind, name, arguments) in [
        ("notification", "message.status", json!({})),
        ("notification", "message.status", json!({"status": "bogus"})),
        ("notification", "message.status", json!({"status": "bogus", "at": at})),
        ("notification", "message.status", json!({"status": "read", "at": "yesterday"})),
        ("notification", "message.status", json!({"status": "read", "at": "1969-12-31T23:59:59Z"})),
        ("notification", "message.status", json!({"status": "read", "at": at, "externalId": ""})),
        ("notification", "message.status", json!({"status": "failed", "at": at, "text": "x".repeat(4097)})),
        ("command", "message.status", json!({"status": "read", "at": at})),
        ("notification", "typing", json!({"on": "yes"})),
        ("notification", "typing", json!([])),
        ("notification", "opt-out", json!({"address": "a\n", "scope": "channel", "out": true})),
        ("notification", "work-item.offer", json!({"ready": "soon"})),
        ("notification", "work-item.accept", json!({})),
        ("request", "channel.health-changed", json!({})),
        ("command", "invoke", json!({"name": "dtmf", "arguments": {"n": u64::MAX}})),
        ("notification", "command.status-changed", json!({"commands": [{"command": "x", "supported": true}]})),
    ] {
        both_refuse(&format!("{kind} {name} {arguments}"), &interaction(kind, name, arguments));
    }
    for entry in CATALOGUE.iter() {
        for kind in ["command", "request", "notification"] {
            let message = interaction(kind, entry.name, json!({"unheard": "of"}));
            assert_eq!(MESSAGE.is_valid(&message), !invalid(&message), "{kind} {}", entry.name);
        }
    }
}
