//! Listeners of channels: sockets that are bound for as long as the config asks for them, whatever driver serves.

mod certificate;
mod listeners;
mod proxy;
mod socket;

pub use certificate::certificate_problems;
pub(crate) use listeners::run;
