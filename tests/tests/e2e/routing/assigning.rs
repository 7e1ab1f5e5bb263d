//! Who gets what, and when.

use std::collections::BTreeMap;

use jackfield_tests::{Agent, Server};
use serde_json::{Value, json};

use super::{event_of, load, of_item, say, setup};

#[tokio::test]
async fn requirement_1_waiting_items_are_assigned_the_moment_an_agent_frees_up_in_order() {
    let server = Server::start(setup(&["ana"], 20, "")).await;
    for number in 1..=4 {
        say(&server, &format!("m{number}"), &format!("customer {number}")).await;
    }
    let mut ana = Agent::available(&server, "ana").await;
    for number in 1..=4 {
        let offered = ana.accept().await;
        assert_eq!(event_of(&offered), format!("m{number}"), "the oldest first");
        ana.complete(&offered["workItem"]["id"]).await;
        let closed = ana.event("work-item.closed").await;
        assert_eq!(closed["workItem"]["id"], offered["workItem"]["id"]);
    }
    // Not by a timer: the next offer is made by the decision that made room, in the same millisecond.
    for number in 5..=6 {
        say(&server, &format!("m{number}"), &format!("customer {number}")).await;
    }
    let first = ana.accept().await["workItem"]["id"].clone();
    ana.complete(&first).await;
    let closed = ana.event("work-item.closed").await;
    let next = ana.event("offer.created").await;
    assert_eq!(next["offer"]["createdAt"], closed["workItem"]["updatedAt"]);
}

#[tokio::test]
async fn requirement_2_absent_agents_get_nothing_and_no_customer_waits_for_one() {
    let server = Server::start(setup(&["ana", "ben"], 100, "")).await;
    let mut ben = Agent::available(&server, "ben").await;
    say(&server, "m1", "kim").await;
    let first = ben.accept().await["workItem"]["id"].clone();
    ben.complete(&first).await;
    ben.set_state("offline").await;
    // The customer is back, and the one who knows the matter isn't there.
    let mut ana = Agent::connect(&server, "ana").await;
    say(&server, "m2", "kim").await;
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new(), "offline agents get nothing");
    assert_eq!(ben.so_far("offer.created").await, Vec::<Value>::new(), "offline agents get nothing");
    ana.set_state("available").await;
    let offered = ana.accept().await;
    assert_eq!((event_of(&offered), &offered["workItem"]["parent"]), ("m2", &first));
}

#[tokio::test]
async fn requirement_3_work_is_spread_fairly_by_a_rule_that_anybody_can_check() {
    let agents = ["ana", "ben", "cleo", "dan"];
    let server = Server::start(setup(&agents, 1_000, "")).await;
    let mut desks = Vec::new();
    for agent in agents {
        desks.push(Agent::available(&server, agent).await);
    }
    // The longest idle is asked: so all take turns, in the order in which they came.
    let mut shares: BTreeMap<usize, u32> = BTreeMap::new();
    for number in 0..40 {
        say(&server, &format!("m{number}"), &format!("customer {number}")).await;
        let turn = number % agents.len();
        let offered = desks[turn].accept().await;
        assert_eq!(event_of(&offered), format!("m{number}"));
        *shares.entry(turn).or_default() += 1;
    }
    assert_eq!(shares.values().max(), shares.values().min(), "{shares:?}");
    for (desk, agent) in desks.iter_mut().zip(agents) {
        assert_eq!(load(&server, agent).await, 200);
        assert_eq!(desk.so_far("offer.created").await, Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requirement_4_capacity_is_exact_under_concurrency() {
    let server = Server::start(setup(&["ana"], 60, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut sayers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let http = server.http();
        let body = json!({"id": format!("m{number}"), "from": format!("customer {number}"), "text": "hello"});
        sayers.spawn(async move { http.post("/channels/forms", &body).await.expect(200) });
    }
    while let Some(said) = sayers.join_next().await {
        said.expect("a customer is answered");
    }
    // Three fit. Each end makes room for exactly one more, whatever happens at the same time.
    for _ in 0..40 {
        let offered = ana.event("offer.created").await;
        let accept = json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
        ana.ok(accept).await;
        let fits = |data: &Value| data["agent"]["load"].as_u64() <= Some(60);
        for update in ana.so_far("agent.updated").await {
            assert!(fits(&update), "{update}");
        }
        ana.complete(&offered["workItem"]["id"]).await;
    }
    assert_eq!(load(&server, "ana").await, 0, "every debit has its credit");
}

#[tokio::test]
async fn requirement_5_what_is_set_aside_blocks_nobody() {
    let server = Server::start(setup(&["ana", "ben"], 20, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let idle = ana.accept().await["workItem"]["id"].clone();
    say(&server, "m2", "lee").await;
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new(), "one fits");

    // Set aside, it makes room at once.
    ana.ok(of_item("suspend", &idle)).await;
    ana.event_where("work-item.updated", |data| data["workItem"]["state"] == "suspended").await;
    let second = ana.accept().await;
    assert_eq!(event_of(&second), "m2");
    ana.refused(of_item("suspend", &idle), "wrong-state").await;

    // The customer goes on: so does the item, with the same agent, although Ben would have room.
    let mut ben = Agent::available(&server, "ben").await;
    say(&server, "m3", "kim").await;
    let again = ana.event_where("message.received", |data| data["message"]["eventId"] == "m3").await;
    assert_eq!((&again["workItem"]["id"], &again["workItem"]["owner"]), (&idle, &json!("ana")));
    ana.event_where("work-item.updated", |data| {
        data["workItem"]["id"] == idle && data["workItem"]["state"] == "active"
    })
    .await;
    assert_eq!(ben.so_far("offer.created").await, Vec::<Value>::new());
    // By hand as well.
    ana.ok(of_item("suspend", &idle)).await;
    ana.ok(of_item("resume", &idle)).await;
    ana.refused(of_item("resume", &idle), "wrong-state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_accept_at_the_same_moment_one_wins_and_the_other_is_told() {
    let server = Server::start(setup(&["ana", "ben"], 10_000, "parallel-offers = 2")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ben = Agent::available(&server, "ben").await;
    for number in 0..320 {
        // A connection may send 200 commands at once: these two a moment need new ones now and then.
        if number % 80 == 79 {
            (ana, ben) = (Agent::available(&server, "ana").await, Agent::available(&server, "ben").await);
        }
        say(&server, &format!("m{number}"), &format!("customer {number}")).await;
        let (to_ana, to_ben) = tokio::join!(ana.event("offer.created"), ben.event("offer.created"));
        let accept = |offered: &Value| json!({"type": "offer.accept", "offerId": offered["offer"]["id"]});
        let (one, other) = tokio::join!(ana.command(accept(&to_ana)), ben.command(accept(&to_ben)));
        assert_ne!(one["ok"], other["ok"], "{one} {other}");
        let (winner, loser, told) =
            if one["ok"] == true { (&mut ana, &mut ben, &other) } else { (&mut ben, &mut ana, &one) };
        assert_eq!((&told["error"]["code"], &told["error"]["state"]), (&json!("wrong-state"), &json!("rescinded")));
        loser.event("offer.rescinded").await;
        winner.event("offer.accepted").await;
        winner.complete(&to_ana["workItem"]["id"]).await;
    }
    assert_eq!((load(&server, "ana").await, load(&server, "ben").await), (json!(0), json!(0)));
}
