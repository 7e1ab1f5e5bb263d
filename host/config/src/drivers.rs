//! `[server]`'s keys about drivers: whose signatures are trusted, and how one version takes another's place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jackfield_signing::{PublicKey, Trust};
use jackfield_spec::Digest;

use crate::reader::{Node, Table};

/// What happens to a driver that carries no signature of a trusted key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// It is loaded.
    Off,
    /// It is loaded, and a warning logged.
    Warn,
    /// It is refused.
    Required,
}

/// How one version of a driver takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// `drain`: how long calls of the version before may go on. Default 60 s.
    pub drain: Duration,
    /// `trial`: how long a new version is on trial; the one before is kept beside it. Default 60 s.
    pub trial: Duration,
    /// `trial-crashes`: calls that it may crash in on trial; with one more it is rolled back. Default 3.
    pub trial_crashes: u32,
}

impl Default for Swap {
    fn default() -> Self {
        Self { drain: Duration::from_secs(60), trial: Duration::from_secs(60), trial_crashes: 3 }
    }
}

pub(crate) fn signing(table: &Table<'_>) -> Signing {
    let choices = [("off", Signing::Off), ("warn", Signing::Warn), ("required", Signing::Required)];
    table.get("signing").and_then(|node| node.choice(&choices)).unwrap_or(Signing::Warn)
}

pub(crate) fn trust(table: &Table<'_>) -> Trust {
    let keys = table.get("trusted-keys").map(|node| node.entries("{ acme-2026 = \"ed25519:...\" }"));
    let mut trusted = BTreeMap::new();
    for (name, node) in keys.unwrap_or_default() {
        if let Some(key) = public_key(&node)
            && let Some(other) = trusted.insert(key, name)
        {
            node.error(format!("is the same key as `{other}`"), "write each key once");
        }
    }
    let revoked = items(table, "revoked-keys", "[\"ed25519:...\"]", public_key);
    let drivers = items(table, "revoked-drivers", "[\"sha256-...\"]", |node| {
        let digest = node.string("a digest in quotes")?.parse::<Digest>();
        digest
            .map_err(|_| {
                node.error("is no digest", "write `sha256-` and 64 hexadecimal digits, as `driver list` shows it")
            })
            .ok()
    });
    Trust { keys: trusted, revoked_keys: revoked, revoked_drivers: drivers }
}

fn items<T: Ord>(
    table: &Table<'_>,
    key: &'static str,
    example: &str,
    read: impl Fn(&Node<'_>) -> Option<T>,
) -> BTreeSet<T> {
    table.get(key).map(|node| node.items(example)).unwrap_or_default().iter().filter_map(read).collect()
}

fn public_key(node: &Node<'_>) -> Option<PublicKey> {
    let text = node.string("\"ed25519:...\"")?;
    PublicKey::parse(text)
        .map_err(|_| node.error("is no public key", "write it as `jackfield driver sign` prints it, `ed25519:...`"))
        .ok()
}

pub(crate) fn swap(table: &Table<'_>) -> Swap {
    const HOUR: Duration = Duration::from_secs(3_600);
    let default = Swap::default();
    let time = |key, least| table.get(key).and_then(|node| node.duration(least, HOUR));
    Swap {
        drain: time("drain", Duration::from_secs(1)).unwrap_or(default.drain),
        trial: time("trial", Duration::ZERO).unwrap_or(default.trial),
        trial_crashes: table
            .get("trial-crashes")
            .and_then(|node| node.integer(0, 1_000_000))
            .unwrap_or(default.trial_crashes),
    }
}
