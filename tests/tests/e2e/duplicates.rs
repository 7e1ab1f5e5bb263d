//! What is sent twice is there once.

use std::collections::BTreeSet;

use jackfield_tests::{Agent, Http, Request, Server, Setup};
use serde_json::{Value, json};

fn said(id: &str, from: &str, text: &str) -> Value {
    json!({"id": id, "from": from, "text": text})
}

/// All work items, with their messages' event ids.
async fn items(operator: &Http) -> Vec<(Value, Vec<String>)> {
    let list = operator.get("/v1/work-items").await.expect(200).json();
    assert_eq!(list["next"], Value::Null);
    let mut items = Vec::new();
    for item in list["items"].as_array().expect("a list") {
        let id = item["id"].as_str().expect("an id");
        let messages = operator.get(&format!("/v1/work-items/{id}/messages?limit=500")).await.expect(200).json();
        let events = messages["items"].as_array().expect("a list").iter();
        items.push((
            item.clone(),
            events.map(|message| message["eventId"].as_str().unwrap_or_default().to_owned()).collect(),
        ));
    }
    items
}

/// Sends all of it at the same moment; the answers.
async fn at_once(http: &Http, bodies: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let calls: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let http = http.clone();
            tokio::spawn(async move { http.send(Request::json("/channels/forms", &body)).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        let answer = call.await.expect("the call ends");
        assert!(answer.is_success(), "{}: {}", answer.status, answer.text());
        answers.push(answer.json());
    }
    answers
}

#[tokio::test]
async fn the_same_webhook_twice_makes_one_message_and_one_work_item() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let first = server.http().post("/channels/forms", &said("m1", "kim", "hello")).await.expect(200).json();
    let second = server.http().post("/channels/forms", &said("m1", "kim", "hello")).await.expect(200).json();
    assert_eq!(first["id"], second["id"]);

    ana.event("offer.created").await;
    assert_eq!(ana.so_far("message.received").await, Vec::<Value>::new());
    let items = items(&server.operator()).await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0].1, ["m1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_make_one_message_and_one_work_item() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let answers = at_once(&server.http(), (0..100).map(|_| said("m1", "kim", "hello"))).await;
    let ids: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["id"].as_str()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let items = items(&server.operator()).await;
    assert_eq!((items.len(), &items[0].1), (1, &vec!["m1".to_owned()]), "{items:?}");
    let metrics = server.http().get("/metrics").await.expect(200).text();
    assert!(metrics.contains("jackfield_channel_duplicates_total{channel=\"forms\"} 99\n"), "{metrics}");
    assert!(metrics.contains("jackfield_channel_messages_total{channel=\"forms\"} 1\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_customer_at_the_same_moment_open_one_work_item() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let bodies = (0..20).map(|number| said(&format!("m{number}"), "kim", "hello"));
    let answers = at_once(&server.http(), bodies).await;
    let ids: BTreeSet<&str> = answers.iter().filter_map(|answer| answer["id"].as_str()).collect();
    assert_eq!(ids.len(), 20);
    let items = items(&server.operator()).await;
    assert_eq!((items.len(), items[0].1.len()), (1, 20), "{items:?}");
}

#[tokio::test]
async fn a_second_message_joins_the_open_work_item() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let say = async |body: Value| server.http().post("/channels/forms", &body).await.expect(200).json();

    say(said("m1", "kim", "hello")).await;
    let offered = ana.event("offer.created").await;
    // While it is offered, whom it is offered to is told.
    say(said("m2", "kim", "are you there?")).await;
    let second = ana.event("message.received").await;
    assert_eq!(second["workItem"]["id"], offered["workItem"]["id"]);
    assert_eq!((&second["message"]["eventId"], &second["message"]["agent"]["id"]), (&json!("m2"), &json!("ana")));

    ana.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    say(said("m3", "kim", "hello?")).await;
    let third = ana.event("message.received").await;
    assert_eq!((&third["workItem"]["id"], &third["workItem"]["state"]), (&offered["workItem"]["id"], &json!("active")));

    // Another customer, or another channel's same number, is another work item.
    say(said("m4", "lee", "hello")).await;
    let items = items(&server.operator()).await;
    let mut events: Vec<_> = items.iter().map(|(_, events)| events.join(" ")).collect();
    events.sort();
    assert_eq!(events, ["m1 m2 m3", "m4"]);
}

#[tokio::test]
async fn the_same_event_on_another_channel_is_another_message() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "").webhook("shop", "")).await;
    let body = said("m1", "kim", "hello");
    let forms = server.http().post("/channels/forms", &body).await.expect(200).json();
    let shop = server.http().post("/channels/shop", &body).await.expect(200).json();
    assert_ne!(forms["id"], shop["id"]);
    assert_eq!(items(&server.operator()).await.len(), 2);
}

#[tokio::test]
async fn duplicates_are_known_after_a_restart() {
    let mut server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let body = said("m1", "kim", "hello");
    let before = server.http().post("/channels/forms", &body).await.expect(200).json();
    let ended = server.stop().await;
    assert!(ended.status.success(), "{ended:?}");
    server.start_again().await;
    let after = server.http().post("/channels/forms", &body).await.expect(200).json();
    assert_eq!(before["id"], after["id"]);
    assert_eq!(items(&server.operator()).await.len(), 1);
}
