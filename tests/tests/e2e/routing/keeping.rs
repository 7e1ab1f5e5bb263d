//! Nothing doubled, nothing out of order, nothing lost.

use jackfield_tests::{Agent, Request, Server, Sink};
use serde_json::{Value, json};

use super::{event_of, say, setup};

async fn messages(server: &Server, item: &Value, query: &str) -> Vec<Value> {
    let path = format!("/v1/work-items/{}/messages{query}", item.as_str().expect("an id"));
    server.operator().get(&path).await.expect(200).json()["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn requirement_7_duplicates_double_clicks_and_retries_make_one() {
    let sink = Sink::start().await;
    let server = Server::start(setup(&["ana"], 100, "").webhook_with_replies("replies", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let body = json!({"id": "m1", "from": "kim", "text": "hello"});
    let first = server.http().post("/channels/replies", &body).await.expect(200).json();
    let again = server.http().post("/channels/replies", &body).await.expect(200).json();
    assert_eq!(first["id"], again["id"], "one message");
    let offered = ana.event("offer.created").await;
    let accept = json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
    let accepted = ana.command_as("click", accept.clone()).await;
    assert_eq!(ana.command_as("click", accept).await, accepted, "one accept");
    let item = &offered["workItem"]["id"];
    let send = json!({"type": "message.send", "workItemId": item, "text": "hello back", "idempotencyKey": "k"});
    let sent = ana.ok(send.clone()).await["messageId"].clone();
    assert_eq!(ana.ok(send).await["messageId"], sent, "one send");
    let task = Request::json("/v1/work-items", &json!({"subject": "call back"})).header("idempotency-key", "k");
    let one = server.operator().send(task.clone()).await.expect(201).json();
    let two = server.operator().send(task).await.expect(201).json();
    assert_eq!(one["id"], two["id"], "one task");
    ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "sent").await;
    assert_eq!(sink.received().len(), 1);
    assert_eq!(messages(&server, item, "").await.len(), 2);
}

#[tokio::test]
async fn requirement_8_messages_of_a_conversation_keep_their_order() {
    let sink = Sink::start().await;
    let server = Server::start(setup(&["ana"], 100, "").webhook_with_replies("replies", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let said = async |number: u32| {
        // The channel's own time goes backwards: what counts is the order of commit.
        let time = format!("2026-01-01T00:00:{:02}Z", 59 - number);
        let body = json!({"id": format!("m{number}"), "from": "kim", "text": number.to_string(), "time": time});
        server.http().post("/channels/replies", &body).await.expect(200);
    };
    said(0).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    for number in 1..20 {
        said(number).await;
    }
    for number in 1..20 {
        assert_eq!(ana.event("message.received").await["message"]["eventId"], format!("m{number}"));
    }
    let inbound = messages(&server, &item, "").await;
    let texts: Vec<_> = inbound.iter().map(|message| message["eventId"].clone()).collect();
    assert_eq!(texts, (0..20).map(|number| json!(format!("m{number}"))).collect::<Vec<_>>());
    assert!(inbound[0]["occurredAt"].as_str() > inbound[19]["occurredAt"].as_str(), "its own time stands beside");
    let newest = messages(&server, &item, "?order=newest&limit=2").await;
    assert_eq!((&newest[0]["eventId"], &newest[1]["eventId"]), (&json!("m19"), &json!("m18")));

    // Out goes one after the other, whatever has to be tried again.
    sink.answer_next(&[503, 200, 503]);
    for number in 0..6 {
        ana.reply(&item, &format!("reply {number}")).await;
    }
    let received = sink.wait_for(8).await;
    let mut texts: Vec<_> = received.iter().map(|one| one.json()["parts"][0]["text"].clone()).collect();
    texts.dedup();
    assert_eq!(texts, (0..6).map(|number| json!(format!("reply {number}"))).collect::<Vec<_>>());
}

#[tokio::test]
async fn requirement_11_a_crash_loses_nothing_that_a_channel_was_told_was_received() {
    let mut server = Server::start(setup(&["ana", "ben"], 1_000, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "owned", "kim").await;
    let owned = ana.accept().await["workItem"]["id"].clone();
    say(&server, "offered", "lee").await;
    let offered = ana.event("offer.created").await;
    ana.set_state("busy").await;
    for number in 0..20 {
        say(&server, &format!("waiting {number}"), &format!("customer {number}")).await;
    }
    server.kill().await;
    server.start_again().await;
    let list = server.operator().get("/v1/work-items?limit=500").await.expect(200).json();
    let items = list["items"].as_array().expect("a list");
    assert_eq!(items.len(), 22, "all that was told to be taken is there, once");
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["workItems"][0]["workItem"]["id"], owned);
    ana.reply(&owned, "where were we?").await;
    // Nothing was asked of Ana when the server fell: `busy` had taken that back, and it waits with the others.
    assert_eq!(ana.snapshot()["offers"], json!([]));
    let mut ben = Agent::available(&server, "ben").await;
    let first = ben.accept().await;
    assert_eq!((event_of(&first), &first["workItem"]["id"]), ("offered", &offered["workItem"]["id"]));
    for number in 0..20 {
        assert_eq!(event_of(&ben.accept().await), format!("waiting {number}"));
    }
}

#[tokio::test]
async fn requirement_14_what_is_too_much_is_said_and_counted() {
    let server = Server::start(setup(&["ana"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    // More than 200 commands a second: the rest is refused and can be sent again, nothing is dropped in silence.
    let typing = json!({"type": "agent.set-state", "state": "available"});
    for number in 0..600 {
        let mut command = typing.clone();
        command["id"] = json!(format!("fast-{number}"));
        ana.send(&command.to_string()).await;
    }
    let mut refused = 0;
    for _ in 0..600 {
        let result = ana.event("command.result").await;
        match result["error"]["code"].as_str() {
            None => assert_eq!(result["ok"], true, "{result}"),
            Some(code) => {
                assert_eq!(code, "rate-limited", "{result}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "600 commands at once were taken");
    // A moment later the agent may speak again.
    let send = json!({"type": "message.send", "workItemId": item, "text": "slowly now"});
    while ana.command(send.clone()).await["ok"] != true {
        tokio::task::yield_now().await;
    }
    let metrics = server.http().get("/metrics").await.expect(200).text();
    for name in ["sequencer_waiting", "agent_gaps_total", "work_items{", "channel_refused_total"] {
        assert!(metrics.contains(&format!("jackfield_{name}")), "{name}");
    }
}
