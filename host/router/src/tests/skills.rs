//! Skills, teams, budgets, limits and presence by medium.

use super::kit::*;
use crate::{Action, AgentConfig, Choice, Config, Id, MediaConfig, Presence, QueueConfig, Received, Route};

fn agents(agents: &[(&str, &[(&str, u8)])]) -> Config {
    let mut config = config();
    let of = |skills: &[(&str, u8)]| AgentConfig {
        skills: skills.iter().map(|(skill, level)| ((*skill).into(), *level)).collect(),
        ..AgentConfig::default()
    };
    config.agents = agents.iter().map(|(id, skills)| ((*id).into(), of(skills))).collect();
    config
}

fn change(config: &mut Config, change: impl FnOnce(&mut QueueConfig)) {
    config.queues.entry("main".into()).and_modify(change);
}

fn asks_for(desk: &mut Desk, conversation: &str, skills: &[(&str, u8)]) -> Id {
    let received = desk.message(conversation, "support-request");
    let skills = skills.iter().map(|(skill, level)| ((*skill).into(), *level)).collect();
    let route = Route { queue: "main".into(), rule: "all".into(), skills, ..Route::default() };
    desk.asks_with(Received { route: Some(route), ..received })
}

#[test]
fn levels_are_what_is_required_at_least() {
    let mut desk = Desk::with(&["ana", "ben"], agents(&[("ana", &[("es", 3)]), ("ben", &[("es", 7)])]));
    assert_eq!(desk.state.agents().len(), 2);
    let item = asks_for(&mut desk, "k1", &[("es", 5)]);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
    let item = asks_for(&mut desk, "k2", &[("es", 8)]);
    assert_eq!(desk.offered_to(&item), None);
    let item = asks_for(&mut desk, "k3", &[("fr", 1)]);
    assert_eq!(desk.offered_to(&item), None);
    let mut config = desk.state.config().clone();
    config.agents.entry("ana".into()).and_modify(|agent| {
        agent.skills.insert("fr".into(), 1);
    });
    desk.configure(config);
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ana"), "a reload is looked at at once");
}

#[test]
fn the_policies_choose() {
    let skills: &[(&str, &[(&str, u8)])] = &[("ana", &[("es", 3)]), ("ben", &[("es", 7)]), ("cem", &[("es", 5)])];
    for (choice, expected) in [
        (Choice::LongestIdle, ["ana", "ben", "cem", "ana"]),
        (Choice::RoundRobin, ["ana", "ben", "cem", "ana"]),
        (Choice::BestSkill, ["ben", "ben", "cem", "cem"]),
        (Choice::LeastLoaded, ["ana", "ben", "cem", "ana"]),
    ] {
        let mut config = agents(skills);
        change(&mut config, |queue| queue.choose = choice);
        let mut desk = Desk::new(config);
        for agent in ["ana", "ben", "cem"] {
            desk.now += 1;
            desk.arrives(agent);
        }
        let chosen: Vec<String> = (0..4)
            .map(|number| {
                desk.now += 1;
                let item = asks_for(&mut desk, &format!("k{number}"), &[("es", 1)]);
                let agent = desk.offered_to(&item).expect("somebody is asked").to_string();
                desk.accepts(&agent, &item);
                agent
            })
            .collect();
        assert_eq!(chosen, expected, "{choice:?}");
    }
}

#[test]
fn preferred_skills_come_before_the_choice() {
    let mut desk = Desk::with(&["ana", "ben"], agents(&[("ana", &[]), ("ben", &[("law", 2)])]));
    let received = desk.message("k1", "support-request");
    let preferred_skills = [("law".into(), 2)].into();
    let route = Route { queue: "main".into(), preferred_skills, ..Route::default() };
    let item = desk.asks_with(Received { route: Some(route), ..received });
    assert_eq!(desk.offered_to(&item).as_deref(), Some("ben"));
}

