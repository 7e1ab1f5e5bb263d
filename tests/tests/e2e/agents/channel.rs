//! What agents and channels say to each other besides messages: that they are writing, commands of a driver's own.

use jackfield_tests::{Agent, Server, Setup, eventually};
use serde_json::{Value, json};

async fn telegram(server: &Server, number: &str, line: &str) {
    server.http().post_text(&format!("/channels/wire?nr={number}"), line).await.expect(200);
}

async fn delivered(server: &Server, name: &str) -> Vec<Value> {
    let all = server.http().get("/channels/wire/deliveries").await.expect(200).json();
    all.as_array().into_iter().flatten().filter(|entry| entry["name"] == name).cloned().collect()
}

async fn messages(server: &Server, item: &Value) -> Vec<Value> {
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    server.operator().get(&path).await.expect(200).json()["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn typing_goes_both_ways_and_is_kept_nowhere() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).guest("wire", "telegraph").webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    telegram(&server, "1", "kim Hello?").await;
    let offered = ana.event("offer.created").await;
    let item = offered["workItem"]["id"].clone();

    // The customer writes on, before anybody has answered and after.
    telegram(&server, "2", "kim TYPES").await;
    assert_eq!(ana.event("typing").await, json!({"workItemId": item, "on": true}));
    ana.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    let before = ana.sequence();
    telegram(&server, "3", "kim TYPES").await;
    telegram(&server, "4", "kim PAUSES").await;
    assert_eq!(ana.event("typing").await, json!({"workItemId": item, "on": false}), "what still lasts isn't repeated");
    // Nobody has a conversation with lee.
    telegram(&server, "5", "lee TYPES").await;
    assert_eq!(ana.so_far("typing").await, Vec::<Value>::new());
    assert_eq!(messages(&server, &item).await.len(), 1, "advice is not a message");

    // The agent writes; the driver is told once, not with every key.
    for _ in 0..20 {
        ana.ok(json!({"type": "typing", "workItemId": item})).await;
    }
    let told = eventually("the driver is told", async || {
        let told = delivered(&server, "typing").await;
        (!told.is_empty()).then_some(told)
    });
    let told = told.await;
    assert_eq!(told.len(), 1, "{told:?}");
    let message = &told[0]["message"];
    assert_eq!((&message["agent"]["id"], &message["workItem"]["id"]), (&json!("ana"), &item));
    assert_eq!(message["interaction"]["arguments"], json!({"on": true}));
    assert!(ana.sequence() >= before);

    let mut ben = Agent::connect(&server, "ben").await;
    ben.refused(json!({"type": "typing", "workItemId": item}), "not-allowed").await;
    ben.refused(json!({"type": "typing", "workItemId": "no-such-item"}), "not-found").await;
    // A driver that doesn't list it isn't bothered.
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "max", "text": "hello"})).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.refused(json!({"type": "typing", "workItemId": item}), "not-supported").await;
}

#[tokio::test]
async fn a_customer_who_waits_is_told_the_place_in_the_queue() {
    let server = Server::start(Setup::simple(&["ana"]).guest("wire", "telegraph")).await;
    telegram(&server, "1", "kim Hello?").await;
    telegram(&server, "2", "lee Anybody?").await;
    let told = eventually("both are told", async || {
        let told = delivered(&server, "queue.position").await;
        (told.len() >= 2).then_some(told)
    });
    let mut places: Vec<(Value, Value)> = (told.await.into_iter())
        .map(|entry| (entry["message"]["workItem"]["customer"]["address"].clone(), entry["message"]["queue"].clone()))
        .collect();
    places.sort_by_key(|(customer, _)| customer.to_string());
    let place = |position: u32| json!({"id": "support", "position": position, "waiting": null, "expectedWaitMs": null, "attributes": {}});
    assert_eq!(places, [(json!("kim"), place(1)), (json!("lee"), place(2))]);
}

#[tokio::test]
async fn a_command_of_the_drivers_own_is_checked_and_its_answer_comes_back() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).guest("wire", "telegraph").webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    telegram(&server, "1", "kim Hello?").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let invoke = |name: &str, arguments: Value| json!({"type": "work-item.invoke", "workItemId": item, "name": name, "arguments": arguments});
    let result = ana.command_as("once", invoke("telegraph.flash", json!({"times": 3}))).await;
    assert_eq!(result["ok"], true, "{result}");
    let answer = ana.event_where("message.received", |data| data["message"]["interaction"]["name"] == "invoke").await;
    let interaction = &answer["message"]["interaction"];
    assert_eq!(interaction["inReplyTo"], result["messageId"]);
    assert_eq!(interaction["arguments"]["outcome"]["arguments"], json!({"times": 3}));
    assert_eq!(answer["workItem"]["id"], item);
    ana.event_where("message.status", |data| data["messageId"] == result["messageId"] && data["status"] == "sent")
        .await;

    // The same command again does nothing.
    assert_eq!(ana.command_as("once", invoke("telegraph.flash", json!({"times": 3}))).await, result);
    assert_eq!(delivered(&server, "invoke").await.len(), 1);

    ana.refused(invoke("telegraph.dance", json!({})), "not-supported").await;
    let wrong = ana.refused(invoke("telegraph.flash", json!({"times": 99})), "bad-request").await;
    assert!(wrong["message"].as_str().is_some_and(|text| text.contains("/times")), "{wrong}");
    let mut ben = Agent::connect(&server, "ben").await;
    ben.refused(invoke("telegraph.flash", json!({"times": 1})), "not-allowed").await;
    // A driver without commands.
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "max", "text": "hello"})).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let invoke = json!({"type": "work-item.invoke", "workItemId": item, "name": "telegraph.flash", "arguments": {}});
    ana.refused(invoke, "not-supported").await;
}
