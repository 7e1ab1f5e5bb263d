//! One handler call: its state in the store, its budgets, and how the guest is run.

use crate::bindings::jackfield::channel::message::Error;
use crate::capability::blobs::Writers;
use crate::capability::connections::OfCall;
use crate::channel::Channel;
use crate::clock::{CpuClock, Turns};
use crate::engine::Sandbox;
use crate::error::{CallError, Failed};
use crate::limits::Limit;
use crate::memory::MemoryMeter;
use crate::tape::Tape;
use crate::transaction::Transaction;
use crate::wasi::{Requests, Wasi};
use jackfield_spec::{ErrorInfo, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};

/// What kind of call runs, which says what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// `describe`, with no capability at all.
    Probe,
    /// `configure`: may look, not act.
    Configure,
    /// A handler: may do all that is granted.
    Handler,
}

/// The host's side of an instance.
pub(crate) struct State {
    /// None while a component is only probed.
    pub(crate) channel: Option<Arc<Channel>>,
    pub(crate) table: ResourceTable,
    pub(crate) writers: Writers,
    pub(crate) wasi: Wasi,
    pub(crate) memory: MemoryMeter,
    pub(crate) clock: CpuClock,
    pub(crate) turns: Turns,
    pub(crate) call: Call,
    /// What is kept of its calls, or what they are answered with.
    pub(crate) tape: Tape,
}

impl Drop for State {
    fn drop(&mut self) {
        self.tape.gone();
        if let Some(channel) = &self.channel {
            channel.usage.instance_gone();
        }
    }
}

/// What is kept while a call runs.
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) transaction: Transaction,
    /// Secrets composed in this call, each with all its values.
    pub(crate) composed: BTreeMap<String, Vec<Vec<u8>>>,
    /// When the wall time of the call is over.
    pub(crate) ends: Option<tokio::time::Instant>,
    pub(crate) cpu_limit: Duration,
    pub(crate) host_calls: u32,
    pub(crate) log_lines: u32,
    pub(crate) http_requests: u32,
    /// Requests by `wasi:http` that are under way, if there were any; with the call they end.
    pub(crate) requests: Option<Requests>,
    /// Connections opened.
    pub(crate) tcp_connections: u32,
    /// Bytes that went out and in, by http and tcp.
    pub(crate) egress_bytes: u64,
    /// Store bytes that this call adds, for the quota.
    pub(crate) store_added: u64,
    /// Store keys that this call adds.
    pub(crate) store_keys: u64,
    /// Bytes pushed.
    pub(crate) pushed: usize,
    /// Requests to the server.
    pub(crate) queries: u32,
    /// Names of the channel's timers that wait, as this call would leave them; read when it first sets one.
    pub(crate) timers: Option<BTreeSet<String>>,
    /// What the driver's clock shows; none: the server's time.
    pub(crate) now: Option<Timestamp>,
    /// The idempotency key of the delivery that this call is about.
    pub(crate) delivery: Option<String>,
    /// What it has done to connections.
    pub(crate) lines: OfCall,
    /// The last lines that the guest logged.
    pub(crate) said: VecDeque<String>,
    /// Where the guest was when it was ended.
    pub(crate) backtrace: Option<String>,
}

/// Lines kept of what a guest logged in a call, and characters of each.
const SAID: usize = 20;
const SAID_LENGTH: usize = 500;

impl Call {
    pub(crate) fn new(kind: CallKind, cpu_limit: Duration) -> Self {
        Self {
            kind,
            transaction: Transaction::default(),
            composed: BTreeMap::new(),
            ends: None,
            cpu_limit,
            host_calls: 0,
            log_lines: 0,
            http_requests: 0,
            requests: None,
            tcp_connections: 0,
            egress_bytes: 0,
            store_added: 0,
            store_keys: 0,
            pushed: 0,
            queries: 0,
            timers: None,
            now: None,
            delivery: None,
            lines: OfCall::default(),
            said: VecDeque::new(),
            backtrace: None,
        }
    }

    /// Keeps a line that the guest logged, for the case that it fails.
    pub(crate) fn say(&mut self, text: &str) {
        if self.said.len() == SAID {
            self.said.pop_front();
        }
        self.said.push_back(text.chars().take(SAID_LENGTH).collect());
    }

    /// A failure of this call, with what is known of how it came to it.
    pub(crate) fn failed(&mut self, error: CallError) -> Failed {
        Failed { error, log: std::mem::take(&mut self.said).into(), backtrace: self.backtrace.take() }
    }
}

/// A guest's error with a code of the catalogue.
pub(crate) fn refuse(code: &str, text: impl Into<String>) -> Error {
    Error { code: code.to_owned(), text: text.into(), retry_after_ms: None, attributes: Vec::new() }
}

impl State {
    /// The channel, for a host call that looks only. Counts the host call.
    pub(crate) fn look(&mut self) -> Result<Arc<Channel>, Error> {
        self.call.host_calls = self.call.host_calls.saturating_add(1);
        let Some(channel) = &self.channel else {
            return Err(refuse("denied", "while a driver is probed it has no capability; use it in a handler"));
        };
        let limit = channel.config.limits.host_calls;
        if self.call.host_calls > limit {
            channel.usage.hit(Limit::HostCalls);
            return Err(refuse(
                "quota",
                format!("more than {limit} host calls in one call; raise limits.host-calls or do less at once"),
            ));
        }
        Ok(channel.clone())
    }