#[test]
fn interruptible_work_is_overtaken_up_to_the_limit() {
    let mut config = agents(&[("ana", &[])]);
    let channel = config.channels.entry("line".into()).or_default();
    channel.media.insert("letter".into(), MediaConfig { interruptible: true, ..media(40, false) });
    config.agents.entry("ana".into()).and_modify(|agent| agent.overtake_limit = 50);
    let mut desk = Desk::with(&["ana"], config);
    desk.serves("ana", "k1");
    let talk = |desk: &mut Desk, key: &str| {
        let received = desk.message(key, "support-request");
        desk.asks_with(Received { media_type: "talk".into(), ..received })
    };
    let call = talk(&mut desk, "k2");
    assert_eq!(desk.offered_to(&call).as_deref(), Some("ana"), "40 of letters don't keep a call out");
    desk.accepts("ana", &call);
    assert_eq!(desk.load("ana"), 140);
    let letter = desk.asks("k3");
    assert_eq!(desk.offered_to(&letter), None, "the other way round they do");
    desk.completes("ana", &call);
    assert_eq!(desk.offered_to(&letter).as_deref(), Some("ana"));
    desk.accepts("ana", &letter);
    let call = talk(&mut desk, "k4");
    assert_eq!(desk.offered_to(&call), None, "180 is beyond budget and limit");
}

#[test]
fn limits_by_medium_hold_besides_the_budget() {
    let mut config = agents(&[("ana", &[])]);
    config.agents.entry("ana".into()).and_modify(|agent| {
        agent.limits.insert("letter".into(), 1);
    });
    let mut desk = Desk::with(&["ana"], config);
    let first = desk.serves("ana", "k1");
    let second = desk.asks("k2");
    assert_eq!(desk.offered_to(&second), None);
    desk.completes("ana", &first);
    assert_eq!(desk.offered_to(&second).as_deref(), Some("ana"));
}

#[test]
fn presence_can_differ_by_medium() {
    let mut desk = Desk::with(&["ana"], agents(&[("ana", &[])]));
    let for_letters = |state| Action::SetState { state, reason: None, media_type: Some("letter".into()) };
    let offered = desk.asks("k1");
    desk.act("ana", for_letters(Presence::Busy));
    assert_eq!(desk.offered_to(&offered), None, "its offers are taken back");
    let received = desk.message("k2", "support-request");
    let talk = desk.asks_with(Received { media_type: "talk".into(), ..received });
    assert_eq!(desk.offered_to(&talk).as_deref(), Some("ana"));
    desk.accepts("ana", &talk);
    desk.completes("ana", &talk);
    desk.act("ana", for_letters(Presence::Available));
    assert_eq!(desk.offered_to(&offered).as_deref(), Some("ana"));
}

#[test]
fn ten_thousand_times_two_agents_accept_at_once_and_one_wins() {
    let mut config = agents(&[("ana", &[]), ("ben", &[])]);
    change(&mut config, |queue| queue.parallel_offers = 2);
    let mut state = Desk::with(&["ana", "ben"], config).state;
    let mut wins = [0; 2];
    for number in 0..10_000_u32 {
        let now = START + u64::from(number);
        let received = Received {
            message_id: format!("m{number}").into(),
            channel: "line".into(),
            conversation: format!("k{number}").into(),
            media_type: "letter".into(),
            support_request: true,
            ..Received::default()
        };
        crate::decide(&mut state, &crate::Command::Receive(Box::new(received)), now);
        let offers: Vec<_> = state.offers().values().map(|offer| (offer.agent.clone(), offer.id.clone())).collect();
        assert_eq!(offers.len(), 2);
        let accept = |turn: usize, state: &mut crate::State| {
            let (agent, offer) = offers[turn].clone();
            let command = crate::Command::Agent { agent, id: "".into(), action: Action::Accept { offer } };
            crate::decide(state, &command, now).reply
        };
        let first = (number.wrapping_mul(2_654_435_761) >> 16) as usize % 2;
        assert_eq!(accept(first, &mut state), crate::Reply::Done);
        assert_eq!(refused(accept(1 - first, &mut state)), wrong("rescinded"));
        wins[first] += 1;
        let item = state.items().keys().next().cloned().expect("is open");
        let owner = state.item(&item).and_then(|item| item.owner.clone()).expect("has one owner");
        assert_eq!(owner, offers[first].0);
        let loads: u32 = state.agents().values().map(|agent| agent.load).sum();
        assert_eq!(loads, 40);
        let action = Action::Complete { work_item: item, code: None, if_version: None };
        crate::decide(&mut state, &crate::Command::Agent { agent: owner, id: "".into(), action }, now);
    }
    assert!(wins.iter().all(|wins| *wins > 1_000), "{wins:?}");
}
