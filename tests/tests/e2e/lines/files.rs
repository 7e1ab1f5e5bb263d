//! Blobs that a connection's instance writes over several calls.

use jackfield_tests::{Server, eventually};
use sha2::{Digest as _, Sha256};

use super::{call, channel, metric, open_connections, serve};

async fn spooled(server: &Server) -> u64 {
    metric(server, "channel_spooled_bytes{channel=\"line\"}").await
}

/// Files of blobs that are not finished.
fn unfinished(server: &Server) -> usize {
    std::fs::read_dir(server.data().join("blobs/unfinished")).expect("the folder").count()
}

#[tokio::test]
async fn one_grows_from_call_to_call_and_takes_no_memory() {
    const PIECE: usize = 900_000;
    let server = serve("").await;
    let mut line = call(&server).await;
    assert_eq!(line.ask("OPEN a").await, "open");
    assert_eq!(line.ask("OPEN b").await, "open");
    let before = channel(&server.operator()).await["memory"].as_u64().expect("a number");
    for count in 1..=10 {
        assert_eq!(line.ask(&format!("PUT a {PIECE}")).await, format!("size {}", count * PIECE));
    }
    assert_eq!(line.ask("PUT b 3").await, "size 3");
    assert_eq!(spooled(&server).await, (10 * PIECE + 3) as u64);
    assert_eq!(unfinished(&server), 2);
    let after = channel(&server.operator()).await["memory"].as_u64().expect("a number");
    assert!(after < before + 3 * PIECE as u64, "{before} bytes before, {after} after");
    let digest = |bytes: usize| format!("sha256-{}", hex::encode(Sha256::digest(vec![b'x'; bytes])));
    assert_eq!(line.ask("DONE a").await, digest(10 * PIECE));
    assert_eq!(line.ask("DONE b").await, digest(3));
    assert_eq!(line.ask("DONE a").await, "error invalid");
    assert_eq!((spooled(&server).await, unfinished(&server)), (0, 0));
}

#[tokio::test]
async fn nothing_is_left_of_one_that_is_not_finished() {
    let server = serve("").await;
    let [mut goes, mut fails, mut drops] = [call(&server).await, call(&server).await, call(&server).await];
    for line in [&mut goes, &mut fails, &mut drops] {
        assert_eq!(line.ask("OPEN a").await, "open");
        assert_eq!(line.ask("PUT a 100000").await, "size 100000");
    }
    assert_eq!((spooled(&server).await, unfinished(&server)), (300_000, 3));
    assert_eq!(drops.ask("DROP a").await, "dropped");
    assert_eq!((spooled(&server).await, unfinished(&server)), (200_000, 2));
    drop(goes);
    fails.say_bytes(b"TRAP x\r\n").await;
    assert_eq!(fails.hear().await, "sorry");
    open_connections(&server, 1).await;
    eventually("they are gone", async || ((spooled(&server).await, unfinished(&server)) == (0, 0)).then_some(())).await;
}

#[tokio::test]
async fn many_that_are_being_written_take_no_file_handles() {
    let server = serve("").await;
    let mut line = call(&server).await;
    let handles = || std::fs::read_dir(format!("/proc/{}/fd", server.process_id())).expect("its files").count();
    let before = handles();
    for name in 0..100 {
        assert_eq!(line.ask(&format!("OPEN {name}")).await, "open");
        assert_eq!(line.ask(&format!("PUT {name} 70000")).await, "size 70000");
    }
    assert_eq!(line.ask("OPEN 100").await, "error quota");
    assert_eq!(unfinished(&server), 100);
    let after = handles();
    assert!(after < before + 50, "{before} handles before, {after} after");
    assert!(line.ask("DONE 99").await.starts_with("sha256-"));
}

#[tokio::test]
async fn too_many_and_too_large_ones_are_refused_and_the_others_go_on() {
    let server = serve("limits = { blob = \"600KiB\", blobs = 2, spooled = \"1MiB\" }").await;
    let hits = async |limit: &str| {
        metric(&server, &format!("channel_limit_hits_total{{channel=\"line\",limit=\"{limit}\"}}")).await
    };
    let (mut line, mut other) = (call(&server).await, call(&server).await);
    assert_eq!(line.ask("OPEN a").await, "open");
    assert_eq!(line.ask("OPEN b").await, "open");
    assert_eq!(line.ask("OPEN c").await, "error quota");
    assert_eq!(hits("blobs").await, 1);
    assert_eq!(line.ask("PUT a 600000").await, "size 600000");
    assert_eq!(line.ask("PUT a 20000").await, "error too-large");
    assert_eq!(hits("blob").await, 1);
    assert_eq!(other.ask("OPEN a").await, "open");
    assert_eq!(other.ask("PUT a 500000").await, "error quota", "it is the channel's room");
    assert_eq!(hits("spooled").await, 1);
    assert!(line.ask("DONE a").await.starts_with("sha256-"));
    assert_eq!(other.ask("PUT a 500000").await, "size 500000");
    assert_eq!(line.ask("OPEN c").await, "open");
    assert_eq!(other.ask("DROP a").await, "dropped");
    assert_eq!(spooled(&server).await, 0);
}

#[tokio::test]
async fn where_the_disk_refuses_the_line_is_told_and_goes_on() {
    let server = serve("").await;
    let mut line = call(&server).await;
    assert_eq!(line.ask("OPEN a").await, "open");
    let folder = server.data().join("blobs/unfinished");
    std::fs::rename(&folder, server.data().join("aside")).expect("renamed");
    assert_eq!(line.ask("OPEN b").await, "error unavailable");
    assert_eq!(line.ask("PUT a 10").await, "error unavailable");
    assert_eq!(line.ask("DONE a").await, "error invalid", "what could not be written is missing in it");
    std::fs::rename(server.data().join("aside"), &folder).expect("renamed");
    assert_eq!(line.ask("OPEN c").await, "open");
    assert_eq!((line.ask("PUT c 3").await, spooled(&server).await), ("size 3".into(), 3));
    assert!(line.ask("DONE c").await.starts_with("sha256-"));
}
