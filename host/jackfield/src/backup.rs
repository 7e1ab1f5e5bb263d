//! `backup` and `restore`.

use crate::exit::Exit;
use crate::out;
use jackfield_journal::Report;
use serde_json::json;
use std::path::Path;

/// Copies the data folder to a new folder.
pub fn backup(data: &Path, dir: &Path, as_json: bool) -> Result<(), Exit> {
    tell("backed up to", dir, &jackfield_journal::backup(data, dir)?, as_json)
}

/// Makes a data folder of a backup.
pub fn restore(dir: &Path, data: &Path, as_json: bool) -> Result<(), Exit> {
    tell("restored to", data, &jackfield_journal::restore(dir, data)?, as_json)
}

fn tell(what: &str, to: &Path, report: &Report, as_json: bool) -> Result<(), Exit> {
    if as_json {
        let Report { head, records, messages, blobs, snapshots, .. } = report;
        return out::json(&json!({
            "folder": to.display().to_string(),
            "head": head,
            "records": records,
            "messages": messages,
            "blobs": blobs,
            "snapshots": snapshots,
        }));
    }
    let line = format!(
        "{what} {}: up to record {}, {} messages, {} blobs; all checked",
        to.display(),
        report.head,
        report.messages,
        report.blobs
    );
    out::line(&line)
}
