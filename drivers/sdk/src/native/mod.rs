//! The host in memory: what drivers are tested and measured against where they are no component.
//!
//! One [`Host`] for each thread. A test puts in what it needs ([`install`]), calls the driver, and looks at what the
//! driver did ([`with`]):
//!
//! ```
//! use jackfield_sdk::{host, native};
//! native::install(native::Host::new().with_secret("signing-secret", "s3cret"));
//! assert!(host::secrets::equals("signing-secret", b"s3cret").unwrap());
//! ```
//!
//! It computes what the server computes (HMAC, digests), but checks neither messages nor grants.

mod canonical;
pub mod connections;
mod crypto;
mod imports;
mod outcome;
pub mod tcp;

#[cfg(test)]
mod tests;

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::interactions::Own;
use crate::{
    Body, Context, Delivery, Direction, Error, Expiry, Header, Kind, Message, Peer, Refused, Request, Response,
    WorkItem,
};

pub use connections::{Deed, Line, take_deeds, take_written, with_line};
pub use imports::{blobs, clock, crm, http, log, random, secrets, server, store, timers};
pub use outcome::{answers, failure, pushed, receipt, sent, timer};
pub use tcp::Connection;

/// Answers what a driver sends over HTTP.
pub type HttpAnswer = Box<dyn FnMut(&SentRequest) -> Result<Response, Error>>;

/// What the far end of a connection says to what was written, secrets filled in; first to nothing, when it is opened.
pub type TcpAnswer = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

/// What a driver sent over HTTP, secrets filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
    /// How many redirects may be followed.
    pub redirects: u32,
    /// Whether the answer's body goes to a blob.
    pub to_blob: bool,
}

/// A timer that a driver set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetTimer {
    /// Its name.
    pub name: String,
    /// How long until it fires.
    pub delay_ms: u64,
    /// What it carries.
    pub payload: Vec<u8>,
    /// The connection that it ends with.
    pub connection: Option<String>,
}

/// The state of the host in memory. All of it is open: a test reads and writes what it likes.
pub struct Host {
    /// The time, in milliseconds since 1970. Stands still.
    pub now: u64,
    /// The secrets by name; several values during a rotation, the current one first.
    pub secrets: BTreeMap<String, Vec<Vec<u8>>>,
    /// What was pushed.
    pub pushed: Vec<Message>,
    /// If set, every push is refused with this.
    pub refuse: Option<Refused>,
    /// After so many pushes, every other one is refused with `quota`, as in one call of the server's.
    pub room: Option<usize>,
    /// The channel's small state.
    pub store: BTreeMap<String, Vec<u8>>,
    /// The timers that run.
    pub timers: Vec<SetTimer>,
    /// The blobs by digest.
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// Bytes that may still be written to blobs, then `quota` is the answer; none: any number.
    pub blob_room: Option<usize>,
    /// What was sent over HTTP.
    pub sent: Vec<SentRequest>,
    /// Answers it; without, there is no grant and `denied` is the answer.
    pub http: Option<HttpAnswer>,
    /// The far end of connections; without, there is no grant and `denied` is the answer.
    pub tcp: Option<TcpAnswer>,
    /// The connections of `%stream` by id, and what the driver did to them.
    pub lines: BTreeMap<String, Line>,
    /// The lines of the log.
    pub log: Vec<String>,
    /// What `server.progress` noted.
    pub progress: Vec<String>,
    /// What `server.set-aside` was given, and why.
    pub set_aside: Vec<(Vec<u8>, String)>,
    /// Shared by the blobs in the making, to count them.
    pub(crate) writers: Rc<()>,
    /// Counts the secrets made by `compose`, to name them.
    pub(crate) composed: u32,
    /// Counts the connections opened, to name them.
    pub(crate) opened: u32,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host with nothing in it, at 2026-11-22T00:00:00Z.
    pub fn new() -> Self {
        Self {
            now: 1_795_305_600_000,
            secrets: BTreeMap::new(),
            pushed: Vec::new(),
            refuse: None,
            room: None,
            store: BTreeMap::new(),
            timers: Vec::new(),
            blobs: BTreeMap::new(),
            blob_room: None,
            writers: Rc::new(()),
            sent: Vec::new(),
            http: None,
            tcp: None,
            lines: BTreeMap::new(),
            log: Vec::new(),
            progress: Vec::new(),
            set_aside: Vec::new(),
            composed: 0,
            opened: 0,
        }
    }

    /// Adds a secret.
    #[must_use]
    pub fn with_secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.entry(name.into()).or_default().push(value.into());
        self
    }

    /// How many blobs are in the making.
    pub fn open_writers(&self) -> usize {
        Rc::strong_count(&self.writers) - 1
    }

    /// Sets the time, in milliseconds since 1970.
    #[must_use]
    pub fn with_now(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    /// Says what the far end of connections answers.
    #[must_use]
    pub fn with_tcp(mut self, answer: impl FnMut(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.tcp = Some(Box::new(answer));
        self
    }

    /// Says how HTTP requests are answered.
    #[must_use]
    pub fn with_http(mut self, answer: impl FnMut(&SentRequest) -> Result<Response, Error> + 'static) -> Self {
        self.http = Some(Box::new(answer));
        self
    }
}

/// A request from this machine, without headers.
pub fn request(method: &str, url: &str, body: impl Into<Vec<u8>>) -> Request {
    Request {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: Body::Bytes(body.into()),
        peer: peer("127.0.0.1:40000"),
        received_at: 0,
        attributes: Vec::new(),
    }
}

/// A peer at `ip:port`, without TLS.
pub fn peer(address: &str) -> Peer {
    Peer { address: address.into(), local: "127.0.0.1:8080".into(), listener: None, tls: None, attributes: Vec::new() }
}

/// The channel `id`, called at `public_url`.
pub fn context(id: &str, public_url: &str) -> Context {
    Context { channel: id.into(), public_url: public_url.into(), listeners: Vec::new(), attributes: Vec::new() }
}

/// The first try at delivering a message.
pub fn delivery(message: Message) -> Delivery {
    Delivery {
        message,
        attempt: 1,
        idempotency_key: "key-1".into(),
        previous: "none".into(),
        progress: Vec::new(),
        attributes: Vec::new(),
    }
}

/// An agent's answer with the id `id`.
pub fn answer(id: &str, work_item: WorkItem, text: &str) -> Message {
    let own = Own { kind: Kind::Command, name: "message.send".into(), arguments: "{}".into() };
    let mut message = Message::new("message", &own).with_work_item(work_item).with_text(text);
    message.id = Some(id.into());
    message.direction = Some(Direction::Outbound);
    message
}

/// A timer that is due for the `attempt`th time.
pub fn expiry(timer: &SetTimer, attempt: u32) -> Expiry {
    Expiry {
        name: timer.name.clone(),
        payload: timer.payload.clone(),
        connection: timer.connection.clone(),
        due: 0,
        attempt,
        attributes: Vec::new(),
    }
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new());
}

/// Puts a host in the place of the thread's.
pub fn install(host: Host) {
    HOST.set(host);
}

/// Reads or changes the thread's host. Not to be called inside itself.
pub fn with<R>(work: impl FnOnce(&mut Host) -> R) -> R {
    HOST.with_borrow_mut(work)
}
