use super::*;
use crate::compose::bare;
use jackfield_spec::Kind;
use serde_json::json;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis).expect("in range")
}

fn said(arguments: Value) -> Message {
    let mut message = bare("line", "d@1.0.0", "telegraph", Kind::Notification, "channel.health-changed");
    message.interaction.arguments = arguments;
    message
}

#[test]
fn what_a_driver_says_is_taken_and_a_state_that_nobody_knows_is_unknown() {
    let bad = Health::of(&said(json!({"state": "bad-credentials", "detail": "401", "userAction": true})), at(5));
    let bad = bad.expect("it says a state");
    assert_eq!((bad.state.as_str(), bad.detail.as_deref(), bad.user_action), ("bad-credentials", Some("401"), true));
    let odd = Health::of(&said(json!({"state": "<script>"})), at(5)).expect("it says a state");
    assert_eq!(odd.state, "unknown-error");
    assert_eq!(Health::of(&said(json!({})), at(5)), None, "nothing said is nothing changed");
}

#[test]
fn what_the_driver_is_asked_keeps_the_specification() {
    let mut question = bare("line", "d@1.0.0", "telegraph", Kind::Request, "channel.health");
    assert!(jackfield_spec::validate::validate(&question).is_err(), "it carries nothing that it is about");
    question.connection = Some(Health::connecting(at(1)).info());
    assert_eq!(jackfield_spec::validate::validate(&question), Ok(()));
}

#[test]
fn the_time_stays_where_the_state_stays() {
    let mut health = Health::connected(at(1));
    health.update(Health::connected(at(2)));
    assert_eq!(health.since, at(1));
    health.update(Health::of(&said(json!({"state": "logged-out"})), at(3)).expect("it says a state"));
    assert_eq!(health.since, at(3));
}
