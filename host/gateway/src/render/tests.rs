use super::*;
use crate::fixture::{BEGIN, message};
use crate::lookup::Facts;
use jackfield_router::{ItemState, WorkItem};
use jackfield_spec::{AgentInfo, Attributes, Direction, Message, canonical};
use serde_json::{Value, json};
use std::sync::Arc;

fn stamped(encoded_agent: Option<AgentInfo>) -> Message {
    let mut message = message("+1415", "SM1", "Hello \u{1f4ef}");
    message.agent = encoded_agent;
    message.id = Some("0198-m".to_owned());
    message.channel = Some("wire".to_owned());
    message.direction = Some(Direction::Inbound);
    message.received_at = time(BEGIN);
    message.digest = Some(canonical::digest(&mut message).unwrap());
    message
}

fn delivered(message: &Message) -> Value {
    let stamp = AgentStamp::new("ana", "Ana", Some("desk 4"), "available");
    serde_json::to_value(DeliveredMessage::new(message, "0198-i", stamp)).unwrap()
}

fn item() -> WorkItem {
    serde_json::from_value(json!({
        "id": "0198-i", "channel": "wire", "mediaType": "telegraph", "conversation": "k1", "customer": "k2", "state": "active",
        "since": BEGIN + 5, "queue": "support", "owner": "ana", "priority": 7, "rule": "route 1", "weight": 20, "created": BEGIN,
        "firstQueued": BEGIN, "version": 3, "firstMessage": "0198-m", "lastMessage": "0198-m", "messageCount": 1,
        "preferred": null, "parent": null
    }))
    .unwrap()
}

#[test]
fn a_delivered_message_names_the_receiving_agent_and_keeps_its_digest() {
    let message = stamped(None);
    let json = delivered(&message);
    let agent = json!({"id": "ana", "name": "Ana", "address": "desk 4", "presence": "available", "attributes": {}});
    assert_eq!(json["agent"], agent);
    assert_eq!(json["workItem"]["id"], "0198-i");
    assert_eq!(json["id"], "0198-m");
    assert_eq!(json.get("encodedAgent"), None);
    let mut read: Message = serde_json::from_value(json).unwrap();
    assert_eq!(Some(canonical::digest_delivered(&mut read).unwrap()), message.digest);
}

#[test]
fn the_agent_that_a_driver_encoded_stands_beside_and_the_digest_covers_it() {
    let encoded = AgentInfo {
        id: "bob".to_owned(),
        name: None,
        address: None,
        presence: None,
        attributes: Attributes::default(),
    };
    let message = stamped(Some(encoded));
    let json = delivered(&message);
    assert_eq!(json["encodedAgent"]["id"], "bob");
    assert_eq!(json["agent"]["id"], "ana");
    let mut read: Message = serde_json::from_value(json).unwrap();
    assert_eq!(Some(canonical::digest_delivered(&mut read).unwrap()), message.digest);
}

#[test]
fn nothing_else_of_a_message_is_changed() {
    let message = stamped(None);
    let mut delivered = delivered(&message);
    let stored = serde_json::to_value(&message).unwrap();
    delivered["agent"] = Value::Null;
    delivered["workItem"]["id"] = Value::Null;
    assert_eq!(delivered, stored);
}

#[test]
fn events_are_cloud_events() {
    let event = Event::numbered("ana", 42, BEGIN, "work-item.updated", json!({"a": 1}));
    let json: Value = serde_json::from_str(&write(&event).unwrap()).unwrap();
    let expected = json!({
        "specversion": "1.0", "id": "ana-42", "source": "/jackfield", "type": "work-item.updated",
        "time": "2023-11-14T22:13:20.000Z", "sequence": 42, "data": {"a": 1}
    });
    assert_eq!(json, expected);
}

#[test]
fn results_have_no_sequence_and_an_id_of_their_own() {
    let first: Value = serde_json::from_str(&write(&Event::result("ana", "c1", 1, BEGIN, json!({}))).unwrap()).unwrap();
    let second: Value =
        serde_json::from_str(&write(&Event::result("ana", "c1", 2, BEGIN, json!({}))).unwrap()).unwrap();
    assert_eq!(first["type"], "command.result");
    assert_eq!(first.get("sequence"), None);
    assert_ne!(first["id"], second["id"]);
}

#[test]
fn a_work_item_shows_what_its_messages_say() {
    let facts = Facts::of_first(&Arc::new(stamped(None)));
    let json = serde_json::to_value(ItemView::whole(&item(), &facts)).unwrap();
    let expected = json!({
        "id": "0198-i", "externalIds": ["SM1"], "conversation": "+1415", "state": "active", "queue": "support", "owner": "ana",
        "channel": "wire", "mediaType": "telegraph",
        "customer": {"address": "+1415", "aliases": [], "name": "Carl", "id": "k2", "attributes": {}},
        "priority": 7, "version": 3, "rule": "route 1", "parent": null, "subject": "The line is dead", "language": "en",
        "attributes": {"station": "7"}, "simulated": false, "createdAt": "2023-11-14T22:13:20.000Z",
        "firstQueuedAt": "2023-11-14T22:13:20.000Z", "updatedAt": "2023-11-14T22:13:20.005Z", "wrapUpUntil": null, "code": null,
        "skills": {}, "preferredSkills": {}, "ring": 0, "helpers": [], "transfer": null, "sla": null, "notBefore": null,
        "expiresAt": null, "suspendAt": null
    });
    assert_eq!(json, expected);
}

#[test]
fn an_erased_customer_leaves_the_item() {
    let mut item = item();
    item.state = ItemState::Closed;
    let json = serde_json::to_value(ItemView::whole(&item, &Facts::default())).unwrap();
    assert_eq!(json["state"], "closed");
    assert_eq!(json["customer"], Value::Null);
    assert_eq!(json["externalIds"], json!([]));
}

#[test]
fn events_show_the_newest_external_ids() {
    let external_ids = (0..40).map(|n| n.to_string().into()).collect();
    let facts = Facts { first: None, external_ids };
    let item = item();
    let json = serde_json::to_value(ItemView::in_event(&item, &facts)).unwrap();
    let shown = json["externalIds"].as_array().unwrap();
    assert_eq!(shown.last().unwrap(), "39");
    assert!(shown.len() < 40);
}
