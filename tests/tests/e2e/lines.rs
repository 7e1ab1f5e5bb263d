//! Connections of bytes: the guest `party-line` behind the real listener, with peers that behave and peers that do not.

use std::time::{Duration, Instant};

use jackfield_tests::{Agent, Http, Server, Setup, eventually};
use serde_json::Value;

mod files;
mod limits;
mod line;
mod outbound;
mod proxy;
mod recorded;
mod swaps;
mod tls;

use line::Line;

/// A server with a party line; `channel` are lines of its config.
async fn serve(channel: &str) -> Server {
    Server::start(setup(channel)).await
}

fn setup(channel: &str) -> Setup {
    Setup::simple(&["ana"])
        .guest("line", "party-line")
        .text("listen = [\"tcp://127.0.0.1:0\"]")
        .text(channel)
        .text("[channel.secrets]\npassword = \"hush-hush\"")
}

/// Where the channel listens, once it does.
async fn port(server: &Server) -> String {
    url(server, 0).await.split_once("://").expect("a scheme").1.to_owned()
}

async fn url(server: &Server, index: usize) -> String {
    let operator = server.operator();
    eventually("the channel listens", async || {
        let channel = operator.get("/v1/channels/line").await.expect(200).json();
        channel["listening"][index].as_str().map(str::to_owned)
    })
    .await
}

async fn call(server: &Server) -> Line {
    let mut line = Line::call(&port(server).await).await;
    let greeting = line.hear().await;
    assert!(greeting.starts_with("hello "), "{greeting}");
    line
}

async fn channel(http: &Http) -> Value {
    http.get("/v1/channels/line").await.expect(200).json()
}

/// A line of the metrics.
async fn metric(server: &Server, name: &str) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let start = format!("jackfield_{name}");
    let found = metrics.lines().find_map(|line| line.strip_prefix(&start)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().expect("a number")
}

