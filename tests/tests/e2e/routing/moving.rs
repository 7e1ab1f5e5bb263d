//! From one agent to another.

use jackfield_tests::{Agent, Server};
use serde_json::{Value, json};

use super::{accept_as, event_of, load, of_item, say, setup};

fn transfer(item: &Value, to: Value) -> Value {
    json!({"type": "work-item.transfer", "workItemId": item, "to": to})
}

#[tokio::test]
async fn requirement_6_every_push_can_be_declined_with_a_reason_a_transfer_too() {
    let server = Server::start(setup(&["ana", "ben"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let mut ben = Agent::available(&server, "ben").await;

    // Declined: it is Ana's again.
    ana.ok(transfer(&item, json!({"agent": "ben"}))).await;
    let asked = ben.event("offer.created").await;
    assert_eq!((&asked["offer"]["kind"], &asked["offer"]["from"]), (&json!("transfer"), &json!("ana")));
    assert_eq!((&asked["workItem"]["id"], event_of(&asked)), (&item, "m1"), "the context goes along");
    let reject = json!({"type": "offer.reject", "offerId": asked["offer"]["id"], "reason": "at lunch"});
    ben.ok(reject).await;
    ben.event("offer.rejected").await;
    let back = |data: &Value| data["workItem"]["owner"] == "ana" && data["workItem"]["state"] == "active";
    ana.event_where("work-item.updated", back).await;
    ana.reply(&item, "sorry for the wait").await;

    // Taken back before he answers.
    ana.ok(transfer(&item, json!({"agent": "ben"}))).await;
    let asked = ben.event("offer.created").await;
    ana.ok(of_item("transfer-cancel", &item)).await;
    assert_eq!(ben.event("offer.revoked").await["offer"]["id"], asked["offer"]["id"]);
    ana.event_where("work-item.updated", back).await;

    // Accepted: it is his, with all that was said, and its age.
    ana.ok(transfer(&item, json!({"agent": "ben"}))).await;
    let taken = accept_as(&mut ben, "transfer").await;
    assert_eq!(taken["workItem"]["firstQueuedAt"], asked["workItem"]["firstQueuedAt"]);
    ben.reply(&item, "Ben here").await;
    ana.refused(json!({"type": "message.send", "workItemId": item, "text": "mine?"}), "not-allowed").await;
    assert_eq!((load(&server, "ana").await, load(&server, "ben").await), (json!(0), json!(20)));
    let phone = Agent::connect(&server, "ben").await;
    let messages = phone.snapshot()["workItems"][0]["messages"].as_array().map(Vec::len);
    assert_eq!(messages, Some(3));

    ben.refused(transfer(&item, json!({"agent": "ben"})), "bad-request").await;
    ben.refused(transfer(&item, json!({"agent": "nobody"})), "not-found").await;
    ben.refused(transfer(&item, json!({"queue": "nowhere"})), "not-found").await;
    ana.set_state("away").await;
    ben.refused(transfer(&item, json!({"agent": "ana"})), "unavailable").await;
}

#[tokio::test]
async fn a_transfer_goes_to_a_queue_with_its_age() {
    let server = Server::start(setup(&["ana", "ben"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let offered = ana.accept().await;
    let item = offered["workItem"]["id"].clone();
    let mut ben = Agent::available(&server, "ben").await;
    ana.ok(transfer(&item, json!({"queue": "sales"}))).await;
    let taken = ben.accept().await;
    assert_eq!((&taken["workItem"]["id"], &taken["workItem"]["queue"]), (&item, &json!("sales")));
    assert_eq!(taken["workItem"]["firstQueuedAt"], offered["workItem"]["firstQueuedAt"]);
    ben.complete(&item).await;
}

#[tokio::test]
async fn an_attended_transfer_asks_first_and_then_hands_over() {
    let server = Server::start(setup(&["ana", "ben", "cleo"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let mut ben = Agent::available(&server, "ben").await;

    let attended =
        json!({"type": "work-item.transfer", "workItemId": item, "to": {"agent": "ben"}, "mode": "attended"});
    ana.ok(attended).await;
    let asked = accept_as(&mut ben, "consult").await;
    assert_eq!(asked["offer"]["from"], "ana");
    let joined = ana.event_where("work-item.updated", |data| data["workItem"]["helpers"] == json!(["ben"])).await;
    assert_eq!(joined["workItem"]["owner"], "ana", "who is asked in doesn't take over");
    // Both hear the customer; one speaks.
    say(&server, "m2", "kim").await;
    for agent in [&mut ana, &mut ben] {
        assert_eq!(agent.event("message.received").await["message"]["eventId"], "m2");
    }
    ben.refused(json!({"type": "message.send", "workItemId": item, "text": "I think"}), "not-allowed").await;
    let seen = format!("/v1/work-items/{}", item.as_str().expect("an id"));
    server.http().with_token("ben").get(&seen).await.expect(200);
    server.http().with_token("cleo").get(&seen).await.expect(403);

    ana.ok(of_item("transfer-complete", &item)).await;
    ben.event_where("work-item.updated", |data| data["workItem"]["owner"] == "ben").await;
    ben.reply(&item, "I take care of it").await;
    assert_eq!((load(&server, "ana").await, load(&server, "ben").await), (json!(0), json!(20)));

    // Asked in, and out again.
    ben.ok(json!({"type": "work-item.consult", "workItemId": item, "agent": "ana"})).await;
    accept_as(&mut ana, "consult").await;
    ana.ok(of_item("leave", &item)).await;
    ben.event_where("work-item.updated", |data| data["workItem"]["helpers"] == json!([])).await;
    ana.refused(of_item("leave", &item), "not-found").await;
    assert_eq!(load(&server, "ana").await, 0);
}

#[tokio::test]
async fn agents_pick_what_waits() {
    let server = Server::start(setup(&["ana", "ben"], 40, "assign = \"pick\"")).await;
    say(&server, "m1", "kim").await;
    say(&server, "m2", "lee").await;
    let waiting = server.operator().get("/v1/work-items?state=queued").await.expect(200).json();
    let second = waiting["items"][1]["id"].clone();
    let mut ana = Agent::connect(&server, "ana").await;
    ana.refused(of_item("pick", &second), "unavailable").await;
    let list = server.http().with_token("ana").get("/v1/work-items/pickable").await.expect(200).json();
    let ids: Vec<_> = list["items"].as_array().into_iter().flatten().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&waiting["items"][0]["id"], &second]);
    ana.set_state("available").await;
    ana.ok(of_item("pick", &second)).await;
    let taken = ana.event_where("offer.accepted", |data| data["workItem"]["id"] == second).await;
    assert_eq!(taken["workItem"]["owner"], "ana");
    ana.refused(of_item("pick", &second), "wrong-state").await;
    ana.refused(of_item("pick", &json!("no-such-item")), "not-found").await;
}

#[tokio::test]
async fn what_has_changed_meanwhile_is_not_overwritten() {
    let server = Server::start(setup(&["ana"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let path = format!("/v1/work-items/{}", item.as_str().expect("an id"));
    let version = server.operator().get(&path).await.expect(200).json()["version"].clone();
    let mut suspend = of_item("suspend", &item);
    suspend["ifVersion"] = version.clone();
    ana.ok(suspend).await;
    let mut resume = of_item("resume", &item);
    resume["ifVersion"] = version;
    ana.refused(resume, "conflict").await;
    ana.ok(of_item("resume", &item)).await;
    let update = json!({"type": "work-item.update", "workItemId": item, "priority": 9, "skills": {"spanish": 2}});
    ana.ok(update).await;
    let shown = server.operator().get(&path).await.expect(200).json();
    assert_eq!((&shown["priority"], &shown["skills"]), (&json!(9), &json!({"spanish": 2})));
}

#[tokio::test]
async fn two_items_become_one_and_one_becomes_two() {
    let server = Server::start(setup(&["ana"], 100, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let one = ana.accept().await["workItem"]["id"].clone();
    say(&server, "m2", "kim by another way").await;
    let two = ana.accept().await["workItem"]["id"].clone();
    ana.ok(json!({"type": "work-item.merge", "workItemId": one, "from": two})).await;
    ana.event_where("work-item.closed", |data| data["workItem"]["id"] == two).await;
    // Both conversations go on in one item.
    say(&server, "m3", "kim by another way").await;
    assert_eq!(ana.event("message.received").await["workItem"]["id"], one);
    assert_eq!(load(&server, "ana").await, 20);

    let path = format!("/v1/work-items/{}/messages?order=newest", one.as_str().expect("an id"));
    let thread = server.operator().get(&path).await.expect(200).json();
    assert_eq!(thread["items"][0]["eventId"], "m3");
    let split =
        json!({"type": "work-item.split", "workItemId": one, "messageId": thread["items"][0]["id"], "queue": "sales"});
    ana.ok(split).await;
    let offered = ana.event_where("offer.created", |data| data["workItem"]["queue"] == "sales").await;
    assert_ne!(offered["workItem"]["id"], one);
}
