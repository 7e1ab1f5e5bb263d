//! Asking for updates.

use jackfield_sdk::native::{self, SetTimer, answers, pushed, sent};
use jackfield_sdk::{Error, Response, Timer};

use super::{driver, field, message};

const POLLING: &str = r#"{"updates":"polling"}"#;

fn timer(name: &str) -> SetTimer {
    SetTimer { name: name.into(), delay_ms: 0, payload: Vec::new(), connection: None }
}

fn next() -> SetTimer {
    native::with(|host| host.timers.remove(0))
}

#[test]
fn one_poll_follows_the_other_and_names_what_came() {
    let driver = driver(POLLING);
    driver.fired(native::expiry(&timer("start"), 1)).expect("begun");
    let first = next();
    assert_eq!((first.name.as_str(), first.delay_ms), ("poll", 0));

    let updates = format!(
        r#"{{"ok":true,"result":[{},{{"nonsense":1}},{}]}}"#,
        message(r#""text":"one""#),
        message(r#""text":"two""#).replace("10000", "10001")
    );
    answers(move |_| Ok(Response::json(200, updates.clone())));
    driver.fired(native::expiry(&first, 1)).expect("polled");
    let asked = sent().remove(0);
    assert_eq!((field(&asked, "/offset").as_deref(), field(&asked, "/limit").as_deref()), (Some("0"), Some("50")));
    assert!(field(&asked, "/allowed_updates").is_some_and(|kinds| kinds.contains("my_chat_member")));
    let texts: Vec<String> = pushed().iter().map(jackfield_sdk::Message::text).collect();
    assert_eq!(texts, ["one", "two"]);
    // One that nobody understands doesn't stop the others.
    assert_eq!(native::with(|host| host.set_aside.len()), 1);

    answers(|_| Ok(Response::json(200, r#"{"ok":true,"result":[]}"#)));
    driver.fired(native::expiry(&next(), 1)).expect("polled");
    assert_eq!(field(&sent()[0], "/offset").as_deref(), Some("10002"));
    // It answered at once with nothing: not asked in a tight loop.
    assert_eq!(next().delay_ms, 1000);
}

#[test]
fn failures_are_told_and_tried_again() {
    let driver = driver(POLLING);
    let mut timer = timer("poll");
    let pauses: Vec<u64> = (0..8)
        .map(|_| {
            answers(|_| Err(Error::new("unavailable", "no connection")));
            driver.fired(native::expiry(&timer, 1)).expect("asked again later");
            timer = next();
            timer.delay_ms
        })
        .collect();
    assert_eq!(pauses, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
    let states = |messages: Vec<jackfield_sdk::Message>| -> Vec<String> {
        messages.into_iter().filter_map(|message| message.connection.map(|connection| connection.state)).collect()
    };
    assert_eq!(states(pushed()), ["transient-error"]);
    answers(|_| Ok(Response::json(200, r#"{"ok":true,"result":[]}"#)));
    driver.fired(native::expiry(&timer, 1)).expect("polled");
    assert_eq!((states(pushed()), next().payload), (vec!["connected".to_owned()], b"0".to_vec()));
    answers(|_| Ok(Response::json(401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#)));
    driver.fired(native::expiry(&timer, 1)).expect("asked again later");
    assert_eq!(states(pushed()), ["bad-credentials"]);
}

#[test]
fn what_the_server_cannot_take_now_comes_again() {
    let driver = driver(POLLING);
    let updates = format!(r#"{{"ok":true,"result":[{}]}}"#, message(r#""text":"one""#));
    answers(move |_| Ok(Response::json(200, updates.clone())));
    let refused =
        jackfield_sdk::Refused { code: "quota".into(), text: "full".into(), pointer: None, attributes: vec![] };
    native::with(|host| host.refuse = Some(refused));
    assert_eq!(driver.fired(native::expiry(&timer("poll"), 1)).expect_err("again").code, "temporary");
    assert!(native::with(|host| !host.store.contains_key("poll/offset")));
}

#[test]
fn a_channel_with_a_webhook_never_polls() {
    let driver = driver("{}");
    for name in ["start", "poll"] {
        driver.fired(native::expiry(&timer(name), 1)).expect("nothing to do");
    }
    assert!(native::with(|host| host.timers.is_empty() && host.sent.is_empty()));
}

#[test]
fn what_fills_a_call_goes_on_in_the_next() {
    let driver = driver(POLLING);
    let update = |at: u32| message(&format!(r#""text":"{at}""#)).replace("10000", &at.to_string());
    let updates = format!(r#"{{"ok":true,"result":[{},{},{}]}}"#, update(1), update(2), update(3));
    answers(move |_| Ok(Response::json(200, updates.clone())));
    native::with(|host| host.room = Some(2));
    driver.fired(native::expiry(&timer("poll"), 1)).expect("polled");
    assert_eq!(pushed().len(), 2);
    assert_eq!(native::with(|host| host.store["poll/offset"].clone()), b"3", "the third comes again");
    assert_eq!(next().delay_ms, 0);
}

#[test]
fn a_cut_emoji_takes_no_other_update_along() {
    let driver = driver(POLLING);
    let updates = format!(r#"{{"ok":true,"result":[{}]}}"#, message(r#""text":"cut \ud83d""#));
    answers(move |_| Ok(Response::json(200, updates.clone())));
    driver.fired(native::expiry(&timer("poll"), 1)).expect("polled");
    assert_eq!(pushed()[0].text(), "cut \u{fffd}");
}
