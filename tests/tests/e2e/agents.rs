//! The agents' protocol.

use jackfield_tests::{Agent, OPERATOR, Server, Setup, eventually};
use serde_json::{Value, json};

mod channel;
mod lost;
mod protocol;
mod slow;
mod tasks;

fn setup(agents: &[&str]) -> Setup {
    Setup::simple(agents).webhook("forms", "")
}

/// A customer says something.
async fn say(server: &Server, id: &str, from: &str, text: &str) {
    server.http().post("/channels/forms", &json!({"id": id, "from": from, "text": text})).await.expect(200);
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_of_an_agent() {
    let server = Server::start(setup(&["ana"])).await;
    for (token, status) in [("", 401), ("wrong", 401), (OPERATOR, 403)] {
        for as_browser in [false, true] {
            let refused =
                Agent::open(&server, "/v1/agent", token, as_browser).await.err().map(|refused| refused.status);
            assert_eq!(refused, Some(status), "token `{token}`, as browser: {as_browser}");
        }
    }
    let mut ana = Agent::connect_as_browser(&server, "ana").await;
    ana.set_state("available").await;
}

#[tokio::test]
async fn an_agent_is_offline_until_it_says_otherwise() {
    let server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["agent"]["state"], "offline");
    assert_eq!((&ana.snapshot()["offers"], &ana.snapshot()["workItems"]), (&json!([]), &json!([])));
    say(&server, "m1", "kim", "hello").await;
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
    let waiting = server.operator().get("/v1/work-items?state=queued").await.expect(200).json();
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1));

    ana.set_state("available").await;
    let offered = ana.event("offer.created").await;
    assert_eq!(offered["workItem"]["state"], "offered");
    assert_eq!(offered["customer"]["address"], "kim");

    // Who is away is asked nothing any more, and what was asked is taken back.
    ana.set_state("away").await;
    let revoked = ana.event("offer.revoked").await;
    assert_eq!(revoked["offer"]["id"], offered["offer"]["id"]);
    ana.set_state("available").await;
    ana.event("offer.created").await;
}

#[tokio::test]
async fn a_rejected_offer_goes_to_somebody_else_and_does_not_come_back() {
    let server = Server::start(setup(&["ana", "ben"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.event("offer.created").await;
    ana.ok(json!({"type": "offer.reject", "offerId": offered["offer"]["id"], "reason": "lunch"})).await;
    let rejected = ana.event("offer.rejected").await;
    assert_eq!(rejected["offer"]["id"], offered["offer"]["id"]);
    // Nobody else is there: it waits.
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());

    let mut ben = Agent::available(&server, "ben").await;
    let again = ben.accept().await;
    assert_eq!(again["workItem"]["id"], offered["workItem"]["id"]);
    ana.refused(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]}), "wrong-state").await;
}

#[tokio::test]
async fn an_offer_that_nobody_answers_expires_and_goes_on() {
    let text = "[[queue]]\nid = \"support\"\noffer-timeout = \"1s\"\n[[route]]\nqueue = \"support\"\n";
    let server = Server::start(Setup::new().agent("ana").agent("ben").text(text).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.event("offer.created").await;
    let mut ben = Agent::available(&server, "ben").await;
    let expired = ana.event("offer.expired").await;
    assert_eq!(expired["offer"]["id"], offered["offer"]["id"]);
    let second = ben.accept().await;
    assert_eq!(second["workItem"]["id"], offered["workItem"]["id"]);
    let late = ana.refused(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]}), "wrong-state").await;
    assert_eq!(late["state"], "expired");
}

#[tokio::test]
async fn after_the_end_a_new_item_remembers_the_old_one() {
    let server = Server::start(setup(&["ana", "ben"])).await;
    let mut ben = Agent::available(&server, "ben").await;
    say(&server, "m1", "kim", "hello").await;
    let first = ben.accept().await["workItem"]["id"].clone();
    ben.complete(&first).await;
    let closed = ben.event("work-item.closed").await;
    assert_eq!((&closed["workItem"]["id"], &closed["workItem"]["state"]), (&first, &json!("closed")));
    ben.refused(json!({"type": "message.send", "workItemId": first, "text": "one more thing"}), "wrong-state").await;

    // Ana has been idle for longer now, but Ben knows the customer.
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m2", "kim", "it is back").await;
    let offered = ben.event("offer.created").await;
    assert_ne!(offered["workItem"]["id"], first);
    assert_eq!(offered["workItem"]["parent"], first);
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_agent_is_given_no_more_than_fits() {
    let text = "[[agent]]\nid = \"ana\"\ntoken = \"ana\"\ncapacity = 50\n\
        [[queue]]\nid = \"support\"\nweights = { form = 20 }\n[[route]]\nqueue = \"support\"\n";
    let server = Server::start(Setup::new().text(text).webhook("forms", "media-type = \"form\"")).await;
    let mut ana = Agent::available(&server, "ana").await;
    for number in 0..3 {
        say(&server, &format!("m{number}"), &format!("kim{number}"), "hello").await;
    }
    let first = ana.accept().await;
    ana.accept().await;
    let load = ana.event_where("agent.updated", |data| data["agent"]["load"] == 40).await;
    assert_eq!(load["agent"]["capacity"], 50);
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
    // The moment there is room, the third is there.
    ana.complete(&first["workItem"]["id"]).await;
    let third = ana.event("offer.created").await;
    assert_eq!(third["message"]["eventId"], "m2");
}

#[tokio::test]
async fn replies_reach_the_channel_in_order_and_their_status_the_agent() {
    let sink = jackfield_tests::Sink::start().await;
    let server = Server::start(Setup::simple(&["ana"]).webhook_with_replies("forms", &sink.url("/replies"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    // A refusal for now is tried again, and what was said later waits for it.
    sink.answer_next(&[503]);
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        sent.push(ana.reply(&item, text).await);
    }
    let received = sink.wait_for(4).await;
    let texts: Vec<_> = received.iter().map(|request| request.json()["parts"][0]["text"].clone()).collect();
    assert_eq!(texts, ["one", "one", "two", "three"]);
    let keys: Vec<_> = received.iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!(keys, [&sent[0], &sent[0], &sent[1], &sent[2]].map(Clone::clone));
    for id in &sent {
        ana.event_where("message.status", |data| data["messageId"] == id.as_str() && data["status"] == "sent").await;
    }
    // What is said for good is shown as failed, with the reason.
    sink.answer_next(&[400]);
    let failed = ana.reply(&item, "four").await;
    let status = ana
        .event_where("message.status", |data| data["messageId"] == failed.as_str() && data["status"] == "failed")
        .await;
    assert!(status["error"]["message"].as_str().is_some_and(|message| message.contains("400")), "{status}");
    // And can be tried again by hand.
    ana.ok(json!({"type": "message.retry", "messageId": failed})).await;
    ana.event_where("message.status", |data| data["messageId"] == failed.as_str() && data["status"] == "sent").await;
    eventually("the thread has all of it", async || {
        let path = format!("/v1/work-items/{}/messages", item.as_str()?);
        let thread = server.operator().get(&path).await.expect(200).json();
        (thread["items"].as_array()?.len() == 5).then_some(())
    })
    .await;
}
