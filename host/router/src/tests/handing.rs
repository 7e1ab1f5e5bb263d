//! Passing on, asking in, merging and splitting.

use super::kit::*;
use crate::{Action, Destination, ErrorCode, Id, ItemState, OfferKind, Presence, Reply};

fn to_agent(item: &Id, agent: &str) -> Action {
    Action::Transfer { work_item: item.clone(), to: Destination::Agent(agent.into()), if_version: None }
}

fn to_queue(item: &Id, queue: &str) -> Action {
    Action::Transfer { work_item: item.clone(), to: Destination::Queue(queue.into()), if_version: None }
}

fn consult(item: &Id, agent: &str) -> Action {
    Action::Consult { work_item: item.clone(), agent: agent.into(), if_version: None }
}

/// `ana` has an item, `ben` is there.
fn two() -> (Desk, Id) {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    desk.arrives("ben");
    (desk, item)
}

#[test]
fn a_transfer_to_an_agent_is_an_offer_that_keeps_the_age() {
    let (mut desk, item) = two();
    let age = desk.item(&item).first_queued;
    desk.now += 5_000;
    assert_eq!(desk.act("ana", to_agent(&item, "ben")), Reply::Done);
    assert_eq!((desk.state_of(&item), desk.load("ana"), desk.load("ben")), (ItemState::Offered, 0, 40));
    let offer = desk.state.offer(&desk.offer(&item)).cloned().expect("is pending");
    assert_eq!(offer.kind, OfferKind::Transfer { from: "ana".into() });
    desk.accepts("ben", &item);
    assert_eq!(desk.item(&item).owner.as_deref(), Some("ben"));
    assert_eq!((desk.item(&item).first_queued, desk.item(&item).transfer.is_none()), (age, true));
}

#[test]
fn an_untaken_transfer_comes_back() {
    for way in ["reject", "expire", "leave", "cancel"] {
        let (mut desk, item) = two();
        desk.act("ana", to_agent(&item, "ben"));
        let offer = desk.offer(&item);
        match way {
            "reject" => drop(desk.act("ben", Action::Reject { offer, reason: None })),
            "expire" => desk.wait(30_000),
            "leave" => desk.loses("ben", "first"),
            _ => drop(desk.act("ana", Action::TransferCancel { work_item: item.clone(), if_version: None })),
        }
        assert_eq!(desk.item(&item).owner.as_deref(), Some("ana"), "{way}");
        assert_eq!((desk.state_of(&item), desk.load("ana"), desk.load("ben")), (ItemState::Active, 40, 0), "{way}");
    }
}

#[test]
fn it_waits_in_its_queue_if_who_passed_it_on_has_left() {
    let (mut desk, item) = two();
    desk.act("ana", to_agent(&item, "ben"));
    desk.act("ana", set(Presence::Offline));
    let offer = desk.offer(&item);
    desk.act("ben", Action::Reject { offer, reason: None });
    assert_eq!((desk.state_of(&item), &*desk.item(&item).queue), (ItemState::Queued, "main"));
    assert!(desk.item(&item).transfer.is_none());
}

#[test]
fn a_transfer_to_a_queue_comes_back_after_its_time() {
    let mut config = config();
    config.queues.entry("other".into()).and_modify(|queue| queue.transfer_return_ms = 60_000);
    let mut desk = Desk::with(&["ana"], config);
    let item = desk.serves("ana", "k1");
    assert_eq!(desk.act("ana", to_queue(&item, "other")), Reply::Done);
    assert_eq!((desk.state_of(&item), &*desk.item(&item).queue), (ItemState::Queued, "other"));
    assert!(desk.item(&item).offers.is_empty(), "who passed it on isn't asked");
    desk.wait(59_999);
    assert_eq!(desk.state_of(&item), ItemState::Queued);
    desk.wait(1);
    assert_eq!((desk.state_of(&item), &*desk.item(&item).queue), (ItemState::Active, "main"));
    assert_eq!(desk.item(&item).owner.as_deref(), Some("ana"));
}

#[test]
fn a_transfer_is_refused_where_it_cannot_work() {
    let (mut desk, item) = two();
    assert_eq!(refused(desk.act("ana", to_agent(&item, "ana"))).0, ErrorCode::BadRequest);
    assert_eq!(refused(desk.act("ana", to_agent(&item, "eve"))).0, ErrorCode::NotFound);
    assert_eq!(refused(desk.act("ana", to_queue(&item, "none"))).0, ErrorCode::NotFound);
    assert_eq!(refused(desk.act("ben", to_queue(&item, "other"))).0, ErrorCode::NotAllowed);
    desk.act("ben", set(Presence::Busy));
    assert_eq!(refused(desk.act("ana", to_agent(&item, "ben"))).0, ErrorCode::Unavailable);
    desk.act("ben", set(Presence::Available));
    desk.act("ana", set(Presence::Busy));
    desk.serves("ben", "k2");
    desk.serves("ben", "k3");
    assert_eq!(refused(desk.act("ana", to_agent(&item, "ben"))).0, ErrorCode::OverCapacity);
    let stale = Action::Transfer { work_item: item, to: Destination::Queue("other".into()), if_version: Some(99) };
    assert_eq!(refused(desk.act("ana", stale)).0, ErrorCode::Conflict);
}

