//! Business hours: tells the router which calendars are open, at the moment at which one opens or closes.
//!
//! The router reads no clock and knows no time zone, so what it is told is journaled like everything else.

use crate::channels::Channels;
use jackfield_config::Hours;
use jackfield_router::Command;
use jiff::Timestamp;
use std::time::Duration;

/// A clock that was set is noticed within this time.
const LOOK: Duration = Duration::from_secs(60);
/// After a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Channels {
    /// Keeps the router told, for ever. Call it once, when the router has its config.
    pub async fn keep_hours(self) {
        loop {
            let wait = match self.tell_hours().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!("the router was not told of the business hours: {error}");
                    RETRY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.hours_changed().notified() => {}
            }
        }
    }

    /// Tells the router what is open now; gives the time until that is to be done again. To be awaited once before
    /// the first request is taken in.
    ///
    /// # Errors
    /// The journal can't be written.
    pub async fn tell_hours(&self) -> Result<Duration, jackfield_sequencer::CommitError> {
        let config = self.config();
        let now = timestamp(self.sequencer().now());
        let open = config.hours.iter().map(|hours| (hours.id.as_str().into(), hours.is_open(now))).collect();
        self.sequencer().command(Command::Hours { open }).await?;
        Ok(until_change(&config.hours, now))
    }
}

fn timestamp(millis: u64) -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}

/// How long until a calendar opens or closes, at most [`LOOK`].
fn until_change(hours: &[Hours], now: Timestamp) -> Duration {
    let next = hours.iter().filter_map(|hours| hours.next_change(now)).min();
    let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
    wait.unwrap_or(LOOK).min(LOOK)
}
