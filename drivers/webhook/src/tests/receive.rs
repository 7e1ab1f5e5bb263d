//! Answers to requests of every kind.

use jackfield_sdk::{Body, Driver, Refused, header_of, host, native};
use proptest::prelude::*;

use super::{URL, detail, driver, post, receive, text};
use crate::WebhookDriver;

const PAYLOAD: &str = r#"{"id":"m1","conversation":"c1","from":"ann","text":"Hello"}"#;

#[test]
fn a_message_is_pushed_and_its_id_answered() {
    let driver = driver("{}", "");
    let response = receive(&driver, post(PAYLOAD));
    assert_eq!((response.status, text(&response)), (200, r#"{"id":"id-of-m1"}"#.into()));
    assert_eq!(native::with(|host| host.pushed.len()), 1);
}

#[test]
fn a_repetition_is_answered_as_the_first() {
    let driver = driver("{}", "");
    assert_eq!(receive(&driver, post(PAYLOAD)), receive(&driver, post(PAYLOAD)));
}

#[test]
fn other_methods_are_told_which_one() {
    let driver = driver("{}", "");
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"] {
        let response = receive(&driver, native::request(method, URL, ""));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(header_of(&response.headers, "allow").next(), Some(b"POST".as_slice()));
    }
}

#[test]
fn only_json_in_utf8_is_taken() {
    let driver = driver("{}", "");
    for (content_type, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("application/cloudevents+json", 200),
        ("text/json", 200),
        ("application/json; charset=utf-16", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("", 415),
    ] {
        let request = native::request("POST", URL, PAYLOAD).with_header("content-type", content_type);
        assert_eq!(receive(&driver, request).status, status, "{content_type}");
    }
    assert_eq!(receive(&driver, native::request("POST", URL, PAYLOAD)).status, 200, "no content type");
}

#[test]
fn what_is_no_strict_json_is_refused_with_the_reason() {
    let driver = driver("{}", "");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, reason) in [
        ("", "ends too early"),
        ("{", "a key in quotes"),
        (r#"{"id":1,"id":2}"#, "a key twice"),
        (r#"{"id":1e400}"#, "too large for a double"),
        (r#"{"text":"\ud800"}"#, "surrogate"),
        (r#"{"text":"\udc00\ud800"}"#, "surrogate"),
        ("\u{feff}{}", "byte order mark"),
        (deep.as_str(), "nested too deep"),
        ("{} {}", "after the end"),
        ("{\"text\":\"a\nb\"}", "control character"),
        ("[1]", "is an array, not an object"),
        ("null", "is null, not an object"),
    ] {
        let response = receive(&driver, post(body));
        assert_eq!(response.status, 400, "{reason}");
        assert!(detail(&response).contains(reason), "{}", detail(&response));
        assert_eq!(header_of(&response.headers, "content-type").next(), Some(b"application/problem+json".as_slice()));
    }
    assert_eq!(receive(&driver, post(b"{\"text\":\"\xff\"}".to_vec())).status, 400);
    assert_eq!(native::with(|host| host.pushed.len()), 0);
}

#[test]
fn what_the_server_refuses_is_answered() {
    let driver = driver("{}", "");
    for (code, status) in [("quota", 429), ("invalid", 422), ("limit", 422), ("unavailable", 503)] {
        native::with(|host| {
            host.refuse = Some(Refused {
                code: code.into(),
                text: "no".into(),
                pointer: Some("/eventId".into()),
                attributes: vec![],
            });
        });
        let response = receive(&driver, post(PAYLOAD));
        assert_eq!(response.status, status, "{code}");
        assert_eq!(detail(&response), "no (at /eventId of the message)");
        assert_eq!(header_of(&response.headers, "retry-after").next().is_some(), matches!(status, 429 | 503));
    }
}

#[test]
fn a_body_in_a_blob_is_read() {
    let driver = driver("{}", "");
    let mut request = post("");
    request.body = Body::Blob(host::blobs::put(PAYLOAD.as_bytes()).expect("room"));
    assert_eq!(receive(&driver, request.clone()).status, 200);
    request.body = Body::Blob(host::blobs::put(&vec![b' '; (8 << 20) + 1]).expect("room"));
    assert_eq!(receive(&driver, request).status, 413);
}

#[test]
fn settings_at_fault_are_named() {
    native::install(native::Host::new());
    for (settings, key) in [
        (r#"{"signature":"hmac"}"#, "secrets/signing-secret"),
        (r#"{"signature":"magic"}"#, "/signature"),
        (r#"{"map":{"id":"id"}}"#, "/map/id"),
        (r#"{"map":{"id":7}}"#, "/map/id"),
        (r#"{"reply-url":"shop.example.com"}"#, "/reply-url"),
        (r#"{"reply-url":"file:///etc/passwd"}"#, "/reply-url"),
        (r#"{"notifications":"yes"}"#, "/notifications"),
        ("[]", ""),
        ("nonsense", ""),
    ] {
        match WebhookDriver::configure(native::context("shop", URL), settings) {
            Ok(_) => panic!("{settings} is taken"),
            Err(error) => assert_eq!(error.key, key, "{settings}"),
        }
    }
}

#[test]
fn a_secret_that_is_no_key_is_named() {
    native::install(native::Host::new().with_secret("signing-secret", "whsec_not Base64"));
    for settings in ["{}", r#"{"signature":"standard-webhooks"}"#] {
        match WebhookDriver::configure(native::context("shop", URL), settings) {
            Ok(_) => panic!("{settings} is taken"),
            Err(error) => assert_eq!(error.key, "secrets/signing-secret"),
        }
    }
    assert!(WebhookDriver::configure(native::context("shop", URL), r#"{"signature":"hmac"}"#).is_ok());
}

#[test]
fn the_schema_is_strict_json_and_names_every_setting() {
    let schema = WebhookDriver::describe().settings_schema;
    let schema = jackfield_sdk::json::parse(schema.as_bytes()).expect("JSON");
    for setting in [
        "media-type",
        "signature",
        "public",
        "header",
        "algorithm",
        "encoding",
        "prefix",
        "map",
        "reply-url",
        "notifications",
    ] {
        assert!(schema.pointer(&format!("/properties/{setting}")).is_some(), "{setting}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_body_traps(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let driver = driver("{}", "");
        let status = receive(&driver, post(body)).status;
        prop_assert!(matches!(status, 200 | 400));
    }

    #[test]
    fn no_change_of_a_good_body_traps(at in 0..PAYLOAD.len(), byte in any::<u8>()) {
        let driver = driver("{}", "");
        let mut body = PAYLOAD.as_bytes().to_vec();
        body[at] = byte;
        let status = receive(&driver, post(body)).status;
        prop_assert!(matches!(status, 200 | 400));
    }
}
