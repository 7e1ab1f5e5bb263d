//! Work items that no customer opened: a program's tasks, and contacts that agents begin.

use jackfield_tests::{Agent, READER, Request, SUPERVISOR, Server, Setup, eventually};
use serde_json::{Value, json};

async fn create(server: &Server, key: Option<&str>, task: &Value) -> jackfield_tests::Answer {
    let mut request = Request::json("/v1/work-items", task);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    server.operator().send(request).await
}

#[tokio::test]
async fn a_programs_task_lives_in_the_same_queues() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let task = json!({
        "subject": "Call Kim back", "text": "about the invoice", "priority": 7, "language": "es",
        "customer": {"address": "+1415", "name": "Kim"}, "attributes": {"crm.case": "42"},
    });
    let answer = create(&server, Some("case-42"), &task).await.expect(201);
    let item = answer.json();
    assert_eq!(answer.header("location"), format!("/v1/work-items/{}", item["id"].as_str().expect("an id")));
    assert_eq!((&item["channel"], &item["mediaType"], &item["priority"]), (&Value::Null, &json!("task"), &json!(7)));
    assert_eq!((&item["subject"], &item["customer"]["name"]), (&json!("Call Kim back"), &json!("Kim")));
    assert_eq!(item["attributes"], json!({"crm.case": "42"}));

    let offered = ana.accept().await;
    assert_eq!(offered["workItem"]["id"], item["id"]);
    assert_eq!(offered["message"]["parts"][0]["text"], "about the invoice");
    // There is nobody to be answered.
    ana.refused(json!({"type": "message.send", "workItemId": item["id"], "text": "hi"}), "not-supported").await;

    // The same request again makes nothing.
    let again = create(&server, Some("case-42"), &task).await.expect(201).json();
    assert_eq!(again["id"], item["id"]);
    let other = create(&server, Some("case-43"), &task).await.expect(201).json();
    assert_ne!(other["id"], item["id"]);
    assert_eq!(ana.event("offer.created").await["workItem"]["id"], other["id"]);

    ana.complete(&item["id"]).await;
    ana.event_where("work-item.closed", |data| data["workItem"]["id"] == item["id"]).await;
    let path = format!("/v1/work-items/{}", item["id"].as_str().expect("an id"));
    assert_eq!(server.operator().get(&path).await.expect(200).json()["state"], "closed");
}

#[tokio::test]
async fn a_task_may_wait_for_its_time_and_for_its_agent() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::available(&server, "ben").await;
    // Ana has been idle for longer; Ben is asked for.
    let task = create(&server, None, &json!({"subject": "for Ben", "agent": "ben"})).await.expect(201).json();
    assert_eq!(ben.accept().await["workItem"]["id"], task["id"]);
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());

    let soon = jackfield_tests::in_a_moment(1_500);
    let later = create(&server, None, &json!({"subject": "later", "notBefore": soon})).await.expect(201).json();
    assert_eq!((&later["state"], &later["notBefore"]), (&json!("new"), &json!(soon)));
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
    let offered = ana.event("offer.created").await;
    assert_eq!(offered["workItem"]["id"], later["id"]);
    assert!(offered["offer"]["createdAt"].as_str() >= Some(soon.as_str()), "{offered}");
}

