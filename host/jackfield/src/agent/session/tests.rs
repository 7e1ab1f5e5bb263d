use super::super::Connect;
use super::super::input::Input;
use super::super::link::Link;
use super::Session;
use crate::client::Server;
use crate::exit::Exit;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// A server, and a session that speaks with it.
struct Stage {
    listener: TcpListener,
    lines: Option<mpsc::Sender<String>>,
    stop: mpsc::Sender<()>,
    printed: Arc<Mutex<Vec<String>>>,
    session: JoinHandle<Result<(), Exit>>,
}

/// The server's end of a connection, with the path that was asked for.
struct Served {
    socket: WebSocketStream<TcpStream>,
    asked: String,
}

impl Stage {
    async fn new(json: bool, state: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            server: format!("http://{}", listener.local_addr().unwrap()),
            token: Some("ana-token".to_owned()),
        };
        let options = Connect { json, after: None, state: state.map(str::to_owned), server };
        let (lines, from_lines) = mpsc::channel(8);
        let (stop, from_stop) = mpsc::channel(1);
        let printed = Arc::new(Mutex::new(Vec::new()));
        let input = Input { lines: from_lines, stop: from_stop, terminal: false };
        let to = printed.clone();
        let print = Box::new(move |line: &str| {
            to.lock().unwrap().push(line.to_owned());
            Ok(())
        });
        let link = Link::new(&options.server).unwrap();
        let mut session = Session::new(&options, "r".to_owned(), input, print);
        session.first_wait = Duration::from_millis(1);
        let session = tokio::spawn(async move { session.run(&link).await });
        Self { listener, lines: Some(lines), stop, printed, session }
    }

    #[allow(clippy::result_large_err, reason = "the handshake's callback is typed so")]
    async fn accept(&self) -> Served {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut asked = String::new();
        let look = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            assert_eq!(request.headers()["authorization"], "Bearer ana-token");
            let protocol = request.headers()["sec-websocket-protocol"].clone();
            assert_eq!(protocol, "jackfield.agent.v1");
            asked = request.uri().to_string();
            response.headers_mut().insert("sec-websocket-protocol", protocol);
            Ok(response)
        };
        let socket = accept_hdr_async(stream, look).await.unwrap();
        Served { socket, asked }
    }

    async fn line(&self, line: &str) {
        self.lines.as_ref().unwrap().send(line.to_owned()).await.unwrap();
    }

    async fn ended(self) -> (u8, Vec<String>) {
        let code = match self.session.await.unwrap() {
            Ok(()) => 0,
            Err(exit) => exit.code(),
        };
        let printed = self.printed.lock().unwrap().clone();
        (code, printed)
    }
}

