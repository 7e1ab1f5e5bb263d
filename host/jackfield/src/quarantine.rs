//! `quarantine`: what drivers could not be given, on a running server.

use crate::client::{Client, One};
use crate::exit::Exit;
use crate::out::{self, cell};
use clap::Subcommand;
use serde_json::{Value, json};

/// What can be done with it.
#[derive(Subcommand)]
pub enum Quarantine {
    /// List what is in quarantine
    List(crate::lists::Listing),
    /// Show one entry: why it is here, the driver's last words, its bytes
    Show(One),
    /// Give an entry to its channel's driver again; taken in, it leaves the quarantine
    Replay(One),
    /// Drop an entry for good
    Drop(One),
}

/// Does what was asked.
pub async fn run(command: Quarantine) -> Result<(), Exit> {
    match command {
        Quarantine::List(listing) => {
            let heading = ["id", "channel", "kind", "driver", "at", "size", "reason"];
            crate::lists::list(&listing, "quarantine", heading, |entry| heading.map(|name| cell(entry, name))).await
        }
        Quarantine::Show(one) => show(&one).await,
        Quarantine::Replay(one) => {
            let answer = Client::new(&one.server)?.post(&["quarantine", &one.id, "replay"]).await?;
            if one.json {
                return out::json(&answer);
            }
            out::line(&format!("{}: taken in, the driver answered {}", one.id, cell(&answer, "status")))
        }
        Quarantine::Drop(one) => {
            Client::new(&one.server)?.delete(&["quarantine", &one.id]).await?;
            if one.json {
                return out::json(&json!({ "id": one.id, "dropped": true }));
            }
            out::line(&format!("{}: dropped", one.id))
        }
    }
}

async fn show(one: &One) -> Result<(), Exit> {
    let entry = Client::new(&one.server)?.get(&["quarantine", &one.id], &[]).await?;
    if one.json {
        return out::json(&entry);
    }
    for name in ["id", "channel", "kind", "driver", "at", "receivedAt", "method", "url", "peer", "timer", "size"] {
        let value = cell(&entry, name);
        if !value.is_empty() {
            out::line(&format!("{name:<12}{value}"))?;
        }
    }
    for header in entry.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |index: usize| header.get(index).and_then(Value::as_str).unwrap_or_default();
        out::line(&format!("{:<12}{}: {}", "header", out::one_line(part(0)), out::one_line(part(1))))?;
    }
    let lines = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).unwrap_or_default();
        text.lines().map(out::one_line).collect::<Vec<_>>()
    };
    for (name, lines) in [("reason", lines("reason")), ("backtrace", lines("backtrace"))] {
        lines.iter().try_for_each(|line| out::line(&format!("{name:<12}{line}")))?;
    }
    for line in entry.get("log").and_then(Value::as_array).into_iter().flatten() {
        out::line(&format!("{:<12}{}", "log", out::one_line(line.as_str().unwrap_or_default())))?;
    }
    out::line(&format!("{:<12}{}", "raw (base64)", cell(&entry, "raw")))
}
