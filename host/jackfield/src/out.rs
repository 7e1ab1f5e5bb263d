//! What commands print: tables, JSON, and text of strangers made harmless.

use crate::exit::Exit;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Writes one line to stdout at once, so that who reads a pipe gets it in time.
///
/// # Errors
/// Stdout is closed; [`exit::report`](crate::exit::report) takes a reader that has enough for success.
pub fn line(text: &str) -> Result<(), Exit> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()?;
    Ok(())
}

/// Writes a value as JSON for people and programs.
///
/// # Errors
/// As [`line`].
pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<(), Exit> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes a table: each column as wide as its widest cell, the last one as it is.
///
/// # Errors
/// As [`line`].
pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Result<(), Exit> {
    for row in lay_out(heading, rows) {
        line(&row)?;
    }
    Ok(())
}

fn lay_out<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let heading = heading.map(str::to_uppercase);
    let all = || std::iter::once(&heading).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    all()
        .map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                // Writing to a text can't fail.
                let _ = write!(line, "{cell:<width$}  ");
            }
            line.truncate(line.trim_end().len());
            line
        })
        .collect()
}

/// A member of a JSON object for people: `a.b` goes into objects, none and null are `-`.
pub fn cell(value: &Value, path: &str) -> String {
    match path.split('.').try_fold(value, |value, name| value.get(name)) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => one_line(text),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) => {
            let items: Vec<_> =
                items.iter().map(|item| item.as_str().map_or_else(|| one_line(&item.to_string()), one_line)).collect();
            items.join(", ")
        }
        Some(other) => one_line(&other.to_string()),
    }
}

/// A member that is a text.
pub fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(value, |value, name| value.get(name))?.as_str()
}

/// Text of strangers, safe for a terminal: what would move its cursor or turn its writing round is shown as `\u{..}`.
/// New lines stay.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n' && c != '\t') || turns {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// [`harmless`], and on one line.
pub fn one_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

/// A time of the journal or a log, in milliseconds since 1970, as RFC 3339.
pub fn time(millis: u64) -> String {
    jackfield_spec::Timestamp::from_millis(millis).map_or_else(|_| millis.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests;
