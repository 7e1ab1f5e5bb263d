//! Work items: opening, joining, order, ending.

use super::kit::*;
use crate::{Action, AgentEvent, Cause, ErrorCode, Event, ItemState, OperatorAction, Presence, Reply, Route};
use crate::{Command, Id};

#[test]
fn a_request_opens_an_item_and_the_next_one_joins_it() {
    let mut desk = Desk::standard();
    let first = desk.message("k1", "support-request");
    let Reply::Opened { item } = desk.receive(first.clone()) else { panic!("{:?}", desk.last.reply) };
    let second = desk.message("k1", "support-request");
    assert_eq!(desk.receive(second.clone()), Reply::Joined { item: item.clone() });
    let found = desk.item(&item);
    assert_eq!(found.state, ItemState::Queued);
    assert_eq!((&found.first_message, &found.last_message), (&first.message_id, &second.message_id));
    assert_eq!((found.message_count, found.weight, &*found.queue), (2, 40, "main"));
    assert_eq!(found.rule.as_deref(), Some("all"));
    assert_ne!(desk.asks("k2"), item, "another conversation has an item of its own");
}

#[test]
fn the_same_conversation_key_on_two_channels_is_two_conversations() {
    let mut desk = Desk::standard();
    let item = desk.asks("k1");
    let mut elsewhere = desk.message("k1", "support-request");
    elsewhere.channel = "branch".into();
    assert_ne!(desk.asks_with(elsewhere), item);
}

#[test]
fn what_no_route_or_a_missing_queue_decides_goes_to_the_default_queue() {
    let mut desk = Desk::standard();
    let mut received = desk.message("k1", "support-request");
    received.route = None;
    let item = desk.asks_with(received);
    assert_eq!(&*desk.item(&item).queue, "main");
    let mut received = desk.message("k2", "support-request");
    received.route = Some(Route { queue: "gone".into(), rule: "old".into(), ..Route::default() });
    let item = desk.asks_with(received);
    assert_eq!(&*desk.item(&item).queue, "main");
}

#[test]
fn a_routes_priority_wins_over_the_messages_and_has_a_limit() {
    for (of_route, of_message, wins) in
        [(None, None, 0), (None, Some(7), 7), (Some(3), Some(7), 3), (Some(5_000), None, 1_000)]
    {
        let mut desk = Desk::standard();
        let mut received = desk.message("k1", "support-request");
        received.priority = of_message;
        received.route =
            Some(Route { queue: "main".into(), priority: of_route, rule: "all".into(), ..Route::default() });
        let item = desk.asks_with(received);
        assert_eq!(desk.item(&item).priority, wins);
    }
}

#[test]
fn items_are_offered_by_priority_then_age() {
    let mut desk = Desk::standard();
    let old = desk.asks("old");
    desk.wait(10);
    let young = desk.asks("young");
    desk.wait(10);
    let mut received = desk.message("urgent", "support-request");
    received.priority = Some(1);
    let urgent = desk.asks_with(received);
    desk.arrives("ana");
    assert_eq!(desk.offered_to(&urgent).as_deref(), Some("ana"));
    assert_eq!(desk.offered_to(&old).as_deref(), Some("ana"), "40 and 40 fit in 100");
    assert_eq!(desk.offered_to(&young), None, "a third one doesn't");
}

#[test]
fn what_is_too_heavy_lets_lighter_ones_pass() {
    let mut desk = Desk::with(&["ana"], config());
    desk.serves("ana", "k1");
    let mut heavy = desk.message("heavy", "support-request");
    heavy.media_type = "talk".into();
    let heavy = desk.asks_with(heavy);
    let light = desk.asks("light");
    assert_eq!(desk.offered_to(&heavy), None);
    assert_eq!(desk.offered_to(&light).as_deref(), Some("ana"));
}

#[test]
fn completing_without_wrap_up_closes_and_remembers() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let item = desk.serves("ana", "k1");
    let complete = Action::Complete { work_item: item.clone(), code: Some("solved".to_owned()), if_version: None };
    assert_eq!(desk.act("ana", complete), Reply::Done);
    assert!(desk.state.item(&item).is_none());
    let ended = desk.last.ended.iter();
    let ended: Vec<_> = ended.map(|item| (&item.id, item.state)).collect();
    assert_eq!(ended, [(&item, ItemState::Closed)]);
    assert_eq!(desk.load("ana"), 0);
    let AgentEvent::WorkItemClosed { item: shown } = desk.notice("ana", "work-item.closed") else { panic!() };
    assert_eq!((shown.state, shown.code.as_deref()), (ItemState::Closed, Some("solved")));
    assert_eq!(refused(desk.completes("ana", &item)), wrong("closed"));
    assert_eq!(refused(desk.completes("ben", &item)).0, ErrorCode::NotFound);

    // ben has been idle for longer, but ana had this customer.
    let next = desk.asks("k1");
    assert_eq!(desk.item(&next).parent.as_ref(), Some(&item));
    assert_eq!(desk.offered_to(&next).as_deref(), Some("ana"));
}

