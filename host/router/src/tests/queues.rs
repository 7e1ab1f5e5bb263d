//! Orders, rings, hours, lengths, sticky agents, parallel offers and answers.

use super::kit::*;
use crate::delivery::Automatic;
use crate::{
    Action, Advisor, Assign, Command, Config, Effect, ErrorCode, Event, Id, ItemState, Order, Otherwise, Presence,
    QueueConfig, Received, Reply, Ring, Route,
};

fn with_queue(change: impl FnOnce(&mut QueueConfig)) -> Config {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(change);
    config
}

fn asks(desk: &mut Desk, conversation: &str, change: impl FnOnce(&mut Route)) -> Id {
    let received = desk.message(conversation, "support-request");
    let mut route = received.route.clone().unwrap_or_default();
    change(&mut route);
    desk.asks_with(Received { route: Some(route), ..received })
}

fn hours(desk: &mut Desk, open: bool) {
    assert_eq!(desk.run(Command::Hours { open: [("office".into(), open)].into() }), Reply::Done);
}

fn answers(desk: &Desk) -> Vec<&'static str> {
    let kinds = desk.last.events.iter().filter_map(|event| match event {
        Event::DeliveryQueued { delivery } => delivery.notification.as_ref()?.automatic,
        _ => None,
    });
    kinds.map(Automatic::name).collect()
}

/// Who is served in which order, one after the other, by `ana`.
fn order_of(desk: &mut Desk, items: &[Id]) -> Vec<usize> {
    desk.arrives("ana");
    let mut order = Vec::new();
    while let Some(item) = items.iter().position(|item| desk.offered_to(item).is_some()) {
        desk.accepts("ana", &items[item]);
        desk.completes("ana", &items[item]);
        order.push(item);
    }
    order
}

#[test]
fn age_raises_priority_with_one_slope() {
    for (raise, expected) in [(0, [2, 0, 1]), (1, [2, 0, 1]), (5, [0, 2, 1])] {
        let mut desk = Desk::new(with_queue(|queue| {
            queue.raise_per_minute = raise;
            queue.weights.insert("letter".into(), 100);
        }));
        let first = desk.asks("k0");
        desk.now += 5 * 60_000;
        let second = desk.asks("k1");
        let third = asks(&mut desk, "k2", |route| route.priority = Some(20));
        assert_eq!(order_of(&mut desk, &[first, second, third]), expected, "{raise}");
    }
}

#[test]
fn lifo_serves_the_youngest_first() {
    let mut desk = Desk::new(with_queue(|queue| {
        queue.order = Order::Lifo;
        queue.weights.insert("letter".into(), 100);
    }));
    let items: Vec<Id> = (0..3)
        .map(|number| {
            desk.now += 1;
            desk.asks(&format!("k{number}"))
        })
        .collect();
    assert_eq!(order_of(&mut desk, &items), [2, 1, 0]);
}

fn ringed() -> Config {
    let mut config = with_queue(|queue| {
        queue.teams = ["front".into()].into();
        queue.rings = vec![
            Ring { after_ms: 10_000, lower_skills: [("es".into(), 2)].into(), ..Ring::default() },
            Ring { after_ms: 20_000, add_teams: ["back".into()].into(), answers: true, ..Ring::default() },
            Ring { after_ms: 30_000, overflow: Some("other".into()), ..Ring::default() },
        ];
        queue.answers = [Automatic::Waiting].into();
    });
    config.channels.entry("line".into()).and_modify(|channel| {
        channel.interactions.insert("message.send".into());
    });
    config.agents.entry("ana".into()).and_modify(|agent| {
        agent.teams = ["front".into()].into();
        agent.skills = [("es".into(), 3)].into();
    });
    config.agents.entry("ben".into()).and_modify(|agent| {
        agent.teams = ["back".into()].into();
        agent.skills = [("es".into(), 3)].into();
    });
    config
}

#[test]
fn rings_lower_skills_then_add_teams_then_overflow() {
    let mut desk = Desk::with(&["ana", "ben"], ringed());
    let spanish = |route: &mut Route| route.skills = [("es".into(), 5)].into();
    let item = asks(&mut desk, "k1", spanish);
    assert_eq!(desk.offered_to(&item), None);
    desk.wait(10_000);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"), "3 is enough now");
    let offer = desk.offer(&item);
    desk.act("ana", Action::Reject { offer, reason: None });
    desk.wait(10_000);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"), "the other team has joined");
    assert_eq!(answers(&desk), ["waiting"], "and the customer is told");
    let offer = desk.offer(&item);
    assert_eq!(desk.state.offer(&offer).and_then(|offer| offer.why.as_ref()).map(|why| why.ring), Some(2));
    desk.wait(10_000);
    assert_eq!((&*desk.item(&item).queue, desk.item(&item).ring), ("other", 0));
    assert!(desk.happened(|event| matches!(event, Event::OfferEnded { .. })), "the offer is taken back");
}

