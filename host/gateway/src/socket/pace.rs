//! How many commands a connection may send.

use std::time::Instant;

/// Commands a second.
const RATE: f64 = 200.0;

/// Lets a second's worth of commands through at once, then so many a second.
#[derive(Debug)]
pub(super) struct Pace {
    left: f64,
    at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: RATE, at: now }
    }

    /// Whether one more command is taken.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at);
        self.at = now;
        self.left = passed.as_secs_f64().mul_add(RATE, self.left).min(RATE);
        let taken = self.left >= 1.0;
        if taken {
            self.left -= 1.0;
        }
        taken
    }
}

#[cfg(test)]
mod tests;
