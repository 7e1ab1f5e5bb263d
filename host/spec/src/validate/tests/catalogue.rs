//! What the catalogue asks of an interaction.

use super::*;
use crate::interaction::{Reply, find};

#[test]
fn a_known_interaction_has_the_kind_and_the_arguments_of_the_catalogue() {
    let at = "2026-11-22T16:04:05.123Z";
    assert_eq!(check(other("notification", "message.status", json!({"status": "read", "at": at}))), Ok(()));
    let wrong = other("command", "message.status", json!({"status": "read", "at": at}));
    assert_eq!(refused(wrong), invalid("/interaction/kind"));
    let missing = other("notification", "message.status", json!({"status": "read"}));
    assert_eq!(refused(missing), invalid("/interaction/arguments/at"));
    let number = other("notification", "message.status", json!({"status": 5, "at": at}));
    assert_eq!(refused(number), invalid("/interaction/arguments/status"));
    let commands = json!({"commands": [{"command": "work-item.suspend", "supported": true}]});
    let short = other("notification", "command.status-changed", commands);
    assert_eq!(refused(short), invalid("/interaction/arguments/commands/0/enabled"));
    assert_eq!(refused(other("notification", "typing", json!([]))), invalid("/interaction/arguments"));
    assert_eq!(refused(other("notification", "typing", json!(null))), invalid("/interaction/arguments"));
}

#[test]
fn a_refusal_of_arguments_does_not_repeat_their_values() {
    let message = other("notification", "typing", json!({"on": "the customer's secret"}));
    let text = check(message).err().map(|invalid| invalid.text).unwrap_or_default();
    assert!(text.contains("typing") && !text.contains("secret"), "{text}");
}

#[test]
fn a_reply_is_a_notification_with_the_name_of_its_request() {
    assert_eq!(find("work-item.offer").map(|entry| entry.reply), Some(Reply::Record("work-item-offer-reply")));
    assert_eq!(check(other("notification", "work-item.offer", json!({"ready": true}))), Ok(()));
    let unready = other("notification", "work-item.offer", json!({"ready": "soon"}));
    assert_eq!(refused(unready), invalid("/interaction/arguments/ready"));
    assert_eq!(check(other("request", "work-item.offer", json!({}))), Ok(()));
    assert_eq!(check(other("notification", "channel.health", json!({}))), Ok(()));
    assert_eq!(refused(other("notification", "work-item.accept", json!({}))), invalid("/interaction/kind"));
}

#[test]
fn an_unknown_interaction_of_any_kind_is_accepted() {
    for kind in ["command", "request", "notification"] {
        assert_eq!(check(other(kind, "telegraph.stop", json!({"dashes": [1, 2.5, null]}))), Ok(()));
        assert_eq!(check(other(kind, "no_such-thing", json!({}))), Ok(()));
    }
}
