use super::*;
use proptest::prelude::*;
use serde_json::json;

fn command(value: Value) -> Command {
    parse(&value.to_string()).unwrap().command
}

fn refused(value: Value) -> Malformed {
    parse(&value.to_string()).unwrap_err()
}

#[test]
fn every_command_is_understood() {
    let digest = format!("sha256-{}", "0a".repeat(32));
    let blob: Digest = digest.parse().unwrap();
    let cases = [
        (
            json!({"type": "agent.set-state", "state": "away", "reason": "lunch"}),
            Command::Do(Action::SetState { state: Presence::Away, reason: Some("lunch".to_owned()), media_type: None }),
        ),
        (
            json!({"type": "offer.accept", "offerId": "o1", "unknown": [1]}),
            Command::Do(Action::Accept { offer: "o1".into() }),
        ),
        (
            json!({"type": "offer.reject", "offerId": "o1", "reason": null}),
            Command::Do(Action::Reject { offer: "o1".into(), reason: None }),
        ),
        (json!({"type": "message.retry", "messageId": "m1"}), Command::Do(Action::Retry { message_id: "m1".into() })),
        (
            json!({"type": "work-item.complete", "workItemId": "w1", "code": "done", "ifVersion": 3}),
            Command::Do(Action::Complete {
                work_item: "w1".into(),
                code: Some("done".to_owned()),
                if_version: Some(3),
            }),
        ),
        (
            json!({"type": "message.send", "workItemId": "w1", "text": "Hi", "attachments": [digest, {"blob": digest, "name": "a.png", "mediaType": "image/png"}],
                "idempotencyKey": "k"}),
            Command::Send(Box::new(Send {
                work_item: "w1".to_owned(),
                text: "Hi".to_owned(),
                attachments: vec![
                    Attached { blob, name: None, media_type: None },
                    Attached { blob, name: Some("a.png".to_owned()), media_type: Some("image/png".to_owned()) },
                ],
                reply_to: None,
                idempotency_key: Some("k".to_owned()),
                if_version: None,
            })),
        ),
        (json!({"type": "typing", "workItemId": "w1"}), Command::Typing { work_item: "w1".to_owned() }),
        (
            json!({"type": "work-item.invoke", "workItemId": "w1", "name": "dtmf", "arguments": {"digits": "12"}}),
            Command::Invoke(Box::new(Invoke {
                work_item: "w1".to_owned(),
                name: "dtmf".to_owned(),
                arguments: json!({"digits": "12"}),
                if_version: None,
            })),
        ),
        (
            json!({"type": "work-item.transfer", "workItemId": "w1", "to": {"queue": "q"}}),
            Command::Do(Action::Transfer {
                work_item: "w1".into(),
                to: Destination::Queue("q".into()),
                if_version: None,
            }),
        ),
        (
            json!({"type": "work-item.transfer", "workItemId": "w1", "to": {"skills": {"spanish": 3}, "queue": "q"}}),
            Command::Do(Action::Transfer {
                work_item: "w1".into(),
                to: Destination::Skill { skills: [("spanish".into(), 3)].into(), queue: Some("q".into()) },
                if_version: None,
            }),
        ),
        (
            json!({"type": "work-item.transfer", "workItemId": "w1", "to": {"agent": "ben"}, "mode": "attended"}),
            Command::Do(Action::Consult { work_item: "w1".into(), agent: "ben".into(), if_version: None }),
        ),
        (
            json!({"type": "work-item.update", "workItemId": "w1", "priority": 7, "preferredSkills": {}}),
            Command::Do(Action::Update {
                work_item: "w1".into(),
                change: Change { priority: Some(7), skills: None, preferred_skills: Some(BTreeMap::new()) },
                if_version: None,
            }),
        ),
        (
            json!({"type": "contact.start", "channel": "sms", "address": "+1", "text": "Hi", "purpose": "callback"}),
            Command::Contact(Box::new(Contact {
                channel: "sms".to_owned(),
                address: "+1".to_owned(),
                name: None,
                media_type: None,
                purpose: "callback".to_owned(),
                text: "Hi".to_owned(),
                attachments: Vec::new(),
                queue: None,
            })),
        ),
    ];
    for (mut value, expected) in cases {
        value["id"] = json!("c1");
        assert_eq!(command(value.clone()), expected, "{value}");
    }
}

