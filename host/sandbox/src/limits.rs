//! What one channel's driver may use, and the names under which a limit that was met is counted.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Limits of a channel. The defaults fit the drivers that come with the server; operators change them under
/// `[channel.limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
// A record of a server that knew fewer of them had the defaults of the others.
#[serde(default)]
pub struct Limits {
    /// Guest time of a call that receives.
    pub receive_cpu: Duration,
    /// Wall time of a call that receives.
    pub receive_wall: Duration,
    /// Wall time of a delivery; guest time is the same.
    pub deliver_wall: Duration,
    /// Wall time of a timer call; guest time is the same.
    pub timer_wall: Duration,
    /// Bytes of an instance: its memories and tables together.
    pub memory: usize,
    /// Bytes of all instances of the channel together, of the generation that drains as of the one that serves.
    pub channel_memory: usize,
    /// Instances of one lane, and so calls of it at the same time.
    pub instances: usize,
    /// How long an instance may wait for a call before it is let go.
    pub idle: Duration,
    /// Calls after which an instance is replaced.
    pub recycle_after: u64,
    /// Handles of resources that an instance may hold.
    pub handles: usize,
    /// Host calls of one call.
    pub host_calls: u32,
    /// Bytes that go from guest to host in one host call or answer (wasmtime's hostcall fuel).
    pub host_call_bytes: usize,
    /// Pushes of one call.
    pub pushes: usize,
    /// Bytes that the pushes of one call may have together.
    pub push_bytes: usize,
    /// Pushes of the channel in one second.
    pub pushes_per_second: u32,
    /// Log lines of one call.
    pub log_lines: u32,
    /// Bytes of a log line, and of its fields.
    pub log_bytes: usize,
    /// Keys of the channel's store.
    pub store_keys: u64,
    /// Bytes of the channel's store.
    pub store_bytes: u64,
    /// Bytes of a store value.
    pub store_value: usize,
    /// Bytes of a blob.
    pub blob: usize,
    /// Blobs that one call may write, and that an instance may be writing.
    pub blobs: usize,
    /// Bytes of all blobs of the channel that are being written.
    pub spooled: usize,
    /// Timers that wait, of the channel.
    pub timers: usize,
    /// Timers changed in one call.
    pub timer_changes: usize,
    /// Requests of one call by `http.send`.
    pub http_requests: u32,
    /// Connections of one call by `tcp.connect`.
    pub tcp_connections: u32,
    /// Bytes of bodies and connections, both ways, of one call.
    pub egress_bytes: u64,
    /// Keys of the store that one call may write or delete.
    pub store_writes: usize,
    /// Things that one call may do to connections, writes apart.
    pub connection_changes: usize,
    /// Requests of one call to the server (`server.query`).
    pub queries: u32,
    /// Entries that one call may set aside for quarantine.
    pub set_asides: usize,
    /// Secrets that one call may compose.
    pub composed: usize,
    /// Bytes of the secrets that one call composes, together.
    pub composed_bytes: usize,
    /// Rounds of a key derivation; 100,000 take some 50 ms.
    pub derivation_rounds: u32,
    /// Secrets captured of one answer.
    pub captures: usize,
    /// Captured secrets that the channel keeps.
    pub captured: u32,
    /// Bytes of a captured secret.
    pub captured_bytes: usize,
    /// Bytes that the host holds for an instance with WASI: headers and bodies of its requests.
    pub wasi_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            receive_cpu: Duration::from_secs(1),
            receive_wall: Duration::from_secs(3),
            deliver_wall: Duration::from_secs(30),
            timer_wall: Duration::from_secs(60),
            memory: 64 << 20,
            channel_memory: 512 << 20,
            instances: 16,
            idle: Duration::from_secs(60),
            recycle_after: 100_000,
            handles: 1_000,
            host_calls: 10_000,
            host_call_bytes: 32 << 20,
            pushes: 200,
            push_bytes: 8 << 20,
            pushes_per_second: 100_000,
            log_lines: 100,
            log_bytes: 4 << 10,
            store_keys: 10_000,
            store_bytes: 16 << 20,
            store_value: 64 << 10,
            blob: 64 << 20,
            blobs: 100,
            spooled: 2 << 30,
            timers: 1_000,
            timer_changes: 100,
            http_requests: 100,
            tcp_connections: 8,
            egress_bytes: 256 << 20,
            store_writes: 1_000,
            connection_changes: 1_000,
            queries: 100,
            set_asides: 100,
            composed: 64,
            composed_bytes: 4 << 20,
            derivation_rounds: 100_000,
            captures: 16,
            captured: 100,
            captured_bytes: 64 << 10,
            wasi_bytes: 64 << 20,
        }
    }
}

