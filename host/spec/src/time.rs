//! Points in time, in milliseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Milliseconds since 1970-01-01T00:00:00Z. In JSON: RFC 3339, UTC, always with three digits of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

/// The last instant that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
const MAX: u64 = 253_402_300_799_999;

/// Why a time could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Beyond what RFC 3339 can write.
    #[error("{0} ms lies after the year 9999; give milliseconds since 1970-01-01T00:00:00Z")]
    OutOfRange(u64),
    /// Not an RFC 3339 text.
    #[error("`{0}` is no time; write it as RFC 3339, for example 2026-11-22T15:04:05.000Z")]
    Malformed(String),
}

impl Timestamp {
    /// A time from milliseconds since 1970, refused after the year 9999.
    pub fn from_millis(millis: u64) -> Result<Self, TimestampError> {
        if millis > MAX {
            return Err(TimestampError::OutOfRange(millis));
        }
        Ok(Self(millis))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The range is checked when a value is made, so jiff can hold every one.
        match jiff::Timestamp::from_millisecond(self.0 as i64) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || TimestampError::Malformed(text.chars().take(64).collect());
        let time: jiff::Timestamp = text.parse().map_err(|_| malformed())?;
        let millis = u64::try_from(time.as_millisecond()).map_err(|_| malformed())?;
        Self::from_millis(millis)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
