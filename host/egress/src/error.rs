//! What can go wrong with a request or a connection.

use std::io;
use std::time::Duration;

use crate::policy::Denied;

/// A failed request: what happened, and whether the peer may have seen it.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    /// What happened.
    pub kind: ErrorKind,
    pub(crate) sent: bool,
}

impl Error {
    /// Whether any byte of a request may have reached a peer. `false`: it surely didn't, so sending again can't
    /// double anything. `true`: nobody knows. It stays `true` when a redirect's answer was followed to a failure.
    pub fn maybe_sent(&self) -> bool {
        self.sent
    }

    /// A short stable name for metrics and for the guest's error code.
    pub fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::Invalid { .. } | ErrorKind::RequestTooLarge { .. } => "invalid",
            ErrorKind::Denied(_) => "denied",
            ErrorKind::Dns { .. } => "dns",
            ErrorKind::Connect { .. } => "connect",
            ErrorKind::Tls { .. } => "tls",
            ErrorKind::Timeout { .. } => "timeout",
            ErrorKind::Transfer { .. } => "transfer",
            ErrorKind::TooLarge { .. } => "too-large",
            ErrorKind::Redirect { .. } => "redirect",
            ErrorKind::Sink(_) => "sink",
        }
    }
}

/// The ways in which a request fails. `target` is scheme, host and port; no path, query, header or body is ever
/// in a text, since they may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// The request can't be sent as it is.
    #[error("the request is not valid: {problem}")]
    Invalid {
        /// What to correct.
        problem: String,
    },
    /// The request's body is longer than allowed.
    #[error(
        "the request is not valid: its body is longer than {limit} bytes; send less, or raise limits.http-request of the channel"
    )]
    RequestTooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// The operator hasn't granted it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The host's name has no address.
    #[error("the name of {target} can't be resolved: {reason}; check the host name and the machine's DNS")]
    Dns {
        /// Scheme, host and port.
        target: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection to any of the host's permitted addresses.
    #[error("{target} can't be connected to: {source}")]
    Connect {
        /// Scheme, host and port.
        target: String,
        /// The failure at the last address tried.
        source: io::Error,
    },
    /// The peer's TLS or its certificate is not acceptable.
    #[error("no trusted TLS connection to {target}: {source}")]
    Tls {
        /// Scheme, host and port.
        target: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The request's time was over, wherever it was.
    #[error("{target} did not answer in full within {after:?}")]
    Timeout {
        /// Scheme, host and port; of the last hop.
        target: String,
        /// The time that it had.
        after: Duration,
    },
    /// The connection broke, or what came was not what it should be.
    #[error("the exchange with {target} broke off: {reason}")]
    Transfer {
        /// Scheme, host and port.
        target: String,
        /// What happened.
        reason: String,
    },
    /// The answer's body is longer than allowed.
    #[error("the answer of {target} is longer than {limit} bytes; ask for more, or for less of it")]
    TooLarge {
        /// Scheme, host and port.
        target: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// A redirect that can't be followed.
    #[error("the redirect of {target} was not followed: {problem}")]
    Redirect {
        /// Scheme, host and port of the one that redirected.
        target: String,
        /// Why not.
        problem: &'static str,
    },
    /// The receiver of the body failed.
    #[error("the answer's body can't be stored: {0}")]
    Sink(io::Error),
}