/// A limit as it is counted when a driver meets it; named like its key in the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Guest time of a call.
    GuestTime,
    /// Wall time of a call.
    WallTime,
    /// Memory of an instance.
    Memory,
    /// Memory of the channel.
    ChannelMemory,
    /// All instances of a lane were busy for as long as a call may take.
    Instances,
    /// Handles of resources.
    Handles,
    /// Host calls.
    HostCalls,
    /// Bytes of a host call.
    HostCallBytes,
    /// Pushes of a call.
    Pushes,
    /// Bytes of a call's pushes.
    PushBytes,
    /// Pushes in a second.
    PushesPerSecond,
    /// Log lines of a call.
    LogLines,
    /// Bytes of a log line.
    LogBytes,
    /// Keys of the store.
    StoreKeys,
    /// Bytes of the store.
    StoreBytes,
    /// Bytes of a store value.
    StoreValue,
    /// Bytes of a blob.
    Blob,
    /// Blobs of a call, or being written in an instance.
    Blobs,
    /// Bytes of blobs that are being written.
    Spooled,
    /// Timers that wait.
    Timers,
    /// Timers changed in a call.
    TimerChanges,
    /// Connections open.
    Connections,
    /// Connections open to one address.
    ConnectionsPerAddress,
    /// Connections that are not open yet.
    ConnectionsOpening,
    /// Time without a byte on a connection.
    ConnectionIdle,
    /// Time for agreeing on TLS.
    HandshakeTimeout,
    /// Time for a proxy's header.
    ProxyTimeout,
    /// Bytes that wait to be written to a connection.
    Unsent,
    /// Store keys written in a call.
    StoreWrites,
    /// Things done to connections in a call.
    ConnectionChanges,
    /// Requests of a call to the server.
    Queries,
    /// Entries set aside in a call.
    SetAsides,
    /// Secrets composed in a call.
    Composed,
    /// Their bytes.
    ComposedBytes,
    /// Rounds of a key derivation.
    DerivationRounds,
    /// Secrets captured of an answer.
    Captures,
    /// Captured secrets of the channel.
    Captured,
    /// Bytes of a captured secret.
    CapturedBytes,
    /// Bytes held for an instance with WASI.
    WasiBytes,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 39] = [
        Self::GuestTime,
        Self::WallTime,
        Self::Memory,
        Self::ChannelMemory,
        Self::Instances,
        Self::Handles,
        Self::HostCalls,
        Self::HostCallBytes,
        Self::Pushes,
        Self::PushBytes,
        Self::PushesPerSecond,
        Self::LogLines,
        Self::LogBytes,
        Self::StoreKeys,
        Self::StoreBytes,
        Self::StoreValue,
        Self::Blob,
        Self::Blobs,
        Self::Spooled,
        Self::Timers,
        Self::TimerChanges,
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::ConnectionsOpening,
        Self::ConnectionIdle,
        Self::HandshakeTimeout,
        Self::ProxyTimeout,
        Self::Unsent,
        Self::StoreWrites,
        Self::ConnectionChanges,
        Self::Queries,
        Self::SetAsides,
        Self::Composed,
        Self::ComposedBytes,
        Self::DerivationRounds,
        Self::Captures,
        Self::Captured,
        Self::CapturedBytes,
        Self::WasiBytes,
    ];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::GuestTime => "guest-time",
            Self::WallTime => "wall-time",
            Self::Memory => "memory",
            Self::ChannelMemory => "channel-memory",
            Self::Instances => "instances",
            Self::Handles => "handles",
            Self::HostCalls => "host-calls",
            Self::HostCallBytes => "host-call-bytes",
            Self::Pushes => "pushes",
            Self::PushBytes => "push-bytes",
            Self::PushesPerSecond => "pushes-per-second",
            Self::LogLines => "log-lines",
            Self::LogBytes => "log-bytes",
            Self::StoreKeys => "store-keys",
            Self::StoreBytes => "store-bytes",
            Self::StoreValue => "store-value",
            Self::Blob => "blob",
            Self::Blobs => "blobs",
            Self::Spooled => "spooled",
            Self::Timers => "timers",
            Self::TimerChanges => "timer-changes",
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections-per-address",
            Self::ConnectionsOpening => "connections-opening",
            Self::ConnectionIdle => "connection-idle",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::ProxyTimeout => "proxy-timeout",
            Self::Unsent => "unsent",
            Self::StoreWrites => "store-writes",
            Self::ConnectionChanges => "connection-changes",
            Self::Queries => "queries",
            Self::SetAsides => "set-asides",
            Self::Composed => "composed",
            Self::ComposedBytes => "composed-bytes",
            Self::DerivationRounds => "derivation-rounds",
            Self::Captures => "captures",
            Self::Captured => "captured",
            Self::CapturedBytes => "captured-bytes",
            Self::WasiBytes => "wasi-bytes",
        }
    }
}
