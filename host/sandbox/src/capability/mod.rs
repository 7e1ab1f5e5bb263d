//! What a guest can call, one small module a capability. All are always linked; without a grant they answer `denied`.

pub(crate) mod blobs;
pub(crate) mod connections;
mod http;
mod plain;
mod secrets;
mod server;
pub(crate) mod store;
pub(crate) mod tcp;
mod timers;
pub(crate) mod unserved;

pub(crate) use http::{no_way_out, out_of_bytes};
pub(crate) use secrets::PERCENT;
