//! `journal replay`: the router's state, made anew from the first record.

use super::{beginning, records_to, time_of};
use crate::exit::{Exit, failed};
use crate::out;
use anyhow::anyhow;
use jackfield_journal::Snapshot;
use jackfield_router::{Phase, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn run(data: &Path, to: Option<u64>, as_json: bool) -> Result<(), Exit> {
    let mut found = replay(data, to)?;
    let summary = summary(&found);
    if as_json {
        out::json(&summary)?;
    } else {
        for line in lines(&summary) {
            out::line(&line)?;
        }
    }
    found.wrong.extend(jackfield_router::check::check(&found.state).err());
    if let Compared::Differs { seq } = found.snapshot {
        found.wrong.push(format!(
            "the snapshot at record {seq} isn't the state that the records make; `jackfield journal verify` tells whether one \
             of them is damaged"
        ));
    }
    match found.wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(failed(anyhow!(wrong.join("\n")))),
    }
}

/// What the records make.
#[derive(Default)]
pub(super) struct Found {
    state: State,
    records: u64,
    head: u64,
    at: Option<i64>,
    snapshot: Compared,
    wrong: Vec<String>,
}

/// What came of comparing the newest snapshot.
#[derive(Default)]
enum Compared {
    /// There is none up to the last record replayed.
    #[default]
    None,
    /// It couldn't be read.
    Not { why: String },
    /// The replayed state is the same, byte for byte.
    Equal { seq: u64 },
    /// It isn't.
    Differs { seq: u64 },
}

pub(super) fn replay(data: &Path, to: Option<u64>) -> Result<Found, Exit> {
    // First, since it tells when there is no journal; opening for the snapshot would make one.
    let (state, first) = beginning(data)?;
    let records = jackfield_journal::dump(data, first, records_to(first, to))?;
    let mut found = Found { state, ..Found::default() };
    let snapshot = match jackfield_journal::newest_snapshot(data) {
        Ok(snapshot) => snapshot,
        Err(why) => {
            found.snapshot = Compared::Not { why: why.to_string() };
            None
        }
    };
    for record in records {
        let record = record?;
        jackfield_sequencer::replay(&mut found.state, record.seq, &record.payload)?;
        found.records += 1;
        found.head = record.seq;
        found.at = Some(record.at);
        if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| snapshot.seq == record.seq) {
            found.snapshot = compare(snapshot, &found.state)?;
        }
    }
    Ok(found)
}

/// Both are written by this version, so that a snapshot of an older one isn't taken for another state.
fn compare(snapshot: &Snapshot, state: &State) -> Result<Compared, Exit> {
    let seq = snapshot.seq;
    let Ok(kept) = serde_json::from_slice::<State>(&snapshot.payload) else {
        return Ok(Compared::Not { why: format!("the one at record {seq} is of another version") });
    };
    let equal = serde_json::to_vec(&kept)? == serde_json::to_vec(state)?;
    Ok(if equal { Compared::Equal { seq } } else { Compared::Differs { seq } })
}

pub(super) fn summary(found: &Found) -> Value {
    let state = &found.state;
    let snapshot = match &found.snapshot {
        Compared::None => Value::Null,
        Compared::Not { why } => json!({ "compared": false, "why": why }),
        Compared::Equal { seq } => json!({ "compared": true, "seq": seq, "equal": true }),
        Compared::Differs { seq } => json!({ "compared": true, "seq": seq, "equal": false }),
    };
    let invariants = jackfield_router::check::check(state);
    json!({
        "records": found.records,
        "head": found.head,
        "at": found.at.map(time_of),
        "workItems": count(state.items().values().map(|item| item.state.name())),
        "offers": state.offers().len(),
        "agents": count(state.agents().values().map(|agent| agent.presence.name())),
        "deliveries": count(state.deliveries().values().map(|delivery| phase(&delivery.phase))),
        "timers": state.timers().len(),
        "invariants": { "hold": invariants.is_ok(), "problem": invariants.err() },
        "snapshot": snapshot,
    })
}

fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting",
        Phase::Attempting => "attempting",
        Phase::Backoff { .. } => "backoff",
        Phase::Done { .. } => "done",
    }
}

fn count(names: impl Iterator<Item = &'static str>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// The summary for people.
fn lines(summary: &Value) -> Vec<String> {
    let row = |name: &str, value: String| format!("{name:<14}{value}");
    let counts = |name: &str| match summary.get(name).and_then(Value::as_object) {
        Some(counts) if !counts.is_empty() => {
            let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
            counts.join(", ")
        }
        _ => "none".to_owned(),
    };
    let plain = |name: &str| out::cell(summary, name);
    let snapshot = match summary.get("snapshot") {
        Some(snapshot) if snapshot["equal"] == json!(true) => {
            format!("the one at record {} is the replayed state, byte for byte", snapshot["seq"])
        }
        Some(snapshot) if snapshot["equal"] == json!(false) => {
            format!("the one at record {} DIFFERS from the replayed state", snapshot["seq"])
        }
        Some(snapshot) if snapshot["compared"] == json!(false) => {
            format!("not compared: {}", out::cell(snapshot, "why"))
        }
        _ => "none to compare".to_owned(),
    };
    let invariants = match summary.pointer("/invariants/problem") {
        Some(Value::String(problem)) => format!("BROKEN: {}", out::one_line(problem)),
        _ => "hold".to_owned(),
    };
    vec![
        row("records", plain("records")),
        row("head", format!("{} at {}", plain("head"), plain("at"))),
        row("work items", counts("workItems")),
        row("offers", plain("offers")),
        row("agents", counts("agents")),
        row("deliveries", counts("deliveries")),
        row("timers", plain("timers")),
        row("invariants", invariants),
        row("snapshot", snapshot),
    ]
}
