//! Agents who read too slowly, or come back too late: a snapshot, never a queue without end.

use jackfield_tests::{Agent, Server};
use serde_json::{Value, json};

use super::{say, setup};

async fn gaps(server: &Server) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("jackfield_agent_gaps_total "));
    line.and_then(|count| count.parse().ok()).expect("the counter of gaps")
}

#[tokio::test]
async fn a_reader_that_never_reads_is_dropped_to_a_snapshot() {
    let server = Server::start(setup(&["ana"])).await;
    let mut desk = Agent::available(&server, "ana").await;
    say(&server, "m0", "kim", "hello").await;
    let item = desk.accept().await["workItem"]["id"].clone();
    // Connected, and then it reads nothing while the other connection does.
    let mut stuck = Agent::connect(&server, "ana").await;
    let memory = server.memory();
    let text = "x".repeat(200_000);
    for number in 1..=300 {
        say(&server, &format!("m{number}"), "kim", &text).await;
        desk.event("message.received").await;
    }
    // 60 MB went by. What is kept for those who are slow is 4 MiB, beside what the system's sockets hold.
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < 48 << 20, "the server grew by {grown} bytes");

    say(&server, "last", "kim", "the last one").await;
    let at = desk.event_where("message.received", |data| data["message"]["eventId"] == "last").await;
    let (mut snapshots, mut last) = (0, Value::Null);
    while stuck.sequence() < desk.sequence() {
        let frame = stuck.next().await;
        snapshots += u32::from(frame["type"] == "snapshot");
        last = frame;
    }
    assert!(snapshots >= 1, "no snapshot; the last frame: {last}");
    assert!(gaps(&server).await >= 1);
    let shown = &stuck.snapshot()["workItems"][0];
    assert_eq!(shown["workItem"]["id"], item);
    let newest = shown["messages"].as_array().and_then(|messages| messages.last());
    assert!(newest.is_some_and(|newest| newest["id"] == at["message"]["id"]) || last["data"] == at, "{last}");
    // From there it goes on as if nothing had been.
    say(&server, "m999", "kim", "and now?").await;
    assert_eq!(stuck.event("message.received").await["message"]["eventId"], "m999");
}

#[tokio::test]
async fn who_comes_back_too_late_begins_anew() {
    let server = Server::start(setup(&["ana"])).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "m0", "kim", "hello").await;
    ana.accept().await;
    let after = ana.sequence();
    ana.vanish();
    for number in 1..=1_030 {
        say(&server, &format!("m{number}"), "kim", "hello?").await;
    }
    let mut late = Agent::resume(&server, "ana", after).await;
    assert_eq!(late.next().await["type"], "snapshot");
    assert_eq!(late.snapshot()["workItems"][0]["messages"].as_array().map(Vec::len), Some(100), "the newest");
    // Not so late: it gets what it missed, and nothing else.
    let after = late.sequence() - 1_000;
    let mut ana = Agent::resume(&server, "ana", after).await;
    assert_eq!(ana.next().await["sequence"], json!(after + 1));
    assert_eq!(*ana.snapshot(), Value::Null);
}
