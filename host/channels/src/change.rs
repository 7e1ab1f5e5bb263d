//! What came of changing a driver, and why it may not.

use crate::registry::DriverError;
use jackfield_sequencer::CommitError;
use jackfield_spec::Digest;
use serde::Serialize;

/// A driver that serves now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverChange {
    /// The driver's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Whose signature it carries.
    pub signer: Option<String>,
    /// What it replaced.
    pub replaced: Option<Digest>,
    /// Channels that it serves from now on.
    pub channels: Vec<String>,
    /// Channels that were not served before and are not now, each with the reason.
    pub not_served: Vec<NotServed>,
}

/// A channel that a driver can't serve.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotServed {
    /// The channel's id.
    pub channel: String,
    /// Why, with what to do.
    pub why: String,
}

/// Why a driver was not changed. What served before serves on.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The component.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// It is another driver than the one named.
    #[error("the component is the driver {found}, not {wanted}; use its own name")]
    OtherName {
        /// The name asked for.
        wanted: String,
        /// The name in the descriptor.
        found: String,
    },
    /// Channels that are served now could not be served by it.
    #[error("the driver can't serve {}; nothing was changed", told(.0))]
    Channels(Vec<NotServed>),
    /// Nothing is known of the name.
    #[error("there is no driver `{0}`; `jackfield driver list` shows those there are")]
    Unknown(String),
    /// It serves channels, and nothing could take its place.
    #[error("the driver `{name}` serves {channels} and nothing could take its place; {remedy}")]
    InUse {
        /// Its name.
        name: String,
        /// The channels.
        channels: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It was not put by an operator: the folder decides.
    #[error("the driver `{name}` comes from {folder}; delete its file there, and see that no channel uses it")]
    OfFolder {
        /// Its name.
        name: String,
        /// The drivers folder.
        folder: String,
    },
    /// There is nothing before the one that serves.
    #[error("no other version of `{0}` has served here; there is nothing to go back to")]
    NothingBefore(String),
    /// What was to be rolled back does not serve any more.
    #[error("another version of `{0}` serves by now")]
    Overtaken(String),
    /// The component's file can't be kept.
    #[error("the driver could not be kept: {0}; see to the data folder's disk")]
    Keep(#[from] std::io::Error),
    /// The journal can't be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl ChangeError {
    /// The step of a driver's life that was not reached.
    pub fn step(&self) -> &'static str {
        match self {
            Self::Driver(error) => error.step(),
            Self::OtherName { .. } => "probed",
            Self::Channels(_) => "warm",
            _ => "serving",
        }
    }
}

fn told(channels: &[NotServed]) -> String {
    let told: Vec<_> =
        channels.iter().map(|failed| format!("the channel `{}`: {}", failed.channel, failed.why)).collect();
    told.join("; ")
}
