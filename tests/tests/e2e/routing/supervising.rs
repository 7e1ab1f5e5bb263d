//! Who looks on, and who may step in.

use jackfield_tests::{Agent, READER, SUPERVISOR, Server, jackfield};
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
            "wrapping" => ana.complete(&item).await,
            _ => {}
        }
        if state != "active" {
            ana.event_where("work-item.updated", |data| data["workItem"]["state"] == state).await;
        }
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

async fn explain(server: &Server, item: &Value) -> Value {
    let path = format!("/v1/work-items/{}/explain", item.as_str().expect("an id"));
    server.http().with_token(READER).get(&path).await.expect(200).json()
}

/// The codes of the reasons why it isn't this agent.
fn reasons(explained: &Value, agent: &str) -> Vec<String> {
    let agents = explained["now"]["agents"].as_array().expect("the agents");
    let found = agents.iter().find(|found| found["agent"] == agent).expect("the agent");
    let codes = found["reasons"].as_array().expect("reasons").iter();
    codes.map(|reason| reason["code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn requirement_16_it_is_explained_why_an_item_waits_and_why_it_went_to_whom() {
    let mut server = Server::start(setup(&["ana", "ben", "cleo"], 20, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::available(&server, "ben").await;
    say(&server, "m1", "kim").await;
    let first = ana.accept().await["workItem"]["id"].clone();
    let explained = explain(&server, &first).await;
    let assigned = &explained["now"]["assigned"];
    assert_eq!((&assigned["agent"], &assigned["why"]["by"]), (&json!("ana"), &json!("longest-idle")));
    assert_eq!((&assigned["why"]["ready"], &assigned["why"]["others"][0]["agent"]), (&json!(2), &json!("ben")));
    assert_eq!(assigned["why"]["rule"], "route 1");

    say(&server, "m2", "lee").await;
    let offered = ben.event("offer.created").await;
    ben.ok(json!({"type": "offer.reject", "offerId": offered["offer"]["id"], "reason": "not mine"})).await;
    let second = offered["workItem"]["id"].clone();
    let explained = explain(&server, &second).await;
    assert_eq!(reasons(&explained, "ana"), ["capacity"]);
    assert_eq!(reasons(&explained, "ben"), ["refused"]);
    assert_eq!(reasons(&explained, "cleo"), ["presence"]);
    assert_eq!(explained["now"]["position"], 1);
    let decided = explained["decisions"].as_array().expect("decisions");
    assert_eq!(decided.len(), 1);
    assert_eq!((&decided[0]["agent"], &decided[0]["outcome"]), (&json!("ben"), &json!("rejected")));

    // From the journal alone: after the end, and after another start.
    ana.complete(&first).await;
    let again = ana.accept().await;
    assert_eq!(again["workItem"]["id"], second);
    ana.complete(&second).await;
    ana.event_where("work-item.closed", |data| data["workItem"]["id"] == second).await;
    let before = explain(&server, &second).await;
    server.stop().await;
    server.start_again().await;
    let after = explain(&server, &second).await;
    assert_eq!(after, before);
    assert_eq!(after["now"], Value::Null);
    let agents: Vec<_> = after["decisions"].as_array().expect("decisions").iter().map(|one| &one["agent"]).collect();
    assert_eq!(agents, [&json!("ben"), &json!("ana")]);

    // On the command line as well.
    let id = second.as_str().expect("an id");
    let url = server.url();
    let ask = ["item", "explain", id, "--server", &url, "--token", READER];
    let folder = server.data();
    let told = jackfield(&folder, &ask).await.expect(0);
    assert!(told.stdout.contains("asked ben") && told.stdout.contains("rejected"), "{}", told.stdout);
    let told = jackfield(&folder, &[&ask[..], &["--json"]].concat()).await.expect(0).json();
    assert_eq!(told, after);
    jackfield(&folder, &["item", "list", "--state", "bogus", "--server", &url]).await.expect(2);
    let listed = jackfield(&folder, &["agent", "list", "--json", "--server", &url, "--token", READER]).await.expect(0);
    assert_eq!(listed.json()[0]["id"], "ana");
}
