//! What connections of a channel's `%stream` may cost.

use std::time::Duration;

use crate::reader::Table;
use crate::units::ByteSize;

/// Limits of the connections of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineLimits {
    /// `connections`: open at once, those that the driver opened among them. Each has an instance. Default 500.
    pub connections: u32,
    /// `connections-per-address`: of one peer's address. Default 200.
    pub per_address: u32,
    /// `connections-opening`: that wait for a proxy's header, for TLS or for their instance. Default 100.
    pub opening: u32,
    /// `connection-idle`: without a byte either way. Default 5 min.
    pub idle: Duration,
    /// `handshake-timeout`: for agreeing on TLS. Default 10 s.
    pub handshake: Duration,
    /// `proxy-timeout`: for a proxy's header. Default 5 s.
    pub proxy: Duration,
    /// `unsent`: that wait to be written to one connection. Default 1 MiB.
    pub unsent: ByteSize,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self {
            connections: 500,
            per_address: 200,
            opening: 100,
            idle: Duration::from_secs(300),
            handshake: Duration::from_secs(10),
            proxy: Duration::from_secs(5),
            unsent: ByteSize::mib(1),
        }
    }
}

/// Reads them from `limits` of a channel.
pub(crate) fn read(table: &Table<'_>) -> LineLimits {
    const SHORTEST: Duration = Duration::from_millis(10);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let number = |key| table.get(key).and_then(|node| node.integer(1, 100_000));
    let time = |key, most| table.get(key).and_then(|node| node.duration(SHORTEST, most));
    let defaults = LineLimits::default();
    LineLimits {
        connections: number("connections").unwrap_or(defaults.connections),
        per_address: number("connections-per-address").unwrap_or(defaults.per_address),
        opening: number("connections-opening").unwrap_or(defaults.opening),
        idle: time("connection-idle", DAY).unwrap_or(defaults.idle),
        handshake: time("handshake-timeout", DAY).unwrap_or(defaults.handshake),
        proxy: time("proxy-timeout", DAY).unwrap_or(defaults.proxy),
        unsent: table
            .get("unsent")
            .and_then(|node| node.size(ByteSize::kib(1), ByteSize::mib(64)))
            .unwrap_or(defaults.unsent),
    }
}