#[tokio::test]
async fn a_task_that_makes_no_sense_is_refused() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    for (task, status) in [
        (json!({"queue": "nowhere"}), 404),
        (json!({"agent": "nobody"}), 404),
        (json!({"channel": "nowhere"}), 404),
        (json!({"priority": 1001}), 400),
        (json!({"skills": {"spanish": 11}}), 400),
        (json!({"mediaType": "NOT A NAME"}), 400),
        (json!({"colour": "red"}), 422),
        (json!({"notBefore": "tomorrow"}), 422),
    ] {
        assert_eq!(create(&server, None, &task).await.status, status, "{task}");
    }
    assert_eq!(create(&server, Some(""), &json!({})).await.status, 400);
    let request = || Request::json("/v1/work-items", &json!({"subject": "x"}));
    for (token, status) in [(READER, 403), ("ana", 403), ("wrong", 401), (SUPERVISOR, 201)] {
        assert_eq!(server.http().with_token(token).send(request()).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn an_agent_writes_to_a_customer_first() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).guest("wire", "telegraph").webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::available(&server, "ben").await;
    let start = json!({
        "type": "contact.start", "channel": "wire", "address": "kim", "name": "Kim", "purpose": "callback", "text": "You called?",
    });
    let begun = ana.command_as("first", start.clone()).await;
    assert_eq!(begun["ok"], true, "{begun}");
    let item = begun["workItemId"].clone();
    let taken = ana.event("offer.accepted").await;
    assert_eq!((&taken["workItem"]["id"], &taken["workItem"]["state"]), (&item, &json!("active")));
    assert_eq!(taken["workItem"]["owner"], "ana");
    ana.event_where("message.status", |data| data["messageId"] == begun["messageId"] && data["status"] == "sent").await;
    let delivered = eventually("the driver is told", async || {
        let all = server.http().get("/channels/wire/deliveries").await.expect(200).json();
        all.as_array()?.iter().find(|entry| entry["name"] == "contact.start").cloned()
    });
    let message = delivered.await["message"].clone();
    assert_eq!(message["interaction"]["arguments"], json!({"address": "kim", "purpose": "callback"}));
    assert_eq!((&message["parts"][0]["text"], &message["agent"]["id"]), (&json!("You called?"), &json!("ana")));

    // Sent again it is the same contact.
    assert_eq!(ana.command_as("first", start.clone()).await, begun);
    // What the customer says to it joins.
    server.http().post_text("/channels/wire?nr=1", "kim Yes I did").await.expect(200);
    assert_eq!(ana.event("message.received").await["workItem"]["id"], item);
    assert_eq!(ben.so_far("offer.created").await, Vec::<Value>::new());

    // One conversation, one item.
    ben.refused(start.clone(), "conflict").await;
    let mut other = start.clone();
    other["channel"] = json!("forms");
    ana.refused(other, "not-supported").await;
    let mut other = start.clone();
    other["channel"] = json!("nowhere");
    ana.refused(other, "not-found").await;
    let mut other = start.clone();
    other["address"] = json!("");
    ana.refused(other, "bad-request").await;
    // Who takes no work begins none, and nothing is left of the attempt.
    let mut other = start;
    other["address"] = json!("lee");
    ben.set_state("away").await;
    ben.refused(other, "unavailable").await;
    let waiting = server.operator().get("/v1/work-items?state=queued").await.expect(200).json();
    assert_eq!(waiting["items"], json!([]));
}

#[tokio::test]
async fn the_conversation_that_a_channel_makes_of_a_contact_is_followed() {
    let server = Server::start(Setup::simple(&["ana"]).guest("wire", "telegraph")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let start = json!({"type": "contact.start", "channel": "wire", "address": "kim", "text": "THREAD t-17 hello"});
    let begun = ana.ok(start).await;
    ana.event_where("message.status", |data| data["messageId"] == begun["messageId"] && data["status"] == "sent").await;
    // The answer comes in under the channel's own key, and joins.
    server.http().post_text("/channels/wire?nr=1", "t-17 Who is this?").await.expect(200);
    let answer = ana.event_where("message.received", |data| data["message"]["eventId"] == "1").await;
    assert_eq!(answer["workItem"]["id"], begun["workItemId"]);
    // What is said back goes there.
    ana.reply(&begun["workItemId"], "It is Ana").await;
    let delivered = eventually("the reply is delivered", async || {
        let all = server.http().get("/channels/wire/deliveries").await.expect(200).json();
        all.as_array()?.iter().find(|entry| entry["message"]["parts"][0]["text"] == "It is Ana").cloned()
    });
    assert_eq!(delivered.await["message"]["workItem"]["conversation"], "t-17");
}
