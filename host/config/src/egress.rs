//! The limits of a channel's way out, under `limits`.

use std::time::Duration;

use crate::reader::Table;
use crate::units::ByteSize;

/// How much of the network one channel may use. What is none is the default of the way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressLimits {
    /// `http-requests`: requests of one call.
    pub http_requests: Option<u32>,
    /// `http-concurrency`: requests of the channel at the same time.
    pub http_concurrency: Option<u32>,
    /// `http-request`: bytes of a request's body.
    pub http_request: Option<ByteSize>,
    /// `http-response`: bytes of an answer's body that a request may ask for.
    pub http_response: Option<ByteSize>,
    /// `http-head`: bytes of an answer's status line and headers.
    pub http_head: Option<ByteSize>,
    /// `http-timeout`: time of a request that asks for none.
    pub http_timeout: Option<Duration>,
    /// `http-redirects`: redirects that a request may ask to be followed.
    pub http_redirects: Option<u32>,
    /// `connect-timeout`: time to resolve, connect and agree on TLS.
    pub connect_timeout: Option<Duration>,
    /// `tcp-connections`: connections that one call may open.
    pub tcp_connections: Option<u32>,
    /// `tcp-concurrency`: connections of the channel at the same time.
    pub tcp_concurrency: Option<u32>,
    /// `egress-bytes`: bytes of bodies and connections, both ways, of one call.
    pub egress_bytes: Option<ByteSize>,
}

const MILLISECOND: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Reads these keys of the `limits` table.
pub(crate) fn read(table: &Table<'_>) -> EgressLimits {
    let time = |key| table.get(key).and_then(|node| node.duration(MILLISECOND, LONGEST));
    let size = |key, least, most| table.get(key).and_then(|node| node.size(least, most));
    let number = |key, least, most| table.get(key).and_then(|node| node.integer(least, most));
    EgressLimits {
        http_requests: number("http-requests", 0, 1_000_000),
        http_concurrency: number("http-concurrency", 1, 10_000),
        http_request: size("http-request", ByteSize(0), ByteSize::mib(1024)),
        http_response: size("http-response", ByteSize(0), ByteSize::mib(1024)),
        http_head: size("http-head", ByteSize::kib(8), ByteSize::mib(1)),
        http_timeout: time("http-timeout"),
        http_redirects: number("http-redirects", 0, 20),
        connect_timeout: time("connect-timeout"),
        tcp_connections: number("tcp-connections", 0, 10_000),
        tcp_concurrency: number("tcp-concurrency", 1, 10_000),
        egress_bytes: size("egress-bytes", ByteSize(0), ByteSize::mib(1 << 20)),
    }
}
