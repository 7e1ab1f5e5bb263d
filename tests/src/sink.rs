//! A place where replies arrive: a real HTTP server that keeps what it was sent.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::eventually::eventually;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// The fields of the body, whatever its form: JSON, a form, a form with files, whose contents are left out. What is
    /// JSON itself is taken for that.
    pub fn fields(&self) -> Map<String, Value> {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        if let Ok(Value::Object(fields)) = serde_json::from_str(&body) {
            return fields;
        }
        // Ids are numbers; times with a dot in them are not.
        let is_json = |text: &str| text.starts_with(['{', '[']) || text.parse::<i64>().is_ok();
        let value = |text: &str| {
            let parsed = is_json(text).then(|| serde_json::from_str(text).ok()).flatten();
            parsed.unwrap_or_else(|| json!(text))
        };
        if self.header("content-type").starts_with("multipart/") {
            let parts = body.split("\r\n\r\n").zip(body.split("\r\n\r\n").skip(1));
            let named = parts.filter_map(|(head, content)| {
                let name = head.to_lowercase().rsplit_once("name=\"")?.1.split('"').next()?.to_owned();
                let content = content.split("\r\n").next().unwrap_or_default();
                (!head.contains("filename=")).then(|| (name, value(content)))
            });
            return named.collect();
        }
        let fields = body.split('&').filter_map(|field| field.split_once('='));
        fields.map(|(name, text)| (decoded(name), value(&decoded(text)))).collect()
    }
}

/// A name or value of a form.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = (*byte == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[derive(Clone, Default)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    contents: Arc<Mutex<HashMap<String, (String, Bytes)>>>,
}

/// An HTTP server on a free port, gone when it is dropped.
pub struct Sink {
    address: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

impl Sink {
    /// Starts it; it answers 200 to everything.
    ///
    /// # Panics
    /// There is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Shared::default();
        let app = Router::new().fallback(keep).with_state(shared.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { address, shared, task }
    }

    /// Its URL with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests are answered so, one each, before it is 200 again.
    pub fn answer_next(&self, statuses: &[u16]) {
        self.shared.answers.lock().expect("the answers").extend(statuses);
    }

    /// Has something to give at this path.
    ///
    /// # Panics
    /// A test of it panicked before.
    pub fn serve(&self, path: &str, content_type: &str, content: impl Into<Bytes>) {
        let mut contents = self.shared.contents.lock().expect("the contents");
        contents.insert(path.to_owned(), (content_type.to_owned(), content.into()));
    }

    /// All that arrived.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("what arrived").clone()
    }

    /// Waits until so many arrived; all of them.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} requests arrive"), async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let content = shared.contents.lock().expect("the contents").get(uri.path()).cloned();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    shared.received.lock().expect("what arrived").push(Received { method: method.to_string(), path, headers, body });
    let next = shared.answers.lock().expect("the answers").pop_front().unwrap_or(200);
    let status = StatusCode::from_u16(next).unwrap_or(StatusCode::OK);
    match content {
        Some((content_type, content)) => (status, [("content-type", content_type)], content).into_response(),
        None => status.into_response(),
    }
}
