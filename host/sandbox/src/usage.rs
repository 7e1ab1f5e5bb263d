//! What a channel uses over all its instances, whichever generation they belong to.

use crate::limits::Limit;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What one channel uses now, and how often it met each limit.
#[derive(Debug)]
pub struct Usage {
    memory: AtomicUsize,
    spooled: AtomicUsize,
    instances: AtomicUsize,
    hits: [AtomicU64; Limit::ALL.len()],
    /// The second that pushes are counted in, above, and how many there were, below.
    pushes: AtomicU64,
    /// Of the channel's calls that run for longer than a tick, one at a time has a thread.
    pub(crate) turn: Arc<Semaphore>,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            memory: AtomicUsize::new(0),
            spooled: AtomicUsize::new(0),
            instances: AtomicUsize::new(0),
            hits: std::array::from_fn(|_| AtomicU64::new(0)),
            pushes: AtomicU64::new(0),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Usage {
    /// Bytes of the memories and tables of its instances.
    pub fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    /// Bytes of the blobs that are being written.
    pub fn spooled(&self) -> usize {
        self.spooled.load(Ordering::Relaxed)
    }

    /// Instances that live.
    pub fn instances(&self) -> usize {
        self.instances.load(Ordering::Relaxed)
    }

    /// How often each limit was met.
    pub fn hits(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Limit::ALL.iter().zip(&self.hits).map(|(limit, hits)| (limit.name(), hits.load(Ordering::Relaxed)))
    }

    /// Counts that the server met a limit in the channel's place.
    pub fn met(&self, limit: Limit) {
        self.hit(limit);
    }

    pub(crate) fn hit(&self, limit: Limit) {
        self.hits[limit as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes memory; false if it would be more than `limit` in all.
    pub(crate) fn take_memory(&self, bytes: usize, limit: usize) -> bool {
        take(&self.memory, bytes, limit)
    }

    pub(crate) fn give_memory(&self, bytes: usize) {
        self.memory.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes room for a blob that is being written; false if it would be more than `limit` in all.
    pub(crate) fn take_spooled(&self, bytes: usize, limit: usize) -> bool {
        take(&self.spooled, bytes, limit)
    }

    pub(crate) fn give_spooled(&self, bytes: usize) {
        self.spooled.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn instance_made(&self) {
        self.instances.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn instance_gone(&self) {
        self.instances.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts a push in the second that `since_start` falls in; false if there were `limit` before it.
    pub(crate) fn may_push(&self, since_start: Duration, limit: u32) -> bool {
        let second = since_start.as_secs() & u64::from(u32::MAX);
        let count = |packed: u64| {
            let (of, pushed) = (packed >> 32, packed & u64::from(u32::MAX));
            let pushed = if of == second { pushed } else { 0 };
            (pushed < u64::from(limit)).then_some((second << 32) | (pushed + 1))
        };
        self.pushes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok()
    }
}

fn take(from: &AtomicUsize, bytes: usize, limit: usize) -> bool {
    let sum = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= limit);
    from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
}

/// The usage of every channel that has a generation.
#[derive(Debug, Default)]
pub(crate) struct Usages(Mutex<HashMap<String, Weak<Usage>>>);

impl Usages {
    /// The channel's, the same one for as long as anything of it is alive.
    pub(crate) fn of(&self, channel: &str) -> Arc<Usage> {
        let mut known = self.0.lock();
        if let Some(usage) = known.get(channel).and_then(Weak::upgrade) {
            return usage;
        }
        known.retain(|_, usage| usage.strong_count() > 0);
        let usage = Arc::new(Usage::default());
        known.insert(channel.to_owned(), Arc::downgrade(&usage));
        usage
    }
}

#[cfg(test)]
mod tests;