#[test]
fn a_returning_customer_never_waits_for_an_absent_agent() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    desk.completes("ana", &item);
    desk.act("ana", set(Presence::Away));
    desk.arrives("ben");
    let next = desk.asks("k1");
    assert_eq!(desk.offered_to(&next).as_deref(), Some("ben"));
}

#[test]
fn a_conversation_is_forgotten_after_a_month() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    desk.completes("ana", &item);
    desk.wait(31 * 24 * 3_600_000);
    let next = desk.asks("k1");
    assert_eq!(desk.item(&next).parent, None);
    assert_eq!(desk.state.ended(&item), None);
}

fn with_wrap_up() -> crate::Config {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(|queue| queue.wrap_up_ms = 5_000);
    config
}

#[test]
fn wrap_up_ends_by_a_second_complete_or_by_itself() {
    for by_agent in [true, false] {
        let mut desk = Desk::with(&["ana"], with_wrap_up());
        let item = desk.serves("ana", "k1");
        desk.completes("ana", &item);
        assert_eq!(desk.state_of(&item), ItemState::Wrapping);
        assert_eq!(desk.load("ana"), 40, "wrapping up keeps its weight");
        assert_eq!(desk.state.next_due(), Some(desk.now + 5_000));
        if by_agent {
            assert_eq!(desk.completes("ana", &item), Reply::Done);
        } else {
            desk.wait(5_000);
            assert!(desk.happened(|event| matches!(event, Event::ItemClosed { cause: Cause::WrapUpEnded, .. })));
        }
        assert_eq!((desk.state.item(&item), desk.load("ana")), (None, 0));
    }
}

#[test]
fn a_customer_who_writes_during_wrap_up_makes_the_item_active_again() {
    let mut desk = Desk::with(&["ana"], with_wrap_up());
    let item = desk.serves("ana", "k1");
    desk.completes("ana", &item);
    assert_eq!(desk.asks("k1"), item);
    assert_eq!(desk.told("ana"), ["work-item.updated", "message.received"]);
    assert_eq!((desk.state_of(&item), desk.item(&item).owner.as_deref()), (ItemState::Active, Some("ana")));
    desk.wait(60_000);
    assert_eq!(desk.state_of(&item), ItemState::Active, "the end of that wrap-up is off");
}

#[test]
fn a_customer_who_writes_during_an_absent_agents_wrap_up_gets_another() {
    let mut desk = Desk::with(&["ana", "ben"], with_wrap_up());
    let item = desk.serves("ana", "k1");
    desk.completes("ana", &item);
    desk.act("ana", set(Presence::Offline));
    assert_eq!(desk.asks("k1"), item);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
}

#[test]
fn messages_reach_the_owner_or_those_who_are_asked() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.asks("k1");
    desk.asks("k1");
    assert_eq!(desk.told("ana"), ["message.received"], "while offered");
    desk.accepts("ana", &item);
    desk.asks("k1");
    assert_eq!(desk.told("ana"), ["message.received"], "while active");
    for (interaction, told) in [
        ("message.changed", "message.changed"),
        ("message.removed", "message.changed"),
        ("acme.gesture", "message.received"),
    ] {
        assert_eq!(desk.tells("k1", interaction), Reply::Recorded { item: Some(item.clone()) });
        assert_eq!(desk.told("ana"), [told]);
    }
    assert_eq!(desk.tells("nobody", "acme.gesture"), Reply::Recorded { item: None });
    assert!(desk.happened(|event| matches!(event, Event::MessageRecorded { .. })));
}

#[test]
fn a_driver_cancels_completes_and_requeues() {
    // interaction, state before (by what the agent did), state after; none: gone
    for (interaction, accepted, after) in [
        ("work-item.cancel", false, None),
        ("work-item.cancel", true, None),
        ("work-item.complete", false, None),
        ("work-item.complete", true, Some(ItemState::Wrapping)),
        ("work-item.requeue", false, Some(ItemState::Offered)),
        ("work-item.requeue", true, Some(ItemState::Offered)),
    ] {
        let mut desk = Desk::with(&["ana"], with_wrap_up());
        let item = desk.asks("k1");
        let first_offer = desk.offer(&item);
        let age = desk.item(&item).first_queued;
        if accepted {
            desk.accepts("ana", &item);
        }
        desk.now += 10;
        assert_eq!(desk.tells("k1", interaction), Reply::Recorded { item: Some(item.clone()) });
        assert_eq!(desk.state.item(&item).map(|item| item.state), after, "{interaction}, accepted: {accepted}");
        assert!(desk.state.offer(&first_offer).is_none());
        if let Some(found) = desk.state.item(&item) {
            assert_eq!(found.first_queued, age);
        } else {
            assert_eq!(desk.load("ana"), 0);
            let fate = if interaction == "work-item.cancel" { "cancelled" } else { "closed" };
            assert_eq!(desk.state.ended(&item).map(|ended| ended.fate.name()), Some(fate));
        }
    }
}

