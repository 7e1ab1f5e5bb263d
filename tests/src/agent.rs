//! An agent's desktop: a WebSocket that checks every frame it is sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::eventually::DEADLINE;
use crate::published;
use crate::server::Server;

/// The agents' protocol.
const PROTOCOL: &str = "jackfield.agent.v1";

/// What no other connection's command ids begin with.
fn unique() -> String {
    static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), CONNECTIONS.fetch_add(1, Ordering::Relaxed))
}

/// A connected agent.
pub struct Agent {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came and was not asked for yet.
    waiting: VecDeque<Value>,
    /// The last event's number.
    sequence: u64,
    commands: u64,
    snapshot: Value,
    prefix: String,
}

/// A connection that the server did not let be.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status that it answered instead.
    pub status: u16,
}

impl Agent {
    /// Connects with the token in `Authorization`; the first frame must be the snapshot.
    ///
    /// # Panics
    /// The server refuses, or the first frame is something else.
    pub async fn connect(server: &Server, token: &str) -> Self {
        let mut agent = Self::open(server, "/v1/agent", token, false).await.expect("the server lets the agent in");
        agent.expect_snapshot().await;
        agent
    }

    /// Connects and becomes available.
    pub async fn available(server: &Server, token: &str) -> Self {
        let mut agent = Self::connect(server, token).await;
        agent.set_state("available").await;
        agent
    }

    /// Connects as browsers have to, with the token in a second subprotocol.
    ///
    /// # Panics
    /// As [`Agent::connect`].
    pub async fn connect_as_browser(server: &Server, token: &str) -> Self {
        let mut agent = Self::open(server, "/v1/agent", token, true).await.expect("the server lets the agent in");
        agent.expect_snapshot().await;
        agent
    }

    /// Goes on after the event with this number: what follows it is sent, or a snapshot.
    ///
    /// # Panics
    /// The server refuses.
    pub async fn resume(server: &Server, token: &str, after: u64) -> Self {
        let path = format!("/v1/agent?after={after}");
        let mut agent = Self::open(server, &path, token, false).await.expect("the server lets the agent in");
        agent.sequence = after;
        agent
    }

