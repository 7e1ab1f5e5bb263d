//! How often a channel's driver may crash before new instances of it are waited for.

use std::time::Duration;

/// A minute without a crash makes all of it forgotten, in milliseconds.
const HEALTHY: u64 = 60_000;
/// The first pause, and the longest.
const FIRST: u64 = 1_000;
const LONGEST: u64 = 60_000;

/// A channel's crashes. All times are milliseconds since 1970, given by the caller; one that goes back counts as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Supervisor {
    /// Crashes in a row, without a healthy minute between two of them.
    crashes: u32,
    last: u64,
    /// The next pause.
    pause: u64,
    /// No new instance before this.
    until: u64,
    /// How often new instances had to wait.
    pauses: u64,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self { crashes: 0, last: 0, pause: FIRST, until: 0, pauses: 0 }
    }
}

impl Supervisor {
    /// A call crashed. `budget`: crashes without a healthy minute between that are made good at once. Tells the pause
    /// that begins by this, if one does.
    pub(crate) fn crashed(&mut self, budget: u32, now: u64) -> Option<Duration> {
        self.forget(now);
        self.crashes = self.crashes.saturating_add(1);
        self.last = now;
        // Calls that were under way when the pause began crash into it; they don't make it longer.
        if self.crashes <= budget || now < self.until {
            return None;
        }
        let pause = self.pause;
        self.until = now.saturating_add(pause);
        self.pause = (pause * 2).min(LONGEST);
        self.pauses += 1;
        Some(Duration::from_millis(pause))
    }

    /// How long a new instance has to wait still; none: it need not.
    pub(crate) fn wait(&mut self, now: u64) -> Option<Duration> {
        self.forget(now);
        // No pause is longer: the clock went back, and nobody waits for it to come again.
        if self.until > now.saturating_add(LONGEST) {
            self.until = now;
        }
        let wait = self.until.saturating_sub(now);
        (wait > 0).then(|| Duration::from_millis(wait))
    }

    /// Another driver serves: it starts with a clean slate.
    pub(crate) fn reset(&mut self) {
        *self = Self { pauses: self.pauses, ..Self::default() };
    }

    /// Crashes without a healthy minute between them.
    pub(crate) fn crashes(&self) -> u32 {
        self.crashes
    }

    /// How often new instances had to wait.
    pub(crate) fn pauses(&self) -> u64 {
        self.pauses
    }

    fn forget(&mut self, now: u64) {
        if now >= self.last.max(self.until).saturating_add(HEALTHY) {
            self.reset();
        }
    }
}

#[cfg(test)]
mod tests;
