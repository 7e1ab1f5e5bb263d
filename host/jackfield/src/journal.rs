//! `journal`: looking into a data folder, without a server.

mod dump;
mod history;
mod replay;
mod verify;

use crate::exit::{Exit, failed};
use crate::out;
use anyhow::anyhow;
use clap::Subcommand;
use jackfield_router::State;
use std::path::{Path, PathBuf};

/// What can be asked about a journal.
#[derive(Subcommand)]
pub enum Journal {
    /// Check everything in a data folder: hashes, bodies, blobs, index, snapshots. Reads only; a server may run on it.
    /// Exit 1 if something isn't as it should be
    #[command(after_help = "Example:\n  jackfield journal verify --data ./data")]
    Verify {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a snapshot, from which the next start begins. The server does it by itself; it may run on the folder
    #[command(after_help = "Example:\n  jackfield journal snapshot --data ./data")]
    Snapshot {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Print records, one JSON object a line: seq, at, hash, entry. Reads only; a server may run on the folder
    #[command(after_help = "Example:\n  jackfield journal dump --data ./data --from 1000 --limit 10")]
    Dump {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The first record
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// So many records at most
        #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
        limit: usize,
        /// Print JSON, as it does anyway
        #[arg(long)]
        json: bool,
    },
    /// Make the router's state from all records that are kept, and tell what is in it; or what happened to one work
    /// item and why. A server may run on the folder; the newest snapshot is compared only if none does
    #[command(after_help = "Examples:\n  jackfield journal replay --data ./data\n  \
        jackfield journal replay --data ./data --to 1000 --json\n  \
        jackfield journal replay --data ./data --item 0198c0de-0000-7000-8000-000000000001")]
    Replay {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The last record. Without it: all
        #[arg(long, value_name = "SEQ")]
        to: Option<u64>,
        /// Print each record that touches this work item: number, time, what was asked, what happened, why, by whom
        #[arg(long, value_name = "ID")]
        item: Option<String>,
        /// Print JSON; with --item one object a line
        #[arg(long)]
        json: bool,
    },
}

/// Does what was asked.
pub fn run(command: &Journal) -> Result<(), Exit> {
    match command {
        Journal::Verify { data, json } => verify::run(data, *json),
        Journal::Snapshot { data } => snapshot(data),
        Journal::Dump { data, from, limit, json: _ } => dump::run(data, *from, *limit),
        Journal::Replay { data, to, item: None, json } => replay::run(data, *to, *json),
        Journal::Replay { data, to, item: Some(item), json } => history::run(data, *to, item, *json),
    }
}

fn snapshot(data: &Path) -> Result<(), Exit> {
    match jackfield_sequencer::make_snapshot(data)? {
        Some(made) => Ok(out::line(&format!("made at record {}, {} since the one before", made.seq, made.replayed))?),
        None => Ok(out::line("there is nothing new since the newest one")?),
    }
}

/// What a replay begins with, and its first record: nothing and record 1, or the oldest snapshot if retention took the
/// first records away.
fn beginning(data: &Path) -> Result<(State, u64), Exit> {
    let first = jackfield_journal::first_record(data)?;
    if first == 1 {
        return Ok((State::default(), 1));
    }
    let snapshot = jackfield_journal::oldest_snapshot(data)?
        .ok_or_else(|| failed(anyhow!("records before {first} are gone, and there is no snapshot to begin with")))?;
    Ok((serde_json::from_slice(&snapshot.payload)?, snapshot.seq + 1))
}

/// How many records there are from one up to another.
fn records_to(from: u64, to: Option<u64>) -> usize {
    to.map_or(usize::MAX, |to| usize::try_from((to + 1).saturating_sub(from)).unwrap_or(usize::MAX))
}

/// A record's time, which the journal keeps signed.
fn time_of(at: i64) -> String {
    u64::try_from(at).map_or_else(|_| at.to_string(), out::time)
}

#[cfg(test)]
mod tests;
