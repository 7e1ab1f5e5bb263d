//! Durations and sizes as people write them: `"30s"`, `"64MiB"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a duration or size couldn't be read; the text says how to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a whole number followed by a unit of time.
    #[error("write a whole number and one of ms, s, m, h, d, such as \"30s\"")]
    Duration,
    /// Not a whole number followed by a unit of size.
    #[error("write a whole number and one of B, KiB, MiB, GiB, such as \"64MiB\"")]
    Size,
}

/// Reads a duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
///
/// # Errors
/// [`UnitError::Duration`] for anything else, and for more than 100 years.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    const HUNDRED_YEARS: u64 = 100 * 366 * 24 * 3600 * 1000;
    let (number, unit) = split(text).ok_or(UnitError::Duration)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        "d" => 24 * 3600 * 1000,
        _ => return Err(UnitError::Duration),
    };
    number
        .checked_mul(milliseconds)
        .filter(|total| *total <= HUNDRED_YEARS)
        .map(Duration::from_millis)
        .ok_or(UnitError::Duration)
}

/// A number of bytes, written as a whole number and one of `B`, `KiB`, `MiB`, `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// So many KiB.
    pub const fn kib(number: u64) -> Self {
        ByteSize(number << 10)
    }

    /// So many MiB.
    pub const fn mib(number: u64) -> Self {
        ByteSize(number << 20)
    }

    /// The bytes as a length in memory, at most [`usize::MAX`].
    pub fn to_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

const SIZES: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text).ok_or(UnitError::Size)?;
        let (_, shift) = SIZES.iter().find(|(name, _)| *name == unit).ok_or(UnitError::Size)?;
        number.checked_mul(1 << shift).map(ByteSize).ok_or(UnitError::Size)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, shift) = SIZES
            .iter()
            .find(|(_, shift)| self.0 != 0 && self.0.trailing_zeros() >= *shift)
            .copied()
            .unwrap_or(("B", 0));
        write!(f, "{}{unit}", self.0 >> shift)
    }
}

/// A duration as the config would write it, in the largest unit that leaves no rest.
pub(crate) fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let units = [("d", 24 * 3600 * 1000), ("h", 3600 * 1000), ("m", 60 * 1000), ("s", 1000)];
    units
        .iter()
        .find(|(_, size)| milliseconds.is_multiple_of(*size))
        .map_or_else(|| format!("{milliseconds}ms"), |(unit, size)| format!("{}{unit}", milliseconds / size))
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit))
}
