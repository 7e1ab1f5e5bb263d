//! `wasi:io`: waiting, and streams of bytes that the host holds already. Nothing here blocks a thread, and nothing waits
//! beyond the call's wall time: the call is dropped then, and the waiting with it.

use super::bindings::wasi::io::{error, poll, streams};
use super::http::request::Body;
use super::{Ended, Held};
use crate::call::State;
use crate::tape::Before;
use bytes::Bytes;
use futures_util::future::select_all;
use parking_lot::Mutex;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use streams::StreamError;
use tokio::sync::watch;
use tokio::time::Instant;
use wasmtime::component::Resource;

/// Bytes that a guest may write at a time.
const WRITE: u64 = 1 << 20;
/// Bytes that a guest may read at a time.
const READ: u64 = 1 << 20;
/// What waiting is called in a record.
const POLL: &str = "wasi:io.poll";
const BLOCK: &str = "wasi:io.block";

/// What went wrong with a stream; nothing here fails in a way that has more to say.
pub struct IoError;

/// Something to wait for.
#[derive(Clone)]
pub enum Pollable {
    /// It is so already.
    Now,
    /// A moment, and what was asked for.
    At(Instant, Moment),
    /// The answer of this number, which somebody else brings, or nobody any more.
    Done(watch::Receiver<bool>, u32),
}

/// A moment as a guest names it.
#[derive(Clone, Copy, Serialize)]
pub enum Moment {
    /// By the monotonic clock, in nanoseconds.
    At(u64),
    /// So many nanoseconds from now.
    After(u64),
}

/// As it stands in a record.
impl Serialize for Pollable {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now => to.serialize_unit_variant("Pollable", 0, "Now"),
            Self::At(_, moment) => moment.serialize(to),
            Self::Done(_, number) => to.serialize_newtype_variant("Pollable", 1, "Answer", number),
        }
    }
}

impl Pollable {
    fn is_ready(&self) -> bool {
        match self {
            Self::Now => true,
            Self::At(when, _) => *when <= Instant::now(),
            Self::Done(done, _) => *done.borrow() || done.has_changed().is_err(),
        }
    }

    async fn wait(mut self) {
        match &mut self {
            Self::Now => {}
            Self::At(when, _) => tokio::time::sleep_until(*when).await,
            Self::Done(done, _) => {
                // Whoever did it is gone: that is an end too.
                let _ = done.wait_for(|done| *done).await;
            }
        }
    }
}

/// Bytes for the guest.
pub struct InputStream {
    bytes: Bytes,
    _held: Option<Held>,
}

impl InputStream {
    /// One that has ended.
    pub(super) fn empty() -> Self {
        Self { bytes: Bytes::new(), _held: None }
    }

    pub(super) fn of(bytes: Bytes, held: Held) -> Self {
        Self { bytes, _held: Some(held) }
    }

    fn take(&mut self, most: u64) -> Result<Bytes, StreamError> {
        if self.bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        let most = usize::try_from(most.min(READ)).unwrap_or_default().min(self.bytes.len());
        Ok(self.bytes.split_to(most))
    }
}

/// Where a guest writes to.
pub enum OutputStream {
    /// The channel's log: stdout (0) or stderr (1).
    Log(usize),
    /// A request's body.
    Body(Arc<Mutex<Body>>),
}

impl error::Host for State {}

impl error::HostError for State {
    fn to_debug_string(&mut self, _: Resource<IoError>) -> wasmtime::Result<String> {
        self.counted()?;
        Ok("the stream failed".to_owned())
    }

    fn drop(&mut self, error: Resource<IoError>) -> wasmtime::Result<()> {
        self.wasi.delete(error).map(drop)
    }
}

impl State {
    /// Waits for one of these, and the guest's time stands still.
    async fn wait_for(&mut self, waits: Vec<Pollable>) {
        if waits.iter().any(Pollable::is_ready) {
            return;
        }
        let clock = self.clock.clone();
        clock.pause();
        select_all(waits.into_iter().map(|wait| Box::pin(wait.wait()))).await;
        clock.resume();
    }

    fn pollable(&self, pollable: &Resource<Pollable>) -> wasmtime::Result<&Pollable> {
        Ok(self.wasi.table.get(pollable)?)
    }
}

impl poll::Host for State {
    async fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> wasmtime::Result<Vec<u32>> {
        self.counted()?;
        let waits: Result<Vec<_>, _> = pollables.iter().map(|it| self.pollable(it).cloned()).collect();
        let waits = waits?;
        if waits.is_empty() {
            return Err(Ended::Misused("it waits for nothing (wasi:io/poll with an empty list)").into());
        }
        self.never(POLL, &(&waits,)).await;
        let before = self.before(POLL, &(&waits,));
        if let Before::Answered(ready) = before {
            return Ok(ready);
        }
        self.wait_for(waits.clone()).await;
        let ready = waits.iter().zip(0u32..).filter(|(wait, _)| wait.is_ready()).map(|(_, index)| index);
        let ready: Vec<u32> = ready.collect();
        if matches!(before, Before::Keep) {
            self.after(&ready);
        }
        Ok(ready)
    }
}

