//! `item`: work items of a running server.

use crate::client::{Client, One, Server};
use crate::exit::Exit;
use crate::out::{self, cell};
use crate::transcript;
use clap::Subcommand;
use serde_json::{Value, json};

/// States of a work item.
const STATES: [&str; 8] = ["new", "queued", "offered", "active", "suspended", "wrapping", "closed", "cancelled"];

/// What can be asked about work items.
#[derive(Subcommand)]
pub enum Item {
    /// List work items, oldest first
    #[command(
        after_help = "Examples:\n  jackfield item list --state queued\n  jackfield item list --limit 1000 --json"
    )]
    List {
        /// Only those in this state. Without it: all
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Show a work item and what was said
    #[command(after_help = "Example:\n  jackfield item show 0198c0de-0000-7000-8000-000000000001")]
    Show(One),
    /// Say why a work item waits and why each agent isn't eligible, or why it went to whom
    #[command(after_help = "Example:\n  jackfield item explain 0198c0de-0000-7000-8000-000000000001")]
    Explain(One),
}

/// Does what was asked.
pub async fn run(command: Item) -> Result<(), Exit> {
    match command {
        Item::List { state, limit, json, server } => list(&server, state, limit, json).await,
        Item::Show(one) => show(&one.server, &one.id, one.json).await,
        Item::Explain(one) => explain(&one.server, &one.id, one.json).await,
    }
}

async fn list(server: &Server, state: Option<String>, limit: u32, json: bool) -> Result<(), Exit> {
    let query: Vec<_> = state.map(|state| ("state", state)).into_iter().collect();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (items, more) = Client::new(server)?.list(&["work-items"], &query, limit).await?;
    if json {
        out::json(&items)?;
    } else {
        let rows: Vec<_> = items.iter().map(row).collect();
        let heading = ["id", "state", "queue", "owner", "channel", "media", "priority", "created", "customer"];
        out::table(heading, &rows)?;
    }
    if more {
        eprintln!("there are more; --limit says how many are listed");
    }
    Ok(())
}

fn row(item: &Value) -> [String; 9] {
    let names = ["id", "state", "queue", "owner", "channel", "mediaType", "priority", "createdAt"];
    let customer = item.get("customer").filter(|customer| !customer.is_null());
    let customer = customer.map_or_else(|| "-".to_owned(), transcript::customer);
    let mut cells = names.into_iter().map(|name| cell(item, name)).chain([customer]);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

async fn show(server: &Server, id: &str, json: bool) -> Result<(), Exit> {
    let client = Client::new(server)?;
    let item = client.get(&["work-items", id], &[]).await?;
    let (messages, _) = client.list(&["work-items", id, "messages"], &[], usize::MAX).await?;
    if json {
        return out::json(&json!({ "workItem": item, "messages": messages }));
    }
    for line in about(&item) {
        out::line(&line)?;
    }
    // Reports on what was sent are messages as well; they would drown what was said.
    let status = |message: &&Value| out::text(message, "interaction.name") == Some("message.status");
    for message in messages.iter().filter(|message| !status(message)) {
        out::line(&format!("\n{}", said(message)))?;
    }
    Ok(())
}

/// What there is to say about an item, a line each; what is none is left out.
fn about(item: &Value) -> Vec<String> {
    let names = [
        ("work item", "id"),
        ("state", "state"),
        ("code", "code"),
        ("queue", "queue"),
        ("owner", "owner"),
        ("channel", "channel"),
        ("media type", "mediaType"),
        ("conversation", "conversation"),
        ("customer", "customer.address"),
        ("name", "customer.name"),
        ("subject", "subject"),
        ("language", "language"),
        ("priority", "priority"),
        ("rule", "rule"),
        ("asked in", "helpers"),
        ("passed on by", "transfer.from"),
        ("scheduled", "notBefore"),
        ("goes on from", "parent"),
        ("created", "createdAt"),
        ("updated", "updatedAt"),
        ("external ids", "externalIds"),
    ];
    let rows = names.into_iter().map(|(name, path)| (name, cell(item, path)));
    rows.filter(|(_, value)| value != "-").map(|(name, value)| format!("{name:<14}{value}")).collect()
}

async fn explain(server: &Server, id: &str, json: bool) -> Result<(), Exit> {
    let explanation = Client::new(server)?.get(&["work-items", id, "explain"], &[]).await?;
    if json {
        return out::json(&explanation);
    }
    for line in explained(&explanation) {
        out::line(&line)?;
    }
    Ok(())
}

/// An explanation in sentences.
fn explained(explanation: &Value) -> Vec<String> {
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = vec![format!("it is {} in the queue {}", cell(explanation, "state"), cell(explanation, "queue"))];
    let reason = |reason: &Value| format!("{}; what would change it: {}", cell(reason, "text"), cell(reason, "change"));
    if let Some(now) = explanation.get("now").filter(|now| !now.is_null()) {
        let names = [("rule", "rule"), ("priority", "priority"), ("position", "position"), ("ring", "ring")];
        let known = names.into_iter().map(|(name, path)| format!("{name} {}", cell(now, path)));
        lines.push(known.collect::<Vec<_>>().join(", "));
        lines.extend(list(now, "held").iter().map(|held| format!("held: {}", reason(held))));
        for agent in list(now, "agents") {
            match agent.get("eligible").and_then(Value::as_bool) {
                Some(true) => lines.push(format!("{}: could take it", cell(&agent, "agent"))),
                _ => lines.extend(
                    list(&agent, "reasons").iter().map(|why| format!("{}: {}", cell(&agent, "agent"), reason(why))),
                ),
            }
        }
        if let Some(assigned) = now.get("assigned").filter(|assigned| !assigned.is_null()) {
            lines.push(format!("{} has it since {}", cell(assigned, "agent"), cell(assigned, "acceptedAt")));
        }
    }
    for decision in list(explanation, "decisions") {
        let of = |path: &str| cell(&decision, path);
        let others: Vec<_> = decision.get("why").map(|why| list(why, "others")).unwrap_or_default();
        let others: Vec<_> = others.iter().map(|other| cell(other, "agent")).collect();
        let next = if others.is_empty() { String::new() } else { format!(", before {}", others.join(", ")) };
        lines.push(format!(
            "{}  asked {} ({}) as {} of {} who could take it{next}: {}",
            of("at"),
            of("agent"),
            of("kind"),
            of("why.by"),
            of("why.ready"),
            of("outcome")
        ));
    }
    lines
}

fn said(message: &Value) -> String {
    let at = ["occurredAt", "receivedAt"]
        .into_iter()
        .find_map(|name| out::text(message, name))
        .map_or_else(|| "-".to_owned(), out::one_line);
    format!("{at}  {}", transcript::message(message))
}

#[cfg(test)]
mod tests;
