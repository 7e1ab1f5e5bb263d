//! `driver replay`: another version of a driver does what a recorded one was asked to, and the differences are told.

use super::Scratch;
use crate::exit::{Exit, failed, wrong};
use crate::out::{self, one_line};
use crate::sandbox;
use anyhow::{Context, anyhow};
use jackfield_config::ServerLimits;
use jackfield_records::{Call, Change, Difference, Record, compare, read_export, sealed};
use jackfield_sandbox::{Driver, Sandbox, SandboxConfig};
use jackfield_sequencer::Keys;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Characters of a value that are printed.
const SHOWN: usize = 300;

/// What came of it all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// `name@version` of the component that was run.
    driver: String,
    digest: String,
    same: bool,
    calls: usize,
    different: usize,
    not_replayed: usize,
    instances: Vec<Instance>,
}

/// One instance's life.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    /// Of its last record.
    record: String,
    /// Of the component that was recorded.
    driver: String,
    digest: String,
    /// Why it can't be replayed.
    problem: Option<String>,
    calls: Vec<Compared>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    handler: String,
    at: u64,
    differences: Vec<Difference>,
}

/// Replays every record of a file.
pub async fn replay(file: &Path, component: &Path, data: Option<&Path>, json: bool) -> Result<(), Exit> {
    let records = read(file, data).map_err(wrong)?;
    if records.is_empty() {
        return Err(wrong(anyhow!("{} has no records; see `jackfield channel record list`", file.display())));
    }
    let bytes = std::fs::read(component).with_context(|| format!("{} can't be read", component.display()));
    let bytes = bytes.map_err(wrong)?;
    let signed = jackfield_signing::split(&bytes).with_context(|| format!("{} is refused", component.display()));
    let signed = signed.map_err(wrong)?;
    let cache = Scratch::new()?;
    let config = SandboxConfig { instances: 64, ..sandbox::config(&cache.0, &ServerLimits::default()) };
    let loaded = Sandbox::start(config)?.load(signed.component).await;
    let driver = loaded.with_context(|| format!("{} is refused", component.display())).map_err(wrong)?;
    let report = report(&driver, records).await;
    if json {
        out::json(&report)?;
    } else {
        print(&report)?;
    }
    // What differs has been printed.
    if report.same { Ok(()) } else { Err(failed(anyhow!(""))) }
}

/// Records of an exported file, or of one in the data folder.
fn read(file: &Path, data: Option<&Path>) -> anyhow::Result<Vec<Record>> {
    let open = std::fs::File::open(file).with_context(|| format!("{} can't be read", file.display()))?;
    let mut reader = BufReader::new(open);
    if !reader.fill_buf()?.starts_with(sealed::MAGIC) {
        return Ok(read_export(reader, file)?);
    }
    let data = data.context("this file is encrypted; give its data folder with --data, or export the records with `jackfield channel record export`")?;
    let file = file.canonicalize()?;
    let channel = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let channel = channel.context("an encrypted file of records lies in the folder of its channel")?;
    let key = Keys::open(data, false)?.record_key(channel);
    let mut records = Vec::new();
    sealed::read(&file, channel, &key, |record| records.push(record))?;
    Ok(records)
}

async fn report(driver: &Driver, records: Vec<Record>) -> Report {
    let mut order = Vec::new();
    let mut lives: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in records {
        let life = lives.entry(record.instance.clone()).or_default();
        if life.is_empty() {
            order.push(record.instance.clone());
        }
        life.push(record);
    }
    let mut instances = Vec::new();
    for life in order.iter().filter_map(|instance| lives.remove(instance)) {
        instances.extend(instance(driver, life).await);
    }
    let calls = || instances.iter().flat_map(|instance| &instance.calls);
    let different = calls().filter(|call| !call.differences.is_empty()).count();
    let not_replayed = instances.iter().filter(|instance| instance.problem.is_some()).count();
    Report {
        driver: driver.name_and_version(),
        digest: driver.digest().to_string(),
        same: different == 0 && not_replayed == 0,
        calls: calls().count(),
        different,
        not_replayed,
        instances,
    }
}

async fn instance(driver: &Driver, mut life: Vec<Record>) -> Option<Instance> {
    life.sort_by_key(|record| record.first);
    let last = life.last()?;
    let mut instance = Instance {
        record: last.id.clone(),
        driver: last.driver.clone(),
        digest: last.digest.clone(),
        problem: None,
        calls: Vec::new(),
    };
    let replayed = match driver.replay(&life).await {
        Ok(replayed) => replayed,
        Err(error) => {
            instance.problem = Some(error.to_string());
            return Some(instance);
        }
    };
    let calls: Vec<&Call> = life.iter().flat_map(|record| &record.calls).collect();
    for (index, call) in calls.into_iter().enumerate() {
        let differences = match replayed.get(index) {
            Some(replayed) => compare(call, &replayed.call, &replayed.unanswered),
            None => vec![Difference::NotReached],
        };
        instance.calls.push(Compared { handler: call.handler.clone(), at: call.at, differences });
    }
    Some(instance)
}

fn print(report: &Report) -> Result<(), Exit> {
    for instance in &report.instances {
        let id = &instance.record;
        if let Some(problem) = &instance.problem {
            out::line(&format!("record {id}: not replayed: {}", one_line(problem)))?;
        }
        for call in instance.calls.iter().filter(|call| !call.differences.is_empty()) {
            let (at, handler) = (out::time(call.at), one_line(&call.handler));
            out::line(&format!("record {id}, {handler} at {at}, recorded of {}:", one_line(&instance.driver)))?;
            for difference in &call.differences {
                lines(difference).iter().try_for_each(|line| out::line(&format!("  {line}")))?;
            }
        }
    }
    out::line(&format!(
        "{}: {} calls replayed, {} different, {} instances not replayed",
        report.driver, report.calls, report.different, report.not_replayed
    ))
}

fn lines(difference: &Difference) -> Vec<String> {
    match difference {
        Difference::Missing { function, arguments } => vec![format!("- {function} {}", shown(arguments))],
        Difference::Added { function, arguments } => vec![format!("+ {function} {}", shown(arguments))],
        Difference::Changed { function, changes } => changed(function, changes),
        Difference::Ending { changes } => changed("the answer", changes),
        Difference::Unanswered { function, arguments } => {
            vec![format!("? {function} {} was not asked then: the record has no answer", shown(arguments))]
        }
        Difference::NotReached => vec!["! not reached: a call before it failed".to_owned()],
    }
}

fn changed(what: &str, changes: &[Change]) -> Vec<String> {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), shown);
    let line = |change: &Change| {
        format!("~ {what} {}: {} -> {}", one_line(&change.at), value(&change.recorded), value(&change.replayed))
    };
    changes.iter().map(line).collect()
}

/// A value on one line, cut where it is long.
fn shown(value: &Value) -> String {
    let text = one_line(&value.to_string());
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
