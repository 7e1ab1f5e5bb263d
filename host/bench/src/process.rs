//! The server and the floor as processes of their own.

use crate::sample::SECRET;
use crate::wire::SETTINGS;
use anyhow::{Context, bail};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The agent's token.
pub const TOKEN: &str = "ana-token";

/// The operator's token.
pub const OPERATOR: &str = "operator-token";

/// A process that serves; killed when it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

impl Process {
    /// Starts the real server in `dir`, with one channel, one queue and one agent who has room for everything.
    ///
    /// # Errors
    /// It isn't built, or doesn't begin to serve.
    pub fn server(target: &Path, dir: &Path) -> anyhow::Result<Self> {
        Self::server_with(target, dir, &config()?)
    }

    /// The same with more lines of config, and with drivers that only tests have.
    ///
    /// # Errors
    /// As of [`Process::server`].
    pub fn server_beside(target: &Path, dir: &Path, more: &str, guests: &[&str]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir.join("drivers"))?;
        for guest in guests {
            put_driver(&target.join(format!("guests/{guest}.wasm")), dir)?;
        }
        Self::server_with(target, dir, &(config()? + more))
    }

    /// The same with a config of one's own.
    ///
    /// # Errors
    /// As [`Process::server`].
    pub fn server_with(target: &Path, dir: &Path, config: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir.join("drivers"))?;
        put_driver(&target.join("drivers/webhook.wasm"), dir)?;
        std::fs::write(dir.join("jackfield.toml"), config)?;
        let binary = target.join("release/jackfield");
        let mut command = Command::new(std::path::absolute(&binary)?);
        command.args(["serve", "--config", "jackfield.toml"]).current_dir(dir);
        Self::start(command, dir).with_context(|| format!("{} does not serve; `make build` makes it", binary.display()))
    }

    /// Starts the floor in `dir`.
    ///
    /// # Errors
    /// It doesn't begin to serve.
    pub fn floor(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor").arg(std::path::absolute(dir)?);
        Self::start(command, dir).context("the floor does not serve")
    }

    fn start(mut command: Command, dir: &Path) -> anyhow::Result<Self> {
        let log = dir.join("log");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().strip_prefix("listening on http://").map(str::parse) {
            Some(Ok(address)) => Ok(Self { child, address, log }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("it said `{}` and logged:\n{}", line.trim(), std::fs::read_to_string(&log).unwrap_or_default())
            }
        }
    }

    /// Bytes of memory that it has (resident).
    ///
    /// # Errors
    /// It doesn't run any more.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in the status")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
    }

    /// Has it read its config again.
    ///
    /// # Errors
    /// It doesn't run any more.
    pub fn hang_up(&self) -> anyhow::Result<()> {
        let status = Command::new("sh").args(["-c", &format!("kill -HUP {}", self.child.id())]).status()?;
        if status.success() { Ok(()) } else { bail!("the signal did not reach the server") }
    }

    /// Bytes of memory that it has to itself, without what is mapped from files.
    ///
    /// # Errors
    /// It has ended.
    pub fn own_memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("the process has no RssAnon")?.parse::<u64>()? << 10)
    }

    /// The end of what it logged.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts a driver into the drivers folder of `dir`.
fn put_driver(driver: &Path, dir: &Path) -> anyhow::Result<()> {
    let name = driver.file_name().context("a driver's file has a name")?;
    std::fs::copy(driver, dir.join("drivers").join(name))
        .with_context(|| format!("{} is missing; `make drivers guests` makes it", driver.display()))?;
    Ok(())
}

/// Settings are TOML here and JSON where the driver is called directly: the same ones.
fn config() -> anyhow::Result<String> {
    let settings: serde_json::Map<String, Value> = serde_json::from_str(SETTINGS)?;
    let settings: Vec<String> = settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    Ok(format!(
        r#"[server]
listen = "127.0.0.1:0"
data = "data"
drivers = "drivers"
log = "warn"

[[operator]]
token = "{OPERATOR}"

[[agent]]
id = "ana"
token = "{TOKEN}"
capacity = 100000

[[queue]]
id = "support"
offer-timeout = "10m"
weights = {{ sms = 1 }}

[[route]]
queue = "support"

[[channel]]
id = "shop"
driver = "webhook"
settings = {{ {} }}
secrets = {{ signing-secret = "{SECRET}" }}
"#,
        settings.join(", ")
    ))
}
