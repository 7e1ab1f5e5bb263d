//! What a message must carry, and where.

use super::*;
use crate::schema;

#[test]
fn a_support_request_with_work_item_and_interaction_is_accepted() {
    assert_eq!(check(request()), Ok(()));
    assert_eq!(check(with("/agent", json!({"id": "ana"}))), Ok(()));
    assert_eq!(check(other("request", "support-request", json!({"intent": "billing", "later": 1}))), Ok(()));
}

#[test]
fn a_support_request_needs_work_item_or_agent() {
    let missing = ("missing-crm-information", "/workItem".to_owned());
    assert_eq!(refused(with("/workItem", Value::Null)), missing);
    let mut queue_only = with("/workItem", Value::Null);
    queue_only["queue"] = json!({"id": "support"});
    assert_eq!(refused(queue_only), missing);
    let mut agent_only = with("/workItem", Value::Null);
    agent_only["agent"] = json!({"id": "ana"});
    assert_eq!(refused(agent_only), invalid("/workItem"), "there is no conversation to open or join");
}

#[test]
fn a_support_request_is_a_request_with_event_id_and_conversation() {
    for kind in ["command", "notification"] {
        assert_eq!(refused(other(kind, "support-request", json!({}))), invalid("/interaction/kind"));
    }
    assert_eq!(refused(with("/eventId", Value::Null)), invalid("/eventId"));
    assert_eq!(refused(with("/eventId", json!(""))), invalid("/eventId"));
    assert_eq!(refused(with("/workItem/conversation", json!(""))), invalid("/workItem/conversation"));
}

#[test]
fn any_other_message_needs_one_piece_of_crm_information() {
    let bare = |arguments: Value| {
        let mut message = other("notification", "typing", arguments);
        message["workItem"] = Value::Null;
        message
    };
    assert_eq!(refused(bare(json!({"on": true}))), ("missing-crm-information", String::new()));
    let pieces = [
        ("workItem", request()["workItem"].clone()),
        ("agent", json!({"id": "ana"})),
        ("queue", json!({"id": "support"})),
        ("statistics", json!({"name": "waiting", "values": {}})),
        ("connection", json!({"state": "connected", "userAction": false})),
        ("rule", json!({"name": "hours"})),
    ];
    for (name, piece) in pieces {
        let mut message = bare(json!({"on": true}));
        message[name] = piece;
        assert_eq!(check(message), Ok(()), "{name}");
    }
}

#[test]
fn a_message_without_an_interaction_is_refused() {
    for name in ["", " "] {
        let refusal = refused(other("request", name, json!({})));
        assert_eq!(refusal, ("missing-interaction", "/interaction/name".to_owned()));
    }
}

#[test]
fn fields_of_work_item_and_agent_are_refused_inside_the_interaction() {
    for key in ["workItem", "work-item", "work_item_id", "WORKITEMINFO", "agent", "agentId", "agent-info"] {
        let inside = ("crm-in-interaction", format!("/interaction/arguments/{key}"));
        assert_eq!(refused(other("request", "support-request", json!({key: null}))), inside);
        assert_eq!(refused(other("notification", "telegraph.stop", json!({key: {}}))), inside);
        let deep = other("notification", "telegraph.stop", json!({"a/b": [1, {"c": {key: 1}}]}));
        assert_eq!(refused(deep).1, format!("/interaction/arguments/a~1b/1/c/{key}"));
    }
    for key in ["customer", "Conversation", "subject", "priority", "language"] {
        let inside = ("crm-in-interaction", format!("/interaction/arguments/{key}"));
        assert_eq!(refused(other("request", "support-request", json!({key: "x"}))), inside);
        assert_eq!(
            check(other("notification", "telegraph.stop", json!({key: "x"}))),
            Ok(()),
            "only of a support request"
        );
    }
    assert_eq!(check(other("request", "support-request", json!({"workItems": 1, "reagent": "x"}))), Ok(()));
}

#[test]
fn a_command_of_the_drivers_own_may_have_any_arguments() {
    assert_eq!(check(other("command", "invoke", json!({"name": "dtmf", "arguments": {"agent": 1}}))), Ok(()));
    let beside = other("command", "invoke", json!({"name": "dtmf", "arguments": {}, "agent": 1}));
    assert_eq!(refused(beside).0, "crm-in-interaction");
}

/// The rule against work item and agent inside the interaction would be unfair if the catalogue broke it.
#[test]
fn no_record_of_the_catalogue_asks_for_what_is_refused() {
    fn keys(value: &Value, found: &mut Vec<String>) {
        if let Value::Object(members) = value {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| keys(member, found));
        }
    }
    for entry in crate::interaction::CATALOGUE.iter() {
        let schemas = schema::arguments_schema(entry.name).into_iter().chain(schema::reply_schema(entry.name));
        let mut found = Vec::new();
        schemas.for_each(|schema| keys(&schema, &mut found));
        for key in found {
            let message = other("notification", "telegraph.stop", json!({&key: null}));
            assert_eq!(check(message), Ok(()), "{}: {key}", entry.name);
        }
    }
}
