//! Customers' pictures.

use jackfield_sdk::native::{self, SentRequest, SetTimer, pushed};
use jackfield_sdk::{Error, Message, Part, Response, Timer, header_of};

use super::{SETTINGS, driver, receive};
use crate::TwilioDriver;

const TEXT: [(&str, &str); 8] = [
    ("MessageSid", "SM1"),
    ("From", "+14155551212"),
    ("To", "+18005551212"),
    ("Body", "look"),
    ("NumMedia", "2"),
    ("MediaUrl0", "https://api.twilio.com/m/ME0"),
    ("MediaUrl1", "https://elsewhere.example.net/m/ME1"),
    ("MediaContentType0", "image/png"),
];

/// A driver that was just sent two pictures.
fn with_pictures(answer: impl FnMut(&SentRequest) -> Result<Response, Error> + 'static) -> TwilioDriver {
    let driver = driver(SETTINGS);
    assert_eq!(receive(&driver, &TEXT).status, 200);
    pushed();
    native::with(|host| host.http = Some(Box::new(answer)));
    driver
}

fn next_timer() -> SetTimer {
    native::with(|host| host.timers.remove(0))
}

fn states(message: &Message) -> Vec<&str> {
    message.attachments().map(|part| part.state.as_str()).collect()
}

#[test]
fn they_are_fetched_one_by_one_and_the_message_is_changed() {
    let driver = with_pictures(|_| Ok(Response::new(200, "image/png", "bytes")));
    let first = next_timer();
    driver.fired(native::expiry(&first, 1)).expect("fetched");
    let message = pushed().remove(0);
    assert_eq!((message.interaction.name.as_str(), message.external_id.as_deref()), ("message.changed", Some("SM1")));
    assert_eq!(message.event_id.as_deref(), Some("SM1/media/0"));
    assert_eq!((message.text().as_str(), states(&message)), ("look", vec!["ready", "pending"]));
    let Part::Attachment(part) = &message.parts[1] else { panic!("{:?}", message.parts) };
    assert_eq!((part.name.as_deref(), part.size, part.blob.is_some()), (Some("ME0.png"), Some(5), true));

    let second = next_timer();
    assert_eq!(second.name, "media/SM1/1");
    driver.fired(native::expiry(&second, 1)).expect("fetched");
    assert_eq!(states(&pushed().remove(0)), ["ready", "ready"]);
    native::with(|host| {
        assert!(host.timers.is_empty() && host.store.is_empty(), "nothing is left over");
        assert_eq!((host.sent[0].redirects, host.sent[0].to_blob), (3, true));
    });
    driver.fired(native::expiry(&second, 1)).expect("timers fire at least once");
    assert!(pushed().is_empty());
}

#[test]
fn the_password_goes_to_twilio_only() {
    let driver = with_pictures(|_| Ok(Response::new(200, "image/png", "bytes")));
    for _ in 0..2 {
        driver.fired(native::expiry(&next_timer(), 1)).expect("fetched");
    }
    let authorized: Vec<bool> = native::with(|host| {
        host.sent.iter().map(|sent| header_of(&sent.headers, "authorization").next().is_some()).collect()
    });
    assert_eq!(authorized, [true, false]);
}

#[test]
fn what_fails_is_tried_again_and_then_given_up() {
    let driver = with_pictures(|_| Err(Error::new("maybe-sent", "lost")));
    let timer = next_timer();
    for attempt in 1..6 {
        let error = driver.fired(native::expiry(&timer, attempt)).expect_err("to be fired again");
        assert_eq!(error.code, "temporary");
    }
    assert!(pushed().is_empty());
    driver.fired(native::expiry(&timer, 6)).expect("given up");
    assert_eq!(states(&pushed().remove(0)), ["failed", "pending"]);
    assert_eq!(next_timer().name, "media/SM1/1");
}

#[test]
fn what_cannot_be_had_is_given_up_at_once() {
    for (status, given_up) in [(401, true), (410, true), (302, true), (404, false), (503, false)] {
        let driver = with_pictures(move |_| Ok(Response::empty(status)));
        let done = driver.fired(native::expiry(&next_timer(), 1)).is_ok();
        assert_eq!(done, given_up, "{status}");
    }
    let driver = with_pictures(|_| Err(Error::new("denied", "no grant")));
    driver.fired(native::expiry(&next_timer(), 1)).expect("given up");
    assert_eq!(states(&pushed().remove(0)), ["failed", "pending"]);
}

#[test]
fn other_timers_are_nothing_to_it() {
    let driver = driver(SETTINGS);
    for (name, payload) in
        [("start", ""), ("media/SM9/0", "media/SM9"), ("media/SM9/0", "opt-out/+1"), ("media/", "\u{0}")]
    {
        let timer = SetTimer { name: name.into(), delay_ms: 0, payload: payload.into(), connection: None };
        driver.fired(native::expiry(&timer, 1)).expect("nothing to do");
    }
    assert!(pushed().is_empty());
}
