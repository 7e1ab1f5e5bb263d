//! Who is let in, and what is answered.

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Driver, Refused, Response, Webhook};

use super::{SECRET, URL, driver, message, update};
use crate::TelegramDriver;

const HEADER: &str = "x-telegram-bot-api-secret-token";

fn status(driver: &TelegramDriver, request: jackfield_sdk::Request) -> u16 {
    driver.receive(request).expect("an answer").status
}

#[test]
fn only_who_knows_the_secret_is_let_in() {
    let driver = driver("{}");
    let body = message(r#""text":"hi""#);
    let unsigned = || native::request("POST", URL, body.clone());
    assert_eq!(status(&driver, unsigned()), 403);
    for wrong in ["", "a-secret_Toke", "a-secret_Token ", "a-secret_Tokeo", "A-SECRET_TOKEN"] {
        assert_eq!(status(&driver, unsigned().with_header(HEADER, wrong)), 403, "{wrong:?}");
    }
    assert_eq!(status(&driver, unsigned().with_header(HEADER, vec![0xff, 0xfe])), 403);
    assert_eq!(status(&driver, unsigned().with_header(HEADER, SECRET).with_header(HEADER, SECRET)), 403);
    assert!(pushed().is_empty());
    assert_eq!(status(&driver, unsigned().with_header(HEADER, SECRET)), 200);
    assert_eq!(pushed().len(), 1);
}

#[test]
fn what_is_no_update_is_refused() {
    let driver = driver("{}");
    let whole = message(r#""text":"hi""#);
    for body in ["", "[]", "null", "{}", "\u{feff}{}", r#"{"update_id":"1"}"#, r#"{"update_id":1.5}"#, &whole[..100]] {
        assert_eq!(status(&driver, update(body)), 400, "{body}");
    }
    assert_eq!(status(&driver, update(vec![0xff, 0x00])), 400);
    assert_eq!(status(&driver, update(vec![b' '; (1 << 20) + 1])), 413);
    let get = native::request("GET", URL, "").with_header(HEADER, SECRET);
    assert_eq!(status(&driver, get), 405);
    assert_eq!(status(&driver, update(r#"{"update_id":1,"message":{"text":"hi"}}"#)), 400);
    assert!(pushed().is_empty());
}

#[test]
fn other_updates_are_taken_and_let_be() {
    let driver = driver("{}");
    for body in [
        r#"{"update_id":1}"#,
        r#"{"update_id":1,"channel_post":{"message_id":1,"chat":{"id":-1},"text":"x"}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"from":{"id":9,"is_bot":true},"text":"x"}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":-5},"from":{"id":9},"new_chat_title":"x"}}"#,
    ] {
        assert_eq!(driver.receive(update(body)).expect("an answer"), Response::empty(200), "{body}");
    }
    assert!(pushed().is_empty());
}

#[test]
fn what_the_server_refuses_is_set_aside_or_comes_again() {
    let driver = driver("{}");
    let refuse = |code: &str| {
        let refused = Refused { code: code.into(), text: "no".into(), pointer: None, attributes: vec![] };
        native::with(|host| host.refuse = Some(refused));
        driver.receive(update(message(r#""text":"hi""#))).expect("an answer")
    };
    assert_eq!(refuse("invalid"), Response::empty(200));
    assert_eq!(native::with(|host| host.set_aside.len()), 1);
    // Too large for quarantine as a whole, too.
    let large = message(&format!(r#""text":"{}""#, "x".repeat(300 << 10)));
    assert_eq!(driver.receive(update(large)).expect("an answer"), Response::empty(200));
    assert_eq!(native::with(|host| host.set_aside.remove(1)).0.len(), 256 << 10);
    assert_eq!((refuse("quota").status, refuse("unavailable").status), (429, 503));
    assert_eq!(native::with(|host| host.set_aside.len()), 1);
}

#[test]
fn a_channel_that_polls_takes_nothing_by_its_webhook() {
    let driver = driver(r#"{"updates":"polling"}"#);
    assert_eq!(status(&driver, update(message(r#""text":"hi""#))), 403);
    assert!(pushed().is_empty());
}

#[test]
fn settings_are_checked() {
    let refused = |settings: &str, secrets: &[&str]| {
        let host = secrets.iter().fold(native::Host::new(), |host, name| host.with_secret(name, "x"));
        native::install(host);
        TelegramDriver::configure(native::context("c", URL), settings).err().map(|error| error.key)
    };
    let all = ["bot-token", "webhook-secret"];
    assert_eq!(refused("{}", &all), None);
    assert_eq!(refused(r#"{"updates":"polling"}"#, &all[..1]), None);
    assert_eq!(refused("{}", &all[..1]).as_deref(), Some("secrets/webhook-secret"));
    assert_eq!(refused("{}", &all[1..]).as_deref(), Some("secrets/bot-token"));
    assert_eq!(refused(r#"{"updates":"both"}"#, &all).as_deref(), Some("/updates"));
    assert_eq!(refused(r#"{"api-base":"ftp://x"}"#, &all).as_deref(), Some("/api-base"));
    let descriptor = TelegramDriver::describe();
    assert_eq!((descriptor.name.as_str(), descriptor.media_types[0].name.as_str()), ("telegram", "chat"));
}
