//! Drivers' durable timers.

use super::kit::*;
use crate::{Command, Effect, ErrorCode, Millis, Reply};

fn set_timer(name: &str, due: Millis) -> Command {
    Command::SetTimer { channel: "line".into(), name: name.into(), due, payload: "AQI=".to_owned() }
}

fn done(name: &str, due: Millis) -> Command {
    Command::TimerDone { channel: "line".into(), name: name.into(), due }
}

fn failed(name: &str, due: Millis) -> Command {
    Command::TimerFailed { channel: "line".into(), name: name.into(), due }
}

fn fired(desk: &Desk) -> Vec<(String, Millis, u32)> {
    let fire = |effect: &Effect| match effect {
        Effect::FireTimer { name, due, attempt, .. } => Some((name.to_string(), *due, *attempt)),
        Effect::Deliver(_) => None,
    };
    desk.last.effects.iter().filter_map(fire).collect()
}

#[test]
fn a_timer_fires_once_when_it_is_due() {
    let mut desk = Desk::standard();
    let due = START + 500;
    assert_eq!(desk.run(set_timer("poll", due)), Reply::Done);
    assert_eq!(desk.state.next_due(), Some(due));
    desk.wait(499);
    assert!(fired(&desk).is_empty());
    desk.wait(1);
    assert_eq!(fired(&desk), [("poll".to_owned(), due, 1)]);
    desk.wait(HOUR);
    assert!(fired(&desk).is_empty());
    assert_eq!(desk.run(done("poll", due)), Reply::Done);
    assert!(desk.state.timers().is_empty());
}

#[test]
fn a_second_set_replaces_the_first_even_while_the_driver_has_it() {
    let mut desk = Desk::standard();
    desk.run(set_timer("poll", START + 500));
    desk.wait(500);
    desk.run(set_timer("poll", START + 900));
    assert_eq!(refused(desk.run(done("poll", START + 500))).0, ErrorCode::NotFound);
    assert_eq!(refused(desk.run(done("poll", START + 900))), wrong("set"));
    desk.wait(400);
    assert_eq!(fired(&desk), [("poll".to_owned(), START + 900, 1)]);
}

#[test]
fn a_driver_that_fails_is_called_again_later() {
    let mut desk = Desk::standard();
    let due = START + 1;
    desk.run(set_timer("poll", due));
    desk.wait(1);
    for (attempt, wait) in [(1, 1_000), (2, 2_000), (3, 4_000)] {
        assert_eq!(fired(&desk), [("poll".to_owned(), due, attempt)]);
        assert_eq!(desk.run(failed("poll", due)), Reply::Done);
        assert_eq!(desk.state.next_due(), Some(desk.now + wait));
        desk.wait(wait);
    }
}

#[test]
fn a_cancelled_timer_never_fires() {
    let mut desk = Desk::standard();
    desk.run(set_timer("poll", START + 1));
    let cancel = Command::CancelTimer { channel: "line".into(), name: "poll".into() };
    assert_eq!(desk.run(cancel.clone()), Reply::Done);
    assert_eq!((desk.run(cancel), desk.last.events.len()), (Reply::Done, 0));
    desk.wait(10);
    assert!(fired(&desk).is_empty());
}

#[test]
fn a_crash_fires_again_what_was_not_handled() {
    let mut desk = Desk::standard();
    desk.run(set_timer("poll", START + 1));
    desk.wait(1);
    desk.state = desk.replayed();
    desk.run(Command::Started);
    assert_eq!(fired(&desk), [("poll".to_owned(), START + 1, 1)]);
}

#[test]
fn a_payload_has_a_limit() {
    let mut desk = Desk::standard();
    let sized = |length: usize| Command::SetTimer {
        channel: "line".into(),
        name: "big".into(),
        due: START,
        payload: "A".repeat(length),
    };
    assert_eq!(desk.run(sized(5_464)), Reply::Done);
    assert_eq!(refused(desk.run(sized(5_468))).0, ErrorCode::TooLarge);
}
