//! What a record holds, and its form outside the data folder.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Digest as _;
use std::io::{BufRead, Write};
use std::path::Path;

/// What the first line of an exported file says it is.
pub const FORMAT: &str = "jackfield-record";
/// The version of the form.
const VERSION: u32 = 1;
/// Longer texts and bytes of what a driver handed to the host are kept as their digest: to compare needs no more.
const LONGEST: usize = 64 << 10;

/// Calls of one instance, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// UUIDv7, made when the record was finished.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// `name@version` of the driver.
    pub driver: String,
    /// SHA-256 of the component, as `sha256:...`.
    pub digest: String,
    /// The instance: one that lives for several calls has them in several records.
    pub instance: String,
    /// How many calls of the instance came before these; 0: the first one is `configure`.
    pub first: u32,
    /// The limits that the instance had.
    pub limits: Value,
    /// The calls.
    pub calls: Vec<Call>,
}

/// One call of a handler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The handler (`Receive`), or `Configure`.
    pub handler: String,
    /// When it began, in milliseconds since 1970.
    pub at: u64,
    /// What it was given.
    pub input: Value,
    /// What it asked the host, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub ending: Ending,
}

/// A call to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Interface and function (`store.get`).
    pub function: String,
    /// Its arguments, a list; long ones as their digest.
    pub arguments: Value,
    /// What the host answered; none: the call was ended before.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

/// An answer that is null is one, too.
fn there<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Ending {
    /// It returned.
    Returned {
        /// What the driver answered.
        answer: Value,
    },
    /// It came to nothing.
    Failed {
        /// `trap`, `memory`, `guest-time`, `wall-time`, `cut-off`.
        kind: String,
        /// In words.
        text: String,
    },
}

/// The first line of an exported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The version of the form.
    pub version: u32,
}

/// Records in clear, as the server hands them out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exported {
    /// What the file is to begin with.
    #[serde(flatten)]
    pub header: Header,
    /// The records, oldest first.
    pub records: Vec<Record>,
}

impl Exported {
    /// Records in the form of this version.
    pub fn new(records: Vec<Record>) -> Self {
        Self { header: Header { format: FORMAT.to_owned(), version: VERSION }, records }
    }
}

impl Record {
    /// Begins a record.
    pub fn new(channel: &str, driver: &str, digest: &str, limits: Value) -> Self {
        let id = || uuid::Uuid::now_v7().to_string();
        Self {
            id: id(),
            channel: channel.to_owned(),
            driver: driver.to_owned(),
            digest: digest.to_owned(),
            instance: id(),
            first: 0,
            limits,
            calls: Vec::new(),
        }
    }

    /// Takes out the calls that have ended: the rest of the instance's life goes into further records.
    pub fn split_off(&mut self) -> Self {
        let calls = std::mem::take(&mut self.calls);
        let done = Self { id: uuid::Uuid::now_v7().to_string(), calls, ..self.clone() };
        self.first += u32::try_from(done.calls.len()).unwrap_or(u32::MAX);
        done
    }
}

/// What a driver handed over, long texts and bytes as their digest.
pub fn shortened(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let long = fields.len() == 1 && fields.values().any(|value| value.as_str().is_some_and(is_long));
            match crate::unfold::bytes(&fields).filter(|_| long) {
                Some(bytes) => digested(&bytes),
                None => fields.into_iter().map(|(name, value)| (name, shortened(value))).collect::<Map<_, _>>().into(),
            }
        }
        Value::Array(values) => values.into_iter().map(shortened).collect(),
        Value::String(text) if is_long(&text) => digested(text.as_bytes()),
        other => other,
    }
}

fn is_long(text: &str) -> bool {
    text.len() > LONGEST
}

fn digested(bytes: &[u8]) -> Value {
    json!({ "$sha256": hex::encode(sha2::Sha256::digest(bytes)), "size": bytes.len() })
}

/// Writes records as a file that `jackfield driver replay` and people can read: a line that says what it is, then a
/// record a line.
///
/// # Errors
/// The writer's.
pub fn write_export(mut to: impl Write, records: impl IntoIterator<Item = Record>) -> std::io::Result<()> {
    serde_json::to_writer(&mut to, &Header { format: FORMAT.to_owned(), version: VERSION })?;
    to.write_all(b"\n")?;
    for record in records {
        serde_json::to_writer(&mut to, &record)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Reads what [`write_export`] wrote.
///
/// # Errors
/// [`Error::Format`] if it is something else, [`Error::Io`] if it can't be read.
pub fn read_export(from: impl BufRead, path: &Path) -> Result<Vec<Record>, Error> {
    let name = path.display();
    let mut lines = from.lines();
    let first = lines.next().transpose().map_err(|source| Error::io(path, source))?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first).map_err(|_| Error::format(name, "it begins with no header"))?;
    if header.format != FORMAT || header.version != VERSION {
        let problem = format!("its header says `{}` version {}", header.format, header.version);
        return Err(Error::format(path.display(), problem));
    }
    let mut records = Vec::new();
    for (number, line) in lines.enumerate() {
        let line = line.map_err(|source| Error::io(path, source))?;
        if !line.trim().is_empty() {
            let wrong = |error| Error::format(path.display(), format!("line {}: {error}", number + 2));
            records.push(serde_json::from_str(&line).map_err(wrong)?);
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
