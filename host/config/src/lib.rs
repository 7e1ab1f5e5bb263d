//! The configuration file: read, checked with places, defaulted.
//!
//! [`load`] reads a TOML file into a [`Config`] in which nothing is left to check but what only a driver
//! knows (its settings' JSON Schema, whether it exists). Every mistake in the file is reported at once, each
//! as a [`Problem`] that prints `FILE:LINE:COL: KEY: problem; remedy`.
//!
//! The way through the code: `reader` walks the spanned TOML tree and collects problems, one file per section
//! (`server`, `people`, `queues`, `routes`, `channels`) says which keys it has, and `config` puts the whole
//! together. This crate reads the config file and the files that secrets name, and nothing else: it opens no
//! socket and knows no medium.

mod channels;
mod condition;
mod config;
mod drivers;
mod egress;
mod grants;
mod hours;
mod limits;
mod lines;
mod listen;
mod names;
mod people;
mod place;
mod problem;
mod queues;
mod reader;
mod routes;
mod secret;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod units;

pub use channels::Channel;
pub use condition::{Condition, ConditionError, Facts, MAX_SOURCE, Outcome};
pub use config::{Config, Loaded, Wrong, examine, load, parse};
pub use drivers::{Signing, Swap};
pub use egress::EgressLimits;
pub use grants::{Grants, HttpGrant, TcpGrant};
pub use hours::Hours;
pub use limits::{Limits, ServerLimits};
pub use lines::LineLimits;
pub use listen::{Listen, Scheme, TlsFiles};
pub use names::DriverRef;
pub use people::{Agent, Operator, Role};
pub use place::Place;
pub use problem::{Errors, Problem};
pub use queues::{Assign, Choose, Order, Otherwise, Queue, Ring, Sla};
pub use routes::Route;
pub use secret::{Secret, TokenHash};
pub use server::{LogFormat, LogLevel, Metrics, Server, parse_listen};
pub use units::{ByteSize, UnitError, parse_duration};
