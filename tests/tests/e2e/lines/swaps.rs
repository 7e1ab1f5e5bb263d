//! Drivers that change, channels that pause and go, servers that end, while connections are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jackfield_tests::{Request, Server, Setup, eventually, free_port, guest};
use serde_json::json;

use super::line::{Line, refused};
use super::{call, channel, open_connections, port, serve, setup};

/// The guest as another version.
fn other_version() -> Vec<u8> {
    let (before, after) = (b"3.14.15", b"3.14.16");
    let mut bytes = std::fs::read(guest("party-line")).expect("the guest's file");
    let places: Vec<_> = (0..bytes.len() - before.len()).filter(|at| bytes[*at..].starts_with(before)).collect();
    assert!(!places.is_empty(), "the guest's version is in its bytes");
    for at in places {
        bytes[at..at + after.len()].copy_from_slice(after);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn open_connections_stay_with_their_version_and_none_is_refused() {
    let server = Server::start(setup("").server("trial = \"0s\"\ndrain = \"2s\"")).await;
    let address = port(&server).await;
    let mut old = call(&server).await;
    assert_eq!(old.ask("VERSION").await, "version 3.14.15");
    let stop = Arc::new(AtomicBool::new(false));
    let caller = tokio::spawn({
        let (stop, address) = (stop.clone(), address.clone());
        async move {
            let mut calls = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut line = Line::call(&address).await;
                assert!(line.hear().await.starts_with("hello "));
                let mut said = line.ask("QUIT").await;
                // It may just have been told of the other version.
                while said.starts_with("signal draining ") {
                    said = line.hear().await;
                }
                assert_eq!(said, "bye");
                calls += 1;
            }
            calls
        }
    });
    let put = Request::new("PUT", "/v1/drivers/party-line").body(other_version());
    server.operator().send(put).await.expect(200);
    let signal = old.hear().await;
    assert!(signal.starts_with("signal draining deadline=20"), "{signal}");
    let mut new = call(&server).await;
    assert_eq!(new.ask("VERSION").await, "version 3.14.16");
    assert_eq!(old.ask("VERSION").await, "version 3.14.15");
    assert_eq!(old.ask("COUNT").await, "count 3", "its instance is the same");
    // It does not go by itself: its time is over.
    assert_eq!(old.hear().await, "sorry");
    assert_eq!(old.read().await, None);
    assert_eq!(new.ask("COUNT").await, "count 2");
    assert_eq!(port(&server).await, address, "the socket is the same");
    stop.store(true, Ordering::Relaxed);
    assert!(caller.await.expect("no connection was refused") > 0);
    let operator = server.operator();
    eventually("the old one is gone", async || (channel(&operator).await["draining"] == 0).then_some(())).await;
}

#[tokio::test]
async fn a_pause_lets_nobody_in_and_those_inside_out() {
    let server = Server::start(setup("").server("drain = \"1s\"")).await;
    let address = port(&server).await;
    let (mut kind, mut stubborn) = (call(&server).await, call(&server).await);
    server.operator().post("/v1/channels/line/pause", &json!({})).await.expect(200);
    assert_eq!(Line::call(&address).await.read().await, None);
    assert!(kind.hear().await.starts_with("signal draining "));
    assert_eq!(kind.ask("QUIT").await, "bye");
    assert!(stubborn.hear().await.starts_with("signal draining "));
    assert_eq!(stubborn.hear().await, "sorry");
    open_connections(&server, 0).await;
    server.operator().post("/v1/channels/line/resume", &json!({})).await.expect(200);
    assert_eq!(call(&server).await.ask("COUNT").await, "count 1");
}

#[tokio::test]
async fn a_config_without_the_channel_closes_its_listener() {
    let mut server = serve("").await;
    let address = port(&server).await;
    let mut line = call(&server).await;
    // The same channel with another address beside it: the first one stays as it is.
    let free = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let more = format!("listen = [\"tcp://127.0.0.1:0\", \"tcp://{free}\"]");
    let secrets = "[channel.secrets]\npassword = \"hush-hush\"";
    server.configure(Setup::simple(&["ana"]).guest("line", "party-line").text(&more).text(secrets));
    server.hang_up();
    eventually("the other address is listened on", async || tokio::net::TcpStream::connect(free).await.ok()).await;
    assert_eq!(port(&server).await, address);
    server.configure(Setup::simple(&["ana"]).server("drain = \"1s\""));
    server.hang_up();
    while !line.hear().await.starts_with("signal draining ") {}
    assert_eq!(line.ask("QUIT").await, "bye");
    refused(&address).await;
    refused(&free.to_string()).await;
}

#[tokio::test]
async fn a_server_that_ends_tells_its_lines_and_waits_for_them() {
    let mut server = serve("").await;
    let address = port(&server).await;
    let (mut kind, mut stubborn) = (call(&server).await, call(&server).await);
    let mut talk = tokio::spawn(async move {
        assert!(kind.hear().await.starts_with("signal draining "));
        assert_eq!(kind.ask("SAY last words").await, "ok last");
        assert_eq!(kind.ask("QUIT").await, "bye");
        refused(&address).await;
        assert!(stubborn.hear().await.starts_with("signal draining "));
        assert_eq!(stubborn.hear().await, "sorry");
        assert_eq!(stubborn.read().await, None);
    });
    let ended = server.stop().await;
    assert!(ended.status.success() && ended.took < Duration::from_secs(15), "{ended:?}");
    (&mut talk).await.expect("both were told");
}
