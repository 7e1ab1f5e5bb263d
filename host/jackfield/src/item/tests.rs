use super::{about, explained, row, said};
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

#[test]
fn an_explanation_is_told_in_sentences() {
    let explanation = json!({
        "workItemId": "w", "state": "queued", "queue": "support", "truncated": false,
        "now": {
            "rule": "route 1", "priority": 5, "position": 2, "ring": 0, "held": [], "assigned": null,
            "agents": [
                {"agent": "ana", "eligible": false, "reasons": [{"code": "capacity", "text": "is full", "change": "less work"}]},
                {"agent": "ben", "eligible": true, "reasons": []},
            ],
        },
        "decisions": [{
            "at": "T", "agent": "cleo", "kind": "work", "outcome": "rejected",
            "why": {"by": "longest-idle", "ready": 3, "others": [{"agent": "ana"}]},
        }],
    });
    let lines = explained(&explanation);
    assert_eq!(lines[0], "it is queued in the queue support");
    assert!(lines.contains(&"ana: is full; what would change it: less work".to_owned()), "{lines:?}");
    assert!(lines.contains(&"ben: could take it".to_owned()), "{lines:?}");
    let last = "T  asked cleo (work) as longest-idle of 3 who could take it, before ana: rejected";
    assert_eq!(lines.last().map(String::as_str), Some(last));
}
