//! From payloads to messages.

use jackfield_sdk::{Kind, Part, native};

use super::{driver, post, pushed, receive};

#[test]
fn the_usual_fields_are_mapped() {
    let message = pushed(
        "{}",
        r#"{"id":"m1","conversation":"c1","from":"ann@example.net","name":"Ann","text":" Hello \u00e9 ",
           "time":"2026-11-22T16:04:05.123+01:00","subject":"Order 7","language":"pt-BR","priority":7}"#,
    );
    assert_eq!((message.event_id.as_deref(), message.external_id.as_deref()), (Some("m1"), Some("m1")));
    assert_eq!((message.interaction.kind, message.interaction.name.as_str()), (Kind::Request, "support-request"));
    assert_eq!(message.media_type, "message");
    assert_eq!(message.occurred_at, Some(1_795_359_845_123));
    assert_eq!(message.text(), " Hello é ", "never trimmed");
    let item = message.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("c1", "ann@example.net"));
    assert_eq!(item.customer.name.as_deref(), Some("Ann"));
    assert_eq!(
        (item.subject.as_deref(), item.language.as_deref(), item.priority),
        (Some("Order 7"), Some("pt-BR"), Some(7))
    );
    assert!(item.attributes.is_empty());
}

#[test]
fn pointers_move_what_is_given_and_leave_the_rest() {
    let message = pushed(
        r#"{"media-type":"shop","map":{"id":"/event/id","from":"/event/who~1what","text":"/lines/1"}}"#,
        r#"{"event":{"id":77,"who/what":"ann"},"lines":["a","b"],"conversation":"c","name":"Ann"}"#,
    );
    assert_eq!(message.event_id.as_deref(), Some("77"));
    assert_eq!((message.media_type.as_str(), message.text().as_str()), ("shop", "b"));
    let item = message.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("c", "ann"));
    assert_eq!(item.customer.name.as_deref(), Some("Ann"));
}

#[test]
fn an_empty_pointer_maps_nothing() {
    let message = pushed(
        r#"{"map":{"conversation":"","subject":""}}"#,
        r#"{"id":"1","from":"ann","conversation":"c","subject":"s"}"#,
    );
    let item = message.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.subject), ("ann", None));
    let attributes = [("conversation", "c"), ("subject", "s")].map(|(key, value)| (key.into(), value.into()));
    assert_eq!(item.attributes, attributes);
}

