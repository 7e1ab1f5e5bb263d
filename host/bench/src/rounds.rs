//! Two things measured in turn, A B A B, so that what else the machine does meets both.

use std::time::Duration;

/// Rounds of every comparison.
pub const ROUNDS: usize = 5;

/// What came of a comparison.
pub struct Compared {
    /// Median of A.
    pub this: f64,
    /// Median of B.
    pub reference: f64,
}

impl Compared {
    /// A over B.
    pub fn ratio(&self) -> f64 {
        self.this / self.reference
    }
}

/// Sums up rounds of (A, B).
pub fn compare(rounds: &[(f64, f64)]) -> Compared {
    Compared {
        this: median(rounds.iter().map(|(this, _)| *this)),
        reference: median(rounds.iter().map(|(_, reference)| *reference)),
    }
}

/// The middle value.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// The value that 99 of 100 don't exceed, in milliseconds.
pub fn p99_ms(mut values: Vec<Duration>) -> f64 {
    values.sort();
    let at = (values.len() * 99).div_ceil(100).saturating_sub(1);
    values.get(at).map_or(f64::NAN, |value| value.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests;