impl poll::HostPollable for State {
    fn ready(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<bool> {
        self.counted()?;
        let wait = self.pollable(&pollable)?.clone();
        self.kept("wasi:io.ready", &(&wait,), |_| Ok(wait.is_ready()))
    }

    async fn block(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        self.counted()?;
        let wait = self.pollable(&pollable)?.clone();
        self.never(BLOCK, &(&wait,)).await;
        match self.before(BLOCK, &(&wait,)) {
            Before::Answered(()) => {}
            Before::Go => self.wait_for(vec![wait]).await,
            Before::Keep => {
                self.wait_for(vec![wait]).await;
                self.after(&());
            }
        }
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> wasmtime::Result<()> {
        self.wasi.delete(pollable).map(drop)
    }
}

impl streams::Host for State {}

impl streams::HostInputStream for State {
    fn read(&mut self, stream: Resource<InputStream>, most: u64) -> wasmtime::Result<Result<Vec<u8>, StreamError>> {
        self.counted()?;
        Ok(self.wasi.table.get_mut(&stream)?.take(most).map(Vec::from))
    }

    // All bytes of a stream are here already: to block is to read.
    fn blocking_read(
        &mut self,
        stream: Resource<InputStream>,
        most: u64,
    ) -> wasmtime::Result<Result<Vec<u8>, StreamError>> {
        self.read(stream, most)
    }

    fn skip(&mut self, stream: Resource<InputStream>, most: u64) -> wasmtime::Result<Result<u64, StreamError>> {
        self.counted()?;
        Ok(self.wasi.table.get_mut(&stream)?.take(most).map(|bytes| bytes.len() as u64))
    }

    fn blocking_skip(
        &mut self,
        stream: Resource<InputStream>,
        most: u64,
    ) -> wasmtime::Result<Result<u64, StreamError>> {
        self.skip(stream, most)
    }

    fn subscribe(&mut self, _: Resource<InputStream>) -> wasmtime::Result<Resource<Pollable>> {
        self.counted()?;
        self.wasi.push(Pollable::Now)
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<()> {
        self.wasi.delete(stream).map(drop)
    }
}

impl streams::HostOutputStream for State {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<Result<u64, StreamError>> {
        self.counted()?;
        Ok(match self.wasi.table.get(&stream)? {
            OutputStream::Log(_) => Ok(WRITE),
            OutputStream::Body(body) => body.lock().room().map(|room| WRITE.min(room)).ok_or(StreamError::Closed),
        })
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), StreamError>> {
        let channel = self.counted()?;
        Ok(match self.wasi.table.get(&stream)? {
            OutputStream::Log(to) => {
                let to = *to;
                if let Some(channel) = &channel {
                    self.print(channel, to, &bytes);
                }
                Ok(())
            }
            OutputStream::Body(body) => body.lock().write(&bytes).ok_or(StreamError::Closed),
        })
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), StreamError>> {
        self.write(stream, bytes)
    }

    fn flush(&mut self, _: Resource<OutputStream>) -> wasmtime::Result<Result<(), StreamError>> {
        self.counted()?;
        Ok(Ok(()))
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<Result<(), StreamError>> {
        self.flush(stream)
    }

    fn subscribe(&mut self, _: Resource<OutputStream>) -> wasmtime::Result<Resource<Pollable>> {
        self.counted()?;
        self.wasi.push(Pollable::Now)
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, most: u64) -> wasmtime::Result<Result<(), StreamError>> {
        if most > WRITE {
            return Err(Ended::Misused("it writes more zeroes than it was allowed to").into());
        }
        self.write(stream, vec![0; most as usize])
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        most: u64,
    ) -> wasmtime::Result<Result<(), StreamError>> {
        self.write_zeroes(stream, most)
    }

    fn splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        most: u64,
    ) -> wasmtime::Result<Result<u64, StreamError>> {
        let bytes = match streams::HostInputStream::read(self, from, most)? {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        let length = bytes.len() as u64;
        Ok(self.write(stream, bytes)?.map(|()| length))
    }

    fn blocking_splice(
        &mut self,
        stream: Resource<OutputStream>,
        from: Resource<InputStream>,
        most: u64,
    ) -> wasmtime::Result<Result<u64, StreamError>> {
        self.splice(stream, from, most)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<()> {
        self.wasi.delete(stream).map(drop)
    }
}
