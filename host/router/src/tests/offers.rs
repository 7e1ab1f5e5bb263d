//! Offers: who is asked, and how it ends.

use super::kit::*;
use crate::{Action, AgentEvent, ErrorCode, ItemState, Presence, Reply};

fn reject(desk: &mut Desk, agent: &str, item: &str) -> Reply {
    let offer = desk.offer(item);
    desk.act(agent, Action::Reject { offer, reason: Some("lunch".to_owned()) })
}

#[test]
fn an_offer_shows_the_message_that_opened_the_item() {
    let mut desk = Desk::with(&["ana"], config());
    let received = desk.message("k1", "support-request");
    let item = desk.asks_with(received.clone());
    assert_eq!(desk.told("ana"), ["offer.created", "agent.updated"]);
    let AgentEvent::OfferCreated { offer, item: shown, message_id } = desk.notice("ana", "offer.created") else {
        panic!()
    };
    assert_eq!((message_id, &offer.item, &shown.id), (&received.message_id, &item, &item));
    assert_eq!((shown.state, offer.expires), (ItemState::Offered, desk.now + 30_000));
    assert_eq!(desk.load("ana"), 40, "a pending offer takes its weight");
}

#[test]
fn the_offers_time_is_the_queues_else_the_drivers_else_thirty_seconds() {
    for (of_queue, of_driver, expected) in
        [(None, None, 30_000), (None, Some(7_000), 7_000), (Some(5_000), Some(7_000), 5_000)]
    {
        let mut config = config();
        config.queues.entry("main".into()).and_modify(|queue| queue.offer_timeout_ms = of_queue);
        let channel = config.channels.entry("line".into()).or_default();
        channel.media.entry("letter".into()).and_modify(|media| media.offer_timeout_ms = of_driver);
        let mut desk = Desk::with(&["ana"], config);
        let item = desk.asks("k1");
        let offer = desk.offer(&item);
        assert_eq!(desk.state.offer(&offer).map(|offer| offer.expires - desk.now), Some(expected));
    }
}

#[test]
fn the_weight_is_the_queues_else_the_drivers_else_twenty() {
    let mut config = config();
    config.queues.entry("other".into()).and_modify(|queue| {
        queue.weights.insert("letter".into(), 7);
    });
    assert_eq!(config.weight("other", "line", "letter"), 7);
    assert_eq!(config.weight("main", "line", "letter"), 40);
    assert_eq!(config.weight("main", "line", "smoke"), 20);
    config.channels.entry("line".into()).or_default().media.insert("*".into(), media(9, true));
    assert_eq!(config.weight("main", "line", "smoke"), 9);
    assert!(config.real_time("line", "smoke"));
}

#[test]
fn accepting_makes_the_owner() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    assert_eq!(desk.told("ana"), ["offer.accepted"]);
    assert_eq!((desk.state_of(&item), desk.item(&item).owner.as_deref()), (ItemState::Active, Some("ana")));
    assert_eq!(desk.load("ana"), 40);
}

/// How an offer of this item to ana ends.
type End = fn(&mut Desk, &str);

#[test]
fn an_offer_that_ended_is_a_wrong_state_for_its_agent_only() {
    // how it ends, the state that its agent is told
    let endings: [(&str, End); 4] = [
        ("accepted", |desk, item| desk.accepts("ana", item)),
        ("rejected", |desk, item| assert_eq!(reject(desk, "ana", item), Reply::Done)),
        ("expired", |desk, _| desk.wait(30_000)),
        ("revoked", |desk, _| assert_eq!(desk.act("ana", set(Presence::Busy)), Reply::Done)),
    ];
    for (state, end) in endings {
        let mut desk = Desk::with(&["ana"], config());
        desk.connects("ben", "c");
        let item = desk.asks("k1");
        let offer = desk.offer(&item);
        end(&mut desk, &item);
        let accept = || Action::Accept { offer: offer.clone() };
        assert_eq!(refused(desk.act("ana", accept())), wrong(state));
        assert_eq!(refused(desk.act("ana", Action::Reject { offer: offer.clone(), reason: None })), wrong(state));
        assert_eq!(refused(desk.act("ben", accept())).0, ErrorCode::NotFound);
    }
}

#[test]
fn an_offer_is_its_agents_alone() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let item = desk.asks("k1");
    let offer = desk.offer(&item);
    assert_eq!(refused(desk.act("ben", Action::Accept { offer })).0, ErrorCode::NotFound);
    assert_eq!(desk.state_of(&item), ItemState::Offered);
}

