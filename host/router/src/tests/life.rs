//! Suspended, scheduled, outlived; tasks and due times.

use super::kit::*;
use crate::{
    Action, AgentEvent, Command, Event, Id, ItemState, OperatorAction, Presence, QueueConfig, Reply, Route, Target,
    Task,
};

fn with_queue(change: impl FnOnce(&mut QueueConfig)) -> crate::Config {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(change);
    config
}

fn suspend(item: &Id) -> Action {
    Action::Suspend { work_item: item.clone(), if_version: None }
}

#[test]
fn a_suspended_item_weighs_what_its_queue_says() {
    let mut desk = Desk::with(&["ana"], with_queue(|queue| queue.suspended_percent = 25));
    let item = desk.serves("ana", "k1");
    assert_eq!(desk.act("ana", suspend(&item)), Reply::Done);
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Suspended, 10));
    assert_eq!(refused(desk.act("ana", suspend(&item))), wrong("suspended"));
    desk.act("ana", Action::Resume { work_item: item.clone(), if_version: None });
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Active, 40));
}

#[test]
fn an_idle_item_is_suspended_and_goes_on_with_the_same_agent() {
    let mut desk = Desk::with(&["ana"], with_queue(|queue| queue.suspend_after_ms = Some(60_000)));
    let item = desk.serves("ana", "k1");
    desk.wait(59_000);
    desk.asks("k1");
    desk.wait(59_999);
    assert_eq!(desk.state_of(&item), ItemState::Active, "what the customer says counts");
    desk.wait(1);
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Suspended, 0));
    let busy = [desk.serves("ana", "k2"), desk.serves("ana", "k3")];
    desk.asks("k1");
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Active, 120), "above the budget, and allowed");
    let next = desk.asks("k4");
    assert_eq!(desk.offered_to(&next), None, "but nothing new");
    desk.completes("ana", &busy[0]);
    desk.completes("ana", &busy[1]);
    assert_eq!(desk.offered_to(&next).as_deref(), Some("ana"));
}

#[test]
fn a_suspended_item_of_an_absent_agent_goes_to_another_with_the_agent_preferred() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    desk.act("ana", suspend(&item));
    desk.act("ana", set(Presence::Offline));
    assert_eq!(desk.state_of(&item), ItemState::Suspended);
    desk.asks("k1");
    assert_eq!(desk.state_of(&item), ItemState::Queued);
    assert_eq!(desk.item(&item).preferred.as_deref(), Some("ana"));
    desk.arrives("ben");
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
}

fn task() -> Task {
    let route = Route { queue: "main".into(), rule: "api".into(), ..Route::default() };
    Task {
        message_id: "body-1".into(),
        by: "crm".into(),
        media_type: "letter".into(),
        route: Some(route),
        ..Task::default()
    }
}

fn creates(desk: &mut Desk, task: Task) -> Id {
    match desk.run(Command::Create(Box::new(task))) {
        Reply::Opened { item } => item,
        other => panic!("a task is answered with {other:?}"),
    }
}

#[test]
fn a_task_without_a_channel_lives_in_the_same_queues() {
    let mut desk = Desk::with(&["ana"], config());
    let item = creates(&mut desk, Task { key: Some("t1".into()), ..task() });
    assert_eq!(creates(&mut desk, Task { key: Some("t1".into()), ..task() }), item, "one key, one item");
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"));
    desk.accepts("ana", &item);
    let other = creates(&mut desk, task());
    assert_ne!(other, item);
    assert_eq!(desk.completes("ana", &item), Reply::Done);
}

#[test]
fn a_scheduled_item_is_queued_when_its_time_comes() {
    let mut desk = Desk::with(&["ana"], config());
    let later = desk.now + HOUR;
    let item = creates(&mut desk, Task { not_before: Some(later), ..task() });
    assert_eq!((desk.state_of(&item), desk.state.next_due()), (ItemState::New, Some(later)));
    desk.wait(HOUR);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"));
    assert_eq!(desk.item(&item).first_queued, later, "its age counts from then");
}

#[test]
fn what_nobody_takes_in_time_is_cancelled() {
    let mut desk = Desk::new(with_queue(|queue| queue.time_to_live_ms = Some(60_000)));
    let item = desk.asks("k1");
    desk.wait(59_999);
    assert_eq!(desk.state_of(&item), ItemState::Queued);
    desk.wait(1);
    assert!(desk.happened(|event| matches!(event, Event::ItemCancelled { cause: crate::Cause::TimeUp, .. })));
    assert!(desk.state.item(&item).is_none());
    desk.arrives("ana");
    let taken = desk.serves("ana", "k2");
    desk.wait(HOUR);
    assert_eq!(desk.state_of(&taken), ItemState::Active, "what is taken lives on");
}

#[test]
fn due_times_are_warned_about_and_breached_once() {
    let mut desk = Desk::with(
        &["ana"],
        with_queue(|queue| {
            queue.targets.first_answer_ms = Some(100_000);
            queue.targets.next_answer_ms = Some(50_000);
            queue.targets.resolution_ms = Some(1_000_000);
        }),
    );
    let item = desk.serves("ana", "k1");
    desk.wait(80_000);
    assert!(desk.happened(|event| matches!(event, Event::DueSoon { target: Target::FirstAnswer, .. })));
    assert!(matches!(desk.notice("ana", "work-item.updated"), AgentEvent::WorkItemUpdated { .. }));
    desk.wait(20_000);
    assert!(desk.happened(|event| matches!(event, Event::Breached { target: Target::FirstAnswer, .. })));
    desk.wait(1_000);
    assert!(desk.last.events.is_empty(), "once is enough");
    let send = |id: &str| Action::Send {
        work_item: item.clone(),
        message_id: id.into(),
        idempotency_key: None,
        if_version: None,
    };
    desk.act("ana", send("m1"));
    let sla = desk.item(&item).sla.clone().expect("has due times");
    assert_eq!((sla.first_answer, sla.answered), (None, Some(desk.now)));
    assert!(sla.breached.contains(&Target::FirstAnswer));
    desk.asks("k1");
    let due = desk.item(&item).sla.as_ref().and_then(|sla| sla.next_answer).map(|deadline| deadline.due);
    assert_eq!(due, Some(desk.now + 50_000));
    desk.act("ana", send("m2"));
    assert_eq!(desk.item(&item).sla.as_ref().and_then(|sla| sla.next_answer), None);
}

#[test]
fn a_supervisor_cancels_in_any_state() {
    for state in ["queued", "offered", "active", "suspended", "wrapping"] {
        let mut desk = Desk::new(with_queue(|queue| queue.wrap_up_ms = 60_000));
        let item = desk.asks("k1");
        if state != "queued" {
            desk.arrives("ana");
        }
        if !matches!(state, "queued" | "offered") {
            desk.accepts("ana", &item);
        }
        if state == "suspended" {
            desk.act("ana", suspend(&item));
        }
        if state == "wrapping" {
            desk.completes("ana", &item);
        }
        assert_eq!(desk.state_of(&item).name(), state);
        let action = OperatorAction::Cancel { reason: Some("spam".to_owned()) };
        assert_eq!(
            desk.run(Command::Operator { name: "boss".into(), item: item.clone(), if_version: None, action }),
            Reply::Done
        );
        assert!(desk.state.item(&item).is_none());
        assert_eq!(desk.load("ana"), 0);
    }
}
