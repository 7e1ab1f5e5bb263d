//! What is asked and what is answered, and the check that a request is one and not two.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Uri};
use url::{Position, Url};

use crate::error::ErrorKind;

/// Bytes of names and values together; most servers take less.
const HEADER_BYTES: usize = 64 << 10;

/// Headers that belong to the connection or frame the message: the host writes them, or nobody does. With these
/// in a guest's hand, one request could be made to look like two.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Receives an answer's body, piece by piece. An error ends the request with
/// [`ErrorKind::Sink`](crate::ErrorKind::Sink). Called on the runtime's thread: it must not block for long.
pub type Sink<'a> = dyn FnMut(&[u8]) -> io::Result<()> + Send + 'a;

/// A request, secrets already filled in.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST`, ..., in capitals. `CONNECT` and `TRACE` are refused.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// In order; names may repeat.
    pub headers: Vec<Header>,
    /// Empty for none.
    pub body: Bytes,
    /// Whether the body holds a secret: it is not sent again to another origin, whatever a redirect asks.
    pub body_sensitive: bool,
    /// Time for everything, to the last byte of the answer; `None`: the default of the limits.
    pub timeout: Option<Duration>,
    /// Bytes of the answer's body; `None`: the default of the limits.
    pub max_bytes: Option<u64>,
    /// Redirects to follow. With 0 the redirect itself is the answer.
    pub redirects: u32,
}

impl Request {
    /// A request without headers and body, under the default limits, that follows no redirect.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            body_sensitive: false,
            timeout: None,
            max_bytes: None,
            redirects: 0,
        }
    }
}

/// One header of a request.
#[derive(Clone)]
pub struct Header {
    /// Any case.
    pub name: String,
    /// Without CR, LF, NUL and other control characters.
    pub value: Vec<u8>,
    /// Whether it holds a secret. Such a header is dropped when a redirect leaves the origin, as `authorization`
    /// and `cookie` always are.
    pub sensitive: bool,
}

impl Header {
    /// A header without a secret.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into(), sensitive: false }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case; repeated ones stand together, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As it came, never decompressed. Empty when it went to a [`Sink`].
    pub body: Bytes,
}

/// A request that has passed the checks that need no policy; rewritten by each redirect.
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    body_sensitive: bool,
}

fn invalid(problem: impl Into<String>) -> ErrorKind {
    ErrorKind::Invalid { problem: problem.into() }
}

/// Parses a URL as a browser does, but refuses what different parsers read differently.
pub(crate) fn parse_url(text: &str) -> Result<Url, ErrorKind> {
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        return Err(invalid("the URL has spaces, control characters or backslashes; encode them"));
    }
    Url::parse(text).map_err(|error| invalid(format!("the URL can't be read: {error}")))
}

impl Hop {
    pub(crate) fn new(request: Request, url: Url, request_bytes: usize) -> Result<Self, ErrorKind> {
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
            .ok_or_else(|| invalid("the method can't be used; take GET, POST, PUT, PATCH or DELETE"))?;
        if request.body.len() > request_bytes {
            return Err(ErrorKind::RequestTooLarge { limit: request_bytes });
        }
        let size: usize = request.headers.iter().map(|header| header.name.len() + header.value.len()).sum();
        if size > HEADER_BYTES {
            return Err(invalid(format!("the headers are longer than {HEADER_BYTES} bytes together")));
        }
        let headers = request.headers.into_iter().map(checked).collect::<Result<_, _>>()?;
        let Request { body, body_sensitive, .. } = request;
        Ok(Self { method, url, headers, body, body_sensitive })
    }

    /// The request as hyper wants it.
    pub(crate) fn to_http(&self) -> Result<http::Request<http_body_util::Full<Bytes>>, ErrorKind> {
        let path = &self.url[Position::BeforePath..Position::AfterQuery];
        let uri = Uri::try_from(path).map_err(|_| invalid("the URL's path or query has characters to encode"))?;
        let host = HeaderValue::try_from(&self.url[Position::BeforeHost..Position::AfterPort])
            .map_err(|_| invalid("the URL's host can't be put in a header"))?;
        let mut request = http::Request::new(http_body_util::Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::HOST, host);
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("jackfield/", env!("CARGO_PKG_VERSION"))));
        // Without it some servers answer 411.
        if self.body.is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(&self.method) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(request)
    }

    /// Turns this request into the one that a redirect with `status` to `location` asks for; the caller checks
    /// the new URL as if it were the first. `Err` says why it can't be followed.
    pub(crate) fn redirect(&mut self, status: u16, location: &[u8]) -> Result<(), &'static str> {
        let url = std::str::from_utf8(location)
            .ok()
            .and_then(|location| self.url.join(location).ok())
            .ok_or("its location is not a URL")?;
        let becomes_get = match status {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            self.body_sensitive = false;
            self.headers.retain(|(name, _)| !name.as_str().starts_with("content-"));
        }
        if url.origin() != self.url.origin() {
            if self.body_sensitive {
                return Err("it leads to another host, and the body holds a secret");
            }
            self.headers.retain(|(name, value)| {
                !value.is_sensitive() && *name != header::AUTHORIZATION && *name != header::COOKIE
            });
        }
        self.url = url;
        Ok(())
    }
}

fn checked(header: Header) -> Result<(HeaderName, HeaderValue), ErrorKind> {
    // Names in the texts are safe to show only after they have passed as names.
    let name = HeaderName::from_bytes(header.name.as_bytes())
        .map_err(|_| invalid("a header's name has characters that names don't have"))?;
    if RESERVED.contains(&name.as_str()) {
        return Err(invalid(format!("the header {name} is the host's to write; leave it out")));
    }
    let mut value = HeaderValue::from_bytes(&header.value)
        .map_err(|_| invalid(format!("the header {name} has a line break or control character in its value")))?;
    value.set_sensitive(header.sensitive);
    Ok((name, value))
}
