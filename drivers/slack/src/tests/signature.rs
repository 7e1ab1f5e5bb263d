//! Who is let in.

use jackfield_sdk::native::{self, Host, pushed};
use jackfield_sdk::{Body, Driver, Request, Response, Webhook};

use super::{SECRET, URL, driver, message, signed, signed_at, signed_form, take};
use crate::SlackDriver;

const FORM: &str = "application/x-www-form-urlencoded";
const TIME: &str = "x-slack-request-timestamp";
const SIGNATURE: &str = "x-slack-signature";
/// The vector of Slack's documentation.
const PUBLISHED: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const PUBLISHED_SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const PUBLISHED_TIME: u64 = 1_531_420_618;

fn status(driver: &SlackDriver, request: Request) -> u16 {
    driver.receive(request).expect("an answer").status
}

fn published() -> Request {
    native::request("POST", URL, PUBLISHED)
        .with_header("content-type", FORM)
        .with_header(TIME, PUBLISHED_TIME.to_string())
        .with_header(SIGNATURE, PUBLISHED_SIGNATURE)
}

#[test]
fn the_published_vector_passes_for_five_minutes_both_ways() {
    for (seconds, expected) in [(0i64, 200), (300, 200), (301, 401), (-300, 200), (-301, 401), (86_400, 401)] {
        let now = PUBLISHED_TIME.saturating_add_signed(seconds) * 1000;
        let driver = driver("{}");
        native::install(
            Host::new().with_secret("signing-secret", SECRET).with_secret("bot-token", "xoxb").with_now(now),
        );
        assert_eq!(status(&driver, published()), expected, "{seconds}");
        assert_eq!(pushed().len(), usize::from(expected == 200));
    }
}

#[test]
fn hostile_signatures_are_refused_and_trap_nothing() {
    let driver = driver("{}");
    let body = "{\"type\":\"event_callback\"}";
    let good = signed(body);
    let header = |name: &str| good.single_header(name).expect("a header").to_vec();
    let (time, signature) = (header(TIME), header(SIGNATURE));
    let with = |time: Option<Vec<u8>>, signature: Option<Vec<u8>>| {
        let request = native::request("POST", URL, body).with_header("content-type", "application/json");
        let request = time.into_iter().fold(request, |request, time| request.with_header(TIME, time));
        signature.into_iter().fold(request, |request, signature| request.with_header(SIGNATURE, signature))
    };
    let text = |signature: &[u8]| String::from_utf8(signature.to_vec()).expect("a text");
    let hex = text(&signature)[3..].to_owned();
    for (what, request) in [
        ("none", with(None, None)),
        ("no signature", with(Some(time.clone()), None)),
        ("no time", with(None, Some(signature.clone()))),
        ("bytes", with(Some(time.clone()), Some(vec![0xff, 0xfe, 0x80]))),
        ("time of bytes", with(Some(vec![0xff]), Some(signature.clone()))),
        ("empty time", with(Some(vec![]), Some(signature.clone()))),
        ("time with a sign", with(Some([b"+", time.as_slice()].concat()), Some(signature.clone()))),
        ("time with space", with(Some([b" ", time.as_slice()].concat()), Some(signature.clone()))),
        ("negative time", with(Some(b"-1".to_vec()), Some(signature.clone()))),
        ("endless time", with(Some(b"99999999999999999999".to_vec()), Some(signature.clone()))),
        ("largest time", with(Some(b"18446744073709551615".to_vec()), Some(signature.clone()))),
        ("v1", with(Some(time.clone()), Some(format!("v1={hex}").into_bytes()))),
        ("no version", with(Some(time.clone()), Some(hex.clone().into_bytes()))),
        ("upper case", with(Some(time.clone()), Some(format!("v0={}", hex.to_uppercase()).into_bytes()))),
        ("cut", with(Some(time.clone()), Some(signature[..40].to_vec()))),
        ("odd", with(Some(time.clone()), Some(signature[..66].to_vec()))),
        ("longer", with(Some(time.clone()), Some(format!("v0={hex}00").into_bytes()))),
        ("no hex", with(Some(time.clone()), Some(format!("v0={}", "g".repeat(64)).into_bytes()))),
        ("empty", with(Some(time.clone()), Some(vec![]))),
        ("two", with(Some(time.clone()), Some(signature.clone())).with_header(SIGNATURE, signature.clone())),
        ("two times", with(Some(time.clone()), Some(signature.clone())).with_header(TIME, time.clone())),
    ] {
        assert_eq!(status(&driver, request), 401, "{what}");
    }
    for at in 0..body.len() {
        let mut bytes = body.as_bytes().to_vec();
        bytes[at] ^= 1;
        let flipped = Request { body: Body::Bytes(bytes), ..good.clone() };
        assert_eq!(status(&driver, flipped), 401, "{at}");
    }
    let cut = Request { body: Body::Bytes(body.as_bytes()[..5].to_vec()), ..good.clone() };
    assert_eq!(status(&driver, cut), 401);
    assert!(pushed().is_empty());
}

