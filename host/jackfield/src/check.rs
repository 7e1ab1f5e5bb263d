//! `check`: a config and its channels' settings, drivers' own checks included.

use crate::driver::Scratch;
use crate::exit::{Exit, wrong_and_told};
use crate::sandbox;
use jackfield_channels::{Checked, Registry};
use jackfield_config::{Config, Problem};
use jackfield_sandbox::{BlobSpool, LogLevel, Sandbox, SandboxConfig, Services, StoreRead, Waiting};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Prints every error and warning to stderr, or as JSON to stdout; exit 2 if there is an error.
pub async fn run(file: &Path, json: bool) -> Result<(), Exit> {
    let (mut errors, mut warnings, config) = match jackfield_config::examine(file) {
        Ok(loaded) => (Vec::new(), loaded.warnings, Some(loaded.config)),
        Err(found) => (found.errors.0, found.warnings, found.rest.map(|rest| *rest)),
    };
    if let Some(mut config) = config {
        // A channel without a driver's name has been told already.
        config.channels.retain(|channel| !channel.driver.name.is_empty());
        let found = drivers_problems(&config).await?;
        warnings.extend(found.warnings);
        errors.extend(jackfield_gateway::certificate_problems(&config));
        let new: Vec<_> = found.errors.into_iter().filter(|problem| !told(&errors, problem)).collect();
        errors.extend(new);
        if errors.is_empty() && !json {
            let (channels, agents, queues) = (config.channels.len(), config.agents.len(), config.queues.len());
            eprintln!("{}: right; {channels} channels, {agents} agents, {queues} queues", file.display());
        }
    }
    errors.sort_by(|a, b| a.place.cmp(&b.place));
    warnings.sort_by(|a, b| a.place.cmp(&b.place));
    let right = errors.is_empty();
    if json {
        let report = json!({ "ok": right, "errors": listed(&errors), "warnings": listed(&warnings) });
        println!("{report:#}");
    } else {
        for warning in &warnings {
            eprintln!("warning: {warning}");
        }
        for error in &errors {
            eprintln!("{error}");
        }
    }
    if right { Ok(()) } else { Err(wrong_and_told()) }
}

/// Whether an error of the same key, or of something in it, has been told: a secret whose file can't be read is not
/// missing as well.
fn told(errors: &[Problem], problem: &Problem) -> bool {
    let within = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    errors.iter().any(|error| error.key.strip_prefix(&problem.key).is_some_and(within))
}

fn listed(problems: &[Problem]) -> Vec<Value> {
    let row = |problem: &Problem| {
        json!({
            "file": problem.place.file,
            "line": problem.place.line,
            "column": problem.place.column,
            "key": problem.key,
            "problem": problem.problem,
            "remedy": problem.remedy,
        })
    };
    problems.iter().map(row).collect()
}

/// What only the drivers know: their settings, secrets, grants.
async fn drivers_problems(config: &Config) -> Result<Checked, Exit> {
    let cache = Scratch::new()?;
    let sandbox = Sandbox::start(SandboxConfig { instances: 64, ..sandbox::config(&cache.0, &config.server.limits) })?;
    let registry = Registry::new(sandbox, &config.server);
    Ok(jackfield_channels::check(&registry, config, Arc::new(Nothing)).await)
}

/// The server that a driver sees while only its settings are checked: there is none.
struct Nothing;

fn none<T>() -> Result<T, ErrorInfo> {
    Err(ErrorInfo::new("unavailable", "there is no server while a config is checked"))
}

impl Services for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jackfield_sequencer::system_clock()()).unwrap_or_default()
    }

    fn message_id(&self, _: &str, _: Option<&str>) -> String {
        String::new()
    }

    fn store_get(&self, _: &str, _: &str) -> Result<StoreRead, ErrorInfo> {
        none()
    }

    fn store_entries(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<Vec<(String, StoreRead)>, ErrorInfo> {
        none()
    }

    fn store_keys(&self, _: &str, _: &str) -> Result<Vec<String>, ErrorInfo> {
        Ok(Vec::new())
    }

    fn store_usage(&self, _: &str) -> Result<(u64, u64), ErrorInfo> {
        none()
    }

    fn blob_put(&self, _: &[u8]) -> Result<Digest, ErrorInfo> {
        none()
    }

    fn blob_begin(&self, _: u64) -> Result<Box<dyn BlobSpool>, ErrorInfo> {
        none()
    }

    fn blob_granted(&self, _: &str, _: &Digest) -> Result<bool, ErrorInfo> {
        none()
    }

    fn blob_size(&self, _: &Digest) -> Result<u64, ErrorInfo> {
        none()
    }

    fn blob_read(&self, _: &Digest, _: u64, _: u32) -> Result<Vec<u8>, ErrorInfo> {
        none()
    }

    fn messages(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<(Vec<Message>, Option<String>), ErrorInfo> {
        none()
    }

    fn timers<'a>(&'a self, _: &'a str) -> Waiting<'a, Result<BTreeSet<String>, ErrorInfo>> {
        Box::pin(async { none() })
    }

    fn query<'a>(&'a self, _: &'a str, _: Message) -> Waiting<'a, Result<Message, ErrorInfo>> {
        Box::pin(async { none() })
    }

    fn find_customer(&self, _: &str, _: &str) -> Result<Option<Customer>, ErrorInfo> {
        none()
    }

    fn find_agent(&self, _: &str, _: &str, _: &str) -> Result<Option<AgentInfo>, ErrorInfo> {
        none()
    }

    fn log(&self, channel: &str, _: LogLevel, text: &str, _: &Attributes) {
        eprintln!("{channel}: {text}");
    }
}
