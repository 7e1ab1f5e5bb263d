use super::{log_line, row};
use serde_json::json;

#[test]
fn a_channel_is_one_row() {
    let channel = json!({
        "id": "sms", "driver": "twilio-sms@1.2.0", "state": "serving", "mediaTypes": ["sms", "mms"], "calls": 9,
        "traps": 1, "timeouts": 2, "publicUrl": "http://h/channels/sms",
        "health": {"state": "bad-credentials", "detail": "401", "since": 1, "userAction": true},
    });
    let expected = [
        "sms",
        "twilio-sms@1.2.0",
        "serving",
        "bad-credentials (needs you)",
        "9",
        "3",
        "sms, mms",
        "http://h/channels/sms",
    ];
    assert_eq!(row(&channel), expected);
}

#[test]
fn a_line_of_the_log_shows_its_fields() {
    let line = json!({"number": 3, "at": "2026-01-01T00:00:00.000Z", "level": "warn", "text": "no answer\u{7}", "fields": {"host": "a\nb"}});
    assert_eq!(log_line(&line), "2026-01-01T00:00:00.000Z  warn   no answer\\u{7}  host=a b");
    let line = json!({"number": 3, "at": 1000, "level": "error", "text": "x", "fields": {}});
    assert_eq!(log_line(&line), "1970-01-01T00:00:01.000Z  error  x");
}
