//! What goes into a handler and comes out of it, in plain types.

use bytes::Bytes;
use jackfield_spec::{Attributes, Digest, ErrorInfo, Message, Timestamp};

/// A header: name in lower case, value as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// Any bytes.
    pub value: Bytes,
}

/// The body of a request or response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Inline, up to 1 MiB.
    Bytes(Bytes),
    /// In the blob store.
    Blob(Digest),
}

/// The far end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// `ip:port`.
    pub address: String,
    /// `ip:port` of our side.
    pub local: String,
    /// The request says that a proxy passed it on: `address` is then not who sent it.
    pub proxied: bool,
}

/// A webhook request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// As the peer called it: public scheme, host and port, raw query.
    pub url: String,
    /// In order, repeats kept.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
    /// Who called.
    pub peer: Peer,
    /// When.
    pub received_at: Timestamp,
}

/// The driver's answer to a webhook request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// In order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
}

/// A message on its way to the channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// What to deliver.
    pub message: Message,
    /// 1 for the first.
    pub attempt: u32,
    /// The same for every attempt.
    pub idempotency_key: String,
    /// `none`, `failed`, `unknown`.
    pub previous: String,
    /// What `server.progress` noted in earlier attempts.
    pub progress: Vec<String>,
}

/// The channel has taken a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The channel's ids of what was sent.
    pub external_ids: Vec<String>,
    /// The key under which the answer will come in, where sending began a conversation.
    pub conversation: Option<String>,
    /// `sent`, `delivered`, `read`.
    pub status: String,
    /// Room to grow (`segments`).
    pub attributes: Attributes,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Taken.
    Receipt(Receipt),
    /// The answer to a request.
    Reply(Box<Message>),
    /// A receipt or reply will be pushed.
    Later,
    /// It failed.
    Failure(ErrorInfo),
}

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// As it was set; `start` is the host's own.
    pub name: String,
    /// As it was set.
    pub payload: Vec<u8>,
    /// When it was due.
    pub due: Timestamp,
    /// 1 for the first.
    pub attempt: u32,
}