#[test]
fn a_transfer_to_a_skill_asks_who_has_it() {
    let mut config = config();
    config.agents.entry("ben".into()).and_modify(|agent| {
        agent.skills.insert("law".into(), 4);
    });
    let mut desk = Desk::with(&["ana"], config);
    let item = desk.serves("ana", "k1");
    let to = Destination::Skill { skills: [("law".into(), 3)].into(), queue: None };
    desk.act("ana", Action::Transfer { work_item: item.clone(), to, if_version: None });
    assert_eq!(desk.offered_to(&item), None);
    desk.arrives("ben");
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
}

#[test]
fn a_consulted_agent_is_in_without_taking_over() {
    let (mut desk, item) = two();
    assert_eq!(desk.act("ana", consult(&item, "ben")), Reply::Done);
    assert_eq!(refused(desk.act("ana", consult(&item, "ben"))).0, ErrorCode::Conflict);
    assert_eq!(desk.state_of(&item), ItemState::Active);
    desk.accepts("ben", &item);
    assert_eq!(desk.item(&item).owner.as_deref(), Some("ana"));
    assert_eq!((desk.load("ana"), desk.load("ben")), (40, 40));
    desk.asks("k1");
    assert_eq!(desk.told("ben"), ["message.received"]);
    assert_eq!(refused(desk.completes("ben", &item)).0, ErrorCode::NotAllowed);
    desk.act("ben", Action::Leave { work_item: item.clone() });
    assert_eq!((desk.load("ben"), desk.item(&item).helpers.len()), (0, 0));
}

#[test]
fn an_attended_transfer_is_a_consultation_that_ends_in_handing_over() {
    let (mut desk, item) = two();
    let complete = Action::TransferComplete { work_item: item.clone(), agent: None, if_version: None };
    assert_eq!(refused(desk.act("ana", complete.clone())).0, ErrorCode::NotFound);
    desk.act("ana", consult(&item, "ben"));
    desk.accepts("ben", &item);
    assert_eq!(desk.act("ana", complete), Reply::Done);
    assert_eq!(desk.item(&item).owner.as_deref(), Some("ben"));
    assert_eq!((desk.load("ana"), desk.load("ben")), (0, 40));
    assert_eq!(desk.completes("ben", &item), Reply::Done);
    assert_eq!(desk.load("ben"), 0);
}

#[test]
fn who_was_asked_in_is_out_when_the_item_ends_or_the_agent_is_lost() {
    let (mut desk, item) = two();
    desk.act("ana", consult(&item, "ben"));
    desk.accepts("ben", &item);
    desk.loses("ben", "first");
    desk.wait(60_000);
    assert_eq!((desk.load("ben"), desk.item(&item).helpers.len()), (0, 0));
    desk.arrives("ben");
    desk.act("ana", consult(&item, "ben"));
    desk.accepts("ben", &item);
    desk.act("ben", set(Presence::Finishing));
    assert_eq!(desk.presence("ben"), Presence::Finishing);
    desk.completes("ana", &item);
    assert_eq!((desk.load("ben"), desk.presence("ben")), (0, Presence::Offline));
}

#[test]
fn merged_items_are_one_for_both_conversations() {
    let mut desk = Desk::with(&["ana"], config());
    let (first, second) = (desk.serves("ana", "k1"), desk.serves("ana", "k2"));
    let merge = Action::Merge { work_item: first.clone(), from: second.clone(), if_version: None };
    assert_eq!(desk.act("ana", merge), Reply::Done);
    assert!(desk.state.item(&second).is_none());
    assert_eq!(desk.load("ana"), 40);
    assert_eq!(desk.asks("k2"), first);
    desk.completes("ana", &first);
    let next = desk.asks("k2");
    assert_eq!(desk.item(&next).parent.as_ref(), Some(&first));
}

#[test]
fn a_driver_merges_conversations() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    let mut merge = desk.message("k1", "work-item.merge");
    merge.into = Some("k9".into());
    desk.receive(merge);
    assert_eq!(desk.asks("k9"), item);
    desk.act("ana", set(Presence::Busy));
    let other = desk.asks("k2");
    let mut merge = desk.message("k2", "work-item.merge");
    merge.into = Some("k9".into());
    desk.receive(merge);
    assert!(desk.state.item(&other).is_none(), "the item that has an agent goes on");
    assert_eq!(desk.asks("k2"), item);
}

#[test]
fn a_part_is_an_item_of_its_own() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    let split = Action::Split {
        work_item: item.clone(),
        message_id: "m7".into(),
        queue: Some("other".into()),
        if_version: None,
    };
    let Reply::Opened { item: part } = desk.act("ana", split) else { panic!("not opened") };
    let opened = desk.item(&part);
    assert_eq!((&*opened.queue, &*opened.first_message, opened.parent.as_ref()), ("other", "m7", Some(&item)));
    assert_eq!(desk.offered_to(&part).as_deref(), Some("ana"));
    assert_eq!(desk.asks("k1"), item, "the conversation stays with the first");
}
