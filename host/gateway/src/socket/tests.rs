//! The agents' socket over real ones.

use super::PROTOCOL;
use crate::fixture::Fixture;
use crate::serve;
use futures_util::{SinkExt, StreamExt};
use jackfield_router::Presence;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Server {
    fixture: Fixture,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Server {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let gateway = fixture.gateway.clone();
        let served = tokio::spawn(serve(gateway, listener, async move { stopped.await.unwrap_or_default() }));
        Self { fixture, address, stop: Some(stop), served }
    }

    async fn try_agent(&self, who: &str, query: &str, protocols: &str) -> Result<Agent, Error> {
        let mut request = format!("ws://{}/v1/agent{query}", self.address).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {who}-token").parse().unwrap());
        if !protocols.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        }
        let (socket, response) = connect_async(request).await?;
        let protocol = response.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap().to_owned());
        Ok(Agent { socket, protocol, commands: 0 })
    }

    async fn agent(&self, query: &str) -> Agent {
        self.try_agent("ana", query, PROTOCOL).await.unwrap()
    }

    /// Waits until the router has this of ana.
    async fn until(&self, wanted: impl Fn(&jackfield_router::Agent) -> bool) {
        for _ in 0..2_000 {
            let ana = self.fixture.sequencer.read(|state| state.agent("ana").cloned()).await.unwrap().unwrap();
            if wanted(&ana) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came to be");
    }
}

struct Agent {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    protocol: Option<String>,
    commands: u32,
}

impl Agent {
    async fn frame(&mut self) -> Message {
        tokio::time::timeout(Duration::from_secs(20), self.socket.next()).await.unwrap().unwrap().unwrap()
    }

    async fn event(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads events up to one of this type.
    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    async fn say(&mut self, mut command: Value) -> String {
        self.commands += 1;
        let id = format!("k{}", self.commands);
        command["id"] = json!(id);
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        id
    }

    async fn command(&mut self, command: Value) -> Value {
        let id = self.say(command).await;
        let result = self.until("command.result").await;
        assert_eq!(result["data"]["id"], json!(id));
        result["data"].clone()
    }

    async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_agent_is_pushed_work_and_answers() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    assert_eq!(ana.protocol.as_deref(), Some(PROTOCOL));
    let snapshot = ana.event().await;
    assert_eq!((&snapshot["type"], &snapshot["data"]["agent"]["state"]), (&json!("snapshot"), &json!("offline")));
    assert_eq!(ana.command(json!({"type": "agent.set-state", "state": "available"})).await["ok"], true);
    let item = server.fixture.say("station 7", "help").await;
    let created = ana.until("offer.created").await;
    let offer = created["data"]["offer"]["id"].clone();
    assert_eq!(ana.command(json!({"type": "offer.accept", "offerId": offer})).await["ok"], true);
    let again = ana.command(json!({"type": "offer.accept", "offerId": offer})).await;
    assert_eq!((&again["error"]["code"], &again["error"]["state"]), (&json!("wrong-state"), &json!("accepted")));
    let sent = ana
        .command(json!({"type": "message.send", "workItemId": item, "text": "At once", "idempotencyKey": "a"}))
        .await;
    assert_eq!(sent["ok"], true, "{sent}");
    let repeated = ana
        .command(json!({"type": "message.send", "workItemId": item, "text": "At once", "idempotencyKey": "a"}))
        .await;
    assert_eq!(repeated["messageId"], sent["messageId"]);
    let stored = server.fixture.sequencer.messages().get(sent["messageId"].as_str().unwrap()).unwrap().unwrap();
    assert_eq!(stored.work_item.unwrap().conversation, "station 7");
    assert_eq!(stored.cause.as_deref(), created["data"]["message"]["id"].as_str());

    let mut second = server.agent("").await;
    let snapshot = second.event().await;
    let shown = &snapshot["data"]["workItems"][0];
    assert_eq!(shown["messages"][1]["parts"][0]["text"], "At once");
    assert_eq!(shown["statuses"][sent["messageId"].as_str().unwrap()]["status"], "queued");
    assert_eq!(ana.command(json!({"type": "work-item.complete", "workItemId": item})).await["ok"], true);
    second.until("work-item.closed").await;
}

#[tokio::test]
async fn commands_are_decided_in_the_order_of_their_frames() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.command(json!({"type": "agent.set-state", "state": "available"})).await;
    let item = server.fixture.say("a", "help").await;
    let offer = ana.until("offer.created").await["data"]["offer"]["id"].clone();
    ana.say(json!({"type": "offer.accept", "offerId": offer})).await;
    ana.say(json!({"type": "message.send", "workItemId": item, "text": "one"})).await;
    ana.say(json!({"type": "message.send", "workItemId": item, "text": "two"})).await;
    ana.say(json!({"type": "work-item.complete", "workItemId": item})).await;
    for _ in 0..4 {
        let result = ana.until("command.result").await;
        assert_eq!(result["data"]["ok"], true, "{result}");
    }
    let messages = server.fixture.sequencer.messages().of_item(&item, None, 10).unwrap();
    let texts: Vec<_> =
        messages.iter().map(|message| serde_json::to_value(&message.parts).unwrap()[0]["text"].clone()).collect();
    assert_eq!(texts, ["help", "one", "two"]);
}

