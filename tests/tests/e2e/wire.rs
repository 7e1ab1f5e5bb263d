//! What a driver and the server say to each other, in depth: outcomes of deliveries, statuses, timers, endings.

use jackfield_tests::{Agent, Server, Setup, eventually};
use serde_json::{Value, json};

async fn start() -> Server {
    Server::start(Setup::simple(&["ana", "ben"]).guest("wire", "telegraph")).await
}

async fn hand_in(server: &Server, number: &str, line: &str) -> Value {
    server.http().post_text(&format!("/channels/wire?nr={number}"), line).await.expect(200).json()
}

/// What the driver was delivered with this text, once there are so many.
async fn deliveries(server: &Server, text: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} deliveries of `{text}`"), async || {
        let all = server.http().get("/channels/wire/deliveries").await.expect(200).json();
        let found: Vec<_> =
            all.as_array()?.iter().filter(|one| one["message"]["parts"][0]["text"] == text).cloned().collect();
        (found.len() >= count).then_some(found)
    })
    .await
}

async fn status(agent: &mut Agent, message: &str, status: &str) -> Value {
    agent.event_where("message.status", |data| data["messageId"] == message && data["status"] == status).await
}

/// An agent with an open work item.
async fn at_work(server: &Server) -> (Agent, Value) {
    let mut ana = Agent::available(server, "ana").await;
    hand_in(server, "1", "+15550100 hello").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    (ana, item)
}

#[tokio::test]
async fn a_failure_for_now_is_tried_again_under_the_same_key() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    let sent = ana.reply(&item, "AGAIN please").await;
    status(&mut ana, &sent, "sent").await;
    let tries = deliveries(&server, "AGAIN please", 2).await;
    let shown: Vec<_> = tries.iter().map(|one| (one["attempt"].clone(), one["previous"].clone())).collect();
    assert_eq!(shown, [(json!(1), json!("none")), (json!(2), json!("failed"))]);
    assert_eq!(tries[0]["idempotencyKey"], tries[1]["idempotencyKey"]);
    assert_eq!(tries[0]["message"], tries[1]["message"], "it is the same message");
}

#[tokio::test]
async fn what_fails_for_good_is_shown_with_the_reason() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    let refused = ana.reply(&item, "REFUSE this").await;
    let failed = status(&mut ana, &refused, "failed").await;
    assert_eq!(failed["error"]["code"], "rejected-by-recipient");
    assert!(failed["error"]["message"].as_str().is_some_and(|text| text.contains("no telegrams")), "{failed}");
    // The next is not held up by it.
    let next = ana.reply(&item, "and this").await;
    status(&mut ana, &next, "sent").await;
    assert_eq!(deliveries(&server, "REFUSE this", 1).await.len(), 1);
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again_unless_the_agent_says_so() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    let doubtful = ana.reply(&item, "DOUBT it").await;
    status(&mut ana, &doubtful, "unknown").await;
    let next = ana.reply(&item, "something else").await;
    status(&mut ana, &next, "sent").await;
    assert_eq!(deliveries(&server, "DOUBT it", 1).await.len(), 1);
    ana.ok(json!({"type": "message.retry", "messageId": doubtful})).await;
    let tries = deliveries(&server, "DOUBT it", 2).await;
    assert_eq!(tries[1]["previous"], "resend");
    assert_eq!(tries[0]["idempotencyKey"], tries[1]["idempotencyKey"]);
}

#[tokio::test]
async fn a_status_that_comes_before_the_receipt_waits_for_it() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    // The first holds up the second, whose status is there before it was sent.
    ana.reply(&item, "AGAIN please").await;
    let second = ana.reply(&item, "two").await;
    hand_in(&server, "2", &format!("+15550100 RECEIVED T-{second}")).await;
    status(&mut ana, &second, "sent").await;
    status(&mut ana, &second, "delivered").await;
    // And what comes late changes nothing.
    hand_in(&server, "3", &format!("+15550100 READ T-{second}")).await;
    status(&mut ana, &second, "read").await;
    hand_in(&server, "4", &format!("+15550100 RECEIVED T-{second}")).await;
    let after = ana.so_far("message.status").await;
    let back = after.iter().find(|data| data["messageId"] == second.as_str() && data["status"] != "queued");
    assert_eq!(back, None);
}

