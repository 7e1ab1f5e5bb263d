use super::{about, row, said};
use serde_json::json;

#[test]
fn an_item_is_one_row() {
    let item = json!({
        "id": "i1", "state": "active", "queue": "support", "owner": "ana", "channel": "sms", "mediaType": "sms",
        "priority": 5, "createdAt": "2026-01-01T00:00:00.000Z", "customer": {"address": "+1", "name": "Kim\n"},
    });
    let expected = ["i1", "active", "support", "ana", "sms", "sms", "5", "2026-01-01T00:00:00.000Z", "Kim "];
    assert_eq!(row(&item), expected);
    assert_eq!(row(&json!({"id": "i2", "state": "closed", "customer": null}))[8], "-");
}

#[test]
fn what_is_not_known_is_left_out() {
    let item = json!({"id": "i1", "state": "closed", "queue": null, "externalIds": ["SM1", "SM2"], "customer": {"address": "+1", "name": null}});
    assert_eq!(
        about(&item),
        ["work item     i1", "state         closed", "customer      +1", "external ids  SM1, SM2"]
    );
}

#[test]
fn what_was_said_has_its_time() {
    let message = json!({
        "direction": "inbound", "occurredAt": null, "receivedAt": "2026-01-01T00:00:00.000Z",
        "workItem": {"customer": {"address": "+1", "name": null}},
        "interaction": {"name": "support-request"}, "parts": [{"type": "text", "text": "Hello"}],
    });
    assert_eq!(said(&message), "2026-01-01T00:00:00.000Z  +1: Hello");
}