#[test]
fn genuine_nonsense_is_refused() {
    let driver = driver("{}");
    for body in ["", "{", "[]", "{}", "\u{feff}{}", r#"{"type":"url_verification"}"#, r#"{"type":"event_callback"}"#] {
        assert_eq!(status(&driver, signed(body)), 400, "{body}");
    }
    assert_eq!(status(&driver, signed_form(&[("payload", "{")])), 400);
    assert_eq!(status(&driver, signed_form(&[("text", "hi")])), 400);
    assert_eq!(status(&driver, signed_at(native::with(|host| host.now / 1000), FORM, "payload=%ff")), 400);
    assert_eq!(status(&driver, native::request("GET", URL, "")), 405);
}

#[test]
fn slack_can_look_whether_we_are_there() {
    let driver = driver("{}");
    let challenge = signed(r#"{"token":"x","challenge":"3eZbrw1aB\"1","type":"url_verification"}"#);
    assert_eq!(driver.receive(challenge).expect("an answer"), Response::json(200, r#"{"challenge":"3eZbrw1aB\"1"}"#));
    let unsigned = native::request("POST", URL, r#"{"challenge":"x","type":"url_verification"}"#);
    assert_eq!(status(&driver, unsigned), 401);
    // Slack doesn't sign it; nothing that stands beside it is done.
    let check = native::request("POST", URL, "ssl_check=1&token=x&payload=%7B%7D").with_header("content-type", FORM);
    assert_eq!(driver.receive(check).expect("an answer"), Response::empty(200));
    let no_form = native::request("POST", URL, "ssl_check=1").with_header("content-type", "text/plain");
    assert_eq!(status(&driver, no_form), 401);
}

#[test]
fn a_retry_is_handled_as_the_first_time() {
    let driver = driver("{}");
    let first = take(&driver, message(r#""text":"hi""#));
    let retry = message(r#""text":"hi""#)
        .with_header("x-slack-retry-num", "1")
        .with_header("x-slack-retry-reason", "http_timeout");
    assert_eq!(take(&driver, retry), first);
}

#[test]
fn settings_are_checked() {
    let refused = |settings: &str, secrets: &[&str]| {
        native::install(secrets.iter().fold(Host::new(), |host, name| host.with_secret(name, "x")));
        SlackDriver::configure(native::context("c", URL), settings).err().map(|error| error.key)
    };
    let all = ["signing-secret", "bot-token"];
    assert_eq!(refused(r#"{"direct-messages":"chat"}"#, &all), None);
    assert_eq!(refused("{}", &all[1..]).as_deref(), Some("secrets/signing-secret"));
    assert_eq!(refused("{}", &all[..1]).as_deref(), Some("secrets/bot-token"));
    assert_eq!(refused(r#"{"direct-messages":"both"}"#, &all).as_deref(), Some("/direct-messages"));
    assert_eq!(SlackDriver::describe().name, "slack");
}
