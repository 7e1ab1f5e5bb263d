//! The real binary as a process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::files;
use crate::http_client::Http;
use crate::setup::{OPERATOR, Setup};

/// Within this time a server has ended after SIGTERM, and somewhat more.
const STOP: Duration = Duration::from_secs(17);
/// Within this time a server has begun: one that compiles an interpreter does so at the lowest priority.
const START: Duration = Duration::from_secs(300);
/// As much of the log as is shown when a test fails.
const SHOWN: usize = 8_000;

/// A running server with a folder of its own, gone when it is dropped.
pub struct Server {
    folder: TempDir,
    setup: Setup,
    child: Option<Child>,
    address: SocketAddr,
}

/// A server that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// How long that took.
    pub took: Duration,
}

impl Server {
    /// Starts a server, and returns when it says that it listens.
    ///
    /// # Panics
    /// It doesn't begin to serve.
    pub async fn start(setup: Setup) -> Self {
        let mut server = Self::prepare(setup);
        server.start_again().await;
        server
    }

    /// The same without starting it: config, drivers and an empty data folder.
    ///
    /// # Panics
    /// The disk fails.
    pub fn prepare(setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let drivers = folder.path().join("drivers");
        std::fs::create_dir(&drivers).expect("the drivers folder");
        for file in &setup.drivers {
            std::fs::copy(file, drivers.join(file.file_name().unwrap_or_default())).expect("a driver's file");
        }
        share_compiled(&folder.path().join("data"));
        std::fs::write(folder.path().join("jackfield.toml"), setup.config()).expect("the config");
        Self { folder, setup, child: None, address: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }

    /// Starts the server again: the same folder, the same port.
    ///
    /// # Panics
    /// It doesn't begin to serve.
    pub async fn start_again(&mut self) {
        if let Err(why) = self.try_start().await {
            panic!("the server did not begin to serve: {why}");
        }
    }

    /// The same for a server that may refuse to start.
    ///
    /// # Errors
    /// It ended; its log is the error.
    pub async fn try_start(&mut self) -> Result<(), String> {
        assert!(self.child.is_none(), "the server runs already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path()).expect("the log");
        let mut child = Command::new(files::binary())
            .args(["serve", "--config", "jackfield.toml", "--listen", &self.address.to_string()])
            .current_dir(self.folder.path())
            .envs(self.setup.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the server's process");
        let stdout = child.stdout.take().expect("the server's stdout");
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(START, lines.next_line()).await.map_err(|_| format!("it says nothing\n{}", self.log()))?;
        let Ok(Some(line)) = line else {
            let _ = child.wait().await;
            return Err(self.log());
        };
        let address =
            line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("an unexpected first line: {line}"));
        self.address = address.parse().expect("an address");
        self.child = Some(child);
        Ok(())
    }

    /// Kills the server at once (SIGKILL).
    ///
    /// # Panics
    /// It doesn't run.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().await.expect("the server is killed");
    }

    /// Asks the server to end (SIGTERM), and waits until it has.
    ///
    /// # Panics
    /// It doesn't end in time.
    pub async fn stop(&mut self) -> Ended {
        let started = std::time::Instant::now();
        self.signal("TERM");
        let mut child = self.child.take().expect("the server runs");
        let status = timeout(STOP, child.wait()).await.expect("the server ends after SIGTERM").expect("its status");
        Ended { status, took: started.elapsed() }
    }

    /// Asks the server to read its config again (SIGHUP).
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        let id = self.process_id();
        // The shell's own: not every machine has the program.
        let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal {name} did not reach the server");
    }

    /// Its process, to look at under `/proc`.
    ///
    /// # Panics
    /// It doesn't run.
    pub fn process_id(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("the server runs")
    }

    /// Writes another config, for the next start or reload.
    pub fn configure(&mut self, setup: Setup) {
        std::fs::write(self.folder.path().join("jackfield.toml"), setup.config()).expect("the config");
        self.setup = setup;
    }

    /// Bytes of memory that it has (resident).
    ///
    /// # Panics
    /// It doesn't run.
    pub fn memory(&self) -> u64 {
        let id = self.child.as_ref().and_then(Child::id).expect("the server runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process's status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests without a token.
    pub fn http(&self) -> Http {
        Http::new(self.address)
    }

    /// Requests of an operator.
    pub fn operator(&self) -> Http {
        self.http().with_token(OPERATOR)
    }

    /// The config's file.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("jackfield.toml")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The drivers folder.
    pub fn drivers(&self) -> PathBuf {
        self.folder.path().join("drivers")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the server logged, over all its starts.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let from = log.ceil_char_boundary(log.len().saturating_sub(SHOWN));
            eprintln!("--- the server's log ---\n{}\n--- end of the server's log ---", &log[from..]);
        }
    }
}

/// Every server of these tests keeps compiled drivers in one folder, so that each is compiled once.
fn share_compiled(data: &Path) {
    let shared = files::target().join("e2e/compiled");
    std::fs::create_dir_all(&shared).expect("the folder of compiled drivers");
    std::fs::create_dir(data).expect("the data folder");
    std::os::unix::fs::symlink(&shared, data.join("compiled")).expect("a link to the compiled drivers");
}
