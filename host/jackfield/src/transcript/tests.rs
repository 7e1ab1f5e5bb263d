use super::{customer, message};
use serde_json::{Value, json};

fn said(parts: Value) -> Value {
    json!({
        "direction": "inbound",
        "workItem": {"customer": {"address": "+15550100", "name": "Kim"}},
        "agent": {"id": "ana", "name": "Ana"},
        "interaction": {"kind": "request", "name": "support-request", "arguments": {}},
        "parts": parts,
    })
}

#[test]
fn a_customer_speaks_although_the_receiving_agent_stands_in_it() {
    let text = message(&said(json!([{"type": "text", "text": "Where is\nmy order?\n"}])));
    assert_eq!(text, "Kim: Where is\n    my order?");
}

#[test]
fn an_agent_or_the_server_answers() {
    let mut answer = said(json!([{"type": "text", "text": "On its way"}]));
    answer["direction"] = json!("outbound");
    answer["interaction"]["name"] = json!("message.send");
    answer["status"] = json!("delivered");
    assert_eq!(message(&answer), "Ana: On its way (delivered)");
    answer["encodedAgent"] = json!({"id": "ben", "name": null});
    assert_eq!(message(&answer), "ben: On its way (delivered)");
    answer["encodedAgent"] = Value::Null;
    answer["agent"]["name"] = Value::Null;
    assert_eq!(message(&answer), "ana: On its way (delivered)");
    answer["agent"] = Value::Null;
    assert_eq!(message(&answer), "server: On its way (delivered)");
}

#[test]
fn files_and_the_rest_are_named() {
    let parts = json!([
        {"type": "attachment", "name": "a.jpg", "mediaType": "image/jpeg", "size": 1234, "state": "ready"},
        {"type": "attachment", "name": null, "mediaType": "image/png", "size": null, "state": "pending"},
        {"type": "structured", "name": "location", "values": {}, "fallback": "1 Main St"},
        {"type": "structured", "name": "card", "values": {}, "fallback": ""},
    ]);
    assert_eq!(
        message(&said(parts)),
        "Kim: [file a.jpg, image/jpeg, 1234 bytes] [file without a name, image/png, pending] 1 Main St [card]"
    );
}

#[test]
fn other_interactions_are_named() {
    let mut changed = said(json!([]));
    changed["interaction"]["name"] = json!("message.removed");
    assert_eq!(message(&changed), "Kim: (message.removed)");
    assert_eq!(message(&said(json!([]))), "Kim: (nothing)");
    // Whatever the server sends, something is shown.
    assert_eq!(message(&json!(null)), "customer: ()");
}

#[test]
fn a_customer_without_a_name_is_known_by_the_address() {
    assert_eq!(customer(&json!({"address": "+1", "name": null})), "+1");
    assert_eq!(customer(&json!({"address": "+1", "name": ""})), "+1");
    assert_eq!(customer(&json!({"address": "a\u{1b}b"})), "a\\u{1b}b");
    assert_eq!(customer(&json!(null)), "customer");
}

#[test]
fn what_is_possible_is_told_with_its_end_and_why() {
    let told = |command: Value| {
        message(&json!({
            "direction": "inbound", "workItem": {"customer": {"address": "+1", "name": "Kim"}}, "parts": [],
            "interaction": {"name": "command.status-changed", "arguments": {"commands": [command]}},
        }))
    };
    let until =
        json!({"command": "message.send", "enabled": true, "until": "2026-11-23T12:00:00Z", "tooltip": "a day"});
    assert_eq!(told(until), "Kim: (command.status-changed) message.send: until 2026-11-23T12:00:00Z, a day");
    let over =
        json!({"command": "message.send", "enabled": false, "until": null, "tooltip": "use a\u{1b}[2J template"});
    assert!(told(over.clone()).starts_with("Kim: (command.status-changed) message.send: not possible, use a"));
    assert!(!told(over).contains('\u{1b}'), "a terminal is told nothing");
    let open = json!({"command": "message.send", "enabled": true});
    assert_eq!(told(open), "Kim: (command.status-changed) message.send: possible");
}
