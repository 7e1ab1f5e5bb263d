//! WASI 0.2, as far as guests made by componentize-js and componentize-py need it to run.
//!
//! Written here, over the few things that are behind it, and not taken from a library that can do all of it: what isn't
//! there can't be reached by mistake. Time, randomness and the log are those of the specification; requests go the one
//! way out ([`http`]); of files, sockets, terminals, arguments and environment there is nothing ([`nothing`]).
//!
//! What a guest holds of it belongs to its instance and lives as long: a C library asks for its stdout once. A request
//! belongs to its call and ends with it.

mod bindings;
mod http;
mod io;
mod nothing;
mod system;
#[cfg(test)]
mod tests;

use crate::call::State;
use crate::channel::Channel;
use crate::error::Refusal;
use crate::limits::Limit;
use crate::services::LogLevel;
use crate::tape::Before;
use crate::usage::Usage;
use jackfield_spec::Attributes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wit_parser::{Interface, InterfaceId, Resolve};

pub(crate) use http::Requests;

/// What WASI's packages begin with.
pub(crate) const PREFIX: &str = "wasi:";
/// The line of WASI that is served: patches of it are compatible.
const LINE: &str = "0.2";
/// Bytes that the host holds for a probed instance at most.
const HELD: usize = 1 << 20;
/// Things of WASI's that an instance may have left open after a call before it is replaced.
const LEFT_OPEN: usize = 200;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// The packages, each after those that it uses.
        pub(crate) const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../wasi/", $name)))),*];
    };
}

files!(
    "deps/io.wit",
    "deps/clocks.wit",
    "deps/random.wit",
    "deps/filesystem.wit",
    "deps/sockets.wit",
    "deps/cli.wit",
    "deps/http.wit",
    "world.wit",
);

static RESOLVE: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    for (name, text) in FILES {
        // The text is part of the program and no input reaches it; that it parses is tested.
        resolve.push_source(name, text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    resolve
});

/// The parsed packages.
pub(crate) fn resolve() -> &'static Resolve {
    &RESOLVE
}

/// An interface that is offered, by what an import of it is called (`wasi:cli/stdout@0.2.10`).
pub(crate) fn offered(import: &str) -> Result<&'static Interface, Refusal> {
    let (name, version) = import.split_once('@').unwrap_or((import, "none"));
    if version.rsplit_once('.').is_none_or(|(line, _)| line != LINE) {
        return Err(Refusal::WasiVersion { import: import.to_owned(), served: LINE.to_owned() });
    }
    let is_it = |(_, interface): &(InterfaceId, &Interface)| full_name(interface).is_some_and(|known| known == name);
    let found = RESOLVE.interfaces.iter().find(is_it).map(|(_, interface)| interface);
    found.ok_or_else(|| Refusal::UnknownImport { import: import.to_owned() })
}

/// `wasi:cli/stdout`.
fn full_name(interface: &Interface) -> Option<String> {
    let package = &RESOLVE.packages[interface.package?].name;
    Some(format!("{}:{}/{}", package.namespace, package.name, interface.name.as_deref()?))
}

/// Puts all of it into the linker.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Served::add_to_linker::<_, HasSelf<_>>(linker, |state: &mut State| state)?;
    nothing::link(linker)
}

/// What an instance holds of WASI.
pub(crate) struct Wasi {
    table: ResourceTable,
    /// How many things are in the table.
    open: usize,
    /// Calls so far.
    calls: u64,
    /// Requests and bodies so far: their numbers in a record.
    numbers: u32,
    /// Bytes that the host holds for the guest.
    held: Arc<Holding>,
    /// What was written to stdout and to stderr since the last line ended.
    lines: [Vec<u8>; 2],
}

impl Wasi {
    /// For an instance of this channel; none: a probed one.
    pub(crate) fn new(channel: Option<&Channel>) -> Self {
        let most = channel.map_or(HELD, |channel| channel.config.limits.wasi_bytes);
        let usage = channel.map(|channel| channel.usage.clone());
        let held = Arc::new(Holding { bytes: AtomicUsize::new(0), most, usage });
        let lines = [Vec::new(), Vec::new()];
        Self { table: ResourceTable::new(), open: 0, calls: 0, numbers: 0, held, lines }
    }

    /// Another call begins: answers to requests of the one before are no longer given out.
    pub(crate) fn next_call(&mut self) {
        self.calls += 1;
    }

    /// Whether an instance may be used again, by what it has left open.
    pub(crate) fn is_tidy(&self) -> bool {
        self.open <= LEFT_OPEN
    }

    /// The next number: the same guest comes by the same ones.
    fn number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    fn push<T: Send + 'static>(&mut self, thing: T) -> wasmtime::Result<Resource<T>> {
        let resource = self.table.push(thing)?;
        self.open += 1;
        Ok(resource)
    }

    fn delete<T: Send + 'static>(&mut self, resource: Resource<T>) -> wasmtime::Result<T> {
        let thing = self.table.delete(resource)?;
        self.open = self.open.saturating_sub(1);
        Ok(thing)
    }

    fn hold(&self) -> Held {
        Held { all: self.held.clone(), bytes: 0 }
    }
}