#[test]
fn what_wraps_up_cannot_be_cancelled() {
    let mut desk = Desk::with(&["ana"], with_wrap_up());
    let item = desk.serves("ana", "k1");
    desk.completes("ana", &item);
    desk.tells("k1", "work-item.cancel");
    assert_eq!(desk.state_of(&item), ItemState::Wrapping);
}

#[test]
fn only_the_owner_touches_an_item_and_only_the_version_seen() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let item = desk.serves("ana", "k1");
    let version = desk.item(&item).version;
    let complete = |if_version| Action::Complete { work_item: item.clone(), code: None, if_version };
    assert_eq!(refused(desk.act("ben", complete(None))).0, ErrorCode::NotAllowed);
    assert_eq!(refused(desk.act("ana", complete(Some(version - 1)))).0, ErrorCode::Conflict);
    assert_eq!(desk.act("ana", complete(Some(version))), Reply::Done);
    let unknown = Action::Complete { work_item: "none".into(), code: None, if_version: None };
    assert_eq!(refused(desk.act("ana", unknown)).0, ErrorCode::NotFound);
}

fn operator(item: &Id, action: OperatorAction) -> Command {
    Command::Operator { name: "boss".into(), item: item.clone(), if_version: None, action }
}

#[test]
fn a_supervisor_requeues_and_closes_in_any_state() {
    for prepare in 0..4 {
        for close in [true, false] {
            let mut desk = Desk::new(with_wrap_up());
            let item = desk.asks("k1");
            if prepare > 0 {
                desk.arrives("ana");
            }
            if prepare > 1 {
                desk.accepts("ana", &item);
            }
            if prepare > 2 {
                desk.completes("ana", &item);
            }
            desk.act("ana", set(Presence::Offline));
            if close {
                desk.run(operator(&item, OperatorAction::Close { code: None }));
                assert_eq!((desk.state.item(&item), desk.load("ana")), (None, 0));
            } else {
                desk.run(operator(&item, OperatorAction::Requeue { queue: Some("other".into()) }));
                assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Queued, 0));
                assert_eq!(&*desk.item(&item).queue, "other");
            }
            assert_eq!(desk.last.reply, Reply::Done);
        }
    }
}

#[test]
fn a_supervisor_is_told_what_cannot_be() {
    let mut desk = Desk::standard();
    let item = desk.asks("k1");
    let to_nowhere = OperatorAction::Requeue { queue: Some("nowhere".into()) };
    assert_eq!(refused(desk.run(operator(&item, to_nowhere))).0, ErrorCode::NotFound);
    let stale = Some(desk.item(&item).version + 1);
    let actions = [
        OperatorAction::Requeue { queue: None },
        OperatorAction::Close { code: None },
        OperatorAction::Cancel { reason: None },
        OperatorAction::Update { change: crate::Change { priority: Some(1), ..crate::Change::default() } },
    ];
    for action in actions {
        let command =
            Command::Operator { name: "boss".into(), item: item.clone(), if_version: stale, action: action.clone() };
        assert_eq!(refused(desk.run(command)).0, ErrorCode::Conflict, "{action:?}");
        assert!(desk.last.events.is_empty());
    }
    desk.run(operator(&item, OperatorAction::Close { code: None }));
    assert_eq!(refused(desk.run(operator(&item, OperatorAction::Close { code: None }))), wrong("closed"));
    let unknown: Id = "none".into();
    assert_eq!(refused(desk.run(operator(&unknown, OperatorAction::Close { code: None }))).0, ErrorCode::NotFound);
}

#[test]
fn versions_and_ids_go_up() {
    let mut desk = Desk::with(&["ana"], config());
    let first = desk.asks("k1");
    let second = desk.asks("k2");
    assert!(first < second, "made in the same millisecond: {first} {second}");
    assert_eq!((first.len(), first.as_bytes()[14], first.as_bytes()[19]), (36, b'7', second.as_bytes()[19]));
    let before = desk.item(&first).version;
    desk.accepts("ana", &first);
    assert_eq!(desk.item(&first).version, before + 1);
}
