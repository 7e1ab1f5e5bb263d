//! A place where replies arrive: a real HTTP server that keeps what it was sent.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
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
