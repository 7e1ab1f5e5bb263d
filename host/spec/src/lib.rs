//! The specification `jackfield:channel` as plain Rust types: what drivers, server and agents exchange.
//!
//! The types mirror the WIT package in `wit/`; their JSON is the one canonical form of the server
//! (camelCase, absent values are `null` and always present, cases carry a `type`). Read in this order:
//! [`Message`], [`validate`](validate::validate), [`canonical`], [`schema`].

pub mod canonical;
pub mod ijson;
pub mod interaction;
pub mod limits;
mod message;
pub mod schema;
#[cfg(test)]
mod strategies;
mod time;
pub mod validate;
mod vocabulary;
mod wit;

pub use canonical::{Digest, DigestError};
pub use message::{
    AUTOMATIC, AgentInfo, Attachment, Attributes, ConnectionInfo, Customer, Direction, ErrorInfo, Interaction, Kind,
    Message, Part, QueueInfo, RuleInfo, StatisticsInfo, Structured, Text, WorkItemInfo,
};
pub use time::{Timestamp, TimestampError};
pub use wit::{FILES as WIT_FILES, VERSION, interface as wit_interface, resolve as wit_resolve, text as wit_text};
