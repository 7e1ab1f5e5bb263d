//! Plain HTTP/1.1, one connection a request.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;

use crate::eventually::DEADLINE;
use crate::published;

/// A place that answers HTTP, and who asks.
#[derive(Clone, Debug)]
pub struct Http {
    address: SocketAddr,
    token: Option<String>,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    /// A POST of JSON.
    pub fn json(path: &str, body: &Value) -> Self {
        Self::new("POST", path).header("content-type", "application/json").body(body.to_string())
    }

    /// A POST of a form.
    pub fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let encoded: Vec<_> =
            fields.iter().map(|(name, value)| format!("{}={}", form_encoded(name), form_encoded(value))).collect();
        Self::new("POST", path).header("content-type", "application/x-www-form-urlencoded").body(encoded.join("&"))
    }

    /// Changes the body's byte at this place.
    ///
    /// # Panics
    /// The body is shorter.
    #[must_use]
    pub fn with_flipped_byte(mut self, at: usize) -> Self {
        let mut body = self.body.to_vec();
        body[at] ^= 1;
        self.body = body.into();
        self
    }

    /// The body.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// As `application/x-www-form-urlencoded` has it.
fn form_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("an answer {} that is no JSON ({error}): {}", self.status, self.text()))
    }

    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Asserts the status.
    ///
    /// # Panics
    /// It is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the answer was: {}", self.text());
        self
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Http {
    /// A place, without a token.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, token: None }
    }

    /// The same place, asked with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { address: self.address, token: Some(token.to_owned()) }
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::new("GET", path)).await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Request::json(path, body)).await
    }

    /// A POST of plain text.
    pub async fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send(Request::new("POST", path).header("content-type", "text/plain").body(body.to_owned())).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn send(&self, request: Request) -> Answer {
        let what = format!("{} {}", request.method, request.path);
        self.try_send(request).await.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Sends a request to a server that may be gone.
    ///
    /// # Errors
    /// No answer came.
    pub async fn try_send(&self, request: Request) -> Result<Answer, String> {
        let (method, path) = (request.method.clone(), request.path.clone());
        let answer = tokio::time::timeout(DEADLINE, self.exchange(request))
            .await
            .map_err(|_| format!("no answer in {DEADLINE:?}"))??;
        published::check_answer(&method, &path, &answer);
        Ok(answer)
    }

    async fn exchange(&self, request: Request) -> Result<Answer, String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let stream = TcpStream::connect(self.address).await.map_err(|error| text(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
        let connection = tokio::spawn(connection);
        let mut built = http::Request::builder()
            .method(request.method.as_str())
            .uri(request.path.as_str())
            .header("host", self.address.to_string());
        if let Some(token) = &self.token {
            built = built.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in request.headers {
            built = built.header(name, value);
        }
        let built = built.body(Full::new(request.body)).map_err(|error| text(&error))?;
        let response = sender.send_request(built).await.map_err(|error| text(&error))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| text(&error))?.to_bytes();
        drop(sender);
        connection.abort();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