    /// The channel, for a host call that acts: only a handler may.
    pub(crate) fn act(&mut self) -> Result<Arc<Channel>, Error> {
        let channel = self.look()?;
        if self.call.kind != CallKind::Handler {
            return Err(refuse(
                "denied",
                "`configure` may not act; do it in a handler, for example in the timer `start`",
            ));
        }
        Ok(channel)
    }
}

/// The text of an error of the spec for the guest.
pub(crate) fn info(error: ErrorInfo) -> Error {
    crate::convert::error_out(error)
}

/// The trap of a guest that used up its time.
#[derive(Debug, thiserror::Error)]
#[error("out of guest time")]
struct OutOfGuestTime;

/// Memory of an instance that is only probed; a JavaScript guest starts with about 30 MiB.
const PROBE_MEMORY: usize = 128 << 20;
/// Bytes of a descriptor.
const PROBE_BYTES: usize = 4 << 20;
/// Handles that a probed instance may hold.
const PROBE_HANDLES: usize = 100;

/// A store for one instance, with its limits in force; without a channel, for a probe.
pub(crate) fn store(sandbox: &Sandbox, channel: Option<Arc<Channel>>) -> Store<State> {
    let inner = &sandbox.inner;
    let (memory, bytes, handles, turn) = match &channel {
        Some(channel) => {
            channel.usage.instance_made();
            let limits = &channel.config.limits;
            let shared = (channel.usage.clone(), limits.channel_memory);
            let memory = MemoryMeter::new(limits.memory, Some(shared));
            (memory, limits.host_call_bytes, limits.handles, channel.usage.turn.clone())
        }
        None => (MemoryMeter::new(PROBE_MEMORY, None), PROBE_BYTES, PROBE_HANDLES, inner.probes.clone()),
    };
    let wasi = Wasi::new(channel.as_deref());
    let state = State {
        channel,
        table: ResourceTable::new(),
        writers: Writers::default(),
        wasi,
        memory,
        clock: CpuClock::new(),
        turns: Turns { channel: turn, threads: inner.long.clone() },
        call: Call::new(CallKind::Probe, Duration::from_secs(1)),
        tape: Tape::Off,
    };
    let mut store = Store::new(&inner.engine, state);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(bytes);
    store.set_max_component_handles(handles);
    store.epoch_deadline_callback(|context| {
        let state = context.data();
        state.clock.pause();
        if state.clock.used() >= state.call.cpu_limit {
            return Err(OutOfGuestTime.into());
        }
        let turn = state.clock.clone().take_turn(state.turns.clone());
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(turn)))
    });
    store
}

/// Begins a call in a store. Await the guest's function under a timeout, then hand what came of it to [`finish`].
pub(crate) fn begin(store: &mut Store<State>, call: Call) {
    let state = store.data_mut();
    state.call = call;
    state.wasi.next_call();
    // What a guest left open in an earlier call is gone, all but the blobs that it is writing.
    state.table = ResourceTable::new();
    store.set_epoch_deadline(1);
    store.data().clock.reset();
}

/// Ends a call: tells its value, or which of the three limits or what trap ended it.
pub(crate) fn finish<T>(
    store: &mut Store<State>,
    wall: Duration,
    result: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
) -> Result<T, CallError> {
    let state = store.data_mut();
    state.clock.pause();
    state.end_lines();
    let hit = |state: &State, limit| {
        if let Some(channel) = &state.channel {
            channel.usage.hit(limit);
        }
    };
    let error = match result {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error,
        Err(_) => {
            hit(state, Limit::WallTime);
            return Err(CallError::WallTime(wall));
        }
    };
    state.call.backtrace = error.downcast_ref::<wasmtime::WasmBacktrace>().map(ToString::to_string);
    if error.is::<OutOfGuestTime>() {
        hit(state, Limit::GuestTime);
        return Err(CallError::GuestTime(state.call.cpu_limit));
    }
    // The engine's own pool is full.
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Err(CallError::Busy(error.to_string()));
    }
    // What happened first, then where: a log line is read from its beginning.
    let (cause, place) = (error.root_cause().to_string(), error.to_string());
    let trap = if cause == place { cause } else { format!("{cause}; {place}") };
    if let Some(met) = state.memory.take_refused() {
        hit(state, met);
        let limits = state.channel.as_ref().map(|channel| &channel.config.limits);
        let limit = match met {
            Limit::ChannelMemory => limits.map_or(0, |limits| limits.channel_memory),
            _ => limits.map_or(PROBE_MEMORY, |limits| limits.memory),
        };
        return Err(CallError::Memory { limit, key: met.name(), trap });
    }
    // The engine has no types for these two.
    if trap.contains("fuel allocated for hostcalls") {
        hit(state, Limit::HostCallBytes);
    } else if trap.contains("handle limit exceeded") {
        hit(state, Limit::Handles);
    }
    Err(CallError::Trap { trap })
}
