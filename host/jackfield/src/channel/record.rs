//! `channel record`: what was kept of a recorded channel's calls.

use crate::client::{Client, Server};
use crate::exit::{Exit, failed};
use crate::out::{self, cell};
use anyhow::{Context, anyhow};
use clap::Subcommand;
use jackfield_records::{Exported, write_export};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What can be done with records.
#[derive(Subcommand)]
pub enum RecordCommand {
    /// List the records of a channel, newest first
    List {
        /// The channel's id
        #[arg(value_name = "ID")]
        id: String,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Write records in clear, for `jackfield driver replay`; customers' words stand in them
    #[command(
        after_help = "Examples:\n  jackfield channel record export desk --output desk.jsonl\n  jackfield driver replay desk.jsonl --driver new.wasm"
    )]
    Export {
        /// The channel's id
        #[arg(value_name = "ID")]
        id: String,
        /// All of the instance of this record; none: the newest records
        #[arg(long, value_name = "RECORD")]
        record: Option<String>,
        /// So many of the newest
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// The file, which must not exist yet; none: stdout
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        server: Server,
    },
}

/// Does what was asked.
pub async fn run(command: RecordCommand) -> Result<(), Exit> {
    match command {
        RecordCommand::List { id, limit, json, server } => list(&server, &id, limit, json).await,
        RecordCommand::Export { id, record, limit, output, server } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(record.map(|record| ("record", record)));
            let answer = Client::new(&server)?.get(&["channels", &id, "records", "export"], &query).await?;
            let exported = serde_json::from_value(answer);
            let exported =
                exported.map_err(|_| failed(anyhow!("the server answers no records; is it of this version?")))?;
            write(exported, output.as_deref())
        }
    }
}

async fn list(server: &Server, id: &str, limit: usize, json: bool) -> Result<(), Exit> {
    let (items, _) = Client::new(server)?.list(&["channels", id, "records"], &[], limit).await?;
    if json {
        return out::json(&items);
    }
    let row = |item: &Value| {
        let at = item.get("at").and_then(Value::as_u64).map(out::time).unwrap_or_default();
        [cell(item, "id"), at, cell(item, "handlers"), cell(item, "ending"), cell(item, "driver"), cell(item, "steps")]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    out::table(["id", "at", "handlers", "ending", "driver", "steps"], &rows)
}

fn write(exported: Exported, output: Option<&Path>) -> Result<(), Exit> {
    use std::os::unix::fs::OpenOptionsExt;
    let Some(path) = output else {
        write_export(std::io::stdout().lock(), exported.records)?;
        return Ok(());
    };
    let named = || format!("{} can't be written", path.display());
    let file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).with_context(named)?;
    let count = exported.records.len();
    write_export(std::io::BufWriter::new(file), exported.records).with_context(named)?;
    out::line(&format!("{}: {count} records", path.display()))
}
