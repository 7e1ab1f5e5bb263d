//! Callbacks about texts that were sent.

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Body, Webhook, json};

use super::{SETTINGS, URL, driver, receive, signed};
use crate::status::status_of;

fn callback(status: &str) -> [(&str, &str); 4] {
    [("MessageSid", "SM7"), ("MessageStatus", status), ("To", "+14155551212"), ("From", "+18005551212")]
}

#[test]
fn steps_are_told_in_the_words_of_the_specification() {
    for (twilio, status) in [
        ("sent", Some("sent")),
        ("partially_delivered", Some("sent")),
        ("delivered", Some("delivered")),
        ("read", Some("read")),
        ("failed", Some("failed")),
        ("undelivered", Some("failed")),
        ("canceled", Some("failed")),
        ("queued", None),
        ("sending", None),
        ("accepted", None),
        ("scheduled", None),
        ("receiving", None),
        ("received", None),
        ("something new", None),
    ] {
        assert_eq!(status_of(twilio), status, "{twilio}");
        let driver = driver(SETTINGS);
        let response = receive(&driver, &callback(twilio));
        assert_eq!((response.status, response.body), (204, Body::Bytes(vec![])), "{twilio}");
        assert_eq!(pushed().len(), usize::from(status.is_some()), "{twilio}");
    }
}

#[test]
fn a_step_is_an_event_of_its_own_about_the_text() {
    let driver = driver(SETTINGS);
    let request = signed(&format!("{URL}?message=0198-m"), &callback("delivered"));
    assert_eq!(driver.receive(request).expect("a key").status, 204);
    let message = pushed().remove(0);
    assert_eq!(message.interaction.name, "message.status");
    assert_eq!((message.event_id.as_deref(), message.external_id.as_deref()), (Some("SM7/delivered"), Some("SM7")));
    assert_eq!(
        message.interaction.arguments,
        r#"{"externalId":"SM7","upTo":null,"status":"delivered","code":null,"text":null,"at":"2026-11-22T00:00:00.000Z"}"#
    );
    assert!(message.attributes.contains(&("twilio-sms.message-id".into(), "0198-m".into())));
    assert_eq!(message.cause.as_deref(), Some("0198-m"));
    assert_eq!(message.work_item.expect("a work item").conversation, "+14155551212");
}

#[test]
fn a_changed_query_is_noticed() {
    let driver = driver(SETTINGS);
    let mut request = signed(&format!("{URL}?message=0198-m"), &callback("delivered"));
    request.url = format!("{URL}?message=0198-n");
    assert_eq!(driver.receive(request).expect("a key").status, 403);
}

#[test]
fn failures_are_explained() {
    let driver = driver(SETTINGS);
    for (code, text) in [
        ("30003", "The phone can't be reached: it is switched off or out of range."),
        ("39999", "Twilio's error 39999"),
    ] {
        let mut params = callback("undelivered").to_vec();
        params.push(("ErrorCode", code));
        assert_eq!(receive(&driver, &params).status, 204);
        let arguments = pushed().remove(0).interaction.arguments;
        let arguments = json::parse(arguments.as_bytes()).expect("JSON");
        assert_eq!(arguments.get("code").and_then(json::Value::as_str), Some(format!("twilio-sms/{code}").as_str()));
        assert_eq!(arguments.get("text").and_then(json::Value::as_str), Some(text));
    }
}

#[test]
fn a_refusal_for_opt_out_is_recorded() {
    let driver = driver(SETTINGS);
    let mut params = callback("failed").to_vec();
    params.push(("ErrorCode", "21610"));
    receive(&driver, &params);
    let names: Vec<String> = pushed().into_iter().map(|message| message.interaction.name).collect();
    assert_eq!(names, ["message.status", "opt-out"]);
    assert!(native::with(|host| host.store.contains_key("opt-out/+14155551212")));
}
