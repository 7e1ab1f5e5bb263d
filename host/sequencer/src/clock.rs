//! The time, passed in.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z, whenever it is asked.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock. Before 1970 it says 0; the router never lets time go back.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64))
}
