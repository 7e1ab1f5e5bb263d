//! P6: many channels that have nothing to do.

use crate::process::Process;
use crate::report::Row;
use crate::rounds::{ROUNDS, median};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Channels beyond the first.
const CHANNELS: u32 = 999;
/// As long as a server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(1);

/// A channel more may take this much.
const KILOBYTES: f64 = 150.0;
/// The start with all of them may take this long.
const SECONDS: f64 = 2.0;

/// Measures it. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// A server can't be started.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Vec<Row>> {
    let mut more = String::new();
    for number in 0..CHANNELS {
        write!(
            more,
            "\n[[channel]]\nid = \"c{number}\"\ndriver = \"webhook\"\nsettings = {{ media-type = \"sms\", signature = \"none\" }}\n"
        )?;
    }
    let (one, many) = (scratch.join("one-channel"), scratch.join("many-channels"));
    let mut rounds = Vec::new();
    // The first round compiles the driver.
    for _ in 0..=ROUNDS {
        let (alone, _) = start(target, &one, "")?;
        let (all, took) = start(target, &many, &more)?;
        rounds.push((all.saturating_sub(alone) as f64 / f64::from(CHANNELS) / 1024.0, took.as_secs_f64()));
        // Servers that begin with nothing but a warm cache.
        for dir in [&one, &many] {
            for file in ["journal.db", "journal.db-wal", "journal.db-shm", "head"] {
                let _ = std::fs::remove_file(dir.join("data").join(file));
            }
        }
    }
    let memory = median(rounds[1..].iter().map(|(memory, _)| *memory));
    let took = median(rounds[1..].iter().map(|(_, took)| *took));
    Ok(vec![
        Row::absolute("P6 an idle channel of 1,000, KB beyond the first", memory, KILOBYTES),
        Row::absolute("P6 warm start with 1,000 channels, seconds", took, SECONDS),
    ])
}

/// Memory of a server after it has settled, and how long it took to start.
fn start(target: &Path, dir: &Path, more: &str) -> anyhow::Result<(u64, Duration)> {
    let begun = Instant::now();
    let process = Process::server_beside(target, dir, more, &[])?;
    let took = begun.elapsed();
    std::thread::sleep(SETTLE);
    Ok((process.own_memory()?, took))
}
