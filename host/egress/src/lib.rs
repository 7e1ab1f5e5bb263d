//! The one way out: what a channel may reach, checked after name resolution.
//!
//! A channel's driver names an address; the operator's grants decide. [`Policy`] is made of the grants,
//! [`Client`] sends requests under it. Three things are checked, in this order, for the first request and
//! again for each redirect:
//!
//! 1. the URL: scheme, host, port and path against the grants ([`Policy::check_url`]);
//! 2. every address that the host's name resolves to ([`Permit::admit`]): private, loopback, link-local
//!    and other special ranges are refused unless granted;
//! 3. the connection goes to exactly the address that was checked; the name is not resolved again.
//!
//! [`Client::send`] and [`Client::send_to`] are the way for requests, whoever makes them: a guest's `http.send` and a
//! guest's `wasi:http` are both turned into a [`Request`]. [`Client::connect`] is the way for connections of bytes, [`Client::link`]
//! for those that outlive a call.
//!
//! The crate knows HTTP/1.1, TCP and TLS. It does not know secrets, guests, messages or the journal.

mod address;
mod client;
mod counters;
mod dial;
mod error;
mod grant;
mod limits;
mod link;
mod policy;
mod pool;
mod request;
mod resolve;
mod target;
mod tcp;
mod tls;

pub use address::Special;
pub use client::{Client, ClientConfig};
pub use counters::{Counters, Counts, Limit};
pub use error::{Error, ErrorKind};
pub use grant::GrantError;
pub use limits::Limits;
pub use link::Link;
pub use policy::{Denied, Permit, Policy};
pub use request::{Header, Request, Response, Sink};
pub use resolve::{NameServer, Resolve, SystemResolver};
pub use tcp::TcpConnection;
pub use tls::Tls;
