//! Guest time: how long a guest itself has run in a call, without what it waited for; and whose turn it is.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts guest time between [`resume`](CpuClock::resume) and [`pause`](CpuClock::pause). Shared with the future
/// that yields to other guests, so that their turn isn't counted.
#[derive(Clone)]
pub(crate) struct CpuClock(Arc<Inner>);

struct Inner {
    base: Instant,
    used: AtomicU64,
    running_since: AtomicU64,
    /// What a call holds that has run for longer than a tick: its channel's turn, and one of the threads for such.
    turn: Mutex<Option<[OwnedSemaphorePermit; 2]>>,
}

/// `running_since` of a clock that is paused.
const PAUSED: u64 = u64::MAX;

/// Calls that run for longer than a tick share all threads but one, each channel of them one at a time: a short call
/// always finds a thread, whatever others do.
#[derive(Clone)]
pub(crate) struct Turns {
    pub(crate) channel: Arc<Semaphore>,
    pub(crate) threads: Arc<Semaphore>,
}

impl CpuClock {
    pub(crate) fn new() -> Self {
        let running_since = AtomicU64::new(PAUSED);
        let inner = Inner { base: Instant::now(), used: AtomicU64::new(0), running_since, turn: Mutex::new(None) };
        Self(Arc::new(inner))
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

    /// The guest doesn't run from here on, and holds up nobody.
    pub(crate) fn pause(&self) {
        let since = self.0.running_since.swap(PAUSED, Ordering::Relaxed);
        if since != PAUSED {
            self.0.used.fetch_add(self.now().saturating_sub(since), Ordering::Relaxed);
        }
        self.0.turn.lock().take();
    }

    /// Lets others run, then goes on in turn. The clock is paused, and runs when this returns.
    pub(crate) async fn take_turn(self, turns: Turns) {
        tokio::task::yield_now().await;
        // Semaphores that are never closed: there is no error, and without a permit it would go on all the same.
        if let Ok(channel) = turns.channel.acquire_owned().await
            && let Ok(thread) = turns.threads.acquire_owned().await
        {
            *self.0.turn.lock() = Some([channel, thread]);
        }
        self.resume();
    }

    /// Guest time so far.
    pub(crate) fn used(&self) -> Duration {
        let since = self.0.running_since.load(Ordering::Relaxed);
        let running = if since == PAUSED { 0 } else { self.now().saturating_sub(since) };
        Duration::from_nanos(self.0.used.load(Ordering::Relaxed) + running)
    }
}

#[cfg(test)]
mod tests;
