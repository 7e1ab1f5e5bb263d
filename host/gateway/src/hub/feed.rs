//! One agent's feed: the ring of newest events, and who listens to it.

use super::ring::{Next, Ring};
use axum::extract::ws::Utf8Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

/// Connections that one agent may have at a time.
const SEATS: usize = 16;
/// Events that a connection takes at once.
const TAKE_EVENTS: usize = 64;
/// Bytes after which it takes no more at once.
const TAKE_BYTES: usize = 256 * 1024;

/// The events of one agent.
#[derive(Debug)]
pub(crate) struct Feed {
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
    seats: AtomicUsize,
}

impl Default for Feed {
    fn default() -> Self {
        Self { ring: Mutex::default(), newest: watch::Sender::new(0), seats: AtomicUsize::new(0) }
    }
}

impl Feed {
    /// Adds an event; [`Feed::wake`] tells those who wait.
    pub(crate) fn push(&self, sequence: u64, event: Utf8Bytes) {
        self.ring.lock().push(sequence, event);
    }

    /// Forgets all events.
    pub(crate) fn clear(&self) {
        self.ring.lock().clear();
    }

    /// Wakes the connections if there is something new.
    pub(crate) fn wake(&self) {
        if let Some(sequence) = self.ring.lock().newest() {
            self.newest.send_if_modified(|newest| std::mem::replace(newest, sequence) != sequence);
        }
    }

    /// Whether everything after `after` is still here.
    pub(crate) fn covers(&self, after: u64) -> bool {
        self.ring.lock().covers(after)
    }

    /// What comes after `after`, as much as is sent at once.
    pub(crate) fn after(&self, after: u64) -> Next {
        self.ring.lock().after(after, TAKE_EVENTS, TAKE_BYTES)
    }

    /// Changes whenever there is something new.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// A place for one more connection; none if the agent has too many.
    pub(crate) fn seat(self: &Arc<Self>, open: &Arc<AtomicU64>) -> Option<Seat> {
        let taken =
            self.seats.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seats| (seats < SEATS).then_some(seats + 1));
        taken.ok()?;
        open.fetch_add(1, Ordering::Relaxed);
        Some(Seat { feed: self.clone(), open: open.clone() })
    }
}

/// A connection's place at a feed, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The feed.
    pub(crate) feed: Arc<Feed>,
    open: Arc<AtomicU64>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.feed.seats.fetch_sub(1, Ordering::Relaxed);
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
