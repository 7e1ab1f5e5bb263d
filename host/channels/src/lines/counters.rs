//! What is counted of a channel's connections.

use std::sync::atomic::{AtomicU64, Ordering};

/// How connections end: the codes of the specification, and `failed` where a handler did.
pub(super) const ENDS: [&str; 10] =
    ["eof", "reset", "idle", "refused", "dns", "tls", "denied", "shutdown", "by-driver", "failed"];

#[derive(Debug, Default)]
pub(super) struct LineCounters {
    pub(super) accepted: AtomicU64,
    pub(super) called: AtomicU64,
    pub(super) refused: AtomicU64,
    ended: [AtomicU64; ENDS.len()],
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
}

/// What was counted of a channel's connections.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineMetrics {
    /// Open now, those among them whose end the driver is being told.
    pub open: u64,
    /// Not open yet.
    pub opening: u64,
    /// Came in and got an instance.
    pub accepted: u64,
    /// Opened by the driver.
    pub called: u64,
    /// Closed before they had an instance: a limit, a pause, a driver that is not there.
    pub refused: u64,
    /// Ended, by how.
    pub ended: Vec<(&'static str, u64)>,
    /// Bytes that came in.
    pub received: u64,
    /// Bytes written.
    pub sent: u64,
}

impl LineCounters {
    pub(super) fn end(&self, code: &str) {
        if let Some(index) = ENDS.iter().position(|known| *known == code) {
            self.ended[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self, open: u64, opening: u64) -> LineMetrics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LineMetrics {
            open,
            opening,
            accepted: load(&self.accepted),
            called: load(&self.called),
            refused: load(&self.refused),
            ended: ENDS.into_iter().zip(self.ended.iter().map(load)).collect(),
            received: load(&self.received),
            sent: load(&self.sent),
        }
    }
}
