//! Connections that the driver opens for long.

use jackfield_tests::{Agent, Server, free_port};
use std::time::Instant;
use tokio::net::TcpListener;

use super::line::Line;
use super::{PATIENCE, call, metric, setup};

#[tokio::test]
async fn a_driver_calls_and_both_sides_talk_for_as_long_as_they_like() {
    let peer = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let target = peer.local_addr().expect("its address");
    let gone = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let grants = format!("grants = {{ tcp = [\"{target}\", \"{gone}\"], addresses = [\"127.0.0.1\"] }}");
    let server = Server::start(setup(&grants)).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut line = call(&server).await;
    let dialled = line.ask(&format!("DIAL tcp://{target}")).await;
    let connection = dialled.strip_prefix("dialled ").expect("an id").to_owned();
    let (tcp, _) = peer.accept().await.expect("the call");
    let mut far = Line::of(tcp);
    assert_eq!(far.hear().await, "calling tls=none");
    far.say_bytes(b"o1 how do you do\r\n").await;
    let offer = ana.accept().await;
    assert_eq!(offer["message"]["parts"][0]["text"], "how do you do", "{offer}");
    assert_eq!(offer["workItem"]["conversation"], connection.as_str());
    ana.reply(&offer["workItem"]["id"], "very well").await;
    assert_eq!(far.hear().await, "agent very well");
    drop(far);

    // Nobody there; no TLS there; not granted.
    assert!(line.ask(&format!("DIAL tcp://{gone}")).await.starts_with("dialled "));
    assert!(line.ask(&format!("DIAL tls://{target}")).await.starts_with("dialled "));
    let (tcp, _) = peer.accept().await.expect("the call");
    drop(tcp);
    assert_eq!(line.ask("DIAL tcp://127.0.0.1:9").await, "error denied");
    assert_eq!(line.ask("DIAL ws://127.0.0.1:9").await, "error not-supported");
    assert_eq!(line.ask("DIAL nowhere").await, "error invalid");
    let end = Instant::now() + PATIENCE;
    loop {
        let told = line.ask("WHO").await;
        if ["eof 1", "refused 0", "tls 0"].iter().all(|end| told.contains(end)) {
            break;
        }
        assert!(Instant::now() < end, "{told}");
    }
    assert_eq!(metric(&server, "channel_connections_called_total{channel=\"line\"}").await, 1);
}
