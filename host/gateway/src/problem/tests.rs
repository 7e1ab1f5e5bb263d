use super::*;
use crate::fixture::json_of;
use serde_json::json;

#[tokio::test]
async fn a_problem_says_what_happened() {
    let response = Problem::not_found("there is no such thing").into_response();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (status, body) = json_of(response).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let expected = json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "code": "not-found", "detail": "there is no such thing"
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_refusal_keeps_the_state_found() {
    let refusal =
        Refusal { code: ErrorCode::WrongState, message: "it has ended".to_owned(), state: Some("closed".to_owned()) };
    let (status, body) = json_of(Problem::from(refusal).into_response()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!((&body["code"], &body["state"]), (&json!("wrong-state"), &json!("closed")));
}

#[test]
fn who_has_no_token_is_told_how_to_show_one() {
    let header = |problem: Problem| problem.into_response().headers()["www-authenticate"].clone();
    assert_eq!(header(Problem::unauthorized(false)), r#"Bearer realm="jackfield""#);
    assert_eq!(header(Problem::unauthorized(true)), r#"Bearer realm="jackfield", error="invalid_token""#);
}

#[tokio::test]
async fn what_only_the_operator_may_know_stays_inside() {
    let error = CommitError::Unavailable("disk /dev/secret is full".to_owned());
    let response = Problem::from(error).into_response();
    assert_eq!(response.headers()["retry-after"], "1");
    let (status, body) = json_of(response).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!body.to_string().contains("secret"));
}