    /// Connects without looking at what comes.
    ///
    /// # Errors
    /// The server answers with another status than 101.
    ///
    /// # Panics
    /// There is no answer at all.
    pub async fn open(server: &Server, path: &str, token: &str, as_browser: bool) -> Result<Self, Refused> {
        match Self::dial(server.address(), path, token, as_browser).await {
            Ok(agent) => Ok(agent),
            Err(Error::Http(response)) => Err(Refused { status: response.status().as_u16() }),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    /// Connects to a server that may be gone; none if it is. The first frame is still to come.
    pub async fn try_connect(address: SocketAddr, token: &str) -> Option<Self> {
        Self::dial(address, "/v1/agent", token, false).await.ok()
    }

    /// Goes on after an event with a server that may be gone, or begins anew; none if it is gone.
    pub async fn try_resume(address: SocketAddr, token: &str, after: Option<u64>) -> Option<Self> {
        let path = after.map_or_else(|| "/v1/agent".to_owned(), |after| format!("/v1/agent?after={after}"));
        let mut agent = Self::dial(address, &path, token, false).await.ok()?;
        agent.sequence = after.unwrap_or(0);
        Some(agent)
    }

    async fn dial(address: SocketAddr, path: &str, token: &str, as_browser: bool) -> Result<Self, Error> {
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        let headers = request.headers_mut();
        let protocols = if as_browser { format!("{PROTOCOL}, bearer.{token}") } else { PROTOCOL.to_owned() };
        headers.insert("sec-websocket-protocol", HeaderValue::from_str(&protocols).expect("a header"));
        if !as_browser && !token.is_empty() {
            headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}")).expect("a header"));
        }
        let (socket, response) = timeout(DEADLINE, connect_async(request)).await.expect("an answer to the upgrade")?;
        let chosen = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(chosen, Some(PROTOCOL), "the subprotocol that the server chose");
        Ok(Self { socket, waiting: VecDeque::new(), sequence: 0, commands: 0, snapshot: Value::Null, prefix: unique() })
    }

    async fn expect_snapshot(&mut self) {
        let frame = self.frame("snapshot").await;
        assert_eq!(frame["type"], "snapshot", "the first frame: {frame}");
    }

    /// What the last snapshot said.
    pub fn snapshot(&self) -> &Value {
        &self.snapshot
    }

    /// What ids of this connection's commands begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The number of the last event that came.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The next frame, checked: the envelope, and no gap in the numbers.
    async fn frame(&mut self, what: &str) -> Value {
        let Ok(frame) = timeout(DEADLINE, self.try_frame()).await else {
            let came: Vec<_> = self.waiting.iter().map(|event| &event["type"]).collect();
            panic!("no `{what}` before the deadline; what came and was not asked for: {came:?}");
        };
        frame.expect("the connection is open")
    }

    /// The next frame, checked, however long it takes; none when the connection is gone.
    ///
    /// # Panics
    /// It is no event, or there is a gap before it.
    pub async fn try_frame(&mut self) -> Option<Value> {
        let text = self.next_text().await?;
        let event: Value = serde_json::from_str(&text).expect("a frame of JSON");
        published::check_event(&event);
        match event["type"].as_str() {
            Some("command.result" | "typing") => {
                assert!(event.get("sequence").is_none(), "a number where nothing is kept: {event}");
            }
            Some("snapshot") => {
                self.sequence = event["sequence"].as_u64().expect("a snapshot's number");
                self.snapshot = event["data"].clone();
            }
            _ => {
                assert_eq!(
                    event["sequence"].as_u64(),
                    Some(self.sequence + 1),
                    "a gap after {}: {event}",
                    self.sequence
                );
                self.sequence += 1;
            }
        }
        Some(event)
    }

    async fn next_text(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Whether the server has ended the connection; what it sends before is passed over.
    pub async fn is_closed(&mut self) -> bool {
        let closed = async { while self.next_text().await.is_some() {} };
        timeout(DEADLINE, closed).await.is_ok()
    }

    /// The next event whatever it is.
    pub async fn next(&mut self) -> Value {
        match self.waiting.pop_front() {
            Some(event) => event,
            None => self.frame("next event").await,
        }
    }

    /// The data of the next event of a type; others stay for later.
    pub async fn event(&mut self, kind: &str) -> Value {
        self.event_where(kind, |_| true).await
    }

    /// The data of the next event of a type that fits; others stay for later.
    pub async fn event_where(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let wanted = |event: &Value| event["type"] == kind && fits(&event["data"]);
        if let Some(at) = self.waiting.iter().position(wanted) {
            return self.waiting.remove(at).map(|event| event["data"].clone()).unwrap_or_default();
        }
        loop {
            let event = self.frame(kind).await;
            if wanted(&event) {
                return event["data"].clone();
            }
            self.waiting.push_back(event);
        }
    }

    /// Events of a type that came by now: all that the server had sent when it answers a question asked now.
    pub async fn so_far(&mut self, kind: &str) -> Vec<Value> {
        // Any command will do: its result comes after what was sent before it.
        self.command(json!({"type": "offer.accept", "offerId": "no-such-offer"})).await;
        self.waiting.iter().filter(|event| event["type"] == kind).map(|event| event["data"].clone()).collect()
    }

    /// Sends a command under an id of its own; its result.
    pub async fn command(&mut self, command: Value) -> Value {
        self.commands += 1;
        let id = format!("{}-{}", self.prefix, self.commands);
        self.command_as(&id, command).await
    }

    /// Sends a command under this id; its result.
    pub async fn command_as(&mut self, id: &str, mut command: Value) -> Value {
        command["id"] = json!(id);
        self.send(&command.to_string()).await;
        let result = self.event_where("command.result", |data| data["id"] == id).await;
        if result["ok"] == true {
            published::check_command(&command);
        }
        result
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// The connection is closed.
    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the connection takes a frame");
    }

    /// Sends a command that must be done.
    pub async fn ok(&mut self, command: Value) -> Value {
        let text = command.to_string();
        let result = self.command(command).await;
        assert_eq!(result["ok"], true, "{text} -> {result}");
        result
    }

    /// Sends a command that must be refused; the error.
    pub async fn refused(&mut self, command: Value, code: &str) -> Value {
        let text = command.to_string();
        let result = self.command(command).await;
        assert_eq!((&result["ok"], &result["error"]["code"]), (&json!(false), &json!(code)), "{text} -> {result}");
        assert!(result["error"]["message"].as_str().is_some_and(|message| message.len() > 5), "{result}");
        result["error"].clone()
    }

    /// Sends a frame to a server that may be gone; whether it was taken.
    pub async fn try_send(&mut self, frame: &Value) -> bool {
        self.socket.send(Message::text(frame.to_string())).await.is_ok()
    }

    /// Changes the agent's presence.
    pub async fn set_state(&mut self, state: &str) {
        self.ok(json!({"type": "agent.set-state", "state": state})).await;
    }

    /// Waits for an offer and accepts it; the offer's data.
    pub async fn accept(&mut self) -> Value {
        let offered = self.event("offer.created").await;
        self.ok(json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
        self.event_where("offer.accepted", |data| data["offer"]["id"] == offered["offer"]["id"]).await;
        offered
    }

    /// Answers in a work item; the message's id.
    pub async fn reply(&mut self, work_item: &Value, text: &str) -> String {
        let result = self.ok(json!({"type": "message.send", "workItemId": work_item, "text": text})).await;
        result["messageId"].as_str().expect("the message's id").to_owned()
    }

    /// Ends a work item.
    pub async fn complete(&mut self, work_item: &Value) {
        self.ok(json!({"type": "work-item.complete", "workItemId": work_item})).await;
    }

    /// Breaks the connection off, without a word.
    pub fn vanish(self) {
        drop(self);
    }
}
