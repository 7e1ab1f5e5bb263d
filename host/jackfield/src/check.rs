//! `check`: a config and its channels' settings, drivers' own checks included.

use crate::driver::Scratch;
use crate::exit::{Exit, wrong};
use jackfield_channels::DriverFolder;
use jackfield_sandbox::{LogLevel, Sandbox, SandboxConfig, Services, StoreRead, Waiting};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use std::path::Path;
use std::sync::Arc;

/// Prints every error to stderr; exit 2 if there is one.
pub async fn run(file: &Path) -> Result<(), Exit> {
    let loaded = jackfield_config::load(file).map_err(|errors| wrong(errors.into()))?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let config = loaded.config;
    let cache = Scratch::new()?;
    let sandbox = Sandbox::start(SandboxConfig { instances: 64, ..SandboxConfig::new(&cache.0) })?;
    let folder = DriverFolder::new(sandbox, &config.server.drivers);
    let problems = jackfield_channels::check(&folder, &config, Arc::new(Nothing)).await;
    if !problems.is_empty() {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        return Err(wrong(anyhow::anyhow!(lines.join("\n"))));
    }
    eprintln!(
        "{}: right; {} channels, {} agents, {} queues",
        file.display(),
        config.channels.len(),
        config.agents.len(),
        config.queues.len()
    );
    Ok(())
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
