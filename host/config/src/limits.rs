//! `limits`: how much of the server one channel may use, and how much of a machine all drivers together.

use std::time::Duration;

use crate::egress::{self, EgressLimits};
use crate::lines::{self, LineLimits};
use crate::reader::Table;
use crate::units::ByteSize;

/// A channel's limits. What is none is the sandbox's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `memory`: one instance's memory.
    pub memory: Option<ByteSize>,
    /// `channel-memory`: the memory of all instances together.
    pub channel_memory: Option<ByteSize>,
    /// `receive`: guest time of a call that takes something in.
    pub receive: Option<Duration>,
    /// `receive-wall`: wall time of such a call. None: three times its guest time.
    pub receive_wall: Option<Duration>,
    /// `deliver`: wall time of a delivery.
    pub deliver: Option<Duration>,
    /// `timer`: wall time of a timer's call.
    pub timer: Option<Duration>,
    /// `body`: a webhook's body. None: what the driver asks for, 1 MiB at least.
    pub body: Option<ByteSize>,
    /// `queue`: webhook requests that may wait. Default 1024.
    pub queue: u32,
    /// `bodies`: bytes of the bodies of webhook requests that are read or wait, together. Default 256 MiB.
    pub bodies: ByteSize,
    /// `retry-for`: how long a delivery that fails for a time is tried again. None: what the driver asks for, else 24 h.
    pub retry_for: Option<Duration>,
    /// `instances`: instances of a lane at the same time.
    pub instances: Option<u32>,
    /// `idle`: how long an instance may wait for a call.
    pub idle: Option<Duration>,
    /// `handles`: handles of resources that an instance may hold.
    pub handles: Option<u32>,
    /// `host-calls`: calls to the host that one call may make.
    pub host_calls: Option<u32>,
    /// `host-call-bytes`: what one host call or answer may bring from the guest.
    pub host_call_bytes: Option<ByteSize>,
    /// `pushes`: messages that one call may push.
    pub pushes: Option<u32>,
    /// `push-bytes`: what they may have together.
    pub push_bytes: Option<ByteSize>,
    /// `pushes-per-second`: messages that the channel may push in one second.
    pub pushes_per_second: Option<u32>,
    /// `log-lines`: lines that one call may log.
    pub log_lines: Option<u32>,
    /// `log-bytes`: a line, and its fields.
    pub log_bytes: Option<ByteSize>,
    /// `store-keys`: keys in the channel's store.
    pub store_keys: Option<u32>,
    /// `store-bytes`: bytes in the channel's store, keys included.
    pub store_bytes: Option<ByteSize>,
    /// `store-value`: a value in it.
    pub store_value: Option<ByteSize>,
    /// `blob`: a blob.
    pub blob: Option<ByteSize>,
    /// `blobs`: blobs that one call may write, and that an instance may be writing.
    pub blobs: Option<u32>,
    /// `spooled`: all blobs of the channel that are being written.
    pub spooled: Option<ByteSize>,
    /// `timers`: the channel's timers that wait.
    pub timers: Option<u32>,
    /// `timer-changes`: timers that one call may set or cancel.
    pub timer_changes: Option<u32>,
    /// `store-writes`: keys of the store that one call may write or delete.
    pub store_writes: Option<u32>,
    /// `connection-changes`: things that one call may do to connections, writes apart.
    pub connection_changes: Option<u32>,
    /// `queries`: requests of one call to the server (`server.query`).
    pub queries: Option<u32>,
    /// `set-asides`: entries that one call may set aside for quarantine.
    pub set_asides: Option<u32>,
    /// `composed`: secrets that one call may compose.
    pub composed: Option<u32>,
    /// `composed-bytes`: bytes of the secrets that one call composes, together.
    pub composed_bytes: Option<ByteSize>,
    /// `derivation-rounds`: rounds of a key derivation; 100,000 take some 50 ms.
    pub derivation_rounds: Option<u32>,
    /// `captures`: secrets captured of one answer.
    pub captures: Option<u32>,
    /// `captured`: captured secrets that the channel keeps.
    pub captured: Option<u32>,
    /// `captured-bytes`: bytes of a captured secret.
    pub captured_bytes: Option<ByteSize>,
    /// `wasi-bytes`: bytes that the host holds for an instance with WASI: headers and bodies of its requests.
    pub wasi_bytes: Option<ByteSize>,
    /// `restarts`: crashes within a minute after which a new instance is waited for. Default 60.
    pub restarts: u32,
    /// `quarantine`: entries of the channel that are kept in quarantine; 0: nothing is put there. Default 1,000.
    pub quarantine: u32,
    /// `record-bytes`: bytes of the channel's records on disk. Default 64 MiB.
    pub record_bytes: ByteSize,
    /// `record-calls`: records of the channel. Default 10,000.
    pub record_calls: u32,
    /// `record-time`: how long a record is kept. Default 7 days.
    pub record_time: Duration,
    /// `record-call`: bytes of one record, as it is in memory. Default 4 MiB.
    pub record_call: ByteSize,
    /// The way out.
    pub egress: EgressLimits,
    /// Connections that come in or are opened for long.
    pub lines: LineLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: None,
            channel_memory: None,
            receive: None,
            receive_wall: None,
            deliver: None,
            timer: None,
            body: None,
            queue: 1024,
            bodies: ByteSize::mib(256),
            retry_for: None,
            instances: None,
            idle: None,
            handles: None,
            host_calls: None,
            host_call_bytes: None,
            pushes: None,
            push_bytes: None,
            pushes_per_second: None,
            log_lines: None,
            log_bytes: None,
            store_keys: None,
            store_bytes: None,
            store_value: None,
            blob: None,
            blobs: None,
            spooled: None,
            timers: None,
            timer_changes: None,
            store_writes: None,
            connection_changes: None,
            queries: None,
            set_asides: None,
            composed: None,
            composed_bytes: None,
            derivation_rounds: None,
            captures: None,
            captured: None,
            captured_bytes: None,
            wasi_bytes: None,
            restarts: 60,
            quarantine: 1_000,
            record_bytes: ByteSize::mib(64),
            record_calls: 10_000,
            record_time: Duration::from_secs(7 * 24 * 3600),
            record_call: ByteSize::mib(4),
            egress: EgressLimits::default(),
            lines: LineLimits::default(),
        }
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const MOST: u32 = 1_000_000;

