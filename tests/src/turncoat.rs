//! Components of the guest `turncoat`, each of another version; what a version does stands in it.

use crate::files;

/// What a version of the guest does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers.
    Good,
    /// Answers after some milliseconds.
    Slow,
    /// Traps.
    Trapping,
    /// Refuses its settings, so that it never serves.
    Choosy,
}

/// The version that [`turncoat`] writes for a number.
pub fn turncoat_version(kind: Kind, number: u32) -> String {
    let minor = match kind {
        Kind::Good => 1,
        Kind::Slow => 2,
        Kind::Trapping => 3,
        Kind::Choosy => 4,
    };
    format!("1.{minor}.{}", 10_000 + number)
}

/// The component of this version; numbers up to 9,999 and more give other components.
///
/// # Panics
/// The guest isn't built, or has no version to be replaced.
pub fn turncoat(kind: Kind, number: u32) -> Vec<u8> {
    let built = b"1.1.10000";
    let version = turncoat_version(kind, number);
    assert_eq!(version.len(), built.len(), "the version is written over the one that is there");
    let mut bytes = std::fs::read(files::guest("turncoat")).expect("the guest's file");
    let places: Vec<_> = (0..bytes.len() - built.len()).filter(|at| bytes[*at..].starts_with(built)).collect();
    assert!(!places.is_empty(), "the guest's version is in its bytes");
    for at in places {
        bytes[at..at + built.len()].copy_from_slice(version.as_bytes());
    }
    bytes
}
