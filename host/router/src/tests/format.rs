//! The journal's format: what is written today must be read for ever.

use std::sync::Arc;

use super::kit::*;
use crate::{Actor, Cause, Event, Offer, OfferKind, OfferOutcome, Record, State};

#[test]
fn events_have_this_json() {
    let id = |text: &str| text.into();
    for (event, json) in [
        (
            Event::OfferCreated {
                offer: Offer {
                    id: id("o1"),
                    item: id("i1"),
                    agent: id("ana"),
                    weight: 40,
                    created: 1_000,
                    expires: 31_000,
                    kind: OfferKind::Work,
                    why: None,
                },
            },
            r#"{"type":"offer-created","offer":{"id":"o1","item":"i1","agent":"ana","weight":40,"created":1000,"expires":31000}}"#,
        ),
        (
            Event::OfferEnded {
                offer: id("o1"),
                outcome: OfferOutcome::Rejected,
                cause: Cause::Rejected,
                reason: Some("lunch".to_owned()),
                actor: Actor::Agent { id: id("ana") },
            },
            r#"{"type":"offer-ended","offer":"o1","outcome":"rejected","cause":"rejected","reason":"lunch","actor":{"type":"agent","id":"ana"}}"#,
        ),
        (
            Event::ItemQueued {
                item: id("i1"),
                queue: id("main"),
                weight: 40,
                cause: Cause::SupportRequest,
                actor: Actor::Driver { channel: id("line") },
                preferred: None,
                sticky_until: None,
            },
            r#"{"type":"item-queued","item":"i1","queue":"main","weight":40,"cause":"support-request","actor":{"type":"driver","channel":"line"}}"#,
        ),
        (Event::Genesis { salt: u64::MAX }, r#"{"type":"genesis","salt":18446744073709551615}"#),
        (Event::Restarted { grace_until: 5 }, r#"{"type":"restarted","graceUntil":5}"#),
    ] {
        assert_eq!(serde_json::to_string(&event).expect("events are JSON"), json);
        assert_eq!(serde_json::from_str::<Event>(json).expect("JSON is an event"), event);
    }
}

#[test]
fn fields_of_a_newer_server_are_passed_over() {
    let json =
        r#"{"at":7,"cause":"tick","mood":"fine","events":[{"type":"delivery-due","messageId":"m1","moon":"full"}]}"#;
    let record: Record = serde_json::from_str(json).expect("unknown fields do no harm");
    assert_eq!(record.events, [Event::DeliveryDue { message_id: "m1".into() }]);
}

#[test]
fn a_snapshot_gives_the_state_back() {
    let mut desk = Desk::with(&["ana"], config());
    desk.serves("ana", "k1");
    desk.asks("k2");
    let snapshot = serde_json::to_vec(&desk.state).expect("a state is JSON");
    let state: State = serde_json::from_slice(&snapshot).expect("a snapshot is a state");
    assert_eq!(state, desk.state);
    assert_eq!(serde_json::to_vec(&state).expect("a state is JSON"), snapshot);
    assert_eq!(desk.replayed(), desk.state);
}

#[test]
fn events_about_what_is_not_there_change_nothing() {
    let mut desk = Desk::standard();
    let before = desk.state.clone();
    let id = || "none".into();
    for event in [
        Event::OfferAccepted { offer: id() },
        Event::ItemJoined { item: id(), message_id: id() },
        Event::ItemCancelled { item: id(), cause: Cause::Driver, reason: None, actor: Actor::Router },
        Event::DeliveryPassed { message_id: id() },
        Event::DeliveryRevived { message_id: id() },
        Event::AgentConnected { agent: id(), connection: id() },
        Event::TimerFired { channel: id(), name: id() },
    ] {
        assert!(crate::evolve(&mut desk.state, desk.now, &event).is_empty(), "{event:?}");
        assert_eq!(desk.state, before, "{event:?}");
    }
}

#[test]
fn a_snapshot_that_is_read_keeps_equal_ids_once() {
    let mut desk = Desk::with(&["ana"], config());
    let items = ["k1", "k2", "k3"].map(|conversation| desk.asks(conversation));
    let text = serde_json::to_vec(&desk.state).expect("a state is JSON");
    let read: State = serde_json::from_slice(&text).expect("JSON is a state");
    assert_eq!(read, desk.state);
    let [first, second] = [0, 1].map(|number| read.item(&items[number]).expect("open"));
    assert!(Arc::ptr_eq(&first.channel, &second.channel));
    assert!(Arc::ptr_eq(&first.queue, &second.queue));
    assert!(Arc::ptr_eq(&first.media_type, &second.media_type));
    assert!(Arc::ptr_eq(&first.first_message, &first.last_message));
    let ((channel, conversation), known) = read.stored.conversations.first_key_value().expect("a conversation");
    assert!(Arc::ptr_eq(channel, &first.channel) && Arc::ptr_eq(conversation, &first.conversation));
    assert!(known.open.as_ref().is_some_and(|open| Arc::ptr_eq(open, &first.id)));
}