pub(crate) fn read(channel: &Table<'_>) -> Limits {
    let table = channel.get("limits").and_then(|node| node.table("{ memory = \"64MiB\" }"));
    let Some(table) = table else {
        return Limits::default();
    };
    let time = |key, most| table.get(key).and_then(|node| node.duration(MILLISECOND, most));
    let size = |key, least, most| table.get(key).and_then(|node| node.size(least, most));
    let number = |key, most| table.get(key).and_then(|node| node.integer(1, most));

    let defaults = Limits::default();
    let limits = Limits {
        // The engine's pool has slots of this size.
        memory: size("memory", ByteSize::mib(1), ByteSize::mib(256)),
        channel_memory: size("channel-memory", ByteSize::mib(1), ByteSize::mib(1 << 20)),
        receive: time("receive", MINUTE),
        receive_wall: time("receive-wall", 15 * MINUTE),
        deliver: time("deliver", 15 * MINUTE),
        timer: time("timer", 15 * MINUTE),
        body: size("body", ByteSize(1), ByteSize::mib(1024)),
        queue: number("queue", MOST).unwrap_or(defaults.queue),
        bodies: size("bodies", ByteSize::kib(64), ByteSize::mib(1 << 20)).unwrap_or(defaults.bodies),
        retry_for: time("retry-for", 14 * 24 * HOUR),
        instances: number("instances", 1024),
        idle: time("idle", 24 * HOUR),
        handles: number("handles", MOST),
        host_calls: number("host-calls", 100 * MOST),
        host_call_bytes: size("host-call-bytes", ByteSize::kib(64), ByteSize::mib(1024)),
        pushes: number("pushes", MOST),
        push_bytes: size("push-bytes", ByteSize::kib(1), ByteSize::mib(1024)),
        pushes_per_second: number("pushes-per-second", 100 * MOST),
        log_lines: number("log-lines", MOST),
        log_bytes: size("log-bytes", ByteSize(16), ByteSize::mib(1)),
        store_keys: number("store-keys", 100 * MOST),
        store_bytes: size("store-bytes", ByteSize::kib(1), ByteSize::mib(1 << 20)),
        store_value: size("store-value", ByteSize(1), ByteSize::kib(256)),
        blob: size("blob", ByteSize(1), ByteSize::mib(1024)),
        blobs: number("blobs", MOST),
        spooled: size("spooled", ByteSize::kib(64), ByteSize::mib(1 << 20)),
        timers: number("timers", MOST),
        timer_changes: number("timer-changes", MOST),
        store_writes: number("store-writes", MOST),
        connection_changes: number("connection-changes", MOST),
        queries: number("queries", MOST),
        set_asides: number("set-asides", MOST),
        composed: number("composed", 10_000),
        composed_bytes: size("composed-bytes", ByteSize::kib(1), ByteSize::mib(64)),
        derivation_rounds: number("derivation-rounds", 10 * MOST),
        captures: number("captures", 1_000),
        captured: number("captured", 10_000),
        captured_bytes: size("captured-bytes", ByteSize(16), ByteSize::kib(192)),
        wasi_bytes: size("wasi-bytes", ByteSize::kib(64), ByteSize::mib(1024)),
        restarts: number("restarts", MOST).unwrap_or(defaults.restarts),
        quarantine: table.get("quarantine").and_then(|node| node.integer(0, MOST)).unwrap_or(defaults.quarantine),
        record_bytes: size("record-bytes", ByteSize::kib(64), ByteSize::mib(1 << 20)).unwrap_or(defaults.record_bytes),
        record_calls: number("record-calls", 100 * MOST).unwrap_or(defaults.record_calls),
        record_time: table
            .get("record-time")
            .and_then(|node| node.duration(MINUTE, 90 * 24 * HOUR))
            .unwrap_or(defaults.record_time),
        record_call: size("record-call", ByteSize::kib(1), ByteSize::mib(64)).unwrap_or(defaults.record_call),
        egress: egress::read(&table),
        lines: lines::read(&table),
    };
    table.finish();
    limits
}