#[test]
fn too_late_is_too_late_even_before_the_tick() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.asks("k1");
    let offer = desk.offer(&item);
    desk.now += 30_000;
    assert_eq!(refused(desk.act("ana", Action::Accept { offer })), wrong("expired"));
    assert_eq!(desk.state_of(&item), ItemState::Queued);
}

#[test]
fn who_rejects_or_misses_is_not_asked_again() {
    for expires in [true, false] {
        let mut desk = Desk::with(&["ana", "ben"], config());
        let item = desk.asks("k1");
        assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"));
        if expires {
            desk.wait(30_000);
        } else {
            reject(&mut desk, "ana", &item);
        }
        assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
        reject(&mut desk, "ben", &item);
        assert_eq!((desk.state_of(&item), desk.load("ana"), desk.load("ben")), (ItemState::Queued, 0, 0));
        let age = desk.item(&item).first_queued;
        assert_eq!(age, START, "the age is kept");
        assert_eq!(desk.presence("ana"), Presence::Available);
    }
}

#[test]
fn unless_nobody_else_is_left_and_the_queue_says_so() {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(|queue| queue.offer_again = true);
    let mut desk = Desk::with(&["ana", "ben"], config);
    // ben is full: he is left, only not at the moment.
    for conversation in ["a", "b"] {
        desk.act("ana", set(Presence::Busy));
        desk.serves("ben", conversation);
    }
    desk.act("ana", set(Presence::Available));
    let item = desk.asks("k1");
    reject(&mut desk, "ana", &item);
    assert_eq!(desk.offered_to(&item), None);
    desk.act("ben", set(Presence::Away));
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"));
}

#[test]
fn a_missed_offer_makes_away_if_the_queue_says_so() {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(|queue| queue.away_after_missed = true);
    let mut desk = Desk::with(&["ana"], config);
    let first = desk.asks("k1");
    desk.wait(10_000);
    let second = desk.asks("k2");
    desk.wait(20_000);
    assert_eq!(desk.presence("ana"), Presence::Away);
    assert_eq!(desk.state.agent("ana").and_then(|agent| agent.reason.as_deref()), Some("missed"));
    assert_eq!((desk.state_of(&first), desk.state_of(&second)), (ItemState::Queued, ItemState::Queued));
    desk.act("ana", set(Presence::Available));
    assert_eq!(desk.offered_to(&first), None, "missed");
    assert_eq!(desk.offered_to(&second).as_deref(), Some("ana"), "only revoked");
}

#[test]
fn the_longest_idle_is_asked() {
    let mut desk = Desk::with(&["ana"], config());
    desk.wait(10);
    desk.arrives("ben");
    desk.wait(10);
    let item = desk.serves("ana", "k1");
    desk.wait(10);
    let second = desk.serves("ben", "k2");
    desk.wait(10);
    desk.completes("ana", &item);
    let third = desk.asks("k3");
    assert_eq!(desk.offered_to(&third).as_deref(), Some("ben"), "ana ended work after ben began");
    desk.completes("ben", &second);
    let fourth = desk.asks("k4");
    assert_eq!(desk.offered_to(&fourth).as_deref(), Some("ana"), "a tie goes by id");
}

#[test]
fn capacity_is_a_budget() {
    let mut desk = Desk::with(&["ana"], config());
    let items: Vec<_> = ["k1", "k2", "k3"].iter().map(|conversation| desk.asks(conversation)).collect();
    assert_eq!((desk.load("ana"), desk.offered_to(&items[2])), (80, None));
    desk.accepts("ana", &items[0]);
    assert_eq!(desk.offered_to(&items[2]), None, "taking an offer frees nothing");
    desk.completes("ana", &items[0]);
    assert_eq!(desk.offered_to(&items[2]).as_deref(), Some("ana"), "at once, not by a timer");
}

#[test]
fn a_tick_does_a_bounded_amount() {
    let mut config = config();
    config.agents = [("ana".into(), capacity(100_000))].into();
    let mut desk = Desk::with(&["ana"], config);
    for number in 0..300 {
        desk.asks(&format!("k{number}"));
    }
    desk.wait(30_000);
    assert_eq!(desk.state.offers().len(), 300 - 256);
    assert!(desk.state.next_due().is_some_and(|due| due <= desk.now));
    desk.wait(0);
    assert_eq!(desk.state.offers().len(), 0);
}
