//! Every limit, on both sides of it.

use super::*;

#[test]
fn every_limit_holds_to_the_byte() {
    let text = |bytes: usize| json!("x".repeat(bytes));
    let cases: &[(&str, usize, bool)] = &[
        ("/eventId", limits::ID, true),
        ("/externalId", limits::ID, true),
        ("/cause", limits::ID, true),
        ("/mediaType", limits::MEDIA_TYPE, true),
        ("/workItem/conversation", limits::ID, true),
        ("/workItem/subject", limits::LINE, false),
        ("/workItem/customer/address", limits::ID, true),
        ("/workItem/customer/name", limits::LINE, false),
        ("/workItem/customer/id", limits::ID, true),
        ("/interaction/name", limits::NAME, false),
        ("/interaction/trackingId", limits::ID, true),
        ("/interaction/inReplyTo", limits::ID, true),
        ("/parts/0/text", limits::TEXT, false),
        ("/attributes/key", limits::ATTRIBUTE, false),
        ("/workItem/attributes/key", limits::ATTRIBUTE, false),
    ];
    for (pointer, most, filled) in cases {
        let fits = if *pointer == "/parts/0/text" {
            let mut message = request();
            message["parts"][0]["text"] = text(*most);
            message
        } else {
            with(pointer, text(*most))
        };
        assert_eq!(check(fits), Ok(()), "{pointer}");
        let mut long = request();
        if *pointer == "/parts/0/text" {
            long["parts"][0]["text"] = text(most + 1);
        } else {
            long = with(pointer, text(most + 1));
        }
        assert_eq!(refused(long), limit(pointer));
        if *filled {
            assert_eq!(refused(with(pointer, json!(""))), invalid(pointer));
        }
    }
}

#[test]
fn the_text_of_a_limit_has_the_number_and_what_was_found() {
    let refusal = check(with("/workItem/subject", json!("é".repeat(600))));
    let text = refusal.err().map(|invalid| invalid.to_string()).unwrap_or_default();
    assert!(text.starts_with("/workItem/subject: 1200 bytes, at most 1024"), "{text}");
}

#[test]
fn counts_are_limited() {
    let mut message = request();
    message["parts"] = Value::Array(vec![json!({"type": "text", "text": "x", "attributes": {}}); limits::PARTS]);
    assert_eq!(check(message.clone()), Ok(()));
    message["parts"].as_array_mut().unwrap().push(json!({"type": "text", "text": "x", "attributes": {}}));
    assert_eq!(refused(message), limit("/parts"));

    let aliases = |count: usize| json!((0..count).map(|n| format!("alias {n}")).collect::<Vec<_>>());
    assert_eq!(check(with("/workItem/customer/aliases", aliases(limits::ALIASES))), Ok(()));
    let many = with("/workItem/customer/aliases", aliases(limits::ALIASES + 1));
    assert_eq!(refused(many), limit("/workItem/customer/aliases"));

    let pairs = |count: usize| Value::Object((0..count).map(|n| (format!("key{n}"), json!("x"))).collect());
    assert_eq!(check(with("/workItem/attributes", pairs(limits::ATTRIBUTES))), Ok(()));
    assert_eq!(refused(with("/workItem/attributes", pairs(limits::ATTRIBUTES + 1))), limit("/workItem/attributes"));

    assert_eq!(check(with("/workItem/priority", json!(limits::PRIORITY))), Ok(()));
    assert_eq!(refused(with("/workItem/priority", json!(limits::PRIORITY + 1))), limit("/workItem/priority"));
}

#[test]
fn arguments_are_limited_in_bytes_and_depth() {
    let sized = |bytes: usize| other("notification", "telegraph.stop", json!({"x": "y".repeat(bytes - 8)}));
    assert_eq!(check(sized(limits::ARGUMENTS)), Ok(()));
    assert_eq!(refused(sized(limits::ARGUMENTS + 1)), limit("/interaction/arguments"));
    let escaped = other("notification", "telegraph.stop", json!({"x": "\u{1}".repeat(limits::ARGUMENTS / 6)}));
    assert_eq!(refused(escaped), limit("/interaction/arguments"), "counted as JSON");

    let deep = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    assert_eq!(check(other("notification", "telegraph.stop", deep(limits::DEPTH))), Ok(()));
    let too_deep = other("notification", "telegraph.stop", deep(limits::DEPTH + 1));
    assert_eq!(refused(too_deep), limit(&format!("/interaction/arguments{}", "/a".repeat(limits::DEPTH))));
    let abyss = other("notification", "telegraph.stop", deep(500));
    assert_eq!(refused(abyss).0, "limit", "and the stack holds");
}

#[test]
fn the_whole_message_is_limited_in_canonical_json() {
    let sized = |texts: usize, last: usize, filler: &str| {
        let mut parts = vec![json!({"type": "text", "text": filler.repeat(200_000), "attributes": {}}); texts];
        parts.push(json!({"type": "text", "text": "x".repeat(last), "attributes": {}}));
        let mut message = request();
        message["parts"] = Value::Array(parts);
        message
    };
    let length = |message: Value| {
        let message: Message = serde_json::from_value(message).unwrap();
        canonical::to_json(&message).unwrap().len()
    };
    let room = limits::MESSAGE - length(sized(5, 0, "x"));
    assert_eq!(check(sized(5, room, "x")), Ok(()));
    assert_eq!(refused(sized(5, room + 1, "x")), ("limit", String::new()));
    assert_eq!(refused(sized(1, 0, "\u{1}")), ("limit", String::new()), "as it is escaped");
    assert_eq!(refused(sized(50, 0, "x")), ("limit", String::new()));
}