async fn open_connections(server: &Server, expected: u64) {
    let operator = server.operator();
    eventually(&format!("{expected} connections are open"), async || {
        (channel(&operator).await["connections"] == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_line_says_something_and_the_agent_answers_on_it() {
    let server = serve("").await;
    let mut ana = Agent::available(&server, "ana").await;
    let address = port(&server).await;
    let mut line = Line::call(&address).await;
    let local = line.local();
    let greeting = line.hear().await;
    assert_eq!(greeting, format!("hello {local} local={address} listener=tcp://{address} proxied=false tls=none"));

    assert_eq!(line.ask(&format!("BIND {local}")).await, "bound");
    // In pieces, and three lines at once: the driver sees bytes, not packets.
    line.say_bytes(b"SAY e1 hel").await;
    line.say_bytes(b"lo\r\nCOUNT\r\nSAY e1 hello\r\n").await;
    assert_eq!([line.hear().await, line.hear().await, line.hear().await], ["ok e1", "count 3", "ok e1"]);
    let offer = ana.accept().await;
    assert_eq!(offer["message"]["parts"][0]["text"], "hello", "{offer}");
    ana.reply(&offer["workItem"]["id"], "good day").await;
    assert_eq!(line.hear().await, "agent good day");

    // An instance of its own, which knows nothing of the other's lines; and nobody writes to what is not there.
    let mut other = call(&server).await;
    assert_eq!(other.ask("COUNT").await, "count 1");
    assert_eq!(other.ask("WRITE nobody").await, "error not-found");
    assert_eq!(other.ask("SOCKET").await, "error not-supported");
    assert_eq!(other.ask(&format!("FIND {local}")).await, "found 1");
    assert_eq!(other.ask("PASSWORD").await, "hush-hush");
    // A durable timer of the channel writes as well, from another instance.
    assert_eq!(other.ask(&format!("RING {local}")).await, "set");
    assert_eq!(line.hear().await, "ring");
    // A timer of the connection comes to its own instance.
    assert_eq!(other.ask("TIMER tick").await, "set");
    assert_eq!(other.hear().await, "timer tick 7");

    assert_eq!(line.ask("QUIT").await, "bye");
    assert_eq!(line.read().await, None);
    open_connections(&server, 1).await;
    assert_eq!(other.ask(&format!("FIND {local}")).await, "found 0");
    let end = Instant::now() + PATIENCE;
    while other.ask("WHO").await != "who by-driver 5" {
        assert!(Instant::now() < end, "the end was not told");
    }
    // Who only stops talking is told what was still to be said.
    other.say_bytes(b"COUNT\r\n").await;
    other.say_no_more().await;
    assert!(other.hear().await.starts_with("count "));
    assert_eq!(other.read().await, None);
    open_connections(&server, 0).await;
    assert_eq!(metric(&server, "channel_connections_accepted_total{channel=\"line\"}").await, 2);
    assert_eq!(metric(&server, "channel_connections_ended_total{channel=\"line\",code=\"eof\"}").await, 1);
}

#[tokio::test]
async fn a_call_that_fails_writes_nothing_but_the_last_words() {
    let server = serve("limits = { receive = \"200ms\" }").await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut good = call(&server).await;
    for (word, outcome) in [("TRAP e9 never", "trap"), ("SPIN", "guest-time")] {
        let mut line = call(&server).await;
        assert_eq!(line.ask(word).await, "sorry");
        assert_eq!(line.read().await, None);
        let name = format!("channel_calls_total{{channel=\"line\",kind=\"stream\",outcome=\"{outcome}\"}}");
        assert_eq!(metric(&server, &name).await, 1);
    }
    assert_eq!(metric(&server, "channel_connections_ended_total{channel=\"line\",code=\"failed\"}").await, 2);
    // Nothing of it is left, and the others never noticed.
    assert_eq!(good.ask("SAY e1 still here").await, "ok e1");
    assert_eq!(ana.accept().await["message"]["eventId"], "e1");
    assert_eq!(metric(&server, "channel_messages_total{channel=\"line\"}").await, 1);
    // Whoever kills the driver again and again has to wait, and it is still there for whom it serves.
    for _ in 0..2 {
        let mut line = Line::call(&port(&server).await).await;
        if line.read().await.is_some() {
            assert_eq!(line.ask("TRAP e9 never").await, "sorry");
        }
    }
    assert_eq!(Line::call(&port(&server).await).await.read().await, None, "the address is barred");
    assert_eq!(good.ask("COUNT").await, "count 2");
}

#[tokio::test]
async fn what_is_acknowledged_survives_a_kill() {
    let mut server = serve("").await;
    let mut line = call(&server).await;
    for number in 0..20 {
        assert_eq!(line.ask(&format!("SAY e{number} text")).await, format!("ok e{number}"));
    }
    // The last one may or may not be kept: it was not acknowledged.
    line.say_bytes(b"SAY e20 text\r\n").await;
    server.kill().await;
    server.start_again().await;
    let mut line = call(&server).await;
    for number in 0..=20 {
        assert_eq!(line.ask(&format!("SAY e{number} text")).await, format!("ok e{number}"));
    }
    let items = server.operator().get("/v1/work-items").await.expect(200).json();
    assert_eq!(items["items"][0]["externalIds"].as_array().map(Vec::len).unwrap_or(0), 0, "{items}");
    let messages = async |item: &Value| {
        let path = format!("/v1/work-items/{}/messages?limit=100", item["id"].as_str().expect("an id"));
        server.operator().get(&path).await.expect(200).json()["items"].as_array().map_or(0, Vec::len)
    };
    let mut all = 0;
    for item in items["items"].as_array().expect("items") {
        all += messages(item).await;
    }
    assert_eq!(all, 21, "each once");
}

#[tokio::test]
async fn two_that_change_the_same_key_at_once_cost_one_of_them_its_connection_and_no_more() {
    let server = serve("").await;
    let address = port(&server).await;
    let callers: Vec<_> = (0..8).map(|_| tokio::spawn(add(address.clone()))).collect();
    let mut sums = 0;
    for caller in callers {
        sums += caller.await.expect("a caller");
    }
    let mut line = call(&server).await;
    assert_eq!(line.ask("ADD key").await, format!("sum {}", sums + 1), "each that was answered counts, no other");
}

/// Adds ten, in as many connections as that takes; how many were answered.
async fn add(address: String) -> u32 {
    let mut done = 0;
    while done < 10 {
        let mut line = Line::call(&address).await;
        line.hear().await;
        while done < 10 && line.ask("ADD key").await.starts_with("sum ") {
            done += 1;
        }
    }
    done
}

/// How long a test waits for a peer.
const PATIENCE: Duration = Duration::from_secs(20);
