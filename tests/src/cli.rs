//! The command line.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::eventually::DEADLINE;
use crate::files;

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code.
    ///
    /// # Panics
    /// It is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// What it printed, as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.stdout))
    }
}

/// Runs `jackfield` with these arguments in a folder.
///
/// # Panics
/// It can't be run, or doesn't end.
pub async fn jackfield(folder: &Path, arguments: &[&str]) -> Ran {
    let child = Command::new(files::binary())
        .args(arguments)
        .current_dir(folder)
        .env_remove("JACKFIELD_SERVER")
        .env_remove("JACKFIELD_TOKEN")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, child).await.expect("the command ends").expect("the command runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
