//! The plugin's answer, read as its host would use it.

use serde::Deserialize;
use std::collections::BTreeMap;

/// An answer to a request.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// What the request said, where it was accepted.
    pub message: Option<Message>,
}

/// A message, as far as the sample fills it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub media_type: String,
    pub event_id: Option<String>,
    pub external_id: Option<String>,
    /// In milliseconds since 1970.
    pub occurred_at: Option<u64>,
    pub interaction: Interaction,
    pub work_item: WorkItem,
    pub parts: Vec<Part>,
}

/// What is wanted.
#[derive(Debug, Deserialize)]
pub struct Interaction {
    pub kind: String,
    pub name: String,
    pub arguments: serde_json::Value,
}

/// Whose conversation it is.
#[derive(Debug, Deserialize)]
pub struct WorkItem {
    pub conversation: String,
    pub customer: Customer,
    pub subject: Option<String>,
    pub language: Option<String>,
    pub priority: Option<u32>,
    pub attributes: BTreeMap<String, String>,
}

/// Who wrote.
#[derive(Debug, Deserialize)]
pub struct Customer {
    pub address: String,
    pub name: Option<String>,
}

/// A text.
#[derive(Debug, Deserialize)]
pub struct Part {
    #[serde(rename = "type")]
    pub kind: String,
    pub text: String,
    pub format: String,
}
