//! The same work as P1's through Extism: `extism-measure PLUGIN` warms up and then, for each line it reads, makes a round of
//! calls and prints how many nanoseconds one took. `jackfield-bench` asks for the rounds, so that they come in turn with its own.
//!
//! Timed is what a host does who calls a plugin: the request to JSON, the call of an instance that is used again, the answer
//! from JSON.

mod answer;
mod call;
#[path = "../../../../bench/src/sample/mod.rs"]
mod sample;

use anyhow::Context;
use std::io::{BufRead, Write};

/// The one that the server has, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("say where the plugin is: extism-measure PLUGIN")?;
    let plugin = std::fs::read(&path).with_context(|| format!("{path} can't be read"))?;
    let mut caller = call::Caller::new(plugin)?;
    caller.check()?;
    caller.round()?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        line?;
        let nanoseconds = caller.round()?;
        writeln!(out, "{nanoseconds:.1}")?;
        out.flush()?;
    }
    Ok(())
}
