//! Agents: presence, the connection as a lease, repeated commands, numbered notices.

use super::kit::*;
use crate::{Action, Cause, Command, ErrorCode, Event, ItemState, Presence, Reply};

#[test]
fn an_agent_is_offline_before_saying_otherwise() {
    let mut desk = Desk::standard();
    let item = desk.asks("k1");
    desk.connects("ana", "first");
    assert_eq!((desk.presence("ana"), desk.offered_to(&item)), (Presence::Offline, None));
    assert_eq!(desk.act("ana", set(Presence::Available)), Reply::Done);
    assert_eq!(desk.told("ana"), ["agent.updated", "offer.created", "agent.updated"]);
    let snapshot = desk.state.snapshot_of(&"ana".into()).expect("ana is configured");
    assert_eq!((snapshot.sequence, snapshot.offers.len(), snapshot.agent.load), (3, 1, 40));
}

#[test]
fn strangers_are_not_found() {
    let mut desk = Desk::standard();
    let connect = Command::Connected { agent: "eve".into(), connection: "c".into() };
    assert_eq!(refused(desk.run(connect)).0, ErrorCode::NotFound);
    assert_eq!(refused(desk.act("eve", set(Presence::Available))).0, ErrorCode::NotFound);
    let lost = Command::Disconnected { agent: "ana".into(), connection: "c".into() };
    assert_eq!(refused(desk.run(lost)).0, ErrorCode::NotFound);
    assert_eq!(desk.state.snapshot_of(&"eve".into()), None);
}

#[test]
fn without_a_connection_nobody_is_there() {
    let mut desk = Desk::standard();
    assert_eq!(refused(desk.act("ana", set(Presence::Available))).0, ErrorCode::Unavailable);
    assert_eq!(desk.act("ana", set(Presence::Offline)), Reply::Done);
}

#[test]
fn the_last_connection_lost_takes_offers_back_at_once() {
    let mut desk = Desk::with(&["ana"], config());
    desk.connects("ana", "second");
    let item = desk.asks("k1");
    desk.loses("ana", "first");
    assert_eq!(desk.state_of(&item), ItemState::Offered, "another connection is open");
    desk.loses("ana", "second");
    assert_eq!((desk.state_of(&item), desk.presence("ana")), (ItemState::Queued, Presence::Available));
    assert_eq!(desk.state.next_due(), Some(desk.now + 60_000));
    desk.wait(59_999);
    desk.connects("ana", "third");
    assert_eq!(desk.presence("ana"), Presence::Available, "as it was left");
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"), "a revoked offer excludes nobody");
}

#[test]
fn after_the_grace_customers_who_wait_on_the_line_go_to_others() {
    let mut config = config();
    config.agents.insert("ana".into(), capacity(200));
    let mut desk = Desk::with(&["ana"], config);
    let kept = desk.serves("ana", "k1");
    let mut call = desk.message("k2", "support-request");
    call.media_type = "talk".into();
    let call = desk.asks_with(call);
    desk.accepts("ana", &call);
    desk.loses("ana", "first");
    desk.arrives("ben");
    desk.wait(59_999);
    assert_eq!(desk.item(&call).owner.as_deref(), Some("ana"));
    desk.wait(1);
    assert_eq!(desk.presence("ana"), Presence::Offline);
    assert_eq!(desk.offered_to(&call).as_deref(), Some("ben"));
    assert_eq!(desk.item(&kept).owner.as_deref(), Some("ana"));
    assert!(desk.happened(|event| matches!(event, Event::ItemQueued { cause: Cause::AgentLost, .. })));
    assert_eq!(desk.told("ana"), ["agent.updated", "work-item.updated", "agent.updated"]);
}