#[test]
fn queues_that_point_at_each_other_do_not_send_an_item_round() {
    let mut config = with_queue(|queue| {
        queue.max_length = Some(0);
        queue.when_full = Otherwise::Overflow("other".into());
    });
    config.queues.entry("other".into()).and_modify(|queue| {
        queue.max_length = Some(0);
        queue.when_full = Otherwise::Overflow("main".into());
    });
    let mut desk = Desk::new(config);
    let item = desk.asks("k1");
    assert_eq!((&*desk.item(&item).queue, desk.state_of(&item)), ("other", ItemState::Queued));
}

#[test]
fn a_full_queue_passes_on_cancels_or_lets_wait() {
    for (otherwise, queue) in [
        (Otherwise::Wait, Some("main")),
        (Otherwise::Overflow("other".into()), Some("other")),
        (Otherwise::Overflow("gone".into()), Some("main")),
        (Otherwise::Cancel, None),
    ] {
        let mut desk = Desk::new(with_queue(|queue| {
            queue.max_length = Some(1);
            queue.when_full = otherwise.clone();
        }));
        desk.asks("k1");
        let item = desk.asks("k2");
        assert_eq!(desk.state.item(&item).map(|item| &*item.queue), queue, "{otherwise:?}");
    }
}

#[test]
fn a_closed_queue_offers_nothing_until_it_opens() {
    let mut desk = Desk::with(&["ana"], with_queue(|queue| queue.hours = Some("office".into())));
    hours(&mut desk, false);
    let item = desk.asks("k1");
    assert_eq!(desk.state_of(&item), ItemState::Queued);
    hours(&mut desk, true);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"), "the opening is looked at at once");
    hours(&mut desk, true);
    assert!(desk.last.events.is_empty());
}

#[test]
fn outside_the_hours_a_customer_is_told_once_a_day_and_a_machine_never() {
    let mut config = with_queue(|queue| {
        queue.hours = Some("office".into());
        queue.answers = [Automatic::OutsideHours, Automatic::Acknowledgement].into();
    });
    config.channels.entry("line".into()).and_modify(|channel| {
        channel.interactions.insert("message.send".into());
    });
    let mut desk = Desk::with(&["ana"], config);
    hours(&mut desk, false);
    let item = desk.asks("k1");
    assert_eq!(answers(&desk), ["acknowledgement", "outside-hours"]);
    let sent = desk.last.effects.iter().any(|effect| matches!(effect, Effect::Deliver(_)));
    assert!(sent, "the first of them may go out");
    desk.run(Command::Operator {
        name: "boss".into(),
        item,
        if_version: None,
        action: crate::OperatorAction::Close { code: None },
    });
    desk.asks("k1");
    assert_eq!(answers(&desk), Vec::<&str>::new());
    let machine = Received { automatic: true, ..desk.message("k2", "support-request") };
    desk.asks_with(machine);
    assert_eq!(answers(&desk), Vec::<&str>::new());
}

#[test]
fn who_is_asked_for_is_asked_first_and_a_made_up_agent_by_nobody() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let for_ben = Received { preferred: Some("ben".into()), ..desk.message("k1", "support-request") };
    let first = desk.asks_with(for_ben);
    assert_eq!(desk.offered_to(&first).as_deref(), Some("ben"), "ana has been idle longer");
    desk.accepts("ben", &first);
    desk.completes("ben", &first);
    let for_nobody = Received { preferred: Some("zoe".into()), ..desk.message("k1", "support-request") };
    let again = desk.asks_with(for_nobody);
    assert_eq!(desk.item(&again).preferred.as_deref(), Some("ben"), "the conversation's last agent");
}

#[test]
fn a_preferred_agent_is_waited_for_a_while_but_never_an_absent_one() {
    let mut desk = Desk::with(
        &["ana"],
        with_queue(|queue| {
            queue.sticky_ms = 20_000;
            queue.weights.insert("letter".into(), 100);
        }),
    );
    let first = desk.serves("ana", "k1");
    desk.completes("ana", &first);
    let busy = desk.serves("ana", "k2");
    desk.arrives("ben");
    let again = desk.asks("k1");
    assert_eq!(desk.offered_to(&again), None, "ben is free, but ana had this customer");
    desk.wait(19_999);
    assert_eq!(desk.offered_to(&again), None);
    desk.wait(1);
    assert_eq!(desk.offered_to(&again).as_deref(), Some("ben"));
    desk.accepts("ben", &again);
    desk.completes("ben", &again);
    desk.completes("ana", &busy);
    let third = desk.serves("ana", "k3");
    desk.act("ben", set(Presence::Busy));
    let once_more = desk.asks("k1");
    assert_eq!(desk.item(&once_more).preferred.as_deref(), Some("ben"));
    assert_eq!(desk.item(&once_more).sticky_until, None, "ben doesn't want work");
    desk.completes("ana", &third);
    assert_eq!(desk.offered_to(&once_more).as_deref(), Some("ana"));
}

