//! The same work as P1's through Extism, in a process of its own: Extism brings an engine of its own and asks for a newer
//! compiler than the server does. `make bench` builds it from `host/benches/extism`.

use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Where it is, in the folder `target`.
const PROGRAM: &str = "extism/release/extism-measure";
const PLUGIN: &str = "extism/wasm32-unknown-unknown/plugin/extism_plugin.wasm";

/// The program, which makes a round of calls whenever it is asked for one.
pub struct Extism {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Extism {
    /// Starts it; none where it isn't built.
    ///
    /// # Errors
    /// It is built and doesn't start.
    pub fn start(target: &Path) -> anyhow::Result<Option<Self>> {
        let (program, plugin) = (target.join(PROGRAM), target.join(PLUGIN));
        if !program.exists() || !plugin.exists() {
            return Ok(None);
        }
        let mut process = Command::new(&program)
            .arg(&plugin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} doesn't start", program.display()))?;
        let ask = process.stdin.take().context("the program's input")?;
        let answers = BufReader::new(process.stdout.take().context("the program's output")?);
        Ok(Some(Self { process, ask, answers }))
    }

    /// A round of calls: nanoseconds a call.
    ///
    /// # Errors
    /// The program ended; it has said why.
    pub fn round(&mut self) -> anyhow::Result<f64> {
        let asked = self.ask.write_all(b"\n").and_then(|()| self.ask.flush());
        let mut line = String::new();
        asked.and_then(|()| self.answers.read_line(&mut line)).context("extism-measure has ended")?;
        ensure!(!line.is_empty(), "extism-measure has ended");
        line.trim().parse().with_context(|| format!("extism-measure answered {line:?}, which is no number"))
    }
}

impl Drop for Extism {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
