//! The two ends of a connection.

use http::HeaderMap;
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

/// What proxies and content networks add to a request. Who only sets the Host header anew isn't noticed.
const PROXIED: [&str; 9] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "x-original-forwarded-for",
];

/// Whether a request says that a proxy passed it on.
pub(crate) fn is_proxied(headers: &HeaderMap) -> bool {
    PROXIED.iter().any(|name| headers.contains_key(*name))
}
