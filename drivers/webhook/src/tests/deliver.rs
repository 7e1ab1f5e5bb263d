//! What goes to `reply-url`.

use jackfield_sdk::encoding::{from_base64, to_base64};
use jackfield_sdk::interactions::Own;
use jackfield_sdk::native::{self, failure};
use jackfield_sdk::{Driver, Error, Kind, Message, Outcome, Piece, Response, WorkItem, header_of, host, json};

use super::driver;
use crate::WebhookDriver;

const SETTINGS: &str = r#"{"reply-url":"https://shop.example.com/answers?token=t"}"#;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn answer() -> Message {
    native::answer("0198-m", WorkItem::new("c1", "ann"), "Hello")
}

fn deliver(
    driver: &WebhookDriver,
    message: Message,
    answer: impl FnMut() -> Result<Response, Error> + 'static,
) -> Outcome {
    let mut answer = answer;
    native::with(|host| host.http = Some(Box::new(move |_| answer())));
    driver.deliver(native::delivery(message))
}

#[test]
fn an_answer_is_posted_and_signed() {
    let driver = driver(SETTINGS, SECRET);
    let outcome = deliver(&driver, answer(), || Ok(Response::json(201, r#"{"id":"theirs"}"#)));
    let Outcome::Receipt(receipt) = outcome else { panic!("{outcome:?}") };
    assert_eq!((receipt.external_ids.as_slice(), receipt.status.as_str()), (["theirs".to_string()].as_slice(), "sent"));

    let sent = native::with(|host| host.sent.remove(0));
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str(), sent.redirects),
        ("POST", "https://shop.example.com/answers?token=t", 0)
    );
    let header = |name: &str| {
        let value = header_of(&sent.headers, name).next().unwrap_or_default();
        String::from_utf8(value.to_vec()).expect("ASCII")
    };
    assert_eq!((header("content-type").as_str(), header("webhook-id").as_str()), ("application/json", "0198-m"));
    assert_eq!(header("webhook-timestamp"), "1795305600");
    // Checked as a receiver does it, who has the decoded key.
    let key = from_base64(&SECRET.as_bytes()[6..]).expect("Base64");
    native::with(|host| host.secrets.insert("key".into(), vec![key]));
    let signed = [b"0198-m.1795305600.".as_slice(), &sent.body].concat();
    let expected = host::secrets::hmac("key", "sha256", &[Piece::Bytes(signed)]).expect("a key");
    assert_eq!(header("webhook-signature"), format!("v1,{}", to_base64(&expected)));

    let body = json::parse(&sent.body).expect("JSON");
    for (pointer, value) in [
        ("/id", "0198-m"),
        ("/direction", "outbound"),
        ("/workItem/conversation", "c1"),
        ("/interaction/name", "message.send"),
        ("/parts/0/text", "Hello"),
    ] {
        assert_eq!(body.pointer(pointer).and_then(json::Value::as_str), Some(value), "{pointer}");
    }
}

#[test]
fn without_a_secret_there_is_no_signature() {
    let driver = driver(SETTINGS, "");
    let outcome = deliver(&driver, answer(), || Ok(Response::empty(204)));
    let Outcome::Receipt(receipt) = outcome else { panic!("{outcome:?}") };
    assert_eq!(receipt.external_ids, ["0198-m"], "they know it by our id");
    let sent = native::with(|host| host.sent.remove(0));
    assert_eq!(header_of(&sent.headers, "webhook-signature").count(), 0);
}

#[test]
fn without_reply_url_the_answer_stays_on_the_server() {
    let driver = driver("{}", "");
    let outcome = driver.deliver(native::delivery(answer()));
    let Outcome::Receipt(receipt) = outcome else { panic!("{outcome:?}") };
    assert_eq!((receipt.status.as_str(), receipt.external_ids.len()), ("sent", 0));
    assert!(native::with(|host| host.sent.is_empty()));
}

#[test]
fn notifications_are_posted_on_request_only() {
    let assigned = || {
        let own = Own { kind: Kind::Notification, name: "work-item.assigned".into(), arguments: "{}".into() };
        Message::new("message", &own).with_work_item(WorkItem::new("c1", "ann"))
    };
    let quiet = driver(SETTINGS, "");
    assert!(matches!(deliver(&quiet, assigned(), || Ok(Response::empty(200))), Outcome::Receipt(_)));
    assert!(native::with(|host| host.sent.is_empty()));

    let told = driver(r#"{"reply-url":"https://shop.example.com/","notifications":true}"#, "");
    assert!(matches!(deliver(&told, assigned(), || Ok(Response::empty(200))), Outcome::Receipt(_)));
    assert_eq!(native::with(|host| host.sent.len()), 1);
}

#[test]
fn unknown_interactions_are_not_supported() {
    let driver = driver(SETTINGS, "");
    let own = Own { kind: Kind::Command, name: "work-item.transfer".into(), arguments: "{}".into() };
    assert_eq!(
        failure(deliver(&driver, Message::new("message", &own), || Ok(Response::empty(200)))).code,
        "not-supported"
    );
}

#[test]
fn answers_of_the_far_side_say_whether_to_try_again() {
    let driver = driver(SETTINGS, "");
    for (status, code) in [
        (302, "permanent"),
        (400, "permanent"),
        (404, "permanent"),
        (410, "permanent"),
        (408, "temporary"),
        (429, "rate-limited"),
        (500, "temporary"),
        (503, "temporary"),
    ] {
        let error =
            failure(deliver(&driver, answer(), move || Ok(Response::empty(status).with_header("retry-after", "7"))));
        assert_eq!((error.code.as_str(), error.retry_after_ms), (code, Some(7000)), "{status}");
        assert!(!error.text.contains("token=t"), "the query stays secret: {}", error.text);
    }
}

#[test]
fn a_request_that_may_have_arrived_is_sent_again_under_its_id() {
    let driver = driver(SETTINGS, "");
    let lost = |code: &'static str| move || Err(Error::new(code, "lost"));
    assert_eq!(failure(deliver(&driver, answer(), lost("maybe-sent"))).code, "temporary");
    assert_eq!(failure(deliver(&driver, answer(), lost("unavailable"))).code, "unavailable");
    assert_eq!(failure(deliver(&driver, answer(), lost("denied"))).code, "denied");
    assert_eq!(failure(deliver(&driver, answer(), lost("too-large"))).code, "maybe-sent");
}
