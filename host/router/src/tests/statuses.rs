//! What channels report on messages.

use super::chat::*;
use super::kit::*;
use crate::{Action, Event, Outcome, Presence, Reply, Status, StatusReport};

#[test]
fn statuses_only_move_forward() {
    use Status::*;
    let all = [Queued, Unknown, Sent, Delivered, Read, Failed];
    let allowed = |from: Status| all.into_iter().filter(|to| from.may_become(*to)).collect::<Vec<_>>();
    assert_eq!(allowed(Queued), [Unknown, Sent, Delivered, Read, Failed]);
    assert_eq!(allowed(Unknown), [Sent, Delivered, Read, Failed]);
    assert_eq!(allowed(Sent), [Delivered, Read, Failed]);
    assert_eq!(allowed(Delivered), [Read]);
    assert_eq!((allowed(Read), allowed(Failed)), (vec![], vec![]));

    let mut chat = Chat::standard();
    chat.send("m1");
    chat.try_and("m1", receipt("x1"));
    assert_eq!(chat.report("x1", Read), Reply::Recorded { item: Some(chat.item.clone()) });
    assert_eq!(chat.told(), Some((Read, None)));
    for late in [Delivered, Sent, Failed, Read] {
        chat.report("x1", late);
        assert_eq!((chat.told(), chat.status("m1")), (None, Read));
    }
}

#[test]
fn a_report_that_overtakes_our_receipt_waits_for_ten_minutes() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.attempt("m1");
    chat.report("x1", Status::Delivered);
    chat.report("x1", Status::Sent);
    chat.outcome("m1", receipt("x1"));
    assert_eq!(chat.status("m1"), Status::Delivered);

    chat.send("m2");
    chat.attempt("m2");
    chat.report("x2", Status::Delivered);
    chat.desk.wait(10 * 60_000);
    assert!(chat.desk.happened(|event| matches!(event, Event::ReportDropped { .. })));
    chat.outcome("m2", receipt("x2"));
    assert_eq!(chat.status("m2"), Status::Sent);
}

#[test]
fn reports_find_the_message_for_two_weeks_and_after_the_item() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.try_and("m1", receipt("x1"));
    let item = chat.item.clone();
    chat.desk.completes("ana", &item);
    chat.desk.wait(13 * 24 * HOUR);
    assert_eq!(chat.report("x1", Status::Delivered), Reply::Recorded { item: None });
    assert_eq!(chat.told(), Some((Status::Delivered, None)));
    chat.desk.wait(2 * 24 * HOUR);
    assert_eq!(chat.desk.state.delivery("m1"), None);
    assert!(chat.desk.state.stored.external_keys.is_empty());
}

#[test]
fn late_reports_on_a_failed_attempt_say_nothing_of_the_next() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.try_and("m1", receipt("x1"));
    chat.report("x1", Status::Failed);
    chat.desk.act("ana", Action::Retry { message_id: "m1".into() });
    chat.report("x1", Status::Failed);
    assert_eq!(chat.status("m1"), Status::Queued);
    chat.try_and("m1", receipt("x2"));
    chat.report("x2", Status::Delivered);
    assert_eq!(chat.status("m1"), Status::Delivered);
}

#[test]
fn the_owner_hears_of_messages_of_the_one_before() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.attempt("m1");
    chat.desk.arrives("ben");
    let item = chat.item.clone();
    chat.desk.act("ana", set(Presence::Away));
    chat.desk.tells("k1", "work-item.requeue");
    chat.desk.accepts("ben", &item);
    chat.outcome("m1", receipt("x1"));
    assert_eq!((chat.desk.told("ana"), chat.desk.told("ben")), (vec![], vec!["message.status"]));
}

#[test]
fn a_watermark_is_about_all_that_the_channel_had_taken() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.try_and("m1", receipt("x1"));
    let first = chat.desk.now;
    chat.desk.wait(1_000);
    chat.send("m2");
    chat.try_and("m2", receipt("x2"));
    chat.send("m3");
    let report = |up_to| StatusReport { up_to: Some(up_to), status: Status::Read, ..StatusReport::default() };
    chat.report_on(report(first));
    let of = |chat: &Chat| ["m1", "m2", "m3"].map(|message| chat.status(message));
    assert_eq!(of(&chat), [Status::Read, Status::Sent, Status::Queued]);
    // What has not been sent yet can't have been read.
    chat.report_on(report(chat.desk.now + 5_000));
    assert_eq!(of(&chat), [Status::Read, Status::Read, Status::Queued]);
    let again = chat.report_on(report(chat.desk.now + 5_000));
    assert_eq!(again, Reply::Recorded { item: Some(chat.item.clone()) });
    chat.restart();
    assert_eq!(of(&chat), [Status::Read, Status::Read, Status::Queued]);
}

#[test]
fn a_report_with_our_own_id_settles_what_is_unknown() {
    let mut chat = Chat::standard();
    chat.send("m1");
    chat.try_and("m1", Outcome::Lost { text: None });
    assert_eq!(chat.status("m1"), Status::Unknown);
    let report = |id: &str| StatusReport {
        external_keys: vec!["x-never-seen".into()],
        message_id: Some(id.into()),
        status: Status::Delivered,
        ..StatusReport::default()
    };
    chat.report_on(report("m-of-somebody-else"));
    assert_eq!(chat.status("m1"), Status::Unknown);
    chat.report_on(report("m1"));
    assert_eq!(chat.status("m1"), Status::Delivered);

    // That a try failed settles it too, but says nothing of the next try.
    let failed = StatusReport { status: Status::Failed, ..report("m2") };
    chat.send("m2");
    chat.try_and("m2", Outcome::Lost { text: None });
    chat.report_on(failed.clone());
    assert_eq!(chat.status("m2"), Status::Failed);
    chat.desk.act("ana", Action::Retry { message_id: "m2".into() });
    chat.report_on(failed);
    assert_eq!(chat.status("m2"), Status::Queued);
}
