//! `journal verify`.

use crate::exit::{Exit, failed};
use crate::out;
use anyhow::anyhow;
use jackfield_journal::Report;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(data: &Path, json: bool) -> Result<(), Exit> {
    let report = jackfield_journal::verify(data)?;
    if json {
        out::json(&as_json(&report))?;
    } else {
        for line in as_lines(&report) {
            out::line(&line)?;
        }
    }
    match report.problems.len() {
        0 => Ok(()),
        1 => Err(failed(anyhow!("{}: 1 problem", data.display()))),
        count => Err(failed(anyhow!("{}: {count} problems", data.display()))),
    }
}

fn as_json(report: &Report) -> Value {
    json!({
        "head": report.head, "records": report.records, "bodies": report.bodies, "messages": report.messages,
        "blobs": report.blobs, "snapshots": report.snapshots, "problems": report.problems,
    })
}

fn as_lines(report: &Report) -> Vec<String> {
    let counts = [
        ("head", report.head),
        ("records", report.records),
        ("bodies", report.bodies),
        ("messages", report.messages),
        ("blobs", report.blobs),
        ("snapshots", report.snapshots),
    ];
    let counts = counts.map(|(name, count)| format!("{name:<14}{count}"));
    let problems = report.problems.iter().map(|problem| format!("problem: {problem}"));
    let well = report.problems.is_empty().then(|| "all is well".to_owned());
    counts.into_iter().chain(problems).chain(well).collect()
}