#[test]
fn conversation_and_sender_stand_in_for_each_other() {
    let of = |payload: &str| {
        let item = pushed("{}", payload).work_item.expect("a work item");
        (item.conversation, item.customer.address)
    };
    assert_eq!(of(r#"{"id":"1","from":"ann"}"#), ("ann".into(), "ann".into()));
    assert_eq!(of(r#"{"id":"1","conversation":"c"}"#), ("c".into(), "c".into()));
    assert_eq!(of(r#"{"id":"1","from":"","conversation":null}"#), ("1".into(), "1".into()));
}

#[test]
fn a_payload_without_id_is_known_by_its_request_or_its_bytes() {
    let driver = driver("{}", "");
    let named = post(r#"{"text":"a"}"#).with_header("webhook-id", "msg_1");
    assert_eq!(receive(&driver, named).status, 200);
    assert_eq!(receive(&driver, post("{}")).status, 200);
    let ids = native::with(|host| {
        host.pushed.iter().map(|message| message.event_id.clone().unwrap_or_default()).collect::<Vec<_>>()
    });
    assert_eq!(ids, ["msg_1", "sha256-44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]);
}

#[test]
fn other_fields_become_attributes_that_routes_can_ask_for() {
    let message = pushed(
        "{}",
        r#"{"id":"1","plan":"gold","items":3,"vip":true,"gone":null,"nested":{"a":"b"},"priority":"high","language":"not a tag"}"#,
    );
    let expected = [("plan", "gold"), ("items", "3"), ("vip", "true"), ("priority", "high"), ("language", "not a tag")];
    assert_eq!(
        message.work_item.expect("a work item").attributes,
        expected.map(|(key, value)| (key.into(), value.into()))
    );
}

#[test]
fn attributes_are_bounded() {
    let fields: Vec<String> = (0..100).map(|at| format!(r#""field{at}":"{at}""#)).collect();
    let long = format!(
        r#"{{"long":"{}","{}":"key","\u0000":"control",{}}}"#,
        "x".repeat(1025),
        "k".repeat(65),
        fields.join(",")
    );
    let attributes = pushed("{}", &long).work_item.expect("a work item").attributes;
    assert_eq!(attributes.len(), 32);
    assert_eq!(attributes[0], ("field0".into(), "0".into()));
}

#[test]
fn priorities_are_whole_numbers_that_routes_know() {
    for (given, priority) in
        [("0", Some(0)), ("1000", Some(1000)), ("1001", None), ("-1", None), ("1.5", None), ("1e2", Some(100))]
    {
        let message = pushed("{}", &format!(r#"{{"id":"1","priority":{given}}}"#));
        assert_eq!(message.work_item.expect("a work item").priority, priority, "{given}");
    }
}

#[test]
fn times_are_read_in_three_ways_and_kept_where_they_cannot_be() {
    for (given, milliseconds) in [
        (r#""2026-11-22T16:04:05Z""#, Some(1_795_363_445_000)),
        ("1795363445", Some(1_795_363_445_000)),
        ("1795363445.25", Some(1_795_363_445_250)),
        ("1795363445123", Some(1_795_363_445_123)),
        (r#""tomorrow""#, None),
        ("-5", None),
        ("{}", None),
        ("null", None),
    ] {
        let message = pushed("{}", &format!(r#"{{"id":"1","time":{given}}}"#));
        assert_eq!(message.occurred_at, milliseconds, "{given}");
    }
    let message = pushed("{}", r#"{"id":"1","time":"tomorrow"}"#);
    assert_eq!(message.attributes, [("webhook.time".into(), "tomorrow".into())]);
}

#[test]
fn a_payload_without_text_is_shown_as_it_is() {
    let message = pushed("{}", r#"{"id":"1","nested":{"a":[1,"b"]}}"#);
    let [Part::Structured(part)] = message.parts.as_slice() else { panic!("{:?}", message.parts) };
    assert_eq!((part.name.as_str(), part.values.as_str()), ("webhook.payload", r#"{"id":"1","nested":{"a":[1,"b"]}}"#));
    assert_eq!(part.fallback, part.values);

    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    let [Part::Structured(part)] = &pushed("{}", &deep).parts[..] else { panic!() };
    assert_eq!((part.values.as_str(), part.fallback.as_str()), ("{}", deep.as_str()));
}

#[test]
fn a_field_of_the_wrong_kind_is_refused_by_name() {
    let driver = driver("{}", "");
    for (payload, reason) in [
        (r#"{"id":{}}"#, "/id is an object"),
        (r#"{"text":["a"]}"#, "/text is an array"),
        (r#"{"from":{"id":"u"}}"#, "/from is an object"),
        (r#"{"attachments":"a"}"#, "/attachments is a string"),
        (r#"{"attachments":[{}]}"#, "/attachments/0 has neither"),
        (r#"{"attachments":[{"data":"YQ=="},{"data":"?"}]}"#, "/attachments/1/data is no Base64"),
        (r#"{"attachments":[{"data":"YQ==","name":7}]}"#, "/attachments/0/name is a number"),
    ] {
        let response = receive(&driver, post(payload));
        assert_eq!(response.status, 400, "{payload}");
        assert!(super::detail(&response).contains(reason), "{}", super::detail(&response));
    }
    assert!(native::with(|host| host.blobs.is_empty() && host.pushed.is_empty()));
}

#[test]
fn files_are_stored_and_links_shown() {
    let message = pushed(
        "{}",
        r#"{"id":"1","attachments":[{"name":"a.txt","mediaType":"text/plain","data":"aGVsbG8="},{"data":"AA=="},
            {"name":"b.pdf","url":"https://example.net/b"},"https://example.net/c"]}"#,
    );
    let [Part::Attachment(text), Part::Attachment(bytes), Part::Structured(named), Part::Structured(bare)] =
        &message.parts[..]
    else {
        panic!("{:?}", message.parts)
    };
    assert_eq!(
        (text.name.as_deref(), text.media_type.as_str(), text.size, text.state.as_str()),
        (Some("a.txt"), "text/plain", Some(5), "ready")
    );
    let stored = native::with(|host| host.blobs.get(text.blob.as_deref().unwrap_or_default()).cloned());
    assert_eq!(stored.as_deref(), Some(b"hello".as_slice()));
    assert_eq!(bytes.media_type, "application/octet-stream");
    assert_eq!(named.values, r#"{"mediaType":null,"name":"b.pdf","url":"https://example.net/b"}"#);
    assert_eq!((named.name.as_str(), named.fallback.as_str()), ("webhook.link", "b.pdf: https://example.net/b"));
    assert_eq!(bare.fallback, "https://example.net/c");
    assert!(native::with(|host| host.sent.is_empty()), "links are never fetched");
}
