//! Agents whose connection breaks.

use jackfield_tests::{Agent, Server, eventually};
use serde_json::{Value, json};

use super::{say, setup};

async fn state_of(server: &Server, agent: &str) -> Value {
    let agents = server.operator().get("/v1/agents").await.expect(200).json();
    let found = agents["items"].as_array().and_then(|agents| agents.iter().find(|found| found["id"] == agent));
    found.map(|agent| agent["state"].clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_lost_agents_offers_go_to_others_at_once() {
    let server = Server::start(setup(&["ana", "ben"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.event("offer.created").await;
    let mut ben = Agent::available(&server, "ben").await;
    ana.vanish();
    let again = ben.accept().await;
    assert_eq!(again["workItem"]["id"], offered["workItem"]["id"]);

    // Presence is as it was left, within the grace.
    let ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["agent"]["state"], "available");
}

#[tokio::test]
async fn after_the_grace_an_agent_is_offline_and_keeps_what_can_wait() {
    let server = Server::start(setup(&["ana"]).server("agent-grace = \"1s\"")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.vanish();
    eventually("the agent is offline", async || (state_of(&server, "ana").await == "offline").then_some(())).await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["agent"]["state"], "offline");
    assert_eq!(ana.snapshot()["workItems"][0]["workItem"]["id"], item);
    ana.reply(&item, "I am back").await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_agents_come_back_to_what_they_had() {
    let mut server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m1", "kim", "hello").await;
    let offered = ana.event("offer.created").await;
    let ended = server.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.took.as_secs() < 15, "{ended:?}");
    assert!(ana.is_closed().await);

    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    assert_eq!(ana.snapshot()["agent"]["state"], "available");
    let kept = &ana.snapshot()["offers"][0]["offer"];
    assert_eq!((&kept["id"], &kept["expiresAt"]), (&offered["offer"]["id"], &offered["offer"]["expiresAt"]));
    ana.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
}
