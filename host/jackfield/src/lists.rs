//! `driver list`, `agent list` and others: tables of what a running server has.

use crate::client::{Client, Server};
use crate::exit::Exit;
use crate::out::{self, cell};
use clap::Args;
use serde_json::Value;

/// Options of a list.
#[derive(Args)]
pub struct Listing {
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: Server,
}

/// The loaded drivers.
pub async fn drivers(listing: &Listing) -> Result<(), Exit> {
    let heading =
        ["name", "version", "state", "signer", "loadedBy", "channels", "instances", "calls", "traps", "digest"];
    list(listing, "drivers", heading, |driver| heading.map(|name| cell(driver, name))).await
}

/// The agents.
pub async fn agents(listing: &Listing) -> Result<(), Exit> {
    let heading = ["id", "name", "state", "load", "reason"];
    list(listing, "agents", heading, agent).await
}

fn agent(agent: &Value) -> [String; 5] {
    [
        cell(agent, "id"),
        cell(agent, "name"),
        cell(agent, "state"),
        format!("{}/{}", cell(agent, "load"), cell(agent, "capacity")),
        cell(agent, "reason"),
    ]
}

/// A list of the server's as a table.
pub async fn list<const N: usize>(
    listing: &Listing,
    what: &str,
    heading: [&str; N],
    row: impl Fn(&Value) -> [String; N],
) -> Result<(), Exit> {
    let (items, _) = Client::new(&listing.server)?.list(&[what], &[], usize::MAX).await?;
    if listing.json {
        return out::json(&items);
    }
    let rows: Vec<_> = items.iter().map(row).collect();
    out::table(heading, &rows)
}
