//! The answer to a request: first the promise of one, then what came.

use super::fault::Fault;
use super::fields::Fields;
use crate::call::State;
use crate::tape::Before;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::types::{
    ErrorCode, HostFutureIncomingResponse, HostFutureTrailers, HostIncomingBody, HostIncomingResponse,
};
use crate::wasi::io::{InputStream, Pollable};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;
use tokio::sync::watch;
use wasmtime::component::Resource;

/// What came, searched for secrets already.
#[derive(Serialize, Deserialize)]
pub(super) struct Came {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    #[serde(serialize_with = "as_bytes", deserialize_with = "from_list")]
    pub(super) body: Bytes,
}

fn as_bytes<S: Serializer>(body: &Bytes, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(body)
}

fn from_list<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    Vec::deserialize(from).map(Bytes::from)
}

/// The same, with what the host holds for it.
pub(super) struct Answer {
    pub(super) came: Came,
    /// What the host holds of it.
    pub(super) held: Held,
}

/// Where an answer, or why there is none, is left for the guest.
pub(super) type Place = Arc<Mutex<Option<Result<Answer, Fault>>>>;

/// An answer to come.
pub struct FutureResponse {
    /// Which of the instance's it is, in a record.
    pub(super) number: u32,
    pub(super) done: watch::Receiver<bool>,
    pub(super) place: Place,
    pub(super) is_taken: bool,
    /// The call that asked.
    pub(super) call: u64,
    /// Bytes of the call's that are set aside for it.
    pub(super) reserved: u64,
}

impl FutureResponse {
    /// One whose answer stands in a record; nothing is on its way.
    pub(super) fn of_record(number: u32, call: u64) -> Self {
        let (_, done) = watch::channel(true);
        Self { number, done, place: Place::default(), is_taken: false, call, reserved: 0 }
    }

    /// What has come of it by now; none: nothing yet.
    fn came(&self) -> Option<Result<Answer, Fault>> {
        let came = self.place.lock().take();
        // Whoever was to bring it is gone.
        came.or_else(|| self.done.has_changed().is_err().then_some(Err(Fault::Internal(None))))
    }
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
        let future = self.wasi.table.get(&future)?;
        let wait = Pollable::Done(future.done.clone(), future.number);
        self.wasi.push(wait)
    }

    fn get(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<Got> {
        self.counted()?;
        let now = self.wasi.calls;
        let promise = self.wasi.table.get_mut(&future)?;
        if promise.is_taken {
            return Ok(Some(Err(())));
        }
        if promise.call != now {
            promise.is_taken = true;
            return Ok(Some(Ok(Err(Fault::Terminated.into()))));
        }
        let number = promise.number;
        let came = match self.before("wasi:http.answer", &(number,)) {
            Before::Answered(came) => self.of_record(came),
            Before::Go => self.wasi.table.get(&future)?.came(),
            Before::Keep => {
                let came = self.wasi.table.get(&future)?.came();
                self.after(&came.as_ref().map(|came| came.as_ref().map(|answer| &answer.came)));
                came
            }
        };
        let Some(came) = came else { return Ok(None) };
        let promise = self.wasi.table.get_mut(&future)?;
        promise.is_taken = true;
        let reserved = std::mem::take(&mut promise.reserved);
        let used = came.as_ref().map_or(0, |answer| answer.came.body.len() as u64);
        self.call.egress_bytes = self.call.egress_bytes.saturating_sub(reserved.saturating_sub(used));
        let Answer { came: Came { status, headers, body }, held } = match came {
            Ok(answer) => answer,
            Err(fault) => return Ok(Some(Ok(Err(fault.into())))),
        };
        let headers = Fields::of_answer(headers, self.wasi.hold());
        let response = IncomingResponse { status, headers, body: Some((body, held)) };
        Ok(Some(Ok(Ok(self.wasi.push(response)?))))
    }

    fn drop(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<()> {
        self.wasi.delete(future).map(drop)
    }
}

impl State {
    /// What stands in a record, as if it had come.
    fn of_record(&self, came: Option<Result<Came, Fault>>) -> Option<Result<Answer, Fault>> {
        let with = |came: Came| {
            let mut held = self.wasi.hold();
            held.up_to(came.body.len());
            Answer { came, held }
        };
        Some(came?.map(with))
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
