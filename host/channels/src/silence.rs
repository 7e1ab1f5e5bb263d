//! Notices a channel that has gone deaf: nothing comes in for much longer than is usual at this time of day.

use jackfield_spec::Timestamp;
use serde::Serialize;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Hours that must have been seen before anything is usual.
const LEARNED: u32 = 24;
/// So many events should have come, and none did: with a steady flow that is chance once in 10^13.
const EXPECTED: f64 = 30.0;
/// Never before this much time without an event.
const LEAST: u64 = 10 * 60_000;
/// How much a day counts against what was learned before.
const WEIGHT: f64 = 0.3;

/// What is usual on a channel, by the hour of the day (UTC). All times are milliseconds since 1970, given by the caller.
#[derive(Debug, Clone, Default)]
pub(crate) struct Silence {
    /// Events in each hour of the day.
    usual: [Option<f64>; 24],
    /// The hour that is being counted, as hours since 1970, and its events.
    hour: Option<(u64, u64)>,
    hours: u32,
    last: Option<u64>,
    since: Option<u64>,
    /// As it was found last.
    silent: Option<Silent>,
}

/// A channel that is silent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Silent {
    /// When the last event came.
    pub since: Timestamp,
    /// Events that would usually have come since then.
    pub expected: f64,
}

impl Silence {
    /// Something came in.
    pub(crate) fn heard(&mut self, now: u64) {
        self.advance(now);
        if let Some((_, count)) = &mut self.hour {
            *count += 1;
        }
        self.last = Some(now);
        self.since = None;
        self.silent = None;
    }

    /// The channel was paused, or another driver serves it: what was usual stays, the count begins anew.
    pub(crate) fn begin(&mut self, now: u64) {
        self.hour = None;
        self.last = Some(now);
        self.since = None;
        self.silent = None;
    }

    /// Whether it was too quiet when it was last looked at.
    pub(crate) fn silent(&self) -> Option<Silent> {
        self.silent
    }

    /// Whether it is too quiet. The second value: it has just become so.
    pub(crate) fn look(&mut self, now: u64) -> (Option<Silent>, bool) {
        self.advance(now);
        let Some(last) = self.last else { return (None, false) };
        let expected = self.expected(last, now);
        let silent = self.hours >= LEARNED && now.saturating_sub(last) >= LEAST && expected >= EXPECTED;
        if !silent {
            return (None, false);
        }
        let new = self.since.replace(last).is_none();
        self.silent = Timestamp::from_millis(last).ok().map(|since| Silent { since, expected });
        (self.silent, new)
    }

    /// Takes hours that are over into what is usual. While it is silent nothing is learned: deafness is not usual.
    fn advance(&mut self, now: u64) {
        let this = now / HOUR;
        let Some((hour, count)) = self.hour else {
            self.hour = Some((this, 0));
            return;
        };
        if this <= hour {
            return;
        }
        if self.since.is_none() {
            self.learn(hour, count as f64);
            for quiet in (hour + 1..this).take(24) {
                self.learn(quiet, 0.0);
            }
        }
        self.hour = Some((this, 0));
    }

    fn learn(&mut self, hour: u64, count: f64) {
        let usual = &mut self.usual[(hour % 24) as usize];
        *usual = Some(usual.map_or(count, |before| before + WEIGHT * (count - before)));
        self.hours = self.hours.saturating_add(1);
    }

    /// Events that usually come between two times, at most a day apart.
    fn expected(&self, from: u64, to: u64) -> f64 {
        let mut at = from.max(to.saturating_sub(DAY));
        let mut sum = 0.0;
        while at < to {
            let end = ((at / HOUR + 1) * HOUR).min(to);
            let usual = self.usual[(at / HOUR % 24) as usize].unwrap_or(0.0);
            sum += usual * (end - at) as f64 / HOUR as f64;
            at = end;
        }
        sum
    }
}

#[cfg(test)]
mod tests;
