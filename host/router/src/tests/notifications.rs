//! What drivers are told about work items.

use super::kit::*;
use crate::{Action, Command, Config, Effect, ErrorCode, Event, Outcome, Received};

fn notified() -> Config {
    let mut config = config();
    let names = ["assigned", "queued", "closed", "revoked", "wrapping", "cancelled"];
    let channel = config.channels.entry("line".into()).or_default();
    channel.interactions = names.iter().map(|name| format!("work-item.{name}").into()).collect();
    config.queues.entry("main".into()).and_modify(|queue| queue.wrap_up_ms = 1_000);
    config
}

/// Hands over what is released, and gives its name, agent and queue.
fn hand_over(desk: &mut Desk) -> Vec<(String, Option<String>, String)> {
    let mut names = Vec::new();
    while let Some(Effect::Deliver(deliver)) = desk.state.outstanding().into_iter().next() {
        let message_id = deliver.message_id.clone();
        let notification = deliver.notification.expect("nobody wrote");
        let agent = notification.agent.as_deref().map(str::to_owned);
        names.push((notification.name.to_string(), agent, notification.queue.to_string()));
        desk.run(Command::Attempt { message_id: message_id.clone() });
        desk.run(Command::Delivered { message_id, attempt: deliver.attempt, outcome: Outcome::NotSupported });
    }
    assert!(desk.state.deliveries().is_empty(), "nothing remains of a notification");
    names
}

#[test]
fn drivers_are_told_what_they_want_to_know() {
    let told =
        |name: &str, agent: Option<&str>| (format!("work-item.{name}"), agent.map(str::to_owned), "main".to_owned());
    let mut desk = Desk::with(&["ana"], notified());
    let item = desk.asks("k1");
    assert_eq!(hand_over(&mut desk), [told("queued", None)]);
    desk.accepts("ana", &item);
    assert_eq!(desk.deliveries(), ["work-item.assigned"]);
    assert_eq!(hand_over(&mut desk), [told("assigned", Some("ana"))]);
    desk.tells("k1", "work-item.requeue");
    assert_eq!(hand_over(&mut desk), [told("revoked", Some("ana")), told("queued", None)]);
    desk.accepts("ana", &item);
    desk.completes("ana", &item);
    desk.completes("ana", &item);
    let ana = Some("ana");
    assert_eq!(hand_over(&mut desk), [told("assigned", ana), told("wrapping", ana), told("closed", ana)]);
    desk.asks("k1");
    desk.tells("k1", "work-item.cancel");
    assert_eq!(hand_over(&mut desk), [told("queued", None), told("cancelled", None)]);
}

#[test]
fn notifications_go_in_the_conversations_lane_and_are_no_agents_business() {
    let mut desk = Desk::with(&["ana"], notified());
    let item = desk.serves("ana", "k1");
    hand_over(&mut desk);
    desk.completes("ana", &item);
    let id = desk.state.deliveries().keys().next().cloned().expect("wrapping is told");
    let retry = Action::Retry { message_id: id.clone() };
    assert_eq!(refused(desk.act("ana", retry)).0, ErrorCode::NotFound);
    let send = Action::Send { work_item: item, message_id: "m1".into(), idempotency_key: None, if_version: None };
    desk.act("ana", send);
    assert!(desk.deliveries().is_empty(), "m1 waits behind the notification");
    desk.run(Command::Attempt { message_id: id.clone() });
    desk.run(Command::Delivered { message_id: id.clone(), attempt: 1, outcome: Outcome::Lost { text: None } });
    assert_eq!(desk.told("ana"), Vec::<&str>::new());
    desk.wait(1_000);
    assert_eq!(desk.deliveries()[..1], ["work-item.wrapping"], "at least once");
}

/// Of the replies that the last command made: the message they answer, and whether it opened an item.
fn replies(desk: &Desk) -> Vec<(String, bool)> {
    let reply = |event: &Event| match event {
        Event::DeliveryQueued { delivery } => {
            let reply = delivery.notification.as_ref()?.reply.as_ref()?;
            Some((reply.request.to_string(), reply.opened))
        }
        _ => None,
    };
    desk.last.events.iter().filter_map(reply).collect()
}

#[test]
fn a_driver_that_asks_with_a_tracking_id_is_told_what_its_request_led_to() {
    let mut config = notified();
    let channel = config.channels.entry("line".into()).or_default();
    channel.interactions.insert("support-request".into());
    let mut desk = Desk::with(&[], config.clone());
    for (number, opened) in [(1, true), (2, false)] {
        let tracked = Received { tracked: true, ..desk.message("k1", "support-request") };
        desk.asks_with(tracked);
        assert_eq!(replies(&desk), [(format!("message-{number}"), opened)]);
    }
    desk.asks("k1");
    assert_eq!(replies(&desk), [], "nobody asked");
    config.channels.entry("line".into()).or_default().interactions.remove("support-request");
    desk.configure(config);
    let tracked = Received { tracked: true, ..desk.message("k1", "support-request") };
    desk.asks_with(tracked);
    assert_eq!(replies(&desk), [], "the driver doesn't understand it");
}
