//! Connections of bytes: each has an instance of the driver to itself, which is told what comes in, and whose writes
//! go out when its calls have committed.
//!
//! ```text
//! gateway: socket -> admit -> attend -> opened, received, ... -> commit -> release -> the connection's own queue
//! any handler of the channel:           connections.write   -> commit -> release -> the connection's own queue
//! ```

mod attend;
mod board;
mod converse;
mod counters;
mod flow;
mod limits;
mod line;
mod open;
mod release;
mod talk;
mod wire;

pub use attend::ListenSpec;
pub(crate) use board::Board;
pub use counters::LineMetrics;
pub use limits::Admission;
pub use wire::{Wire, tls_facts};

#[cfg(test)]
mod tests;
