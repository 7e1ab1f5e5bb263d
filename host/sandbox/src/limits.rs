//! What one channel's driver may use.

use std::time::Duration;

/// Limits of a channel. The defaults fit the drivers that come with the server; operators change them under
/// `[channel.limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Instances of one lane.
    pub instances: usize,
    /// Calls after which an instance is replaced.
    pub recycle_after: u64,
    /// Host calls of one call.
    pub host_calls: u32,
    /// Pushes of one call.
    pub pushes: usize,
    /// Log lines of one call.
    pub log_lines: u32,
    /// Bytes of a log line.
    pub log_bytes: usize,
    /// Keys of the channel's store.
    pub store_keys: u64,
    /// Bytes of the channel's store.
    pub store_bytes: u64,
    /// Bytes of a store value.
    pub store_value: usize,
    /// Bytes of a blob.
    pub blob: usize,
    /// Timers changed in one call.
    pub timers: usize,
    /// Requests of one call by `http.send`.
    pub http_requests: u32,
    /// Connections of one call by `tcp.connect`.
    pub tcp_connections: u32,
    /// Bytes of bodies and connections, both ways, of one call.
    pub egress_bytes: u64,
    /// Bytes that go between guest and host in one host call.
    pub host_call_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            receive_cpu: Duration::from_secs(1),
            receive_wall: Duration::from_secs(3),
            deliver_wall: Duration::from_secs(30),
            timer_wall: Duration::from_secs(60),
            memory: 64 << 20,
            instances: 16,
            recycle_after: 100_000,
            host_calls: 10_000,
            pushes: 200,
            log_lines: 100,
            log_bytes: 4 << 10,
            store_keys: 10_000,
            store_bytes: 16 << 20,
            store_value: 64 << 10,
            blob: 64 << 20,
            timers: 100,
            http_requests: 100,
            tcp_connections: 8,
            egress_bytes: 256 << 20,
            host_call_bytes: 32 << 20,
        }
    }
}
