//! What a record of the journal holds: JSON, so that it can be read by people and by later versions.

use jackfield_router::Event;
use jackfield_spec::Digest;
use serde::{Deserialize, Serialize};

/// One decision: what was asked, what happened, which bodies belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Milliseconds since 1970; never goes back.
    pub at: u64,
    /// Kind of the command.
    pub cause: String,
    /// The channel whose handler was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Messages that are new by this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageEntry>,
    /// External ids that became known: message id and external id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<(String, String)>,
    /// The customer whose content was to be erased, and who wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<ErasureEntry>,
    /// What the handler wrote to its store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub store: Vec<StoreEntry>,
    /// Blobs that the channel may read from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Digest>,
    /// What an operator, or the server by itself, did to drivers and channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<Audit>,
}

/// Who did what to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// `operator NAME`, `folder`, `config` or `server`.
    pub by: String,
    /// Such as `driver.loaded`, `channel.paused`.
    pub action: String,
    /// The driver's name, the channel's id, the quarantined entry's id.
    pub subject: String,
    /// More: a version and a digest, a reason. At most 1 KiB is kept.
    pub detail: String,
}

impl Entry {
    /// An entry in which nothing has happened yet.
    pub fn of(cause: &str) -> Self {
        Self {
            at: 0,
            cause: cause.to_owned(),
            channel: None,
            events: Vec::new(),
            messages: Vec::new(),
            external_ids: Vec::new(),
            erased: None,
            store: Vec::new(),
            blobs: Vec::new(),
            audit: Vec::new(),
        }
    }
}

/// A new message, as far as the journal names it: the content is in its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageEntry {
    /// The message's id.
    pub id: String,
    /// Its channel.
    pub channel: String,
    /// Key of its conversation.
    pub conversation: String,
    /// Its work item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_item: Option<String>,
    /// From the customer.
    pub inbound: bool,
    /// Digest of what the driver encoded: the same at driver, journal and agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Digest of the stored body, stamps and all.
    pub body: Digest,
}

/// A customer's erasure: what shows later that it was done, when and at whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasureEntry {
    /// Key of the customer.
    pub customer: String,
    /// The operator's name in the config.
    pub by: String,
}

/// A write to a channel's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoreEntry {
    /// Keyed hash of the key, which a driver may have made of an address.
    pub key: String,
    /// Digest of the value; none: deleted.
    pub value: Option<Digest>,
}