#[test]
fn several_are_asked_and_the_first_wins() {
    let mut desk = Desk::with(&["ana"], with_queue(|queue| queue.parallel_offers = 2));
    let item = desk.asks("k1");
    assert_eq!(desk.item(&item).offers.len(), 1);
    desk.arrives("ben");
    assert_eq!(desk.item(&item).offers.len(), 2, "who comes later is asked too");
    let offer_of = |desk: &Desk, agent: &str| {
        let found = desk.state.offers().values().find(|offer| *offer.agent == *agent);
        found.map(|offer| offer.id.clone()).expect("is asked")
    };
    let (to_ana, to_ben) = (offer_of(&desk, "ana"), offer_of(&desk, "ben"));
    assert_eq!(desk.act("ben", Action::Accept { offer: to_ben }), Reply::Done);
    assert_eq!(desk.told("ana"), ["offer.rescinded", "agent.updated"]);
    assert_eq!(refused(desk.act("ana", Action::Accept { offer: to_ana })), wrong("rescinded"));
    assert_eq!((desk.load("ana"), desk.load("ben")), (0, 40));
}

#[test]
fn an_offer_that_cannot_be_brought_goes_to_another() {
    let mut desk = Desk::with(&["ana", "ben"], config());
    let item = desk.asks("k1");
    let (offer, first) = (desk.offer(&item), desk.offered_to(&item));
    assert_eq!(desk.run(Command::OfferFailed { offer: offer.clone(), reason: None }), Reply::Done);
    assert_ne!(desk.offered_to(&item), first);
    assert_eq!(refused(desk.run(Command::OfferFailed { offer, reason: None })), wrong("failed"));
}

#[test]
fn agents_pick_what_they_qualify_for() {
    let mut config = with_queue(|queue| queue.assign = Assign::Pick);
    config.agents.entry("ana".into()).and_modify(|agent| {
        agent.skills.insert("es".into(), 5);
    });
    let mut desk = Desk::with(&["ana", "ben"], config);
    let item = asks(&mut desk, "k1", |route| route.skills = [("es".into(), 5)].into());
    assert_eq!(desk.offered_to(&item), None, "nothing is pushed");
    let listed = |desk: &Desk, agent: &str| desk.state.pickable(agent, 9).len();
    assert_eq!((listed(&desk, "ana"), listed(&desk, "ben")), (1, 0));
    let pick = || Action::Pick { work_item: item.clone(), if_version: None };
    assert_eq!(refused(desk.act("ben", pick())).0, ErrorCode::NotAllowed);
    assert_eq!(desk.act("ana", pick()), Reply::Done);
    assert_eq!((desk.state_of(&item), desk.load("ana")), (ItemState::Active, 40));
    assert_eq!(refused(desk.act("ana", pick())), wrong("active"));
}

#[test]
fn a_queue_counts_and_tells_places() {
    let mut config = config();
    let line = config.channels.entry("line".into()).or_default();
    line.interactions.insert("queue.position".into());
    let mut desk = Desk::with(&["ana"], config);
    for number in 0..3 {
        desk.now += 10_000;
        let item = desk.serves("ana", &format!("k{number}"));
        desk.now += 10_000;
        desk.completes("ana", &item);
    }
    desk.act("ana", set(Presence::Busy));
    let items: Vec<Id> = (0..3).map(|number| desk.asks(&format!("w{number}"))).collect();
    let view = desk.state.queue_view(&"main".into());
    assert_eq!((view.waiting, view.statistics.accepted, view.service_level_percent), (3, 3, Some(100)));
    assert_eq!(view.expected_wait_ms, Some(4 * 20_000));
    let mut advisor = Advisor::default();
    let told = advisor.advise(&desk.state, desk.now);
    let places: Vec<_> = told.iter().map(|place| (place.item.clone(), place.position)).collect();
    assert_eq!(places, items.iter().cloned().zip(1..).collect::<Vec<_>>());
    assert_eq!(told[1].expected_wait_ms, Some(40_000));
    let close = crate::OperatorAction::Close { code: None };
    desk.run(Command::Operator { name: "boss".into(), item: items[0].clone(), if_version: None, action: close });
    assert!(advisor.advise(&desk.state, desk.now + 9_999).is_empty(), "at most once in ten seconds");
    assert_eq!(advisor.advise(&desk.state, desk.now + 10_000).len(), 2);
    assert!(advisor.advise(&desk.state, desk.now + 60_000).is_empty(), "nothing has changed");
}
