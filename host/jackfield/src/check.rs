//! `check`: a config and its channels' settings, drivers' own checks included.

use crate::driver::Scratch;
use crate::exit::{Exit, wrong};
use crate::sandbox;
use jackfield_channels::Registry;
use jackfield_config::{Config, Problem};
use jackfield_sandbox::{LogLevel, Sandbox, SandboxConfig, Services, StoreRead, Waiting};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Prints every error to stderr; exit 2 if there is one.
pub async fn run(file: &Path) -> Result<(), Exit> {
    let (mut problems, config) = match jackfield_config::examine(file) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                eprintln!("warning: {warning}");
            }
            (Vec::new(), Some(loaded.config))
        }
        Err(found) => (found.errors.0, found.rest.map(|rest| *rest)),
    };
    if let Some(mut config) = config {
        // A channel without a driver's name has been told already.
        config.channels.retain(|channel| !channel.driver.name.is_empty());
        problems.extend(drivers_problems(&config).await?);
        if problems.is_empty() {
            let (channels, agents, queues) = (config.channels.len(), config.agents.len(), config.queues.len());
            eprintln!("{}: right; {channels} channels, {agents} agents, {queues} queues", file.display());
            return Ok(());
        }
    }
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Err(wrong(anyhow::anyhow!(lines.join("\n"))))
}

/// What only the drivers know: their settings, secrets, grants.
async fn drivers_problems(config: &Config) -> Result<Vec<Problem>, Exit> {
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

    fn store_usage(&self, _: &str) -> Result<(u64, u64), ErrorInfo> {
        none()
    }

    fn blob_put(&self, _: &[u8]) -> Result<Digest, ErrorInfo> {
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
