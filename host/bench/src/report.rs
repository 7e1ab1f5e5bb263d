//! The table, and `target/bench.json`.

use anyhow::Context;
use serde::Serialize;
use std::path::Path;

/// One line of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Number and what it is, with the unit.
    pub name: String,
    /// Ours.
    pub this: f64,
    /// What it is held against.
    pub reference: f64,
    /// Ours over the reference.
    pub ratio: f64,
    /// What the ratio should be, such as `<= 3`.
    pub target: String,
    /// Whether it is.
    pub met: bool,
    /// Why there are no figures (they are `null` then).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
}

/// A bound of a ratio.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// The lower the better.
    AtMost(f64),
    /// The higher the better.
    AtLeast(f64),
}

impl Target {
    fn text(self) -> String {
        match self {
            Self::AtMost(bound) => format!("<= {bound}"),
            Self::AtLeast(bound) => format!(">= {bound}"),
        }
    }
}

impl Row {
    /// A row of something that has a bound of its own and is compared with nothing.
    pub fn bounded(name: &str, this: f64, bound: f64) -> Self {
        Self {
            name: name.to_owned(),
            this: rounded(this),
            reference: bound,
            ratio: rounded(this / bound),
            target: format!("<= {bound}"),
            met: this <= bound,
            not_measured: None,
        }
    }

    /// A row from a comparison.
    pub fn new(name: &str, compared: &crate::rounds::Compared, target: Target) -> Self {
        let ratio = compared.ratio();
        let met = match target {
            Target::AtMost(bound) => ratio <= bound,
            Target::AtLeast(bound) => ratio >= bound,
        };
        Self {
            name: name.to_owned(),
            this: rounded(compared.this),
            reference: rounded(compared.reference),
            ratio: rounded(ratio),
            target: target.text(),
            met,
            not_measured: None,
        }
    }

    /// A row of what could not be measured here. Its target isn't met, whatever it would be.
    pub fn not_measured(name: &str, target: Target, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            this: f64::NAN,
            reference: f64::NAN,
            ratio: f64::NAN,
            target: target.text(),
            met: false,
            not_measured: Some(why.to_owned()),
        }
    }
}

impl Row {
    /// A row of something that is not held against anything but a number.
    pub fn absolute(name: &str, this: f64, most: f64) -> Self {
        Self {
            name: name.to_owned(),
            this: rounded(this),
            reference: most,
            ratio: rounded(this / most),
            target: "<= 1".to_owned(),
            met: this <= most,
            not_measured: None,
        }
    }
}

/// Three decimals: more would only be noise.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Prints the rows as a table.
pub fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    println!("\n{:width$}  {:>10}  {:>10}  {:>6}  {:>7}  met", "name", "this", "reference", "ratio", "target");
    for row in rows {
        let met = match (&row.not_measured, row.met) {
            (Some(why), _) => format!("no, not measured: {why}"),
            (None, true) => "yes".to_owned(),
            (None, false) => "no".to_owned(),
        };
        println!(
            "{:width$}  {:>10}  {:>10}  {:>6}  {:>7}  {met}",
            row.name,
            number(row.this),
            number(row.reference),
            number(row.ratio),
            row.target
        );
    }
}

fn number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "-".to_owned(),
        1e3.. => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// Writes the rows for programs to read.
///
/// # Errors
/// The file can't be written.
pub fn write(rows: &[Row], path: &Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(rows)?;
    std::fs::write(path, json + "\n").with_context(|| format!("{} can't be written", path.display()))
}
