//! `limits`: how much of the server one channel may use.

use std::time::Duration;

use crate::egress::{self, EgressLimits};
use crate::reader::Table;
use crate::units::ByteSize;

/// A channel's limits. What is none is the sandbox's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `memory`: one instance's memory.
    pub memory: Option<ByteSize>,
    /// `receive`: guest time of a call that takes something in.
    pub receive: Option<Duration>,
    /// `deliver`: wall time of a delivery.
    pub deliver: Option<Duration>,
    /// `timer`: wall time of a timer's call.
    pub timer: Option<Duration>,
    /// `body`: a webhook's body. Default 1 MiB.
    pub body: ByteSize,
    /// `queue`: webhook requests that may wait. Default 1024.
    pub queue: u32,
    /// `instances`: instances of a lane at the same time.
    pub instances: Option<u32>,
    /// `store-keys`: keys in the channel's store.
    pub store_keys: Option<u32>,
    /// `store-bytes`: bytes in the channel's store, keys included.
    pub store_bytes: Option<ByteSize>,
    /// `pushes`: messages that one call may push.
    pub pushes: Option<u32>,
    /// `host-calls`: calls to the host that one call may make.
    pub host_calls: Option<u32>,
    /// The way out.
    pub egress: EgressLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: None,
            receive: None,
            deliver: None,
            timer: None,
            body: ByteSize::mib(1),
            queue: 1024,
            instances: None,
            store_keys: None,
            store_bytes: None,
            pushes: None,
            host_calls: None,
            egress: EgressLimits::default(),
        }
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
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
        memory: size("memory", ByteSize::mib(1), ByteSize::mib(4096)),
        receive: time("receive", MINUTE),
        deliver: time("deliver", 15 * MINUTE),
        timer: time("timer", 15 * MINUTE),
        body: size("body", ByteSize(1), ByteSize::mib(1024)).unwrap_or(defaults.body),
        queue: number("queue", MOST).unwrap_or(defaults.queue),
        instances: number("instances", 1024),
        store_keys: number("store-keys", 100 * MOST),
        store_bytes: size("store-bytes", ByteSize::kib(1), ByteSize::mib(1 << 20)),
        pushes: number("pushes", MOST),
        host_calls: number("host-calls", 100 * MOST),
        egress: egress::read(&table),
    };
    table.finish();
    limits
}
