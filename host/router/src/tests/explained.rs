//! Why an item waits, and why an agent has it.

use super::kit::*;
use crate::{By, Command, Explanation, OfferOutcome, Presence, Route, decisions, explain};

fn reasons(explanation: &Explanation, agent: &str) -> Vec<&'static str> {
    let found = explanation.agents.iter().find(|explained| &*explained.agent == agent);
    found.unwrap_or_else(|| panic!("{agent} isn't explained")).reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn for_what_waits_each_agent_is_explained() {
    let mut config = config();
    for name in ["cem", "dot", "eva"] {
        config.agents.insert(name.into(), capacity(100));
    }
    config.queues.entry("main".into()).and_modify(|queue| queue.teams = ["front".into()].into());
    for name in ["ana", "cem", "dot", "eva"] {
        config.agents.entry(name.into()).and_modify(|agent| {
            agent.teams = ["front".into()].into();
            agent.skills = [("es".into(), 5)].into();
        });
    }
    config.agents.entry("dot".into()).and_modify(|agent| {
        agent.skills.insert("es".into(), 2);
    });
    config.agents.entry("eva".into()).and_modify(|agent| agent.capacity = 30);
    let mut desk = Desk::with(&["ana", "ben", "cem", "dot", "eva"], config);
    desk.act("cem", set(Presence::Away));
    let mut received = desk.message("k1", "support-request");
    received.route = Some(Route {
        queue: "main".into(),
        rule: "route 3".into(),
        skills: [("es".into(), 4)].into(),
        ..Route::default()
    });
    let item = desk.asks_with(received);
    let offer = desk.offer(&item);
    desk.act("ana", crate::Action::Reject { offer, reason: None });
    let explanation = explain(&desk.state, &item, desk.now).expect("is open");
    assert_eq!(reasons(&explanation, "ana"), ["refused"]);
    assert_eq!(reasons(&explanation, "ben"), ["skill", "team"]);
    assert_eq!(reasons(&explanation, "cem"), ["presence"]);
    assert_eq!(reasons(&explanation, "dot"), ["skill"]);
    assert_eq!(reasons(&explanation, "eva"), ["capacity"]);
    assert_eq!((explanation.position, explanation.rule.as_deref()), (Some(1), Some("route 3")));
    let dot = explanation.agents.iter().find(|explained| &*explained.agent == "dot").expect("is explained");
    assert_eq!(dot.reasons[0].text, "has `es` at level 2, 4 is required");
    desk.act("cem", set(Presence::Available));
    assert_eq!(desk.offered_to(&item).as_deref(), Some("cem"), "what the explanation says would change it does");
}

#[test]
fn what_holds_an_item_whoever_is_there_is_told() {
    let mut config = config();
    config.queues.entry("main".into()).and_modify(|queue| queue.hours = Some("office".into()));
    let mut desk = Desk::with(&["ana"], config);
    desk.run(Command::Hours { open: [("office".into(), false)].into() });
    let item = desk.asks("k1");
    let explanation = explain(&desk.state, &item, desk.now).expect("is open");
    assert_eq!(explanation.held.iter().map(|reason| reason.code).collect::<Vec<_>>(), ["outside-hours"]);
    assert!(explanation.agents.iter().any(|explained| explained.eligible), "nothing speaks against ana");
}

#[test]
fn an_assignment_is_explained_by_the_state_and_a_month_later_by_the_journal_alone() {
    let mut desk = Desk::with(&["ana"], config());
    desk.now += 1_000;
    desk.arrives("ben");
    let item = desk.asks("k1");
    let offer = desk.offer(&item);
    desk.act("ana", crate::Action::Reject { offer, reason: None });
    desk.accepts("ben", &item);
    let explanation = explain(&desk.state, &item, desk.now).expect("is open");
    let assigned = explanation.assigned.expect("an agent has it");
    assert_eq!(&*assigned.agent, "ben");
    desk.completes("ben", &item);
    let text = serde_json::to_string(&desk.journal).expect("records are JSON");
    let records: Vec<crate::Record> = serde_json::from_str(&text).expect("JSON is records");
    let decided = decisions(&item, &records);
    let outcomes: Vec<_> = decided.iter().map(|made| (&*made.offer.agent, made.outcome)).collect();
    assert_eq!(outcomes, [("ana", Some(OfferOutcome::Rejected)), ("ben", Some(OfferOutcome::Accepted))]);
    let why = decided[0].offer.why.as_deref().expect("has its reasons");
    assert_eq!((why.by, why.ready, why.rule.as_deref()), (By::LongestIdle, 2, Some("all")));
    assert_eq!(why.others.iter().map(|other| &*other.agent).collect::<Vec<_>>(), ["ben"], "against whom");
    assert!(why.measure.as_ref().is_some_and(|ana| ana.idle_since < why.others[0].idle_since), "and why");
    assert_eq!(decided[1].offer.why.as_deref(), assigned.why.as_deref(), "both say the same");
}
