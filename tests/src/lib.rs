//! What the end to end tests are written with: the real binary as a process ([`Server`]), agents over real WebSockets
//! ([`Agent`]), plain HTTP ([`Http`]), a place where replies arrive ([`Sink`]).
//!
//! Nothing here waits by sleeping for a fixed time: what is waited for is a frame, or a condition ([`eventually`]),
//! with a deadline far above what an idle machine needs.

mod agent;
mod cli;
mod companion;
mod digest;
mod dns;
mod eventually;
mod files;
mod fuzz;
mod http_client;
mod moment;
mod mute;
mod peers;
mod ports;
mod published;
mod random;
mod server;
mod setup;
mod sink;
mod turncoat;

pub use agent::{Agent, Refused};
pub use cli::{Ran, jackfield};
pub use companion::Companion;
pub use digest::{digest_at_socket, sha256};
pub use dns::NameServer;
pub use eventually::{DEADLINE, eventually, within};
pub use files::{binary, driver, example, guest, peer, python, root};
pub use fuzz::{Mutator, corpus, fuzz, fuzz_time, keep, kind_of};
pub use http_client::{Answer, Http, Request};
pub use moment::in_a_moment;
pub use mute::Mute;
pub use peers::{ask_node, ask_python};
pub use ports::free_port;
pub use random::Random;
pub use server::{Ended, Server};
pub use setup::{OPERATOR, READER, SUPERVISOR, Setup};
pub use sink::{Received, Sink};
pub use turncoat::{Kind, turncoat, turncoat_version};
