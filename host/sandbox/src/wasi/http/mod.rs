//! `wasi:http`, the outgoing half: a guest's request goes the channel's one way out, under the same policy and limits
//! as `http.send`. Secrets have no place in it. The host sends when the request's body is whole, and hands out the
//! answer when that is.

mod fault;
pub(super) mod fields;
mod handler;
pub(super) mod request;
pub(super) mod response;
pub(super) mod server;
#[cfg(test)]
mod tests;

use super::bindings::wasi::http::types::{self, ErrorCode};
use super::io::IoError;
use crate::call::State;
use tokio::task::JoinSet;
use wasmtime::component::Resource;

/// The requests of a call that are under way; dropped with the call, they end.
pub(crate) type Requests = JoinSet<()>;

impl types::Host for State {
    fn http_error_code(&mut self, _: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        self.counted()?;
        Ok(None)
    }
}
