//! Encodings, forms, times, HTTP.

use proptest::prelude::*;

use crate::encoding::{from_base64, from_hex, to_base64, to_hex, to_percent};
use crate::time::{from_rfc3339, from_unix, to_rfc3339};
use crate::{AttachmentPart, Body, Header, Refused, Response, form, host, native, retry_after_ms};

#[test]
fn decoders_are_strict() {
    for text in ["a", "abc", "YQ", "YQ=", "YR==", "Y Q==", "YQ==\n", "é"] {
        assert_eq!(from_base64(text.as_bytes()), None, "{text}");
    }
    for text in ["a", "0g", "0x12", " 12"] {
        assert_eq!(from_hex(text.as_bytes()), None, "{text}");
    }
    assert_eq!(from_hex(b"00fFAb"), Some(vec![0, 255, 0xab]));
    assert_eq!(to_percent("a b/é~"), "a%20b%2F%C3%A9~");
}

#[test]
fn forms_are_read_as_browsers_write_them() {
    let fields = form::parse(b"a=1&b=+x%20y%2B&&c&=d&a=2&e=100%&f=%zz").expect("UTF-8");
    let expected = [("a", "1"), ("b", " x y+"), ("c", ""), ("", "d"), ("a", "2"), ("e", "100%"), ("f", "%zz")];
    assert_eq!(fields, expected.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(form::parse(b"a=%ff"), None);
    assert_eq!(form::write(&[("a b", "ü&=+*"), ("c", "")]), "a+b=%C3%BC%26%3D%2B*&c=");
}

#[test]
fn times_are_written_and_read() {
    for (milliseconds, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_795_305_600_000, "2026-11-22T00:00:00.000Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(to_rfc3339(milliseconds), text);
        assert_eq!(from_rfc3339(text), Some(milliseconds));
    }
    assert_eq!(to_rfc3339(u64::MAX), "9999-12-31T23:59:59.999Z");
    assert_eq!(from_rfc3339("2026-11-22t01:30:00.9999+01:30"), Some(1_795_305_600_999));
    assert_eq!(from_rfc3339("9999-12-31T23:59:59.999Z"), Some(253_402_300_799_999));
    assert_eq!(from_rfc3339("9999-12-31T23:59:59-10:00"), None);
    assert_eq!(from_rfc3339("2026-12-31T23:59:60Z"), from_rfc3339("2026-12-31T23:59:59Z"));
    for text in [
        "",
        "2026-11-22",
        "2026-11-22T00:00:00",
        "2026-11-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T00:00:00.Z",
        "2026-11-22T00:00:00+1:00",
        "2026-11-22T00:00:00Zjunk",
        "1969-12-31T23:59:59Z",
        "２026-11-22T00:00:00Z",
    ] {
        assert_eq!(from_rfc3339(text), None, "{text}");
    }
    for (time, milliseconds) in [
        (0.0, Some(0)),
        (1.5, Some(1500)),
        (1e12, Some(1_000_000_000_000)),
        (-1.0, None),
        (f64::NAN, None),
        (1e300, None),
    ] {
        assert_eq!(from_unix(time), milliseconds, "{time}");
    }
}

#[test]
fn headers_are_found_without_case() {
    let request = native::request("POST", "https://a.example/x?y=1#z", "")
        .with_header("X-One", "1")
        .with_header("x-two", "2")
        .with_header("X-TWO", "3")
        .with_header("content-type", "Text/Plain; x=y; Charset=\"UTF-8\"");
    assert_eq!(request.single_header("x-one"), Some(b"1".as_slice()));
    assert_eq!(request.single_header("x-two"), None);
    assert_eq!(request.header("x-two").count(), 2);
    assert_eq!(request.query(), "y=1");
    assert_eq!(request.content_type(), Some(("text/plain".into(), Some("utf-8".into()))));
}

#[test]
fn retry_after_is_seconds_within_a_day() {
    let of = |value: &str| retry_after_ms(&[Header::new("Retry-After", value)]);
    assert_eq!(of("7"), Some(7000));
    assert_eq!(of("4000000000"), Some(86_400_000));
    assert_eq!(of("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    assert_eq!(retry_after_ms(&[]), None);
}

#[test]
fn bodies_are_read_up_to_a_limit() {
    assert_eq!(Body::Bytes(vec![1, 2]).read(2).expect("small").as_ref(), [1, 2]);
    assert_eq!(Body::Bytes(vec![1, 2]).read(1).expect_err("too large").code, "too-large");
    let blob = Body::Blob(host::blobs::put(b"abc").expect("room"));
    assert_eq!(blob.read(3).expect("small").as_ref(), b"abc");
    assert_eq!(blob.read(2).expect_err("too large").code, "too-large");
}

#[test]
fn a_claim_that_is_no_media_type_does_not_cost_the_message() {
    let of = |claim: &str| AttachmentPart::pending(None, claim).media_type;
    for good in ["image/jpeg", "IMAGE/JPEG", "text/plain; charset=utf-8", "application/vnd.a+json"] {
        assert_eq!(of(good), good);
    }
    for bad in ["", "x", "IMAGE", "image/", "/jpeg", "image/a b", "image/\u{7}", &format!("a/{}", "b".repeat(200))] {
        assert_eq!(of(bad), "application/octet-stream", "{bad:?}");
    }
}

#[test]
fn refusals_become_problems() {
    let refused = Refused { code: "invalid".into(), text: "no".into(), pointer: None, attributes: vec![] };
    let response = Response::refused(&refused);
    assert_eq!(response.status, 422);
    let body = br#"{"type":"about:blank","title":"Unprocessable Content","status":422,"code":"invalid","detail":"no"}"#;
    assert_eq!(response.body, Body::Bytes(body.to_vec()));
}

proptest! {
    #[test]
    fn encodings_are_undone(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(from_base64(to_base64(&bytes).as_bytes()), Some(bytes.clone()));
        prop_assert_eq!(from_hex(to_hex(&bytes).as_bytes()), Some(bytes));
    }

    #[test]
    fn forms_are_undone(name in any::<String>(), value in any::<String>()) {
        let fields = form::parse(form::write(&[(&name, &value)]).as_bytes());
        prop_assert_eq!(fields, Some(vec![(name, value)]));
    }

    #[test]
    fn times_are_undone(milliseconds in 0..253_402_300_800_000u64) {
        prop_assert_eq!(from_rfc3339(&to_rfc3339(milliseconds)), Some(milliseconds));
    }

    #[test]
    fn no_time_traps(text in any::<String>(), almost in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.{0,8}") {
        let _ = from_rfc3339(&text);
        let _ = from_rfc3339(&almost);
    }
}
