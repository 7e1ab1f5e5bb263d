//! Slash commands, buttons and shortcuts.

use jackfield_sdk::Part;

use super::{conversation, driver, signed_form, take};

#[test]
fn a_slash_command_is_answered_in_a_direct_message() {
    let driver = driver("{}");
    let fields = [
        ("team_id", "T1"),
        ("channel_id", "C1"),
        ("user_id", "U1"),
        ("user_name", "kim"),
        ("command", "/help"),
        ("text", "my order"),
        ("trigger_id", "13345224609.738474920.8088930838d88f008e0"),
        ("response_url", "https://hooks.slack.com/x"),
    ];
    let message = take(&driver, signed_form(&fields)).remove(0);
    assert_eq!((message.text().as_str(), conversation(&message)), ("/help my order", "T1/U1"));
    assert_eq!(message.event_id.as_deref(), Some("command/13345224609.738474920.8088930838d88f008e0"));
    assert!(message.attributes.iter().all(|(_, value)| !value.contains("hooks.slack.com")));
}

#[test]
fn a_button_is_a_choice() {
    let driver = driver("{}");
    let payload = r#"{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","username":"kim"},"channel":{"id":"C1"},
        "message":{"ts":"5.2","thread_ts":"5.1"},"container":{"type":"message","message_ts":"5.2"},"trigger_id":"t",
        "actions":[{"type":"button","action_id":"yes","value":"y","text":{"type":"plain_text","text":"Yes!"},"action_ts":"7.1"},
        {"type":"static_select","action_id":"size","selected_option":{"value":"l","text":{"text":"Large"}},"action_ts":"7.1"}]}"#;
    let messages = take(&driver, signed_form(&[("payload", payload)]));
    let values: Vec<&str> = messages
        .iter()
        .filter_map(|message| match &message.parts[0] {
            Part::Structured(part) => Some(part.values.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(values, [r#"{"id":"y","title":"Yes!"}"#, r#"{"id":"l","title":"Large"}"#]);
    assert_eq!(
        (conversation(&messages[0]), messages[0].interaction.arguments.as_str()),
        ("T1/C1/5.1", r#"{"replyTo":"T1/C1/5.2"}"#)
    );
    assert_ne!(messages[0].event_id, messages[1].event_id);
}

#[test]
fn a_shortcut_hands_a_message_over_and_views_are_let_be() {
    let driver = driver("{}");
    let payload = r#"{"type":"message_action","callback_id":"help","action_ts":"8.1","team":{"id":"T1"},"user":{"id":"U1","name":"kim"},
        "channel":{"id":"C1"},"message":{"ts":"5.1","user":"U2","text":"it &amp; is broken"}}"#;
    let message = take(&driver, signed_form(&[("payload", payload)])).remove(0);
    assert_eq!((message.text().as_str(), conversation(&message)), ("it & is broken", "T1/C1/5.1"));
    for kind in ["view_submission", "shortcut", "of_tomorrow"] {
        assert!(take(&driver, signed_form(&[("payload", &format!(r#"{{"type":"{kind}"}}"#))])).is_empty());
    }
}
