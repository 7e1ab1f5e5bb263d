//! Who looks on, and who may step in.

use jackfield_tests::{Agent, READER, SUPERVISOR, Server};
use serde_json::{Value, json};

use super::{event_of, of_item, say, setup};

async fn do_with(server: &Server, item: &Value, deed: &str, body: Value) -> jackfield_tests::Answer {
    let path = format!("/v1/work-items/{}/{deed}", item.as_str().expect("an id"));
    server.http().with_token(SUPERVISOR).post(&path, &body).await
}

#[tokio::test]
async fn requirement_15_a_lost_desktop_gets_all_of_it_back_and_notices_what_it_missed() {
    let server = Server::start(setup(&["ana"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let seen = ana.sequence();
    ana.vanish();
    say(&server, "m2", "kim").await;
    // What was missed comes with consecutive numbers, which the desktop checks frame by frame.
    let mut ana = Agent::resume(&server, "ana", seen).await;
    let missed = ana.event("message.received").await;
    assert_eq!((&missed["message"]["eventId"], &missed["workItem"]["id"]), (&json!("m2"), &item));
    // One that has nothing left gets everything.
    let whole = Agent::connect(&server, "ana").await;
    assert_eq!(whole.snapshot()["workItems"][0]["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole.sequence(), ana.sequence());
}

#[tokio::test]
async fn requirement_15_a_supervisor_moves_or_ends_an_item_in_any_state() {
    let server = Server::start(setup(&["ana", "ben"], 100, "wrap-up = \"60s\"")).await;
    say(&server, "queued", "kim").await;
    let list = server.operator().get("/v1/work-items").await.expect(200).json();
    let queued = list["items"][0]["id"].clone();
    // Queued.
    let moved = do_with(&server, &queued, "requeue", json!({"queue": "sales"})).await.expect(200).json();
    assert_eq!((&moved["queue"], &moved["state"]), (&json!("sales"), &json!("queued")));
    // Offered.
    let mut ana = Agent::available(&server, "ana").await;
    let offered = ana.event("offer.created").await;
    assert_eq!(event_of(&offered), "queued");
    let path = format!("/v1/work-items/{}", queued.as_str().expect("an id"));
    let urgent = jackfield_tests::Request::new("PATCH", &path)
        .header("content-type", "application/json")
        .body(json!({"priority": 900}).to_string());
    let changed = server.http().with_token(SUPERVISOR).send(urgent.clone()).await.expect(200).json();
    assert_eq!(changed["priority"], 900);
    server.http().with_token(READER).send(urgent).await.expect(403);
    do_with(&server, &queued, "close", json!({"code": "spam"})).await.expect(200);
    ana.event("offer.revoked").await;
    do_with(&server, &queued, "close", json!({})).await.expect(409);

    // Active, suspended, wrapping.
    for state in ["active", "suspended", "wrapping"] {
        say(&server, state, state).await;
        let item = ana.accept().await["workItem"]["id"].clone();
        match state {
            "suspended" => drop(ana.ok(of_item("suspend", &item)).await),
            "wrapping" => drop(ana.complete(&item).await),
            _ => {}
        }
        ana.event_where("work-item.updated", |data| data["workItem"]["state"] == state || state == "active").await;
        let version = server.operator().get(&format!("/v1/work-items/{}", item.as_str().expect("an id"))).await;
        let version = version.expect(200).json()["version"].as_u64().expect("a version");
        do_with(&server, &item, "close", json!({"ifVersion": version + 1})).await.expect(409);
        let closed = do_with(&server, &item, "close", json!({"code": "by hand", "ifVersion": version})).await;
        let closed = closed.expect(200).json();
        assert_eq!((&closed["state"], &closed["code"]), (&json!("closed"), &json!("by hand")), "{state}");
        ana.event_where("work-item.closed", |data| data["workItem"]["id"] == item).await;
    }
    // Taken from one, offered to another.
    say(&server, "moved", "lee").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.set_state("busy").await;
    let mut ben = Agent::available(&server, "ben").await;
    do_with(&server, &item, "requeue", json!({})).await.expect(200);
    assert_eq!(event_of(&ben.accept().await), "moved");
    ana.event_where("work-item.updated", |data| data["workItem"]["owner"] != "ana").await;
    // Withdrawn.
    do_with(&server, &item, "cancel", json!({"reason": "a test"})).await.expect(200);
    assert_eq!(ben.event("work-item.closed").await["workItem"]["state"], "cancelled");
}
