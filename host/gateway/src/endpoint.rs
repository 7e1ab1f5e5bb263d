//! The two ends of a connection.

use http::HeaderMap;
use http::header::FORWARDED;
use std::net::SocketAddr;

/// Who called whom; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The far end.
    pub peer: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
}

impl Endpoint {
    /// Whether the caller is on this machine. A proxy on this machine speaks for somebody who may not be.
    pub(crate) fn is_here(&self, headers: &HeaderMap) -> bool {
        self.peer.ip().to_canonical().is_loopback() && !is_proxied(headers)
    }
}

/// Whether a request says that a proxy passed it on.
pub(crate) fn is_proxied(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for") || headers.contains_key("x-real-ip")
}
