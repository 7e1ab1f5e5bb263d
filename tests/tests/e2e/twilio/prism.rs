//! Prism, a server that checks each request against an OpenAPI document, and a recorder before it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use jackfield_tests::{Http, Request, free_port, peer, within};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// It reads two megabytes of OpenAPI before it answers, on a machine that others use too.
const START: Duration = Duration::from_secs(90);

/// A request, and what Prism said of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Path and query.
    pub path: String,
    /// The form that was sent.
    pub form: Vec<(String, String)>,
    /// The status of the answer.
    pub status: u16,
    /// The answer.
    pub answer: Value,
}

#[derive(Clone)]
struct Recorder {
    prism: Http,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// A running Prism; it ends when this is dropped.
pub struct Prism {
    address: SocketAddr,
    recorder: Recorder,
    serving: JoinHandle<()>,
    _process: Child,
}

impl Prism {
    /// Starts it on an OpenAPI document of a package.
    pub async fn start(document: &str) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = Command::new("node")
            .arg(peer("node/node_modules/@stoplight/prism-cli/dist/index.js"))
            .args(["mock", "--errors", "--host", "127.0.0.1", "--port", &free.port().to_string()])
            .arg(peer("node/node_modules").join(document))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let prism = Http::new(free);
        within(START, "Prism answers", async || prism.try_send(Request::new("GET", "/")).await.ok()).await;

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let recorder = Recorder { prism, calls: Arc::default() };
        let app = Router::new().fallback(forward).with_state(recorder.clone());
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { address, recorder, serving, _process: process }
    }

    /// Where the recorder listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far.
    pub fn calls(&self) -> Vec<Call> {
        self.recorder.calls.lock().expect("the calls").clone()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Hands a request on as it is, and the answer back.
async fn forward(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let mut request = Request::new(method.as_str(), &path).body(body.clone());
    for name in ["authorization", "content-type", "accept"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value.as_bytes());
        }
    }
    let answer = recorder.prism.send(request).await;
    let call = Call {
        path,
        form: form(&body),
        status: answer.status,
        answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
    };
    recorder.calls.lock().expect("the calls").push(call);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [("content-type", "application/json")], answer.body).into_response()
}

/// The fields of a form.
fn form(body: &[u8]) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            let escaped = (*byte == b'%')
                .then(|| after.get(..2))
                .flatten()
                .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            bytes.push(escaped.unwrap_or(*byte));
            rest = if escaped.is_some() { &after[2..] } else { after };
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = String::from_utf8_lossy(body);
    text.split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