#[tokio::test]
async fn what_is_no_command_gets_a_result_too() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    for (command, code) in [
        (json!({"type": "typing", "workItemId": "x"}), "not-found"),
        (json!({"type": "dance"}), "bad-request"),
        (json!({"type": "offer.accept", "offerId": "x"}), "not-found"),
        (json!({"type": "message.send", "workItemId": "x", "text": "y"}), "not-found"),
        (json!({"type": "message.send", "workItemId": "x", "text": "y".repeat(70_000)}), "too-large"),
    ] {
        assert_eq!(ana.command(command.clone()).await["error"]["code"], code, "{command}");
    }
    ana.socket.send(Message::text("{")).await.unwrap();
    assert_eq!(ana.until("command.result").await["data"]["id"], Value::Null);
    ana.socket.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(ana.until("command.result").await["data"]["error"]["code"], "bad-request");
    let mut limited = false;
    for _ in 0..250 {
        ana.say(json!({"type": "dance"})).await;
    }
    for _ in 0..250 {
        limited |= ana.until("command.result").await["data"]["error"]["code"] == "rate-limited";
    }
    assert!(limited);
}

#[tokio::test]
async fn an_agent_who_comes_back_misses_nothing() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.command(json!({"type": "agent.set-state", "state": "busy"})).await;
    let seen = {
        let mut again = server.agent("").await;
        again.event().await["sequence"].as_u64().unwrap()
    };
    ana.command(json!({"type": "agent.set-state", "state": "away", "reason": "tea"})).await;
    let mut back = server.agent(&format!("?after={seen}")).await;
    let event = back.event().await;
    assert_eq!((&event["type"], &event["sequence"]), (&json!("agent.updated"), &json!(seen + 1)));
    assert_eq!(event["data"]["agent"]["reason"], "tea");
    let mut lost = server.agent("?after=4000").await;
    assert_eq!(lost.event().await["type"], "snapshot", "a number that there never was");
}

#[tokio::test]
async fn a_reader_that_is_too_slow_begins_anew() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    assert_eq!(ana.event().await["type"], "snapshot");
    let feed = server.fixture.gateway.hub().feed(&"ana".into());
    // More than fits into the feed and the sockets' buffers, while nobody reads.
    let large = "x".repeat(512 * 1024);
    for sequence in 1..=100 {
        feed.push(sequence, json!({"type": "agent.updated", "sequence": sequence, "pad": large}).to_string().into());
        feed.wake();
        tokio::task::yield_now().await;
    }
    let snapshot = ana.until("snapshot").await;
    assert_eq!(snapshot["data"]["agent"]["id"], "ana");
    assert!(server.fixture.gateway.hub().counters().gaps.load(std::sync::atomic::Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn connections_are_refused_before_they_are_upgraded() {
    let server = Server::new().await;
    for (who, query, protocols, status) in [
        ("nobody", "", PROTOCOL, 401),
        ("ops", "", PROTOCOL, 403),
        ("ana", "?after=x", PROTOCOL, 400),
        ("ana", "", "chat", 400),
    ] {
        match server.try_agent(who, query, protocols).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), status, "{who} {query} {protocols}"),
            other => panic!("{who} {query} {protocols}: {:?}", other.map(|_| ())),
        }
    }
    assert!(server.try_agent("ana", "", "").await.is_ok(), "a client that asks for no protocol knows where it is");
    let mut open = Vec::new();
    let refused = loop {
        match server.try_agent("ben", "", PROTOCOL).await {
            Ok(agent) => open.push(agent),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Http(response) if response.status() == 429));
    assert_eq!(open.len(), 16);
}

#[tokio::test]
async fn a_frame_that_is_too_long_closes_the_connection() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.socket.send(Message::text("x".repeat(300 * 1024))).await.unwrap();
    assert_eq!(u16::from(ana.closed().await.code), 1009);
    server.until(|ana| ana.connections.is_empty()).await;
}

#[tokio::test]
async fn a_void_token_closes_the_connection() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.event().await;
    let mut config = crate::fixture::config("");
    server.fixture.gateway.reload(&config);
    assert_eq!(
        ana.command(json!({"type": "agent.set-state", "state": "busy"})).await["ok"],
        true,
        "hers is still good"
    );
    config.agents.remove(0);
    server.fixture.gateway.reload(&config);
    assert_eq!(u16::from(ana.closed().await.code), 1008);
}

#[tokio::test]
async fn a_server_that_goes_down_says_so_and_takes_nothing_away() {
    let mut server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.command(json!({"type": "agent.set-state", "state": "available"})).await;
    server.fixture.say("a", "help").await;
    ana.until("offer.created").await;
    server.stop.take().unwrap().send(()).unwrap();
    assert_eq!(u16::from(ana.closed().await.code), 1001);
    tokio::time::timeout(Duration::from_secs(20), &mut server.served).await.unwrap().unwrap();
    let known = server.fixture.sequencer.read(|state| state.agent("ana").cloned()).await.unwrap().unwrap();
    assert_eq!((known.offers.len(), known.presence), (1, Presence::Available));
}

#[tokio::test]
async fn a_lost_connection_is_told_to_the_router() {
    let server = Server::new().await;
    let mut ana = server.agent("").await;
    ana.event().await;
    server.until(|ana| ana.connections.len() == 1).await;
    drop(ana);
    server.until(|ana| ana.connections.is_empty()).await;
}
