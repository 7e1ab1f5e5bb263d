//! Deliveries: sending, attempts, retries, lanes.

use super::chat::*;
use super::kit::*;
use crate::{Action, Command, Effect, ErrorCode, Failure, Outcome, Phase, Previous, Reply, Status};

#[test]
fn a_message_is_queued_attempted_and_sent() {
    let mut chat = Chat::standard();
    chat.send("m1");
    assert_eq!(chat.told(), Some((Status::Queued, None)));
    assert_eq!(chat.desk.deliveries(), ["m1"]);
    let Some(Effect::Deliver(deliver)) = chat.desk.last.effects.first() else { panic!() };
    assert_eq!((deliver.attempt, deliver.previous, &deliver.item), (1, Previous::None, &chat.item));
    assert_eq!(chat.desk.state.outstanding(), chat.desk.last.effects);
    assert_eq!(chat.attempt("m1"), (1, Previous::None));
    assert_eq!(chat.status("m1"), Status::Queued);
    chat.outcome("m1", receipt("x1"));
    assert_eq!(chat.told(), Some((Status::Sent, None)));
    assert!(chat.desk.state.outstanding().is_empty());
}

#[test]
fn an_attempt_has_its_turn_and_its_number() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.send("m2");
    assert!(chat.desk.deliveries().is_empty(), "one at a time");
    let attempt = |message: &str| Command::Attempt { message_id: message.into() };
    assert_eq!(refused(chat.desk.run(attempt("m2"))), wrong("waiting"));
    assert_eq!(refused(chat.desk.run(attempt("m9"))).0, ErrorCode::NotFound);
    chat.attempt("m1");
    assert_eq!(refused(chat.desk.run(attempt("m1"))), wrong("attempting"));
    let old = Command::Delivered { message_id: "m1".into(), attempt: 7, outcome: receipt("x1") };
    assert_eq!(refused(chat.desk.run(old)), wrong("attempting"));
    chat.outcome("m1", receipt("x1"));
    assert_eq!(chat.desk.deliveries(), ["m2"], "the next one's turn");
}

#[test]
fn failures_for_now_are_tried_again_from_a_second_to_an_hour_for_a_day() {
    let mut chat = Chat::standard();
    chat.send("m1");
    let mut waits = Vec::new();
    while chat.status("m1") == Status::Queued {
        chat.try_and("m1", failed("temporary"));
        let Phase::Backoff { until } = chat.phase("m1") else {
            break;
        };
        waits.push((until - chat.desk.now) / 1_000);
        chat.desk.wait(until - chat.desk.now);
        assert_eq!(chat.desk.deliveries(), ["m1"]);
    }
    assert_eq!(waits[..13], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600]);
    let total: u64 = waits.iter().sum();
    assert!((23 * 3600..=24 * 3600).contains(&total), "{total} seconds");
    assert_eq!(chat.told(), Some((Status::Failed, Some("temporary".to_owned()))));
}

#[test]
fn outcomes_by_code() {
    // outcome, status and whether it is over
    for (outcome, status, over) in [
        (receipt("x"), Status::Sent, true),
        (Outcome::Receipt { external_keys: vec![], status: Status::Read }, Status::Read, true),
        (Outcome::Receipt { external_keys: vec![], status: Status::Queued }, Status::Sent, true),
        (Outcome::Later, Status::Queued, true),
        (Outcome::NotSupported, Status::Failed, true),
        (failed("permanent"), Status::Failed, true),
        (failed("acme.blocked"), Status::Failed, true),
        (failed("unknown"), Status::Unknown, true),
        (failed("temporary"), Status::Queued, false),
        (failed("unavailable"), Status::Queued, false),
        (failed("rate-limited"), Status::Queued, false),
        (Outcome::Lost { text: None }, Status::Unknown, true),
    ] {
        let mut chat = Chat::standard();
        chat.send("m1");
        chat.try_and("m1", outcome.clone());
        let found = (chat.status("m1"), matches!(chat.phase("m1"), Phase::Done { .. }));
        assert_eq!(found, (status, over), "{outcome:?}");
    }
}

#[test]
fn a_limited_rate_counts_no_try_and_waits_as_told() {
    let mut chat = Chat::standard();
    chat.send("m1");
    let failure = Failure { code: "rate-limited".to_owned(), text: None };
    for _ in 0..3 {
        chat.try_and("m1", Outcome::Failed { failure: failure.clone(), retry_after_ms: Some(7_000) });
        assert_eq!(chat.phase("m1"), Phase::Backoff { until: chat.desk.now + 7_000 });
        chat.desk.wait(7_000);
    }
    chat.try_and("m1", failed("temporary"));
    assert_eq!(chat.phase("m1"), Phase::Backoff { until: chat.desk.now + 1_000 });
}

#[test]
fn what_waits_over_a_minute_lets_others_pass_and_says_so() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.send("m2");
    while matches!(chat.phase("m1"), Phase::Waiting) {
        chat.try_and("m1", failed("temporary"));
        assert!(chat.desk.deliveries().is_empty());
        let Some(due) = chat.desk.state.next_due() else {
            break;
        };
        chat.desk.wait(due - chat.desk.now);
    }
    assert_eq!(chat.desk.now - START, 60_000);
    assert_eq!(chat.told(), Some((Status::Queued, Some("delayed".to_owned()))));
    assert_eq!(chat.desk.deliveries(), ["m2"]);
    chat.attempt("m2");
    let Phase::Backoff { until } = chat.phase("m1") else { panic!() };
    chat.desk.wait(until - chat.desk.now);
    assert!(chat.desk.deliveries().is_empty(), "it doesn't come between");
    chat.send("m3");
    chat.outcome("m2", receipt("x2"));
    assert_eq!(chat.desk.deliveries(), ["m1"], "but before what is younger");
    chat.try_and("m1", failed("temporary"));
    assert_eq!(chat.desk.deliveries(), ["m3"], "it has had its minute");
}

#[test]
fn lanes_are_apart() {
    let mut chat = Chat::standard();
    let other = chat.desk.serves("ana", "k2");
    chat.send("m1");
    let action = Action::Send { work_item: other, message_id: "m2".into(), idempotency_key: None, if_version: None };
    chat.desk.act("ana", action);
    assert_eq!(chat.desk.deliveries(), ["m2"]);
}

#[test]
fn a_repeated_key_is_one_send() {
    let mut chat = Chat::standard();
    let first = chat.action("m1", Some("key"));
    let again = chat.action("m2", Some("key"));
    let sent = Reply::Sending { message_id: "m1".into() };
    assert_eq!(chat.desk.act("ana", first), sent);
    assert_eq!(chat.desk.act("ana", again.clone()), sent);
    assert_eq!(chat.desk.state.delivery("m2"), None);
    let item = chat.item.clone();
    chat.desk.completes("ana", &item);
    assert_eq!(chat.desk.act("ana", again.clone()), sent, "also when the item has ended");
    chat.desk.wait(24 * HOUR);
    assert_eq!(refused(chat.desk.act("ana", again)).0, ErrorCode::NotFound);
}

#[test]
fn who_may_write() {
    let mut chat = Chat::standard();
    chat.desk.arrives("ben");
    let action = chat.action("m1", None);
    assert_eq!(refused(chat.desk.act("ben", action.clone())).0, ErrorCode::NotAllowed);
    let item = chat.item.clone();
    chat.desk.completes("ana", &item);
    assert_eq!(refused(chat.desk.act("ana", action)), wrong("closed"));
}
