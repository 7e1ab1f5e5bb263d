//! A peer that repeats what it is sent, and redirects where it is told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[derive(Clone, Default)]
struct Shared {
    requests: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<HashMap<String, (String, String)>>>,
}

/// An HTTP server on 127.0.0.1.
pub(super) struct Far {
    pub(super) address: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

impl Far {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Shared::default();
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { address, shared, task }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Redirects requests of this path.
    pub(super) fn redirects(&self, path: &str, to: &str) {
        self.shared
            .answers
            .lock()
            .expect("the answers")
            .insert(path.to_owned(), ("location".to_owned(), to.to_owned()));
    }

    /// Answers requests of this path with this JSON.
    pub(super) fn answers(&self, path: &str, json: &str) {
        self.shared.answers.lock().expect("the answers").insert(path.to_owned(), ("json".to_owned(), json.to_owned()));
    }

    /// What arrived, each request as it came: method, path and query, headers, body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("the requests").clone()
    }

    pub(super) fn last(&self) -> String {
        self.requests().pop().expect("a request arrived")
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = format!("{method} {uri}\n");
    for (name, value) in &headers {
        request.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    request.push_str(&format!("\n{}", String::from_utf8_lossy(&body)));
    shared.requests.lock().expect("the requests").push(request.clone());
    let known = shared.answers.lock().expect("the answers").get(uri.path()).cloned();
    match known {
        Some((kind, to)) if kind == "location" => (StatusCode::FOUND, [("location", to)]).into_response(),
        Some((_, json)) => ([("content-type", "application/json")], json).into_response(),
        // A byte every fifty milliseconds, for ever.
        None if uri.path() == "/drip" => {
            let drops = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b".")), ()))
            });
            Body::from_stream(drops).into_response()
        }
        None if uri.path() == "/close" => [("connection", "close")].into_response(),
        None => {
            let echoed = headers.get("authorization").cloned().unwrap_or(http::HeaderValue::from_static("none"));
            ([("x-echo", echoed)], request).into_response()
        }
    }
}