#[test]
fn only_an_available_agent_is_asked() {
    for (presence, stays) in [
        (Presence::Busy, Presence::Busy),
        (Presence::Away, Presence::Away),
        (Presence::Finishing, Presence::Offline),
        (Presence::Offline, Presence::Offline),
    ] {
        let mut desk = Desk::with(&["ana"], config());
        let item = desk.asks("k1");
        assert_eq!(desk.act("ana", set(presence)), Reply::Done);
        assert_eq!((desk.state_of(&item), desk.presence("ana")), (ItemState::Queued, stays), "{presence:?}");
    }
}

#[test]
fn finishing_ends_with_the_last_item() {
    let mut desk = Desk::with(&["ana"], config());
    let first = desk.serves("ana", "k1");
    let second = desk.serves("ana", "k2");
    desk.act("ana", set(Presence::Finishing));
    desk.completes("ana", &first);
    assert_eq!(desk.presence("ana"), Presence::Finishing);
    desk.tells("k2", "work-item.cancel");
    assert_eq!((desk.presence("ana"), desk.state.item(&second)), (Presence::Offline, None));
}

#[test]
fn a_repeated_command_gets_the_first_result_for_a_day() {
    let mut desk = Desk::with(&["ana"], config());
    let item = desk.asks("k1");
    let accept = Action::Accept { offer: desk.offer(&item) };
    assert_eq!(desk.act_as("ana", "c1", accept.clone()), Reply::Done);
    assert_eq!(desk.act_as("ana", "c1", accept.clone()), Reply::Done);
    assert_eq!((desk.last.events.len(), desk.last.notices.len()), (0, 0));
    assert_eq!(refused(desk.act_as("ana", "c2", accept.clone())), wrong("accepted"));
    assert_eq!(refused(desk.act_as("ana", "c2", accept.clone())), wrong("accepted"), "a refusal too");
    desk.arrives("ben");
    assert_eq!(refused(desk.act_as("ben", "c1", accept.clone())).0, ErrorCode::NotFound, "ids are each agent's own");
    desk.wait(24 * 3_600_000);
    assert_eq!(refused(desk.act_as("ana", "c1", accept)).0, ErrorCode::NotFound);
}

#[test]
fn what_is_not_served_says_so() {
    let mut desk = Desk::with(&["ana"], config());
    let reply = desk.act("ana", Action::Unsupported { name: "work-item.transfer".to_owned() });
    assert_eq!(refused(reply).0, ErrorCode::NotSupported);
}

#[test]
fn notices_are_numbered_over_restarts() {
    let mut desk = Desk::with(&["ana"], config());
    let before = desk.state.agent("ana").map_or(0, |agent| agent.sequence);
    desk.state = desk.replayed();
    desk.run(Command::Started);
    desk.connects("ana", "again");
    desk.asks("k1");
    let numbers: Vec<u64> = desk.notices("ana").map(|notice| notice.sequence).collect();
    assert_eq!(numbers, [before + 1, before + 2]);
}

#[test]
fn a_restart_of_the_server_is_not_an_agents_loss() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let owned = desk.serves("ana", "k1");
    let offered = desk.asks("k2");
    let expires = desk.state.offer(&desk.offer(&offered)).map(|offer| offer.expires);
    desk.state = desk.replayed();
    desk.now += 5_000;
    desk.run(Command::Started);
    assert_eq!(desk.state.offer(&desk.offer(&offered)).map(|offer| offer.expires), expires);
    assert_eq!(desk.presence("ana"), Presence::Available);
    assert_eq!(desk.item(&owned).owner.as_deref(), Some("ana"));
    let new = desk.asks("k3");
    assert_eq!(desk.offered_to(&new), None, "nobody is connected yet");
    desk.connects("ben", "again");
    assert_eq!(desk.offered_to(&new).as_deref(), Some("ben"));
    desk.wait(60_000);
    assert_eq!((desk.presence("ana"), desk.presence("ben")), (Presence::Offline, Presence::Available));
}

#[test]
fn time_never_goes_back() {
    let mut desk = Desk::with(&["ana"], config());
    desk.now = START - 1_000_000;
    desk.asks("k1");
    assert_eq!((desk.last.at, desk.state.now()), (START, START));
}