#[tokio::test]
async fn a_timer_outlives_the_server_and_fires_once() {
    let mut server = start().await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "t1", "+15550100 LATER 1 as soon as you can").await;
    let first = ana.accept().await;
    assert_eq!(first["message"]["parts"][0]["text"], "as soon as you can");

    hand_in(&server, "t2", "+15550101 LATER 1500 tomorrow").await;
    server.kill().await;
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    let second = ana.accept().await;
    assert_eq!(
        (&second["message"]["eventId"], &second["message"]["parts"][0]["text"]),
        (&json!("t2"), &json!("tomorrow"))
    );
    server.kill().await;
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["workItems"].as_array().map(Vec::len), Some(2));
    assert_eq!(ana.so_far("message.received").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_channel_can_end_or_move_a_work_item() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    let mut ben = Agent::available(&server, "ben").await;
    // It needs somebody else.
    hand_in(&server, "2", "+15550100 MOVE the phone was not answered").await;
    let left = ana.event_where("work-item.updated", |data| data["workItem"]["owner"] != "ana").await;
    assert_eq!(left["workItem"]["id"], item);
    let taken = tokio::select! {
        offered = ben.event("offer.created") => ("ben", offered),
        offered = ana.event("offer.created") => ("ana", offered),
    };
    assert_eq!(taken.1["workItem"]["id"], item);
    let owner = if taken.0 == "ben" { &mut ben } else { &mut ana };
    owner.ok(json!({"type": "offer.accept", "offerId": taken.1["offer"]["id"]})).await;
    // The customer has what it wanted.
    hand_in(&server, "3", "+15550100 DONE thank you").await;
    let closed = owner.event("work-item.closed").await;
    assert_eq!((&closed["workItem"]["id"], &closed["workItem"]["state"]), (&item, &json!("closed")));
}

#[tokio::test]
async fn a_withdrawn_request_is_taken_back_from_whom_it_was_offered_to() {
    let server = start().await;
    let mut ana = Agent::available(&server, "ana").await;
    hand_in(&server, "1", "+15550100 hello").await;
    let offered = ana.event("offer.created").await;
    hand_in(&server, "2", "+15550100 STOP never mind").await;
    let revoked = ana.event("offer.revoked").await;
    assert_eq!(revoked["offer"]["id"], offered["offer"]["id"]);
    let late = json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
    assert_eq!(ana.refused(late, "wrong-state").await["state"], "revoked");
    // What it says next is a new request.
    hand_in(&server, "3", "+15550100 or do mind").await;
    let again = ana.event("offer.created").await;
    assert_ne!(again["workItem"]["id"], offered["workItem"]["id"]);
}

#[tokio::test]
async fn what_is_said_while_a_channel_is_paused_goes_out_when_it_is_resumed() {
    let server = start().await;
    let (mut ana, item) = at_work(&server).await;
    let operate = async |word: &str| {
        let request = jackfield_tests::Request::new("POST", &format!("/v1/channels/wire/{word}"));
        assert!(server.operator().send(request).await.is_success());
    };
    operate("pause").await;
    let sent = ana.reply(&item, "in a moment").await;
    let waiting: Vec<_> = ana.so_far("message.status").await;
    assert!(!waiting.iter().any(|data| data["messageId"] == sent.as_str() && data["status"] == "sent"), "{waiting:?}");
    operate("resume").await;
    status(&mut ana, &sent, "sent").await;
    assert_eq!(deliveries(&server, "in a moment", 1).await.len(), 1);
}
