//! Numbers that bound what one channel's requests may cost the host.

use std::time::Duration;

/// Limits of one [`Client`](crate::Client). A request may ask for less, never for more: what it asks beyond is
/// cut to the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests at the same time; the next ones wait, within their own time. At least 1. Default 32.
    pub concurrency: usize,
    /// Bytes of a request's body. Default 16 MiB.
    pub request_bytes: usize,
    /// Bytes of an answer's body when the request doesn't say. Default 10 MiB.
    pub default_response_bytes: u64,
    /// Bytes of an answer's body that a request may ask for. Default 64 MiB.
    pub response_bytes: u64,
    /// Time for the whole of a request when it doesn't say: waiting, name, connection, redirects and the last byte
    /// of the answer. Default 10 s.
    pub default_timeout: Duration,
    /// Time that a request may ask for. Default 15 min, the longest `deliver`.
    pub timeout: Duration,
    /// Time to resolve, connect and agree on TLS, out of the request's own. Default 10 s.
    pub connect: Duration,
    /// Bytes of the head of an answer: status line and headers. At least 8 KiB. Default 64 KiB.
    pub head_bytes: usize,
    /// Connections of [`Client::connect`](crate::Client::connect) open at the same time; the next ones wait, within their
    /// own time. At least 1. Default 32.
    pub connections: usize,
    /// Redirects that a request may ask to be followed. Default 5.
    pub redirects: u32,
    /// How long a connection is kept for the next request. Default 15 s.
    pub idle: Duration,
    /// Connections kept, over all hosts. Default 8.
    pub idle_connections: usize,
}

impl Limits {
    /// The default of [`request_bytes`](Self::request_bytes).
    pub const REQUEST_BYTES: usize = 16 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 32,
            request_bytes: Self::REQUEST_BYTES,
            default_response_bytes: 10 << 20,
            response_bytes: 64 << 20,
            default_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(15 * 60),
            connect: Duration::from_secs(10),
            head_bytes: 64 << 10,
            connections: 32,
            redirects: 5,
            idle: Duration::from_secs(15),
            idle_connections: 8,
        }
    }
}
