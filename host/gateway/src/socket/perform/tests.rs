use super::*;
use jackfield_router::{ErrorCode, Refusal};
use serde_json::{Value, json};

fn shown(reply: Result<Reply, CommitError>) -> Value {
    serde_json::to_value(Outcome::new(Some("c1".to_owned()), reply)).unwrap()
}

#[test]
fn results_say_what_came_of_a_command() {
    assert_eq!(shown(Ok(Reply::Done)), json!({"id": "c1", "ok": true}));
    assert_eq!(
        shown(Ok(Reply::Sending { message_id: "m1".into() })),
        json!({"id": "c1", "ok": true, "messageId": "m1"})
    );
    let refusal = Refusal {
        code: ErrorCode::WrongState,
        message: "it was accepted".to_owned(),
        state: Some("accepted".to_owned()),
    };
    let expected = json!({"id": "c1", "ok": false, "error": {"code": "wrong-state", "message": "it was accepted", "state": "accepted"}});
    assert_eq!(shown(Ok(Reply::Refused(refusal))), expected);
}

#[test]
fn a_journal_that_fails_is_not_described_to_agents() {
    let result = shown(Err(CommitError::Unavailable("/srv/data is full".to_owned())));
    assert_eq!(result["error"]["code"], "unavailable");
    assert!(!result.to_string().contains("/srv"));
}

#[test]
fn a_frame_without_an_id_gets_a_result_without_one() {
    let malformed = Malformed { id: None, code: "bad-request", message: "no".to_owned() };
    let result = serde_json::to_value(Outcome::from(malformed)).unwrap();
    assert_eq!(result, json!({"id": null, "ok": false, "error": {"code": "bad-request", "message": "no"}}));
}
