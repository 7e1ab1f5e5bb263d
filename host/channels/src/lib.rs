//! Channels: loads their drivers, takes in what they receive, delivers what agents answer.
//!
//! ```text
//! webhook -> intake -> Generation::receive -> routes -> Sequencer::commit -> the driver's answer
//! Effect  -> delivery | timers -> Generation::deliver | fired -> Sequencer::commit
//! ```
//!
//! Knows drivers only by their descriptor: nothing here asks what medium a channel has.

mod channels;
mod compose;
mod counters;
mod delivery;
mod drivers;
mod error;
mod health;
mod intake;
mod logs;
mod prepare;
mod query;
mod routes;
mod services;
mod serving;
mod timers;
mod under_way;
mod views;
mod watch;

pub use channels::{Channels, Parts};
pub use counters::{CallKind, ChannelMetrics, Histogram, LATENCY_BUCKETS, UsageMetrics};
pub use drivers::{DriverError, DriverFolder};
pub use error::ReceiveError;
pub use health::Health;
pub use prepare::{Checked, check};
pub use views::{ChannelView, DriverView};
