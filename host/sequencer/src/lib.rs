//! The one thread that takes commands, decides, appends and only then answers.
//!
//! ```text
//! Commit | Command -> decide -> Entry -> Journal::append (one sync for many) -> answers, notices, effects
//! ```
//!
//! It owns the router's [`State`](jackfield_router::State) and the journal. It knows messages and their bodies; it does
//! not know sandboxes, sockets or media. Whoever asks waits until what was decided is durable.

mod body;
mod clock;
mod commit;
mod entry;
mod erasure;
mod error;
mod handle;
mod house;
mod job;
mod keys;
mod snapshotter;
mod start;
mod work;

pub use body::{Messages, Stored, readers_of};
pub use clock::{Clock, running_clock, system_clock};
pub use commit::{Commit, CommitError, Committed, Landed, Push, StoreWrite, TimerChange};
pub use entry::{Audit, Entry, ErasureEntry, MessageEntry, StoreEntry};
pub use erasure::{EraseError, Erased};
pub use error::Error;
pub use handle::{Counters, Sequencer};
pub use house::Keep;
pub use keys::Keys;
pub use snapshotter::{Made, MakeSnapshot, make_snapshot};
pub use start::{Announcement, Outputs, Settings, Started, replay, start};

#[cfg(test)]
mod tests;
