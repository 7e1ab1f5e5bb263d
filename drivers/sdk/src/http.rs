//! HTTP, both ways: what comes in, what is answered, what is sent.

use std::borrow::Cow;

use crate::error::code;
use crate::host;
use crate::json::Object;
use crate::{Body, Capture, Error, Field, Header, HttpOptions, Outgoing, Piece, Refused, Request, Response, Result};

/// The values of a header, in order; names are compared without case.
pub fn header_of<'a>(headers: &'a [Header], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_slice())
}

/// Scheme, host and port of a URL, as they stand in it.
pub fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// The `Retry-After` of an answer in milliseconds, where it is a number of seconds (at most a day).
pub fn retry_after_ms(headers: &[Header]) -> Option<u32> {
    let seconds: u32 = core::str::from_utf8(header_of(headers, "retry-after").next()?).ok()?.trim().parse().ok()?;
    Some(seconds.min(86_400) * 1000)
}

impl Request {
    /// Adds a header; what tests make requests with.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// The values of a header, in order.
    pub fn header<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        header_of(&self.headers, name)
    }

    /// The value of a header that stands exactly once; none where it is missing or repeated.
    pub fn single_header<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.header(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The query of the URL, still encoded; empty where it has none.
    pub fn query(&self) -> &str {
        let url = self.url.split('#').next().unwrap_or_default();
        url.split_once('?').map_or("", |(_, query)| query)
    }

    /// The media type of the body in lower case and the value of its `charset`, as the `Content-Type` has them.
    pub fn content_type(&self) -> Option<(String, Option<String>)> {
        let value = core::str::from_utf8(self.header("content-type").next()?).ok()?;
        let mut pieces = value.split(';');
        let name = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = pieces.find_map(|piece| {
            let (key, value) = piece.split_once('=')?;
            key.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        Some((name, charset))
    }

    /// The body's bytes, read from its blob where it is one.
    ///
    /// # Errors
    /// `too-large` over `max` bytes.
    pub fn body_bytes(&self, max: u32) -> Result<Cow<'_, [u8]>> {
        self.body.read(max)
    }

    /// The body as data for `host::secrets`, without reading it.
    pub fn body_piece(&self) -> Piece {
        match &self.body {
            Body::Bytes(bytes) => Piece::Bytes(bytes.clone()),
            Body::Blob(digest) => Piece::Blob(digest.clone()),
        }
    }

    /// Whether the peer is on this machine.
    pub fn is_from_loopback(&self) -> bool {
        // A proxy on this machine passes on what comes from anywhere.
        if self.peer.attributes.iter().any(|(name, value)| name == "proxied" && value == "true") {
            return false;
        }
        let host = match self.peer.address.rsplit_once(':') {
            Some((host, _port)) => host.trim_start_matches('[').trim_end_matches(']'),
            None => return false,
        };
        match host.parse::<core::net::IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => false,
        }
    }
}

impl Body {
    /// The bytes, read from the blob where it is one.
    ///
    /// # Errors
    /// `too-large` over `max` bytes.
    pub fn read(&self, max: u32) -> Result<Cow<'_, [u8]>> {
        let too_large = || Error::new(code::TOO_LARGE, format!("the body is larger than {max} bytes"));
        match self {
            Self::Bytes(bytes) if bytes.len() as u64 > u64::from(max) => Err(too_large()),
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::Blob(digest) => {
                let size = host::blobs::size(digest)?;
                if size > max {
                    return Err(too_large());
                }
                // The host gives at most 1 MiB at once.
                let mut bytes = Vec::with_capacity(size as usize);
                while (bytes.len() as u32) < size {
                    let offset = bytes.len() as u32;
                    let chunk = host::blobs::read(digest, offset, size - offset)?;
                    if chunk.is_empty() {
                        return Err(Error::new(code::UNAVAILABLE, "the body's blob ends early"));
                    }
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

impl Header {
    /// A header with a text value.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into().into_bytes() }
    }
}

/// What a status is called (RFC 9110 15), as far as drivers answer it.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

impl Refused {
    /// Whether a message is refused for what it is, not for when it came: it won't be taken later either.
    pub fn is_for_good(&self) -> bool {
        !matches!(
            self.code.as_str(),
            code::RATE_LIMITED | code::QUOTA | code::UNAVAILABLE | code::TEMPORARY | code::TIMEOUT
        )
    }
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()), attributes: Vec::new() }
    }

    /// An answer with a body.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Bytes(body.into()), ..Self::empty(status).with_header("content-type", content_type) }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json", body)
    }

    /// A refusal as RFC 9457 has it: `code` is for programs, `detail` a sentence for people.
    pub fn problem(status: u16, code: &str, detail: &str) -> Self {
        let body = Object::new()
            .string("type", "about:blank")
            .string("title", title(status))
            .number("status", u32::from(status))
            .string("code", code)
            .string("detail", detail);
        Self::new(status, "application/problem+json", body.finish())
    }

    /// The answer to who sent something that the server then refused: 429 where there was too much of it, 503 where the
    /// server can't take it now, 422 where it makes no message.
    pub fn refused(refused: &Refused) -> Self {
        let status = match refused.code.as_str() {
            code::RATE_LIMITED | code::QUOTA => 429,
            code::UNAVAILABLE | code::TEMPORARY | code::TIMEOUT => 503,
            _ => 422,
        };
        let detail = match &refused.pointer {
            Some(pointer) => format!("{} (at {pointer} of the message)", refused.text),
            None => refused.text.clone(),
        };
        let response = Self::problem(status, &refused.code, &detail);
        if matches!(status, 429 | 503) { response.with_header("retry-after", "5") } else { response }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Outgoing {
    /// A request without a body; 10 s, at most 1 MiB of an answer, no redirects.
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: vec![Piece::Text(url.into())],
            headers: Vec::new(),
            body: Vec::new(),
            options: HttpOptions {
                timeout_ms: Some(10_000),
                max_bytes: Some(1 << 20),
                redirects: 0,
                to_blob: false,
                captures: Vec::new(),
                attributes: Vec::new(),
            },
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(self, name: &str, value: impl Into<String>) -> Self {
        self.with_header_pieces(name, vec![Piece::Text(value.into())])
    }

    /// Adds a header that is made of pieces, secrets among them.
    #[must_use]
    pub fn with_header_pieces(mut self, name: &str, value: Vec<Piece>) -> Self {
        self.headers.push(Field { name: name.into(), value });
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = vec![Piece::Bytes(body.into())];
        self.with_header("content-type", content_type)
    }

    /// Keeps the field at `pointer` of a JSON answer as the channel's secret `name`, for `lifetime_ms` (none: until it is
    /// forgotten).
    #[must_use]
    pub fn with_capture(mut self, pointer: &str, name: &str, lifetime_ms: Option<u64>) -> Self {
        let (pointer, name) = (pointer.into(), name.into());
        self.options.captures.push(Capture { pointer, name, lifetime_ms, attributes: Vec::new() });
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Where no answer came: `maybe-sent` if the request may have arrived all the same.
    pub fn send(&self) -> Result<Response> {
        host::http::send(self)
    }
}
