//! Waiting for what must come true.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up on it. Far above what is expected: machines are shared.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks until there is a value, and returns it.
///
/// # Panics
/// There is none before [`DEADLINE`]; `what` says what was waited for.
pub async fn eventually<T, F, L>(what: &str, look: L) -> T
where
    F: Future<Output = Option<T>>,
    L: FnMut() -> F,
{
    within(DEADLINE, what, look).await
}

/// The same with a deadline of one's own.
///
/// # Panics
/// There is no value before the deadline.
pub async fn within<T, F, L>(deadline: Duration, what: &str, mut look: L) -> T
where
    F: Future<Output = Option<T>>,
    L: FnMut() -> F,
{
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = look().await {
            return value;
        }
        assert!(Instant::now() < end, "after {deadline:?} still not: {what}");
        sleep(INTERVAL).await;
    }
}
