//! Messages as they are on the wire, in every direction.

use super::*;

fn fits(message: &Value) {
    let errors: Vec<String> = MESSAGE.iter_errors(message).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "{message:#}");
}

fn of(kind: &str, name: &str, arguments: Value, more: Value) -> Value {
    let mut message = sample();
    message["parts"] = json!([]);
    message["interaction"]["kind"] = json!(kind);
    message["interaction"]["name"] = json!(name);
    message["interaction"]["arguments"] = arguments;
    for (key, value) in more.as_object().into_iter().flatten() {
        message[key] = value.clone();
    }
    message
}

#[test]
fn what_drivers_push_fits() {
    let at = "2026-11-22T16:04:05.123Z";
    for message in [
        sample(),
        of("notification", "message.status", json!({"status": "read", "at": at, "externalId": "SM1"}), json!({})),
        of(
            "notification",
            "message.status",
            json!({"status": "sent", "upTo": at, "at": "2026-11-22T17:04:05+01:00"}),
            json!({}),
        ),
        of("notification", "typing", json!({"on": true}), json!({"eventId": null})),
        of(
            "notification",
            "channel.health-changed",
            json!({}),
            json!({"workItem": null, "connection": {
                "state": "logged-out", "since": at, "detail": null, "userAction": true, "attributes": {},
            }}),
        ),
        of("notification", "opt-out", json!({"address": "+1415", "scope": "channel", "out": true}), json!({})),
        of("command", "work-item.cancel", json!({"reason": ""}), json!({})),
        of(
            "request",
            "queue.statistics",
            json!({}),
            json!({"workItem": null, "queue": {
                "id": "support", "position": null, "waiting": null, "expectedWaitMs": null, "attributes": {},
            }}),
        ),
        of("notification", "telegraph.stop", json!({"customer": 5, "deep": [[[{"x": 1e300}]]]}), json!({})),
    ] {
        fits(&message);
        let read: Message = serde_json::from_value(message.clone()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(crate::validate::validate(&read), Ok(()), "{message:#}");
    }
}

/// These are not pushed: the validator has no say about them.
#[test]
fn what_the_server_sends_fits() {
    let agent = json!({"id": "ana", "name": "Ana", "address": null, "presence": "busy", "attributes": {}});
    let outbound = json!({"direction": "outbound", "eventId": null, "agent": agent});
    let mut reply = of("notification", "support-request", json!({"opened": true}), outbound.clone());
    reply["interaction"]["inReplyTo"] = json!("t1");
    let mut delivered = sample();
    delivered["encodedAgent"] = agent.clone();
    delivered["agent"] = agent;
    for message in [
        delivered,
        reply,
        of("command", "message.send", json!({}), outbound.clone()),
        of("notification", "work-item.assigned", json!({}), outbound.clone()),
        of("notification", "work-item.queued", json!({}), outbound.clone()),
        of("notification", "work-item.closed", json!({"reason": null, "code": "done"}), outbound.clone()),
        of("notification", "agent.state", json!({"load": 25, "capacity": 100, "media": []}), outbound),
    ] {
        fits(&message);
    }
}
