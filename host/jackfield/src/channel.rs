//! `channel`: channels of a running server.

mod record;

use crate::client::{Client, One, Server};
use crate::exit::{self, Exit};
use crate::out::{self, cell, text};
use clap::Subcommand;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a followed log is asked for new lines.
const PACE: Duration = Duration::from_secs(1);
/// So many lines come in one answer while a log is followed.
const LINES: u32 = 500;

/// What can be asked about channels.
#[derive(Subcommand)]
pub enum Channel {
    /// List channels: what serves them, their contact with the outside, what they did
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Show what the driver and the server said about a channel
    #[command(after_help = "Examples:\n  jackfield channel log demo\n  jackfield channel log demo --follow --json")]
    Log {
        /// The channel's id
        #[arg(value_name = "ID")]
        id: String,
        /// Go on with lines as they come, until Ctrl-C
        #[arg(long, short)]
        follow: bool,
        /// Begin with so many of the newest lines
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
        lines: u32,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Stop taking requests (they are answered 503) and sending, until it is resumed
    Pause(One),
    /// Go on with a paused channel; what waits is sent
    Resume(One),
    /// What was kept of a recorded channel's calls
    #[command(subcommand)]
    Record(record::RecordCommand),
}

/// Does what was asked.
pub async fn run(command: Channel) -> Result<(), Exit> {
    match command {
        Channel::List { json, server } => list(&server, json).await,
        Channel::Log { id, follow, lines, json, server } => {
            let client = Client::new(&server)?;
            if follow {
                // A program that is stopped by Ctrl-C as it was meant to be has done its work.
                tokio::select! {
                    ended = log(&client, &id, lines, json, true) => ended,
                    asked = tokio::signal::ctrl_c() => asked.map_err(Into::into),
                }
            } else {
                log(&client, &id, lines, json, false).await
            }
        }
        Channel::Pause(one) => switch(&one, "pause", "paused").await,
        Channel::Record(command) => record::run(command).await,
        Channel::Resume(one) => switch(&one, "resume", "resumed").await,
    }
}

async fn list(server: &Server, json: bool) -> Result<(), Exit> {
    let (channels, _) = Client::new(server)?.list(&["channels"], &[], usize::MAX).await?;
    if json {
        return out::json(&channels);
    }
    let rows: Vec<_> = channels.iter().map(row).collect();
    let heading = ["id", "driver", "state", "health", "calls", "failed", "media", "url"];
    out::table(heading, &rows)?;
    for channel in &channels {
        for path in ["detail", "health.detail"] {
            if let Some(detail) = text(channel, path).filter(|detail| !detail.is_empty()) {
                eprintln!("{}: {}", cell(channel, "id"), out::one_line(detail));
            }
        }
    }
    Ok(())
}

fn row(channel: &Value) -> [String; 8] {
    let count = |name: &str| channel.get(name).and_then(Value::as_u64).unwrap_or(0);
    let action = channel.pointer("/health/userAction").and_then(Value::as_bool).unwrap_or(false);
    let health = cell(channel, "health.state");
    [
        cell(channel, "id"),
        cell(channel, "driver"),
        cell(channel, "state"),
        if action { format!("{health} (needs you)") } else { health },
        cell(channel, "calls"),
        (count("traps") + count("timeouts")).to_string(),
        cell(channel, "mediaTypes"),
        cell(channel, "publicUrl"),
    ]
}

async fn switch(one: &One, verb: &str, done: &str) -> Result<(), Exit> {
    let id = &one.id;
    let answer = Client::new(&one.server)?.post(&["channels", id, verb]).await?;
    if one.json {
        return out::json(&if answer.is_null() { json!({ "id": id }) } else { answer });
    }
    out::line(&format!("{id}: {done}"))
}

async fn log(client: &Client, id: &str, lines: u32, json: bool, follow: bool) -> Result<(), Exit> {
    let mut after = 0;
    let newest = [("limit", lines.to_string())];
    log_page(client, id, &newest, json, &mut after).await?;
    if !follow {
        return Ok(());
    }
    let mut away = false;
    loop {
        let query = [("limit", LINES.to_string()), ("after", after.to_string())];
        match log_page(client, id, &query, json, &mut after).await {
            Ok(LINES) => continue,
            Ok(_) if away => {
                away = false;
                eprintln!("the server is back");
            }
            Ok(_) => {}
            // It was there before, so it restarts: the log is worth most just then.
            Err(exit) if exit.is_unreachable() && away => {}
            Err(exit) if exit.is_unreachable() => {
                away = true;
                exit::report(&exit);
                eprintln!("asking again until it can");
            }
            Err(exit) => return Err(exit),
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Prints a page of a log, says how many lines it had, and moves `after` to the last one.
async fn log_page(
    client: &Client,
    id: &str,
    query: &[(&str, String)],
    json: bool,
    after: &mut u64,
) -> Result<u32, Exit> {
    let page = client.get(&["channels", id, "log"], query).await?;
    let mut count = 0;
    for line in page.get("items").and_then(Value::as_array).into_iter().flatten() {
        out::line(&if json { line.to_string() } else { log_line(line) })?;
        // A server that repeats itself must not make us go back.
        *after = line.get("number").and_then(Value::as_u64).unwrap_or(0).max(*after);
        count += 1;
    }
    Ok(count)
}

fn log_line(line: &Value) -> String {
    let at = match line.get("at") {
        Some(Value::Number(millis)) => millis.as_u64().map_or_else(|| millis.to_string(), out::time),
        _ => cell(line, "at"),
    };
    let mut shown = format!("{at}  {:<5}  {}", cell(line, "level"), cell(line, "text"));
    if let Some(Value::Object(fields)) = line.get("fields") {
        for (name, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            shown.push_str(&format!("  {}={}", out::one_line(name), out::one_line(&value)));
        }
    }
    shown
}

#[cfg(test)]
mod tests;
