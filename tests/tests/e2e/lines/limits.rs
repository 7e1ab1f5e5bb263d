//! What connections may cost, and what peers get who want more.

use std::time::Instant;

use jackfield_tests::{Server, eventually};

use super::line::Line;
use super::{PATIENCE, call, channel, metric, open_connections, port, serve};

async fn hits(server: &Server, limit: &str) -> u64 {
    metric(server, &format!("channel_limit_hits_total{{channel=\"line\",limit=\"{limit}\"}}")).await
}

#[tokio::test]
async fn one_too_many_is_closed_at_once_and_counted() {
    let server = serve("limits = { connections = 3, connections-per-address = 2 }").await;
    let address = port(&server).await;
    let (first, mut second) = (call(&server).await, call(&server).await);
    assert_eq!(Line::call(&address).await.read().await, None);
    assert_eq!(hits(&server, "connections-per-address").await, 1);
    let mut elsewhere = Line::call_from("127.0.0.2", &address).await;
    assert!(elsewhere.hear().await.starts_with("hello 127.0.0.2:"));
    assert_eq!(Line::call_from("127.0.0.3", &address).await.read().await, None);
    assert_eq!(hits(&server, "connections").await, 1);
    assert_eq!(metric(&server, "channel_connections_refused_total{channel=\"line\"}").await, 2);
    assert_eq!(second.ask("COUNT").await, "count 1");
    drop(first);
    open_connections(&server, 2).await;
    let mut third = call(&server).await;
    assert_eq!(third.ask("COUNT").await, "count 1");
}

#[tokio::test]
async fn who_says_nothing_is_told_so_and_closed() {
    let server = serve("limits = { connection-idle = \"400ms\" }").await;
    let started = Instant::now();
    let mut silent = call(&server).await;
    assert_eq!(silent.hear().await, "sorry");
    assert_eq!(silent.read().await, None);
    assert!(started.elapsed() >= std::time::Duration::from_millis(400), "{:?}", started.elapsed());
    assert_eq!(hits(&server, "connection-idle").await, 1);
    let mut line = call(&server).await;
    eventually("the end is told", async || {
        (metric(&server, "channel_calls_total{channel=\"line\",kind=\"stream\",outcome=\"ok\"}").await >= 3)
            .then_some(())
    })
    .await;
    assert_eq!(line.ask("WHO").await, "who idle 0");
}

#[tokio::test]
async fn a_reader_that_never_reads_costs_what_may_wait_and_no_more() {
    const UNSENT: usize = 256 << 10;
    let server = serve("limits = { unsent = \"256KiB\" }").await;
    let mut line = call(&server).await;
    line.say_bytes(b"FLOOD 100000000\r\n").await;
    assert_eq!(line.read_bytes(UNSENT).await, vec![b'x'; UNSENT]);
    assert_eq!(line.hear().await, "signal writable");
    assert_eq!(hits(&server, "unsent").await, 1);
    assert_eq!(line.ask("FLOOD 3").await, "xxxflooded");

    let before = server.memory();
    let mut deaf = Vec::new();
    for _ in 0..20 {
        let mut line = call(&server).await;
        // Beyond what the kernel takes: again and again, until nothing more is read of it.
        let flood = b"FLOOD 100000000\r\n".repeat(100);
        line.say_bytes(&flood).await;
        deaf.push(line);
    }
    let grown = server.memory().saturating_sub(before) / 20;
    assert!(grown < 4 << 20, "{grown} bytes for one that never reads");
    assert_eq!(line.ask("COUNT").await, "count 3");
}

#[tokio::test]
async fn a_line_without_an_end_and_many_silent_ones_are_borne() {
    let server = serve("limits = { connections = 300, connections-per-address = 300 }").await;
    let address = port(&server).await;
    let mut endless = call(&server).await;
    let mut good = call(&server).await;
    let before = server.memory();
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(call(&server).await);
    }
    let each = server.memory().saturating_sub(before) / 100;
    let memory = channel(&server.operator()).await["memory"].as_u64().expect("a number") / 102;
    println!("{} KiB for a connection that is open, {} KiB of channel-memory", each >> 10, memory >> 10);
    assert!(each < 1 << 20, "{each} bytes for a connection that is open");
    endless.say_bytes(&vec![b'x'; 8 << 20]).await;
    assert_eq!(good.ask("COUNT").await, "count 1");
    endless.say_bytes(b"\r\nCOUNT\r\n").await;
    assert_eq!([endless.hear().await, endless.hear().await], ["what", "count 2"]);
    drop(silent);
    open_connections(&server, 2).await;
    assert!(Line::call(&address).await.hear().await.starts_with("hello "));
}

#[tokio::test]
async fn without_file_handles_it_waits_for_some_and_goes_on() {
    let server = serve("").await;
    let address = port(&server).await;
    let id = server.process_id();
    let mut good = call(&server).await;
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).expect("its files").count();
    let limit = |count: &str| {
        let arguments = [format!("--pid={id}"), format!("--nofile={count}")];
        let status = std::process::Command::new("prlimit").args(arguments).status().expect("prlimit");
        assert!(status.success());
    };
    limit(&format!("{}:", open + 4));
    let mut waiting = Vec::new();
    for _ in 0..12 {
        waiting.push(Line::call(&address).await);
    }
    let end = Instant::now() + PATIENCE;
    while !server.log().contains("a connection could not be accepted") {
        assert!(Instant::now() < end, "it never ran out");
        tokio::task::yield_now().await;
    }
    assert_eq!(good.ask("COUNT").await, "count 1");
    limit("4096:");
    for mut line in waiting {
        assert!(line.hear().await.starts_with("hello "));
    }
}
