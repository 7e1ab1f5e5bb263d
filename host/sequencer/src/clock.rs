//! The time, passed in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z, whenever it is asked.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock. Before 1970 it says 0.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64))
}

/// A clock that never goes back and never stands still, whatever the machine's does: one that was set back is waited for
/// at nine tenths of the usual speed, so that what is due still comes due. `from` is the newest time in the journal,
/// `running` counts milliseconds and knows nothing of the date.
pub(crate) fn steady(clock: Clock, from: u64, running: Clock) -> Clock {
    // When the machine's clock was last believed: the time, and for how long the process had been running.
    let believed = Mutex::new((from, running()));
    Arc::new(move || {
        let (told, running) = (clock(), running());
        // Two numbers: there is nothing that a panic could have left half done.
        let mut believed = believed.lock().unwrap_or_else(PoisonError::into_inner);
        let least = believed.0 + running.saturating_sub(believed.1) * 9 / 10;
        if told >= least {
            *believed = (told, running);
        }
        told.max(least)
    })
}

/// Milliseconds that the process has been running, by a clock that nobody sets.
pub fn running_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed().as_millis() as u64)
}
