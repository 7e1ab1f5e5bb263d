//! Reloading the config while work goes on.

use super::kit::*;
use crate::{Cause, Command, Event, ItemState, Presence, Reply};

#[test]
fn an_equal_config_changes_nothing() {
    let mut desk = Desk::standard();
    desk.configure(config());
    assert!(desk.last.events.is_empty());
}

#[test]
fn the_first_salt_of_a_journal_stays() {
    let mut desk = Desk::standard();
    let mut changed = config();
    changed.grace_ms = 1;
    desk.run(Command::Configure { salt: 7, config: Box::new(changed) });
    assert_eq!(desk.state.stored.salt, Some(42));
}

#[test]
fn an_agent_who_is_gone_loses_everything_to_others() {
    let mut desk = Desk::with(&["ana"], config());
    let owned = desk.serves("ana", "k1");
    let offered = desk.asks("k2");
    desk.arrives("ben");
    let mut without = config();
    without.agents.remove("ana");
    desk.configure(without);
    assert_eq!(desk.offered_to(&owned).as_deref(), Some("ben"));
    assert_eq!(desk.offered_to(&offered).as_deref(), Some("ben"));
    assert_eq!((desk.presence("ana"), desk.load("ana")), (Presence::Offline, 0));
    assert!(desk.happened(|event| matches!(event, Event::ItemQueued { cause: Cause::AgentRemoved, .. })));
    desk.configure(config());
    assert_eq!(desk.act("ana", set(Presence::Available)), Reply::Done, "the connection is still there");
}

#[test]
fn items_of_a_queue_that_is_gone_move() {
    let mut desk = Desk::with(&["ana"], config());
    let in_other = |desk: &mut Desk, conversation: &str| {
        let mut received = desk.message(conversation, "support-request");
        received.route = Some(crate::Route { queue: "other".into(), rule: "some".into(), ..Default::default() });
        desk.asks_with(received)
    };
    let active = in_other(&mut desk, "k1");
    desk.accepts("ana", &active);
    let offered = in_other(&mut desk, "k2");
    let waiting = in_other(&mut desk, "k3");
    let mut without = config();
    without.queues.remove("other");
    desk.configure(without);
    for (item, state) in [(active, ItemState::Active), (offered, ItemState::Offered), (waiting, ItemState::Queued)] {
        assert_eq!((&*desk.item(&item).queue, desk.state_of(&item)), ("main", state));
    }
}

#[test]
fn waiting_items_are_weighed_anew_and_matched() {
    let mut desk = Desk::with(&["ana"], config());
    let items: Vec<_> = ["k1", "k2", "k3"].iter().map(|conversation| desk.asks(conversation)).collect();
    assert_eq!(desk.offered_to(&items[2]), None);
    let mut lighter = config();
    lighter.queues.entry("main".into()).and_modify(|queue| {
        queue.weights.insert("letter".into(), 20);
    });
    desk.configure(lighter);
    assert_eq!(desk.offered_to(&items[2]).as_deref(), Some("ana"));
    assert_eq!(desk.load("ana"), 100, "offers keep the weight they were made with");
    desk.accepts("ana", &items[0]);
    assert_eq!(desk.item(&items[0]).weight, 40);
}

#[test]
fn a_smaller_budget_takes_nothing_away_and_gives_nothing_new() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.serves("ana", "k1");
    let mut smaller = config();
    smaller.agents.insert("ana".into(), capacity(30));
    desk.configure(smaller);
    assert_eq!(desk.told("ana"), ["agent.updated"]);
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Active, 40));
    let next = desk.asks("k2");
    assert_eq!(desk.offered_to(&next), None);
    desk.configure(config());
    assert_eq!(desk.offered_to(&next).as_deref(), Some("ana"));
}
