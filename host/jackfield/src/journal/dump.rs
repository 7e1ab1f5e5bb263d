//! `journal dump`.

use crate::exit::Exit;
use crate::out;
use jackfield_journal::Record;
use serde::Serialize;
use serde_json::value::RawValue;
use std::path::Path;

pub(super) fn run(data: &Path, from: u64, limit: usize) -> Result<(), Exit> {
    for record in jackfield_journal::dump(data, from, limit)? {
        out::line(&line(&record?)?)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: String,
    hash: String,
    /// As it stands in the journal; null if it isn't JSON.
    entry: Option<&'a RawValue>,
    /// What isn't JSON, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

pub(super) fn line(record: &Record) -> serde_json::Result<String> {
    // Raw: members that this version doesn't know are shown, in their order.
    let entry = serde_json::from_slice(&record.payload).ok();
    let payload = entry.is_none().then(|| hex::encode(&record.payload));
    serde_json::to_string(&Line {
        seq: record.seq,
        at: super::time_of(record.at),
        hash: hex::encode(record.hash),
        entry,
        payload,
    })
}
