//! Frames: numbers, results, errors.

use jackfield_tests::{Agent, Server};
use serde_json::{Value, json};

use super::{say, setup};

#[tokio::test]
async fn a_second_connection_joins_the_first() {
    let server = Server::start(setup(&["ana"])).await;
    let mut desk = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = desk.event("offer.created").await;

    let mut phone = Agent::connect(&server, "ana").await;
    assert_eq!(phone.snapshot()["agent"]["state"], "available");
    let snapshot = &phone.snapshot()["offers"][0];
    assert_eq!(snapshot["offer"]["id"], offered["offer"]["id"]);
    assert_eq!(snapshot["message"], offered["message"]);

    phone.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    let at_desk = desk.event("offer.accepted").await;
    assert_eq!(at_desk, phone.event("offer.accepted").await);
    // The same double click from the other side.
    desk.refused(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]}), "wrong-state").await;

    // One going doesn't make the agent go.
    phone.vanish();
    say(&server, "m2", "kim", "are you there?").await;
    assert_eq!(desk.event("message.received").await["message"]["eventId"], "m2");
    say(&server, "m3", "lee", "hello").await;
    desk.accept().await;
}

#[tokio::test]
async fn what_was_missed_is_sent_after_a_reconnect() {
    let server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let after = ana.sequence();
    ana.vanish();

    say(&server, "m2", "kim", "are you there?").await;
    say(&server, "m3", "kim", "hello?").await;
    let mut ana = Agent::resume(&server, "ana", after).await;
    let missed = ana.event("message.received").await;
    assert_eq!((&missed["message"]["eventId"], &missed["workItem"]["id"]), (&json!("m2"), &item));
    assert_eq!(ana.event("message.received").await["message"]["eventId"], "m3");
    assert_eq!(*ana.snapshot(), Value::Null, "no snapshot was needed");

    // A number that was never given can't be gone on from.
    let mut lost = Agent::resume(&server, "ana", 1_000_000).await;
    assert_eq!(lost.next().await["type"], "snapshot");
    assert_eq!(lost.snapshot()["workItems"][0]["workItem"]["id"], item);
    let messages = lost.snapshot()["workItems"][0]["messages"].as_array().map(Vec::len);
    assert_eq!(messages, Some(3));
}

#[tokio::test]
async fn numbers_go_on_after_a_restart() {
    let mut server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    ana.accept().await;
    let before = ana.sequence();
    server.kill().await;
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert!(ana.sequence() >= before, "{} after {before}", ana.sequence());
    assert_eq!(ana.snapshot()["agent"]["state"], "available", "a restart is not the agent's loss");
    say(&server, "m2", "kim", "are you there?").await;
    ana.event("message.received").await;
}

#[tokio::test]
async fn a_repeated_command_gets_the_first_result() {
    let mut server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.event("offer.created").await;
    let accept = json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
    let first = ana.command_as("double-click", accept.clone()).await;
    assert_eq!(first["ok"], true);
    assert_eq!(ana.command_as("double-click", accept.clone()).await, first);
    // As a command of its own it comes too late.
    ana.refused(accept, "wrong-state").await;

    let item = &offered["workItem"]["id"];
    let send = json!({"type": "message.send", "workItemId": item, "text": "hello back", "idempotencyKey": "k1"});
    let sent = ana.ok(send.clone()).await["messageId"].clone();
    assert_eq!(ana.ok(send.clone()).await["messageId"], sent, "one key, one message");
    let mut other = send.clone();
    other["idempotencyKey"] = json!("k2");
    assert_ne!(ana.ok(other).await["messageId"], sent);
    // The results are remembered over connections and the server's end too.
    server.kill().await;
    server.start_again().await;
    let mut phone = Agent::connect(&server, "ana").await;
    let accept = json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
    assert_eq!(phone.command_as("double-click", accept).await, first);
    assert_eq!(phone.ok(send.clone()).await["messageId"], sent);
    // A command of another id is another command, whoever's it is.
    let refused = phone.command_as("triple-click", json!({"type": "work-item.complete", "workItemId": "none"})).await;
    let again = phone.command_as("triple-click", json!({"type": "work-item.complete", "workItemId": item})).await;
    assert_eq!((refused["error"]["code"].clone(), &again), (json!("not-found"), &refused));
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    let thread = server.operator().get(&path).await.expect(200).json();
    assert_eq!(thread["items"].as_array().map(Vec::len), Some(3), "{thread}");
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_with_a_reason() {
    let server = Server::start(setup(&["ana", "ben"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::connect(&server, "ben").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.accept().await;
    let item = offered["workItem"]["id"].clone();

    ana.refused(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]}), "wrong-state").await;
    ben.refused(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]}), "not-found").await;
    ben.refused(json!({"type": "message.send", "workItemId": item, "text": "mine now"}), "not-allowed").await;
    ben.refused(json!({"type": "work-item.complete", "workItemId": item}), "not-allowed").await;
    ana.refused(json!({"type": "work-item.complete", "workItemId": "no-such-item"}), "not-found").await;
    ana.refused(json!({"type": "message.retry", "messageId": "no-such-message"}), "not-found").await;
    ana.refused(json!({"type": "agent.set-state", "state": "asleep"}), "bad-request").await;
    ana.refused(json!({"type": "message.send", "workItemId": item}), "bad-request").await;
    ana.refused(json!({"type": "message.send", "workItemId": item, "text": "x".repeat(100 << 10)}), "too-large").await;
    ana.refused(json!({"type": "dance"}), "bad-request").await;
    let digest = format!("sha256-{}", "0".repeat(64));
    ana.refused(
        json!({"type": "message.send", "workItemId": item, "text": "see this", "attachments": [digest]}),
        "not-found",
    )
    .await;

    // What is no command at all gets an answer too, and the connection stays.
    for frame in ["[]", "no json", "{}"] {
        ana.send(frame).await;
        let result = ana.event("command.result").await;
        assert_eq!(
            (&result["id"], &result["error"]["code"]),
            (&Value::Null, &json!("bad-request")),
            "{frame}: {result}"
        );
    }
    ana.reply(&item, "still here").await;
}
