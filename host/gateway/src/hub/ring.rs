//! The newest events of one agent, so that a connection that was away or is slow can go on where it was.

use axum::extract::ws::Utf8Bytes;
use std::collections::VecDeque;

/// Events kept of an agent.
pub(crate) const EVENTS: usize = 1_024;
/// Bytes kept of an agent, the newest event aside: large messages must not add up.
pub(crate) const BYTES: usize = 4 * 1024 * 1024;

/// Rendered events with consecutive numbers, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    events: VecDeque<(u64, Utf8Bytes)>,
    bytes: usize,
}

/// What a connection gets that has seen everything up to some number.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// There is nothing newer.
    Nothing,
    /// These, and the number of the last of them.
    Events(Vec<Utf8Bytes>, u64),
    /// Some that it has not seen are gone: it needs a snapshot.
    Gap,
}

impl Ring {
    /// Adds the newest event. A number that doesn't follow the last one empties the ring: a gap must show.
    pub(crate) fn push(&mut self, sequence: u64, event: Utf8Bytes) {
        if self.newest().is_some_and(|newest| newest + 1 != sequence) {
            self.clear();
        }
        self.bytes += event.len();
        self.events.push_back((sequence, event));
        while self.events.len() > EVENTS || (self.bytes > BYTES && self.events.len() > 1) {
            if let Some((_, dropped)) = self.events.pop_front() {
                self.bytes -= dropped.len();
            }
        }
    }

    /// Forgets all events.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }

    /// The number of the newest event.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.events.back().map(|(sequence, _)| *sequence)
    }

    /// Whether everything after `after` is here, so that a connection can go on from it.
    pub(crate) fn covers(&self, after: u64) -> bool {
        match (self.events.front(), self.newest()) {
            (Some((oldest, _)), Some(newest)) => *oldest <= after.saturating_add(1) && after <= newest,
            _ => false,
        }
    }

    /// Up to `events` events after `after`, no further one once `bytes` are reached.
    pub(crate) fn after(&self, after: u64, events: usize, bytes: usize) -> Next {
        let (Some((oldest, _)), Some(newest)) = (self.events.front(), self.newest()) else {
            return Next::Nothing;
        };
        if after >= newest {
            return Next::Nothing;
        }
        let Some(skip) = (after + 1).checked_sub(*oldest) else {
            return Next::Gap;
        };
        let mut taken = Vec::new();
        let mut size = 0;
        let mut last = after;
        for (sequence, event) in self.events.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)).take(events) {
            size += event.len();
            taken.push(event.clone());
            last = *sequence;
            if size >= bytes {
                break;
            }
        }
        Next::Events(taken, last)
    }
}

#[cfg(test)]
mod tests;
