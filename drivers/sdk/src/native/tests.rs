//! The host in memory computes what the server computes.

use crate::encoding::{to_base64, to_hex};
use crate::error::code;
use crate::interactions::MessageStatus;
use crate::{AttachmentPart, Message, Outgoing, Part, Piece, Response, StructuredPart, WorkItem, host, json};

use super::{Deed, Host, install, take_deeds, take_written, with, with_line};

#[test]
fn hmac_gives_published_vectors() {
    install(Host::new().with_secret("key", "Jefe"));
    // RFC 2202 and RFC 4231, test case 2.
    let data = [Piece::Text("what do ya want ".into()), Piece::Bytes(b"for nothing?".to_vec())];
    let sha1 = host::secrets::hmac("key", "sha1", &data).expect("a key");
    assert_eq!(to_hex(&sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    let sha256 = host::secrets::hmac("key", "sha256", &data).expect("a key");
    assert_eq!(to_hex(&sha256), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(host::secrets::verify_hmac("key", "sha256", &data, &sha256), Ok(true));
    assert_eq!(host::secrets::verify_hmac("key", "sha256", &data, &sha1), Ok(false));
    assert_eq!(host::secrets::hmac("key", "md4", &data).expect_err("unknown").code, "not-supported");
    assert_eq!(host::secrets::hmac("none", "sha1", &data).expect_err("missing").code, "not-found");
}

#[test]
fn secrets_are_composed_and_sent() {
    install(Host::new().with_secret("password", "a b").with_http(|_| Ok(Response::empty(204))));
    let pieces = [Piece::Text("ann:".into()), Piece::Secret("password".into())];
    let basic = host::secrets::compose(&pieces, "base64").expect("composed");
    let request = Outgoing::new("GET", "http://a.example/")
        .with_header_pieces("authorization", vec![Piece::Text("Basic ".into()), Piece::Secret(basic)]);
    assert_eq!(request.send().expect("an answer").status, 204);
    let value = with(|host| host.sent[0].headers[0].value.clone());
    assert_eq!(value, format!("Basic {}", to_base64(b"ann:a b")).into_bytes());
    let form = host::secrets::compose(&[Piece::Secret("password".into())], "form").expect("composed");
    assert_eq!(host::secrets::equals(&form, b"a+b"), Ok(true));
}

#[test]
fn keys_are_derived_as_the_server_derives_them() {
    install(Host::new().with_secret("password", "password").with_secret("key", "Jefe"));
    let password = [Piece::Secret("password".into())];
    // RFC 6070.
    let made = host::secrets::compose(&password, "pbkdf2-sha1;c2FsdA==;2").expect("composed");
    assert_eq!(with(|host| to_hex(&host.secrets[&made][0])), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
    let data = [Piece::Text("what do ya want for nothing?".into())];
    let made = host::secrets::compose(&data, "hmac-sha1;key").expect("composed");
    assert_eq!(with(|host| to_hex(&host.secrets[&made][0])), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

#[test]
fn without_a_grant_http_is_denied() {
    install(Host::new());
    assert_eq!(Outgoing::new("GET", "http://a.example/").send().expect_err("no grant").code, "denied");
}

#[test]
fn the_canonical_json_has_its_keys_in_order() {
    let status = MessageStatus {
        external_id: Some("SM1".into()),
        up_to: None,
        status: "sent".into(),
        code: None,
        text: None,
        at: 0,
    };
    let mut message = Message::new("sms", &status)
        .with_work_item(WorkItem::new("c", "+1"))
        .with_attribute("b", "1")
        .with_attribute("a", "2")
        .with_text("x\"")
        .with_part(Part::Attachment(AttachmentPart::pending(None, "image/png")))
        .with_part(Part::Structured(StructuredPart::new("location", "{}".into(), "here")));
    message.interaction.arguments = "{}".into();
    let json = host::server::to_json(&message).expect("JSON");
    let value = json::parse(json.as_bytes()).expect("JSON");
    assert_eq!(json, sorted(&value), "{json}");
    assert_eq!(value.pointer("/attributes").map(json::Value::to_json).as_deref(), Some(r#"{"a":"2","b":"1"}"#));
    assert_eq!(value.pointer("/parts/1/type").and_then(json::Value::as_str), Some("attachment"));
}

/// A value with its keys in order.
fn sorted(value: &json::Value<'_>) -> String {
    match value {
        json::Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.clone());
            fields.iter().fold(json::Object::new(), |object, (key, value)| object.raw(key, &sorted(value))).finish()
        }
        json::Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_json(),
    }
}

#[test]
fn what_a_driver_encodes_is_read_back() {
    let mut item = WorkItem::new("c", "+1");
    item.customer.name = Some("Ann".into());
    item.customer.aliases.push("ann".into());
    item.attributes.push(("x.to".into(), "+2".into()));
    let message = Message::support_request("sms", item)
        .with_event_id("e")
        .with_external_id("x")
        .with_occurred_at(Some(1_795_305_600_123))
        .with_attribute("a", "2")
        .with_text("x\"")
        .with_part(Part::Attachment(AttachmentPart::ready(None, "image/png", "sha256-1".into(), 7)))
        .with_part(Part::Structured(StructuredPart::new("location", r#"{"latitude":1.5}"#.into(), "here")));
    let json = host::server::to_json(&message).expect("JSON");
    assert_eq!(Message::from_json(json.as_bytes()), Some(message));
    for bad in ["", "{}", "[]", r#"{"mediaType":"sms"}"#] {
        assert_eq!(Message::from_json(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn what_is_done_to_a_connection_is_kept_in_order() {
    install(Host::new().with_secret("password", "s3cret"));
    with_line("c1");
    host::connections::write("c1", b"220 ready\r\n").expect("open");
    host::connections::bind("c1", "visitor").expect("open");
    assert_eq!(host::connections::find("visitor").expect("connections"), ["c1"]);
    let pieces = [Piece::Text("AUTH ".into()), Piece::Secret("password".into())];
    host::connections::write_template("c1", &pieces).expect("open");
    assert_eq!(take_written("c1"), b"220 ready\r\nAUTH s3cret");
    host::connections::start_tls("c1", None).expect("open");
    host::connections::last_words("c1", b"421 bye").expect("open");
    assert_eq!(host::connections::last_words("c1", &[0; 513]).expect_err("too long").code, code::TOO_LARGE);
    host::connections::close("c1", None, "").expect("open");
    assert_eq!(host::connections::write("c1", b"x").expect_err("closed").code, code::NOT_FOUND);
    assert_eq!(host::connections::find("visitor").expect("connections"), Vec::<String>::new());
    assert_eq!(take_deeds("c1"), [Deed::StartTls(None), Deed::Close]);
    with_line("c2");
    with(|host| host.lines.get_mut("c2").expect("a line").is_full = true);
    assert_eq!(host::connections::write("c2", b"x").expect_err("full").code, code::QUOTA);
}

#[test]
fn a_blob_is_written_in_pieces_within_its_room() {
    install(Host::new());
    let writer = host::blobs::create().expect("a writer");
    writer.write(b"ab").expect("room");
    writer.write(b"c").expect("room");
    assert_eq!((writer.size(), with(|host| host.open_writers())), (3, 1));
    let blob = host::blobs::finish(writer).expect("it is kept");
    assert_eq!(host::blobs::put(b"abc"), Ok(blob.clone()));
    assert_eq!((host::blobs::read(&blob, 1, 9), with(|host| host.open_writers())), (Ok(b"bc".to_vec()), 0));
    with(|host| host.blob_room = Some(1));
    assert_eq!(host::blobs::create().and_then(|writer| writer.write(b"ab")).expect_err("no room").code, "quota");
}
