//! Loads driver components and runs their handlers, each call a transaction.
//!
//! The only crate that names wasmtime. In the order in which a driver meets them:
//! [`Sandbox`] (the engine) loads bytes into a [`Driver`] (verified, compiled, linked, probed), which serves a
//! channel as a [`Generation`]; each handler call of it yields [`Called`]: what the guest answered and the
//! [`Transaction`] that its caller commits before anything is let out.

mod answer;
mod bindings;
mod cache;
mod call;
mod capability;
mod channel;
mod clock;
mod compile;
mod connected;
mod connections;
mod convert;
mod descriptor;
mod driver;
mod engine;
mod error;
mod generation;
mod handler;
mod inspect;
mod lifecycle;
mod limits;
mod memory;
mod passage;
mod pool;
mod replay;
mod scrub;
mod secrets;
mod services;
mod tape;
#[cfg(test)]
mod tests;
mod transaction;
mod usage;
mod versions;
mod wasi;

pub use channel::{Channel, ChannelConfig, Grants};
pub use compile::{CompileLimits, Compiler, compiler_process};
pub use connected::Connected;
pub use connections::{Connections, LineChange, LineDeed, LineEvent, LinePeer, Listener, TlsFacts};
pub use descriptor::{
    Command, Descriptor, InstancePolicy, MediaType, SupportedInteraction, WantedCapability, WantedLimit, WantedSecret,
};
pub use driver::{Driver, Exports};
pub use engine::{Sandbox, SandboxConfig};
pub use error::{CallError, Failed, LoadError, Refusal, SettingsError};
pub use generation::{Called, Generation};
pub use handler::{Body, Delivery, Expiry, Header, Outcome, Peer, Receipt, Request, Response};
pub use inspect::ComponentLimits;
pub use limits::{Limit, Limits};
pub use replay::{ReplayError, Replayed};
pub use scrub::Composed;
pub use secrets::Secrets;
pub use services::{BlobSpool, LogLevel, Services, StoreRead, Waiting};
pub use transaction::{StoreWrite, TimerChange, Transaction};
pub use usage::Usage;
