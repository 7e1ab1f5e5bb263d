//! A vendor's library or server that runs along with a test: a script of `tests/peers` that is told things line by line.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::eventually::DEADLINE;
use crate::files::{peer, root};

/// A running script; it ends when this is dropped.
pub struct Companion {
    _process: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Companion {
    /// Starts a script in JavaScript, tells it the first line, and waits for its first word; that is given, too.
    ///
    /// # Panics
    /// It doesn't run.
    pub async fn node(script: &str, first: &Value) -> (Self, String) {
        let text = std::fs::read_to_string(root().join("tests/peers").join(script)).expect("the script");
        let mut process = Command::new("node")
            // A module that is given as text finds packages from the folder that it is run in.
            .args(["--input-type=module", "--eval", &text])
            .current_dir(peer("node"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let stdin = process.stdin.take().expect("its stdin");
        let lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        let mut companion = Self { _process: process, stdin, lines };
        let word = companion.ask(first).await;
        (companion, word)
    }

    /// Tells it something; the line that it prints then.
    ///
    /// # Panics
    /// It has ended, or takes too long.
    pub async fn ask(&mut self, command: &Value) -> String {
        self.stdin.write_all(format!("{command}\n").as_bytes()).await.expect("it reads");
        let line = timeout(DEADLINE, self.lines.next_line()).await.expect("an answer in time");
        line.expect("a text").unwrap_or_else(|| panic!("the peer ended on {command}"))
    }
}
