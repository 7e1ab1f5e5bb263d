//! One agent's feed: the ring of newest events, and who listens to it.

use super::ring::{Next, Ring};
use axum::extract::ws::Utf8Bytes;
use jackfield_router::Id;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

/// Connections that one agent may have at a time.
const SEATS: usize = 16;
/// Events that a connection takes at once.
const TAKE_EVENTS: usize = 64;
/// Bytes after which it takes no more at once.
const TAKE_BYTES: usize = 256 * 1024;

/// Work items whose newest advice is kept: an agent has not many at a time.
const ADVICE: usize = 32;

/// The events of one agent.
#[derive(Debug)]
pub(crate) struct Feed {
    ring: Mutex<Ring>,
    advice: Mutex<Advice>,
    newest: watch::Sender<Newest>,
    seats: AtomicUsize,
}

/// How far a feed has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Newest {
    /// The number of the newest event.
    sequence: u64,
    /// How often there was advice.
    advice: u64,
}

/// The newest advice on each work item: what nobody has taken in time is replaced, never queued.
#[derive(Debug, Default)]
struct Advice {
    count: u64,
    items: VecDeque<(Id, u64, Utf8Bytes)>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            ring: Mutex::default(),
            advice: Mutex::default(),
            newest: watch::Sender::default(),
            seats: AtomicUsize::new(0),
        }
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
            self.newest.send_if_modified(|newest| std::mem::replace(&mut newest.sequence, sequence) != sequence);
        }
    }

    /// Tells the connections something about a work item that has no number and isn't kept; `frame` is given a number
    /// for its id.
    pub(crate) fn advise(&self, item: &Id, frame: impl FnOnce(u64) -> Option<Utf8Bytes>) {
        if self.seats.load(Ordering::Relaxed) == 0 {
            return;
        }
        let count = {
            let mut advice = self.advice.lock();
            let Some(text) = frame(advice.count + 1) else { return };
            advice.count += 1;
            let count = advice.count;
            advice.items.retain(|(of, ..)| of != item);
            if advice.items.len() == ADVICE {
                advice.items.pop_front();
            }
            advice.items.push_back((item.clone(), count, text));
            count
        };
        self.newest.send_modify(|newest| newest.advice = count);
    }

    /// How often there was advice by now.
    pub(crate) fn advised(&self) -> u64 {
        self.advice.lock().count
    }

    /// Advice that came after `after`, and how often there was advice by now.
    pub(crate) fn advice(&self, after: u64) -> (Vec<Utf8Bytes>, u64) {
        let advice = self.advice.lock();
        let newer = advice.items.iter().filter(|(_, count, _)| *count > after);
        (newer.map(|(.., text)| text.clone()).collect(), advice.count)
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
    pub(crate) fn changes(&self) -> watch::Receiver<Newest> {
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

#[cfg(test)]
mod tests;
