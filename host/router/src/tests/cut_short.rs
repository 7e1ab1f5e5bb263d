//! Attempts that a crash or a trap cut short, and trying again by hand.

use super::chat::*;
use super::kit::*;
use crate::{Action, ErrorCode, Outcome, Phase, Previous, Reply, Status};

#[test]
fn a_crash_during_an_attempt() {
    // the driver can look it up, the channel may send twice, what the agent is shown, what is called again
    for (look_up, resend, again) in [(false, false, false), (true, false, true), (false, true, true)] {
        let mut chat = Chat::new(|channel| {
            channel.look_up_unknown = look_up;
            channel.resend_unknown = resend;
        });
        chat.send("m1");
        chat.attempt("m1");
        chat.restart();
        assert_eq!((chat.told(), chat.status("m1")), (Some((Status::Unknown, None)), Status::Unknown));
        assert_eq!(chat.desk.deliveries().len(), usize::from(again));
        if again {
            let previous = if resend { Previous::Resend } else { Previous::Unknown };
            assert_eq!(chat.attempt("m1"), (2, previous));
            chat.outcome("m1", receipt("x1"));
            assert_eq!(chat.status("m1"), Status::Sent);
        }
    }
}

#[test]
fn what_was_not_attempted_goes_on_after_a_crash() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.restart();
    assert_eq!(chat.desk.deliveries(), ["m1"]);
    assert_eq!(chat.attempt("m1"), (1, Previous::None));
}

#[test]
fn what_a_driver_cannot_look_up_stays_unknown_or_is_sent_again() {
    for resend in [false, true] {
        let mut chat = Chat::new(|channel| {
            channel.look_up_unknown = true;
            channel.resend_unknown = resend;
        });
        chat.send("m1");
        chat.attempt("m1");
        chat.restart();
        chat.try_and("m1", failed("unknown"));
        assert_eq!(chat.status("m1"), Status::Unknown);
        if resend {
            chat.desk.wait(1_000);
            assert_eq!(chat.attempt("m1"), (3, Previous::Failed));
        } else {
            assert!(matches!(chat.phase("m1"), Phase::Done { .. }));
        }
    }
}

#[test]
fn a_call_that_is_cut_short_again_and_again_waits_in_between() {
    let mut chat = Chat::new(|channel| channel.look_up_unknown = true);
    chat.send("m1");
    chat.try_and("m1", Outcome::Lost { text: None });
    assert_eq!(chat.told(), Some((Status::Unknown, None)));
    assert_eq!(chat.phase("m1"), Phase::Backoff { until: chat.desk.now + 1_000 });
    chat.desk.wait(1_000);
    assert_eq!(chat.attempt("m1"), (2, Previous::Unknown));
}

#[test]
fn an_agent_tries_again_what_failed_or_is_unknown() {
    for (outcome, previous) in
        [(failed("permanent"), Previous::Failed), (Outcome::Lost { text: None }, Previous::Resend)]
    {
        let mut chat = Chat::standard();
        chat.send("m1");
        let retry = || Action::Retry { message_id: "m1".into() };
        assert_eq!(refused(chat.desk.act("ana", retry())), wrong("queued"));
        chat.try_and("m1", outcome);
        chat.desk.arrives("ben");
        assert_eq!(refused(chat.desk.act("ben", retry())).0, ErrorCode::NotFound);
        assert_eq!(chat.desk.act("ana", retry()), Reply::Sending { message_id: "m1".into() });
        assert_eq!(chat.told(), Some((Status::Queued, None)));
        assert_eq!(chat.desk.deliveries(), ["m1"]);
        assert_eq!(chat.attempt("m1"), (2, previous));
        chat.outcome("m1", receipt("x1"));
        assert_eq!(refused(chat.desk.act("ana", retry())), wrong("sent"));
    }
}
