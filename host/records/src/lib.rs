//! Records of handler calls: what a driver was given, what it asked the host and was answered, and what came of it.
//!
//! A [`Record`] is plain JSON, so that people can read an exported one. On disk it stands sealed: a file of a channel
//! ([`sealed`]) has a key of its own, each record in it is encrypted and authenticated. The [`Keeper`] writes them
//! by a thread of its own, and lets go of what is too old or too much.

mod compare;
mod error;
mod facts;
mod folder;
mod keeper;
mod record;
pub mod sealed;
mod unfold;

pub use compare::{Change, Difference, compare, is_from_outside};
pub use error::Error;
pub use facts::facts;
pub use folder::{Summary, read_channel, summaries};
pub use keeper::{Counts, Keep, Keeper, Recorder};
pub use record::{Call, Ending, Exported, FORMAT, Header, Record, Step, read_export, shortened, write_export};
pub use unfold::unfold;
