//! Channels: loads their drivers, takes in what they receive, delivers what agents answer.
//!
//! ```text
//! webhook -> intake -> Generation::receive -> routes -> Sequencer::commit -> the driver's answer
//! Effect  -> delivery | timers -> Generation::deliver | fired -> Sequencer::commit
//! ```
//!
//! Knows drivers only by their descriptor: nothing here asks what medium a channel has.

mod advice;
mod asked;
mod calendar;
mod change;
mod channels;
mod commands;
mod compose;
mod counters;
mod delivery;
mod error;
mod health;
mod health_watch;
mod intake;
mod kills;
mod lines;
mod live;
mod logs;
mod own;
mod position;
mod prepare;
mod progress;
mod quarantine;
mod query;
mod records;
mod registry;
mod room;
mod routes;
mod rules;
mod services;
mod serving;
mod silence;
mod supervisor;
mod switching;
mod timers;
mod under_way;
mod views;
mod watch;
mod way_out;

pub use advice::{AdviceError, Typing};
pub use change::{ChangeError, DriverChange, NotServed};
pub use channels::{Channels, Parts};
pub use commands::CommandError;
pub use counters::{CallKind, ChannelMetrics, Histogram, LATENCY_BUCKETS, UsageMetrics};
pub use error::ReceiveError;
pub use health::Health;
pub use jackfield_records::{Exported, Summary};
pub use lines::{Admission, LineMetrics, ListenSpec, Wire, tls_facts};
pub use prepare::{Checked, check};
pub use quarantine::{QuarantineEntry, ReplayError};
pub use records::{RecordsError, Which};
pub use registry::{DriverError, Registry};
pub use room::BodyRoom;
pub use silence::Silent;
pub use views::{ChannelView, DriverView, Latency, PreviousDriver};