impl Served {
    async fn event(&mut self, event: &Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    async fn snapshot(&mut self, sequence: u64, state: &str) -> Value {
        let agent = json!({"id": "ana", "state": state, "load": 0, "capacity": 100});
        let event =
            json!({"type": "snapshot", "sequence": sequence, "data": {"agent": agent, "offers": [], "workItems": []}});
        self.event(&event).await;
        event
    }

    async fn command(&mut self) -> Value {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => panic!("closed instead of a command"),
                _ => {}
            }
        }
    }

    async fn result(&mut self, id: &str) -> Value {
        let event = json!({"type": "command.result", "data": {"id": id, "ok": true}});
        self.event(&event).await;
        event
    }

    /// The agent's close frame comes and is answered.
    async fn closed(mut self) {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(_))) | None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("no close frame: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_program_gets_events_as_they_are_and_leaves_with_its_input() {
    let mut stage = Stage::new(true, Some("available")).await;
    let mut served = stage.accept().await;
    assert_eq!(served.asked, "/v1/agent");
    let snapshot = served.snapshot(3, "offline").await;
    assert_eq!(served.command().await, json!({"id": "r-1", "type": "agent.set-state", "state": "available"}));
    let first = served.result("r-1").await;
    stage.line(r#"{"type":"typing","workItemId":"i1"}"#).await;
    stage.line("no JSON").await;
    stage.line("[1]").await;
    stage.line(r#"{"id":"mine","type":"offer.accept","offerId":"o1"}"#).await;
    assert_eq!(served.command().await, json!({"id": "r-2", "type": "typing", "workItemId": "i1"}));
    assert_eq!(served.command().await["id"], "mine");
    // Stdin ends: it stays until the results are there.
    stage.lines = None;
    let second = served.result("mine").await;
    let third = served.result("r-2").await;
    served.closed().await;
    let printed = [snapshot, first, second, third].map(|event| event.to_string());
    assert_eq!(stage.ended().await, (0, printed.to_vec()));
}

#[tokio::test]
async fn who_has_nothing_to_say_listens() {
    let mut stage = Stage::new(true, None).await;
    stage.lines = None;
    let mut served = stage.accept().await;
    served.snapshot(1, "offline").await;
    let event = json!({"type": "agent.updated", "sequence": 2, "data": {"agent": {"id": "ana", "state": "away"}}});
    served.event(&event).await;
    served.event(&event).await;
    while stage.printed.lock().unwrap().len() < 3 {
        tokio::task::yield_now().await;
    }
    stage.stop.send(()).await.unwrap();
    served.closed().await;
    assert_eq!(stage.ended().await.0, 0);
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_goes_on() {
    let stage = Stage::new(true, Some("available")).await;
    let mut served = stage.accept().await;
    served.snapshot(7, "offline").await;
    assert_eq!(served.command().await["id"], "r-1");
    served.result("r-1").await;
    let updated =
        json!({"type": "agent.updated", "sequence": 8, "data": {"agent": {"id": "ana", "state": "available"}}});
    served.event(&updated).await;
    stage.line(r#"{"id":"c1","type":"message.send","workItemId":"i1","text":"Hi"}"#).await;
    assert_eq!(served.command().await["id"], "c1");
    drop(served);

    let mut served = stage.accept().await;
    assert_eq!(served.asked, "/v1/agent?after=8");
    // Without a result it is sent again, as it was.
    assert_eq!(served.command().await, json!({"id": "c1", "type": "message.send", "workItemId": "i1", "text": "Hi"}));
    // The server gave the agent up meanwhile.
    served.snapshot(9, "offline").await;
    assert_eq!(served.command().await, json!({"id": "r-2", "type": "agent.set-state", "state": "available"}));
    served.result("r-2").await;
    drop(served);

    // What had no result twice isn't sent a third time.
    let mut served = stage.accept().await;
    assert_eq!(served.asked, "/v1/agent?after=9");
    served.snapshot(9, "available").await;
    stage.line(r#"{"id":"c2","type":"typing","workItemId":"i1"}"#).await;
    assert_eq!(served.command().await["id"], "c2");
    stage.stop.send(()).await.unwrap();
    served.closed().await;
    assert_eq!(stage.ended().await.0, 0);
}

#[tokio::test]
async fn a_person_types_and_quits() {
    let stage = Stage::new(false, None).await;
    let mut served = stage.accept().await;
    served.snapshot(1, "offline").await;
    stage.line("away lunch").await;
    assert_eq!(
        served.command().await,
        json!({"id": "rt-1", "type": "agent.set-state", "state": "away", "reason": "lunch"})
    );
    stage.line("items").await;
    stage.line("quit").await;
    served.closed().await;
    let expected = ["you are offline, load 0 of 100", "nothing is offered and you have no work item"];
    assert_eq!(stage.ended().await, (0, expected.map(str::to_owned).to_vec()));
}

/// Answers one request with this instead of a WebSocket.
async fn refuse(stage: &Stage, answer: &str) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut stream, _) = stage.listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_refused_token_is_exit_4() {
    let stage = Stage::new(true, None).await;
    refuse(&stage, "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(stage.ended().await, (4, Vec::new()));

    // Also one that counted before.
    let stage = Stage::new(true, None).await;
    stage.accept().await.snapshot(1, "offline").await;
    refuse(&stage, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
    refuse(&stage, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(stage.ended().await.0, 4);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_exit_3_at_the_start() {
    let Stage { listener, session, lines, stop, printed } = Stage::new(true, None).await;
    // The session's task hasn't run yet: it finds nobody.
    drop(listener);
    assert_eq!(session.await.unwrap().unwrap_err().code(), 3);
    drop((lines, stop));
    assert!(printed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_agents_socket_is_a_failure() {
    let stage = Stage::new(true, None).await;
    refuse(&stage, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(stage.ended().await.0, 1);
}
