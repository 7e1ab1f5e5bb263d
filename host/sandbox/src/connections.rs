//! Connections of bytes as a driver's instances meet them: what they ask of the host, what they want done, what they
//! are told.

use crate::handler::Expiry;
use bytes::Bytes;
use jackfield_spec::Attributes;
use std::time::Duration;

/// The host's side of a channel's connections. Called on guest threads while a handler runs: looks, never waits.
pub trait Connections: Send + Sync + 'static {
    /// What the host listens on for the channel.
    fn listeners(&self) -> Vec<Listener>;
    /// Bytes that wait to be written to a connection; none: it has ended, or is another channel's.
    fn unsent(&self, connection: &str) -> Option<usize>;
    /// Most bytes that may wait.
    fn most_unsent(&self) -> usize;
    /// A write was refused for the quota: the driver is to be told when there is room again.
    fn refused(&self, connection: &str);
    /// The live connections bound to an address, in the order they were bound.
    fn bound(&self, address: &str) -> Vec<String>;
    /// An id for a connection that is to be opened.
    fn new_id(&self) -> String;
}

/// A socket that the host listens on for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// As configured, with the port that was bound.
    pub url: String,
    /// There is a certificate, so TLS can be begun on its connections.
    pub has_certificate: bool,
}

/// The far end of a connection of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinePeer {
    /// `ip:port`, IPv6 in brackets.
    pub address: String,
    /// Our end.
    pub local: String,
    /// The listener that it came in by; none: we opened it.
    pub listener: Option<String>,
    /// What TLS established; none: it isn't up.
    pub tls: Option<TlsFacts>,
    /// A trusted proxy passed it on and said so: `address` and `local` are what it told.
    pub proxied: bool,
}

/// What TLS established.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFacts {
    /// `1.2` or `1.3`.
    pub version: String,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// What the peer asked for (SNI), in lower case.
    pub server_name: Option<String>,
}

/// What a connection's instance is told.
#[derive(Debug, Clone, PartialEq)]
pub enum LineEvent {
    /// It is there.
    Opened(LinePeer),
    /// The next bytes, at most 64 KiB.
    Received(Bytes),
    /// Something else.
    Signaled {
        /// `secured`, `writable`, `draining`.
        name: &'static str,
        /// Facts.
        attributes: Attributes,
    },
    /// It has ended; the last event.
    Closed {
        /// `eof`, `reset`, `idle`, `refused`, `dns`, `tls`, `denied`, `shutdown` or `by-driver`.
        code: &'static str,
        /// For people.
        text: String,
    },
    /// One of its timers is due.
    Fired(Expiry),
}

/// What a handler wants done to connections, in order, once its call has committed.
#[derive(Debug, Clone, PartialEq)]
pub enum LineChange {
    /// To one of the channel's connections.
    Of {
        /// Its id.
        connection: String,
        /// What.
        deed: LineDeed,
    },
    /// Opens one.
    Open {
        /// The id that the driver knows it by.
        connection: String,
        /// `tcp://host:port` or `tls://host:port`.
        url: String,
        /// The name that the certificate must have; none: the URL's host.
        tls_name: Option<String>,
    },
}

/// What is done to one connection.
#[derive(Clone, PartialEq)]
pub enum LineDeed {
    /// Writes bytes.
    Write {
        /// The bytes.
        data: Bytes,
        /// Secrets are among them: what the peer says from now on is searched for the channel's, and for these, which
        /// were composed in the call that writes. None: there are no secrets.
        secrets: Option<Vec<Vec<u8>>>,
    },
    /// Begins TLS after the writes before it.
    StartTls {
        /// Outbound: the name that the certificate must have.
        name: Option<String>,
    },
    /// Closes it after the writes before it.
    Close,
    /// What is written when a handler of it fails.
    LastWords(Bytes),
    /// Makes it known under an address.
    Bind(String),
    /// Takes that back.
    Unbind(String),
    /// Sets one of its timers.
    SetTimer {
        /// Name, unique in the connection.
        name: String,
        /// From the commit on.
        delay: Duration,
        /// Given back when it fires.
        payload: Vec<u8>,
    },
    /// Takes a timer away.
    CancelTimer(String),
}

/// Bytes are not shown: they may hold secrets.
impl std::fmt::Debug for LineDeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Write { data, .. } => write!(f, "Write({} bytes)", data.len()),
            Self::StartTls { name } => write!(f, "StartTls({name:?})"),
            Self::Close => f.write_str("Close"),
            Self::LastWords(words) => write!(f, "LastWords({} bytes)", words.len()),
            Self::Bind(address) => write!(f, "Bind({address:?})"),
            Self::Unbind(address) => write!(f, "Unbind({address:?})"),
            Self::SetTimer { name, delay, .. } => write!(f, "SetTimer({name:?}, {delay:?})"),
            Self::CancelTimer(name) => write!(f, "CancelTimer({name:?})"),
        }
    }
}
