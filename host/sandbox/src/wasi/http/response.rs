//! The answer to a request: first the promise of one, then what came.

use super::fields::Fields;
use crate::call::State;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::types::{
    ErrorCode, HostFutureIncomingResponse, HostFutureTrailers, HostIncomingBody, HostIncomingResponse,
};
use crate::wasi::io::{InputStream, Pollable};
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use wasmtime::component::Resource;

/// What came, searched for secrets already.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Bytes,
    /// What the host holds of it.
    pub(super) held: Held,
}

/// Where an answer, or why there is none, is left for the guest.
pub(super) type Place = Arc<Mutex<Option<Result<Answer, ErrorCode>>>>;

/// An answer to come.
pub struct FutureResponse {
    pub(super) done: watch::Receiver<bool>,
    pub(super) place: Place,
    pub(super) is_taken: bool,
    /// The call that asked.
    pub(super) call: u64,
    /// Bytes of the call's that are set aside for it.
    pub(super) reserved: u64,
}

/// An answer.
pub struct IncomingResponse {
    status: u16,
    headers: Fields,
    body: Option<(Bytes, Held)>,
}

/// Its body.
pub struct IncomingBody(Option<(Bytes, Held)>);

/// Trailers, of which there are none.
pub struct FutureTrailers;

/// What a guest gets of an answer to come: nothing yet, nothing more, or what came of it.
type Got = Option<Result<Result<Resource<IncomingResponse>, ErrorCode>, ()>>;

impl HostFutureIncomingResponse for State {
    fn subscribe(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<Resource<Pollable>> {
        self.counted()?;
        let done = self.wasi.table.get(&future)?.done.clone();
        self.wasi.push(Pollable::Done(done))
    }

    fn get(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<Got> {
        self.counted()?;
        let now = self.wasi.calls;
        let future = self.wasi.table.get_mut(&future)?;
        if future.is_taken {
            return Ok(Some(Err(())));
        }
        if future.call != now {
            future.is_taken = true;
            return Ok(Some(Ok(Err(ErrorCode::ConnectionTerminated))));
        }
        let came = future.place.lock().take();
        let came = match came {
            Some(came) => came,
            None if future.done.has_changed().is_err() => Err(ErrorCode::InternalError(None)),
            None => return Ok(None),
        };
        future.is_taken = true;
        let reserved = std::mem::take(&mut future.reserved);
        let used = came.as_ref().map_or(0, |answer| answer.body.len() as u64);
        self.call.egress_bytes = self.call.egress_bytes.saturating_sub(reserved.saturating_sub(used));
        let Answer { status, headers, body, held } = match came {
            Ok(answer) => answer,
            Err(error) => return Ok(Some(Ok(Err(error)))),
        };
        let headers = Fields::of_answer(headers, self.wasi.hold());
        let response = IncomingResponse { status, headers, body: Some((body, held)) };
        Ok(Some(Ok(Ok(self.wasi.push(response)?))))
    }

    fn drop(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<()> {
        self.wasi.delete(future).map(drop)
    }
}

impl HostIncomingResponse for State {
    fn status(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<u16> {
        self.counted()?;
        Ok(self.wasi.table.get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<Resource<Fields>> {
        self.counted()?;
        let copy = self.wasi.table.get(&response)?.headers.copied(self.wasi.hold(), true);
        self.wasi.push(copy)
    }

    fn consume(
        &mut self,
        response: Resource<IncomingResponse>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        self.counted()?;
        match self.wasi.table.get_mut(&response)?.body.take() {
            Some(body) => self.wasi.push(IncomingBody(Some(body))).map(Ok),
            None => Ok(Err(())),
        }
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<()> {
        self.wasi.delete(response).map(drop)
    }
}

impl HostIncomingBody for State {
    fn stream(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<Result<Resource<InputStream>, ()>> {
        self.counted()?;
        match self.wasi.table.get_mut(&body)?.0.take() {
            Some((bytes, held)) => self.wasi.push(InputStream::of(bytes, held)).map(Ok),
            None => Ok(Err(())),
        }
    }

    fn finish(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<Resource<FutureTrailers>> {
        self.counted()?;
        self.wasi.delete(body)?;
        self.wasi.push(FutureTrailers)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<()> {
        self.wasi.delete(body).map(drop)
    }
}

impl HostFutureTrailers for State {
    fn subscribe(&mut self, _: Resource<FutureTrailers>) -> wasmtime::Result<Resource<Pollable>> {
        self.counted()?;
        self.wasi.push(Pollable::Now)
    }

    fn get(
        &mut self,
        _: Resource<FutureTrailers>,
    ) -> wasmtime::Result<Option<Result<Result<Option<Resource<Fields>>, ErrorCode>, ()>>> {
        self.counted()?;
        Ok(Some(Ok(Ok(None))))
    }

    fn drop(&mut self, trailers: Resource<FutureTrailers>) -> wasmtime::Result<()> {
        self.wasi.delete(trailers).map(drop)
    }
}
