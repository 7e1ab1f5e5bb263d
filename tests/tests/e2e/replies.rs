//! What a customer's request leads to, as its driver says it: whom it asks for, who wrote it, what it is told.

use jackfield_tests::{Agent, Server, Setup, eventually};
use serde_json::{Value, json};

async fn hand_in(server: &Server, number: &str, line: &str) {
    server.http().post_text(&format!("/channels/wire?nr={number}"), line).await.expect(200);
}

/// What the driver was delivered under this name, once there are so many.
async fn told(server: &Server, name: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} deliveries of {name}"), async || {
        let all = server.http().get("/channels/wire/deliveries").await.expect(200).json();
        let found: Vec<_> = all.as_array()?.iter().filter(|one| one["name"] == name).cloned().collect();
        (found.len() >= count).then(|| found.into_iter().map(|mut one| one["message"].take()).collect())
    })
    .await
}

#[tokio::test]
async fn who_asks_with_a_tracking_id_is_told_what_the_request_led_to() {
    let server = Server::start(Setup::simple(&["ana"]).guest("wire", "telegraph")).await;
    hand_in(&server, "1", "+15550100 hello").await;
    let first = told(&server, "support-request", 1).await.remove(0);
    let interaction = &first["interaction"];
    assert_eq!((&interaction["kind"], &interaction["inReplyTo"]), (&json!("notification"), &json!("track-1")));
    assert_eq!(interaction["arguments"], json!({"opened": true}));
    assert_eq!(
        (&first["workItem"]["conversation"], &first["workItem"]["state"]),
        (&json!("+15550100"), &json!("queued"))
    );
    assert_eq!((&first["queue"]["id"], &first["queue"]["position"]), (&json!("support"), &json!(1)));
    hand_in(&server, "2", "+15550101 hello").await;
    let second = told(&server, "support-request", 2).await.remove(1);
    assert_eq!(second["queue"]["position"], 2);
    assert_ne!(second["workItem"]["id"], first["workItem"]["id"]);
    hand_in(&server, "3", "+15550100 are you there?").await;
    let third = told(&server, "support-request", 3).await.remove(2);
    assert_eq!(third["interaction"]["inReplyTo"], "track-3");
    assert_eq!(third["interaction"]["arguments"], json!({"opened": false}));
    assert_eq!(third["workItem"]["id"], first["workItem"]["id"]);
}

#[tokio::test]
async fn the_agent_that_a_request_asks_for_is_asked_first() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).guest("wire", "telegraph")).await;
    // Who has been idle longest is asked, unless the request says otherwise.
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::available(&server, "ben").await;
    hand_in(&server, "1", "+15550100 FOR ben hello").await;
    let offered = ben.accept().await;
    assert_eq!(
        (&offered["message"]["encodedAgent"]["id"], &offered["message"]["agent"]["id"]),
        (&json!("ben"), &json!("ben"))
    );
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
    // Nobody of this name: the queue chooses.
    hand_in(&server, "2", "+15550101 FOR zoe hello").await;
    ana.accept().await;
    let assigned = told(&server, "work-item.assigned", 2).await;
    let agent = &assigned[0]["agent"];
    assert_eq!((&agent["id"], &agent["presence"]), (&json!("ben"), &json!("available")));
}

#[tokio::test]
async fn what_a_machine_wrote_is_not_answered_by_a_machine() {
    let queue = "[[queue]]\nid = \"support\"\n[queue.answers]\nacknowledgement = \"We have it.\"\n[[route]]\nqueue = \"support\"";
    let server = Server::start(Setup::new().text(queue).guest("wire", "telegraph")).await;
    hand_in(&server, "1", "+15550100 MACHINE I am away until Monday").await;
    told(&server, "support-request", 1).await;
    hand_in(&server, "2", "+15550101 hello").await;
    let answers = told(&server, "message.send", 1).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0]["workItem"]["conversation"], "+15550101");
    // And the driver is told that a machine wrote this, so that it can say so.
    assert_eq!(answers[0]["attributes"]["automatic"], "true", "{answers:?}");
}

#[tokio::test]
async fn an_answer_to_one_message_names_it_as_the_channel_does() {
    let server = Server::start(Setup::simple(&["ana"]).guest("wire", "telegraph")).await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "first", "+15550100 hello").await;
    let offered = ana.accept().await;
    let item = offered["workItem"]["id"].clone();
    hand_in(&server, "second", "+15550100 are you there?").await;
    ana.event("message.received").await;
    let send = |to: &Value| json!({"type": "message.send", "workItemId": item, "text": "yes", "replyTo": to});
    ana.ok(send(&offered["message"]["id"])).await;
    let sent = told(&server, "message.send", 1).await.remove(0);
    assert_eq!(sent["interaction"]["arguments"], json!({"replyTo": "first"}));
    ana.refused(send(&json!("of-nobody")), "not-found").await;
    // What another item's customer wrote is not to be quoted here.
    hand_in(&server, "other", "+15550101 hello").await;
    let other = ana.accept().await;
    ana.refused(send(&other["message"]["id"]), "not-found").await;
}
