//! What the host does for a driver, one module for each interface that `wit/` describes.
//!
//! On Wasm these are the imports; on other targets the in-memory host of [`crate::native`]. Both have the same
//! functions, so a driver is written once.

#[cfg(target_arch = "wasm32")]
pub use crate::bindings::imports::jackfield::channel::{
    blobs, clock, connections, crm, http, log, random, secrets, server, store, tcp, timers,
};
#[cfg(not(target_arch = "wasm32"))]
pub use crate::native::{blobs, clock, connections, crm, http, log, random, secrets, server, store, tcp, timers};

/// How much a line of the log matters.
pub use crate::bindings::imports::jackfield::channel::log::Level;

/// A warning in the channel's log.
pub fn warn(text: &str) {
    log::write(Level::Warn, text, &[]);
}

/// A line for who wants to know details, in the channel's log.
pub fn debug(text: &str) {
    log::write(Level::Debug, text, &[]);
}
