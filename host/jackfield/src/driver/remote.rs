//! Drivers of a running server: loaded, taken back, rolled back.

use crate::client::{Client, Server};
use crate::exit::{Exit, wrong};
use crate::out::{self, cell};
use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use std::path::Path;

/// Sends a component.
pub async fn load(server: &Server, file: &Path, name: Option<String>, json: bool) -> Result<(), Exit> {
    let named = || {
        let stem = file.file_stem()?.to_str()?;
        Some(stem.split('@').next().unwrap_or(stem).to_owned())
    };
    let name = name.or_else(named).ok_or_else(|| wrong(anyhow!("give the driver's name with --name")))?;
    let component = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let change = Client::new(server)?.put(&["drivers", &name], component).await?;
    told(&change, json)
}

/// Takes back what was loaded.
pub async fn unload(server: &Server, name: &str, json: bool) -> Result<(), Exit> {
    let change = Client::new(server)?.delete(&["drivers", name]).await?;
    if !change.is_null() {
        return told(&change, json);
    }
    if json {
        return out::json(&json!({ "name": name, "unloaded": true }));
    }
    out::line(&format!("{name}: unloaded"))
}

/// Goes back.
pub async fn roll_back(server: &Server, name: &str, json: bool) -> Result<(), Exit> {
    let change = Client::new(server)?.post(&["drivers", name, "rollback"]).await?;
    told(&change, json)
}

fn told(change: &Value, json: bool) -> Result<(), Exit> {
    if json {
        return out::json(change);
    }
    let channels = cell(change, "channels");
    let serves =
        if channels.is_empty() { "no channel asks for it yet".to_owned() } else { format!("serves {channels}") };
    out::line(&format!("{}@{} {}: {serves}", cell(change, "name"), cell(change, "version"), cell(change, "digest")))?;
    for failed in change.get("notServed").and_then(Value::as_array).into_iter().flatten() {
        eprintln!("{} is not served: {}", cell(failed, "channel"), cell(failed, "why"));
    }
    Ok(())
}