/// `[server.limits]`: what holds for all drivers together. What is none is the sandbox's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerLimits {
    /// `instances`: instances of all channels at the same time.
    pub instances: Option<u32>,
    /// `component`: a driver's file.
    pub component: Option<ByteSize>,
    /// `functions`: functions of a component.
    pub functions: Option<u32>,
    /// `types`: types of a component.
    pub types: Option<u32>,
    /// `imports`: imports of a component.
    pub imports: Option<u32>,
    /// `exports`: exports of a component.
    pub exports: Option<u32>,
    /// `compile-time`: the processor's time for compiling a component.
    pub compile_time: Option<Duration>,
    /// `compile-memory`: memory for compiling a component.
    pub compile_memory: Option<ByteSize>,
}

pub(crate) fn read_server(server: &Table<'_>) -> ServerLimits {
    let table = server.get("limits").and_then(|node| node.table("it as a section, [server.limits]"));
    let Some(table) = table else {
        return ServerLimits::default();
    };
    let size = |key, least, most| table.get(key).and_then(|node| node.size(least, most));
    let number = |key, most| table.get(key).and_then(|node| node.integer(1, most));
    let limits = ServerLimits {
        instances: number("instances", 20_000),
        component: size("component", ByteSize::kib(1), ByteSize::mib(1024)),
        functions: number("functions", 10 * MOST),
        types: number("types", MOST),
        imports: number("imports", MOST),
        exports: number("exports", MOST),
        compile_time: table.get("compile-time").and_then(|node| node.duration(SECOND, HOUR)),
        compile_memory: size("compile-memory", ByteSize::mib(64), ByteSize::mib(1 << 20)),
    };
    table.finish();
    limits
}