/// All bytes that the host holds for an instance: headers, and bodies on their way out and in.
struct Holding {
    bytes: AtomicUsize,
    most: usize,
    usage: Option<Arc<Usage>>,
}

impl Holding {
    /// Something failed for want of room.
    fn met(&self) {
        if let Some(usage) = &self.usage {
            usage.hit(Limit::WasiBytes);
        }
    }
}

/// Bytes that the host holds for a guest; given back when this is dropped.
struct Held {
    all: Arc<Holding>,
    bytes: usize,
}

impl Held {
    /// Holds more, up to `most` bytes of it: how many were left. That fewer are is no failure yet: who needs more of
    /// them says so ([`Held::is_short`]).
    fn up_to(&mut self, most: usize) -> usize {
        let mut got = 0;
        let _ = self.all.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            got = most.min(self.all.most.saturating_sub(held));
            Some(held + got)
        });
        self.bytes += got;
        got
    }

    /// Something failed, since fewer bytes were left than it needed: why, with the limit.
    fn is_short(&self) -> String {
        self.all.met();
        let most = self.all.most;
        format!("the host holds at most {most} bytes for an instance; drop what was read, or raise limits.wasi-bytes")
    }

    /// Holds this many bytes more; false if there is no room for them.
    fn add(&mut self, bytes: usize) -> bool {
        let sum = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.all.most);
        let fits = self.all.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok();
        if fits {
            self.bytes += bytes;
        } else {
            self.all.met();
        }
        fits
    }

    /// Gives back what is beyond this.
    fn keep(&mut self, bytes: usize) {
        let more = self.bytes.saturating_sub(bytes);
        self.all.bytes.fetch_sub(more, Ordering::Relaxed);
        self.bytes -= more;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keep(0);
    }
}

/// The trap of a guest that went too far where WASI leaves no way to answer so.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("more than {0} host calls in one call; raise limits.host-calls or do less at once")]
    HostCalls(u32),
    #[error("it exited with {0}; a driver's handler returns")]
    Exited(u8),
    #[error("{0}")]
    Misused(&'static str),
}

impl State {
    /// Counts a call of WASI's. The channel, if it isn't a probe: WASI has no error for "not now".
    fn counted(&mut self) -> wasmtime::Result<Option<Arc<Channel>>> {
        self.call.host_calls = self.call.host_calls.saturating_add(1);
        let Some(channel) = &self.channel else { return Ok(None) };
        let limit = channel.config.limits.host_calls;
        if self.call.host_calls > limit {
            channel.usage.hit(Limit::HostCalls);
            return Err(Ended::HostCalls(limit).into());
        }
        Ok(Some(channel.clone()))
    }

    /// The answer to what WASI was asked for, kept or from a record. That a guest asked is counted before.
    fn kept<R: Serialize + DeserializeOwned>(
        &mut self,
        function: &'static str,
        arguments: &impl Serialize,
        real: impl FnOnce(&mut Self) -> wasmtime::Result<R>,
    ) -> wasmtime::Result<R> {
        match self.before(function, arguments) {
            Before::Go => real(self),
            Before::Keep => {
                let answer = real(self)?;
                self.after(&answer);
                Ok(answer)
            }
            Before::Answered(answer) => Ok(answer),
        }
    }

    /// What a guest writes to stdout (0) or stderr (1), line by line into the channel's log. A probe has no log.
    fn print(&mut self, channel: &Arc<Channel>, to: usize, bytes: &[u8]) {
        let most = channel.config.limits.log_bytes;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = &mut self.wasi.lines[to];
            // One byte more than fits, so that the log sees that it was cut.
            let room = (most + 1).saturating_sub(line.len());
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.end_line(channel, to);
            }
        }
    }

    fn end_line(&mut self, channel: &Arc<Channel>, to: usize) {
        let line = std::mem::take(&mut self.wasi.lines[to]);
        let text = String::from_utf8_lossy(&line);
        let (level, name) = [(LogLevel::Info, "stdout"), (LogLevel::Warn, "stderr")][to];
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return;
        }
        let before = self.before(["wasi:cli.stdout", "wasi:cli.stderr"][to], &(text,));
        if !matches!(before, Before::Answered(())) {
            self.log_line(channel, level, text, Attributes(vec![("stream".to_owned(), name.to_owned())]));
        }
        if matches!(before, Before::Keep) {
            self.after(&());
        }
    }

    /// Ends lines that a call has left without an end.
    pub(crate) fn end_lines(&mut self) {
        let Some(channel) = &self.channel else { return };
        let channel = channel.clone();
        for to in 0..self.wasi.lines.len() {
            if !self.wasi.lines[to].is_empty() {
                self.end_line(&channel, to);
            }
        }
    }
}
