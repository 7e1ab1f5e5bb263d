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
        let (year, month, day) = date(self.0 / DAY);
        let (seconds, millis) = (self.0 % DAY / 1000, self.0 % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(time) = canonical(text) {
            return Ok(time);
        }
        // Other spellings: offsets, fewer or more decimals. (jiff ends a day before the year 9999 does.)
        let malformed = || TimestampError::Malformed(text.chars().take(64).collect());
        let time: jiff::Timestamp = text.parse().map_err(|_| malformed())?;
        let millis = u64::try_from(time.as_millisecond()).map_err(|_| malformed())?;
        Self::from_millis(millis)
    }
}

/// Milliseconds of a day; leap seconds are not counted.
const DAY: u64 = 86_400_000;
/// Days from 0000-03-01, with which the count by eras begins, to 1970-01-01.
const EPOCH: u64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;

/// Year, month and day of a day since 1970. Years are taken to begin in March, so that a leap day is their last.
fn date(days: u64) -> (u64, u64, u64) {
    let (era, day) = ((days + EPOCH) / ERA, (days + EPOCH) % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month < 3), month, date)
}

/// The day since 1970 of a date.
fn days(year: u64, month: u64, date: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month < 3))?;
    let (era, of_era) = (year / 400, year % 400);
    let day = (153 * ((month + 9) % 12) + 2) / 5 + date.checked_sub(1)?;
    (era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + day).checked_sub(EPOCH)
}

/// Reads exactly what is written.
fn canonical(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let day = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let time = Timestamp::from_millis(day * DAY + seconds * 1000 + number(20, 23)?).ok()?;
    // What is out of range or has other punctuation is written in another way.
    (time.to_string() == text).then_some(time)
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
