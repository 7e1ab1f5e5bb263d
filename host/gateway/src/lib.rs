//! HTTP: webhooks, the agents' WebSocket, the operators' API, metrics.
//!
//! ```text
//! request -> webhook -> Channels::receive -> the driver's answer
//! accepted socket -> lines -> Channels::attend
//! Announcement -> hub -> the agent's WebSocket -> command -> Sequencer -> command.result
//! ```
//!
//! Decides nothing: what a request asks goes to a channel's driver or to the sequencer, and what they say goes back.
//! It adds what the router doesn't hold, the texts of customers, and knows no medium.

mod auth;
mod documents;
mod endpoint;
mod gateway;
mod health;
mod hub;
mod lines;
mod linger;
mod lookup;
mod metrics;
mod page;
mod people;
mod problem;
mod render;
mod rest;
mod serve;
mod socket;
mod uploads;
mod webhook;

pub use documents::{asyncapi, openapi};
pub use endpoint::Endpoint;
pub use gateway::{Gateway, Parts, StartError};
pub use lines::certificate_problems;
pub use serve::serve;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
