//! Guest time: how long a guest itself has run in a call, without what it waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts guest time between [`resume`](CpuClock::resume) and [`pause`](CpuClock::pause). Shared with the future
/// that yields to other guests, so that their turn isn't counted.
#[derive(Clone)]
pub(crate) struct CpuClock(Arc<Inner>);

struct Inner {
    base: Instant,
    used: AtomicU64,
    running_since: AtomicU64,
}

/// `running_since` of a clock that is paused.
const PAUSED: u64 = u64::MAX;

impl CpuClock {
    pub(crate) fn new() -> Self {
        let running_since = AtomicU64::new(PAUSED);
        Self(Arc::new(Inner { base: Instant::now(), used: AtomicU64::new(0), running_since }))
    }

    fn now(&self) -> u64 {
        // A u64 of nanoseconds lasts for 584 years.
        self.0.base.elapsed().as_nanos() as u64
    }

    pub(crate) fn reset(&self) {
        self.0.used.store(0, Ordering::Relaxed);
        self.resume();
    }

    pub(crate) fn resume(&self) {
        self.0.running_since.store(self.now(), Ordering::Relaxed);
    }

    pub(crate) fn pause(&self) {
        let since = self.0.running_since.swap(PAUSED, Ordering::Relaxed);
        if since != PAUSED {
            self.0.used.fetch_add(self.now().saturating_sub(since), Ordering::Relaxed);
        }
    }

    /// Guest time so far.
    pub(crate) fn used(&self) -> Duration {
        let since = self.0.running_since.load(Ordering::Relaxed);
        let running = if since == PAUSED { 0 } else { self.now().saturating_sub(since) };
        Duration::from_nanos(self.0.used.load(Ordering::Relaxed) + running)
    }
}
