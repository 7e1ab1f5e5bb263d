//! Channels and drivers as operators see them.

use crate::health::Health;
use jackfield_spec::Digest;
use serde::Serialize;

/// A channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView {
    /// Its id.
    pub id: String,
    /// `name@version` of the driver that serves it, or the name that the config asks for.
    pub driver: String,
    /// SHA-256 of the driver's component.
    pub digest: Option<Digest>,
    /// `serving`, `paused`, `failed`.
    pub state: &'static str,
    /// Why it failed.
    pub detail: Option<String>,
    /// What the driver says of its contact with the channel.
    pub health: Health,
    /// Media types that the driver brings.
    pub media_types: Vec<String>,
    /// Its webhook as vendors call it.
    pub public_url: String,
    /// How many drivers it has been served by since the start.
    pub generation: u64,
    /// Calls that run now.
    pub running: usize,
    /// Instances that wait for a call.
    pub idle_instances: usize,
    /// Calls so far.
    pub calls: u64,
    /// Calls that trapped.
    pub traps: u64,
    /// Calls that ran out of time.
    pub timeouts: u64,
    /// Commits that met a change of the store.
    pub conflicts: u64,
    /// What comes of it is marked as simulated.
    pub simulated: bool,
}

/// A loaded driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// Shown to people.
    pub title: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Interfaces that it exports.
    pub exports: Vec<&'static str>,
    /// Channels that it serves.
    pub channels: Vec<String>,
}