#[test]
fn every_published_command_is_known() {
    let document = crate::documents::asyncapi();
    let messages = document["components"]["messages"].as_object().unwrap();
    let kinds: Vec<_> = messages.iter().filter(|(name, _)| name.ends_with(".command")).collect();
    assert!(kinds.len() >= 20, "{}", kinds.len());
    for (name, message) in kinds {
        let kind = &message["payload"]["properties"]["type"]["const"];
        let parsed = parse(&json!({"id": "c1", "type": kind}).to_string());
        assert!(parsed.is_err_and(|error| !error.message.contains("not known")), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        (json!([]), "bad-request", None),
        (json!({"type": "offer.accept"}), "bad-request", None),
        (json!({"id": "", "type": "offer.accept"}), "bad-request", None),
        (json!({"id": 7, "type": "offer.accept"}), "bad-request", None),
        (json!({"id": "x".repeat(129), "type": "offer.accept"}), "bad-request", None),
        (json!({"id": "c"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "dance"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "offer.accept"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "offer.accept", "offerId": ""}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "work-item.transfer", "workItemId": "w", "to": "ben"}), "bad-request", Some("c")),
        (
            json!({"id": "c", "type": "work-item.transfer", "workItemId": "w", "to": {"agent": "a", "queue": "q"}}),
            "bad-request",
            Some("c"),
        ),
        (json!({"id": "c", "type": "work-item.update", "workItemId": "w"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "work-item.update", "workItemId": "w", "priority": 1001}), "bad-request", Some("c")),
        (
            json!({"id": "c", "type": "work-item.update", "workItemId": "w", "skills": {"spanish": 11}}),
            "bad-request",
            Some("c"),
        ),
        (json!({"id": "c", "type": "work-item.dance", "workItemId": "w"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "agent.set-state", "state": "asleep"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "message.send", "workItemId": "w"}), "bad-request", Some("c")),
        (json!({"id": "c", "type": "message.send", "workItemId": "w", "text": 5}), "bad-request", Some("c")),
        (
            json!({"id": "c", "type": "message.send", "workItemId": "w", "text": "x".repeat(65_537)}),
            "too-large",
            Some("c"),
        ),
        (
            json!({"id": "c", "type": "message.send", "workItemId": "w", "text": "x", "attachments": ["sha256-x"]}),
            "bad-request",
            Some("c"),
        ),
        (
            json!({"id": "c", "type": "message.send", "workItemId": "w", "attachments": [
                {"blob": format!("sha256-{}", "0".repeat(64)), "mediaType": "nonsense"},
            ]}),
            "bad-request",
            Some("c"),
        ),
        (
            json!({"id": "c", "type": "message.send", "workItemId": "w", "text": "x", "attachments": vec!["x"; 33]}),
            "too-large",
            Some("c"),
        ),
        (
            json!({"id": "c", "type": "work-item.complete", "workItemId": "w", "ifVersion": -1}),
            "bad-request",
            Some("c"),
        ),
    ];
    for (value, code, id) in cases {
        let malformed = refused(value.clone());
        assert_eq!((malformed.code, malformed.id.as_deref()), (code, id), "{value}");
    }
}

#[test]
fn an_id_may_have_128_characters_of_any_kind() {
    let id = "\u{e9}".repeat(128);
    assert_eq!(parse(&json!({"id": id, "type": "typing", "workItemId": "w1"}).to_string()).unwrap().id, id);
}

#[test]
fn deep_json_is_refused() {
    assert_eq!(parse(&"[".repeat(100_000)).unwrap_err().code, "bad-request");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_frame_makes_it_panic(frame in ".{0,300}") {
        let _ = parse(&frame);
    }

    #[test]
    fn no_fields_make_it_panic(
        kind in prop_oneof!["[a-z.-]{0,20}", Just("message.send".to_owned()), Just("agent.set-state".to_owned())],
        fields in proptest::collection::btree_map(
            prop_oneof![Just("id".to_owned()), Just("text".to_owned()), Just("attachments".to_owned()), Just("workItemId".to_owned()), Just("state".to_owned())],
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), ".{0,40}".prop_map(Value::from),
                proptest::collection::vec(".{0,80}", 0..4).prop_map(Value::from)],
            0..5),
    ) {
        let mut value = json!({"type": kind});
        for (name, field) in fields {
            value[name] = field;
        }
        match parse(&value.to_string()) {
            Ok(frame) => prop_assert!(!frame.id.is_empty()),
            Err(malformed) => prop_assert!(!malformed.message.is_empty()),
        }
    }
}
