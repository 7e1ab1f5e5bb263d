//! `journal`: looking into a data folder, without a server.

mod dump;
mod history;
mod replay;
mod verify;

use crate::exit::Exit;
use clap::Subcommand;
use std::path::PathBuf;

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
    /// Make the router's state from all records, from the first one, and tell what is in it; or what happened to one work
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
        Journal::Dump { data, from, limit, json: _ } => dump::run(data, *from, *limit),
        Journal::Replay { data, to, item: None, json } => replay::run(data, *to, *json),
        Journal::Replay { data, to, item: Some(item), json } => history::run(data, *to, item, *json),
    }
}

/// How many records there are up to this one.
fn records_to(to: Option<u64>) -> usize {
    to.map_or(usize::MAX, |to| usize::try_from(to).unwrap_or(usize::MAX))
}

/// A record's time, which the journal keeps signed.
fn time_of(at: i64) -> String {
    u64::try_from(at).map_or_else(|_| at.to_string(), crate::out::time)
}

#[cfg(test)]
mod tests;
