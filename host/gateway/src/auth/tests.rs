use super::*;
use crate::fixture::config;
use crate::people::People;
use http::{HeaderValue, StatusCode};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn caller(pairs: &[(&'static str, &'static str)]) -> Result<Caller, Problem> {
    known(&People::new(&config("")).now(), token_of(&headers(pairs)))
}

fn socket(pairs: &[(&'static str, &'static str)]) -> Result<Id, Problem> {
    agent_at_socket(&People::new(&config("")).now(), &headers(pairs)).map(|(agent, _)| agent)
}

fn status(problem: Problem) -> StatusCode {
    axum::response::IntoResponse::into_response(problem).status()
}

#[test]
fn a_token_says_who_calls() {
    assert_eq!(caller(&[("authorization", "Bearer ana-token")]), Ok(Caller::Agent("ana".into())));
    let ops = Caller::Operator { name: "ops".into(), role: Role::Operator };
    assert_eq!(caller(&[("authorization", "bearer   ops-token ")]), Ok(ops));
}

#[test]
fn nobody_comes_in_without_the_right_token() {
    let wrong: [&[(&str, &str)]; 7] = [
        &[],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic ana-token")],
        &[("authorization", "Bearer ana-tokem")],
        &[("authorization", "ana-token")],
        &[("authorization", "Bearer ana-token"), ("authorization", "Bearer ops-token")],
    ];
    for pairs in wrong {
        assert_eq!(status(caller(pairs).unwrap_err()), StatusCode::UNAUTHORIZED, "{pairs:?}");
    }
}

#[test]
fn a_browser_shows_its_token_as_a_subprotocol() {
    assert_eq!(socket(&[("sec-websocket-protocol", "jackfield.agent.v1, bearer.ana-token")]), Ok("ana".into()));
    let two = [("sec-websocket-protocol", "jackfield.agent.v1"), ("sec-websocket-protocol", "bearer.ben-token")];
    assert_eq!(socket(&two), Ok("ben".into()));
    assert_eq!(socket(&[("authorization", "Bearer ana-token")]), Ok("ana".into()));
}

#[test]
fn the_socket_refuses_wrong_tokens_and_operators() {
    assert_eq!(status(socket(&[("sec-websocket-protocol", "bearer.")]).unwrap_err()), StatusCode::UNAUTHORIZED);
    assert_eq!(status(socket(&[("sec-websocket-protocol", "bearer.no")]).unwrap_err()), StatusCode::UNAUTHORIZED);
    assert_eq!(status(socket(&[("authorization", "Bearer ops-token")]).unwrap_err()), StatusCode::FORBIDDEN);
}

#[test]
fn roles_may_what_they_may() {
    let operator = |role| Caller::Operator { name: "x".into(), role };
    let agent = Caller::Agent("ana".into());
    let may = |caller: &Caller| [caller.reads().is_ok(), caller.supervises().is_ok(), caller.operates().is_ok()];
    assert_eq!(may(&agent), [false, false, false]);
    assert_eq!(may(&operator(Role::ReadOnly)), [true, false, false]);
    assert_eq!(may(&operator(Role::Supervisor)), [true, true, false]);
    assert_eq!(may(&operator(Role::Operator)), [true, true, true]);
}

#[test]
fn a_reload_makes_old_tokens_void() {
    let people = People::new(&config(""));
    let old = TokenHash::of(b"ana-token");
    let mut changed = config("");
    changed.agents[0].token = TokenHash::of(b"new-token");
    people.replace(&changed);
    assert_eq!(people.now().caller(&old), None);
    assert_eq!(people.now().caller(&TokenHash::of(b"new-token")), Some(&Caller::Agent("ana".into())));
}
