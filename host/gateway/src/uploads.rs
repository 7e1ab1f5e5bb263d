//! Who may read which blob: operators all, agents what they handed in and what stands in messages of items they see.
//!
//! What somebody handed in is noted in a store of the uploader's own, where drivers have theirs, until it is sent or
//! an hour is over.

use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use http::StatusCode;
use jackfield_router::{Id, State};
use jackfield_sequencer::{Commit, StoreWrite, readers_of};
use jackfield_spec::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// Milliseconds that a file may wait to be sent.
const KEPT: u64 = 60 * 60 * 1_000;
/// Files of one person that may wait to be sent.
const WAITING: u64 = 500;

/// What was said of a file when it was handed in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upload {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its media type.
    pub(crate) media_type: Option<String>,
}

/// Where it is noted what somebody handed in. No channel's id has a `/`.
fn place_of(caller: &Caller) -> String {
    match caller {
        Caller::Agent(agent) => format!("agent/{agent}"),
        Caller::Operator { name, .. } => format!("operator/{name}"),
    }
}

/// Refuses somebody who has handed in too much that was never sent.
pub(crate) async fn admit(gateway: &Gateway, caller: &Caller) -> Result<(), Problem> {
    let (reader, place) = (gateway.sequencer().reader().clone(), place_of(caller));
    let usage = tokio::task::spawn_blocking(move || reader.store_usage(&place)).await??;
    if usage.keys < WAITING {
        return Ok(());
    }
    let detail = format!("{WAITING} files of yours wait to be sent; send them, or come again when an hour is over");
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", detail).retry_after(Some(60)))
}

/// Notes that somebody handed a file in.
pub(crate) async fn note(gateway: &Gateway, caller: &Caller, blob: Digest, upload: &Upload) -> Result<(), Problem> {
    let value = serde_json::to_vec(upload).map_err(|error| Problem::internal(&error))?;
    let expires_at = Timestamp::from_millis(gateway.sequencer().now() + KEPT).ok();
    let write = Some(StoreWrite { value, expires_at });
    let commit = Commit {
        channel: place_of(caller),
        cause: "upload".to_owned(),
        writes: [(blob.to_string(), write)].into(),
        ..Commit::default()
    };
    gateway.sequencer().commit(commit).await?;
    Ok(())
}

/// What somebody said of a file that may be read; none: it may not, or there is none.
pub(crate) async fn look_up(gateway: &Gateway, caller: &Caller, blob: Digest) -> Result<Option<Upload>, Problem> {
    let visible = match caller {
        Caller::Agent(agent) => {
            let agent = agent.clone();
            gateway.sequencer().read(move |state| visible(state, &agent)).await?
        }
        Caller::Operator { .. } => Vec::new(),
    };
    let (reader, place) = (gateway.sequencer().reader().clone(), place_of(caller));
    let reads_all = matches!(caller, Caller::Operator { .. });
    let now = i64::try_from(gateway.sequencer().now()).unwrap_or(i64::MAX);
    let find = move || -> Result<Option<Upload>, jackfield_journal::Error> {
        if let Some(value) = reader.store_get(&place, &blob.to_string(), now)?.value {
            return Ok(Some(serde_json::from_slice(&value).unwrap_or_default()));
        }
        let mut allowed = reads_all;
        for item in &visible {
            allowed = allowed || reader.blob_granted(&readers_of(item), &blob.0)?;
        }
        Ok(allowed.then(Upload::default))
    };
    Ok(tokio::task::spawn_blocking(find).await??)
}

/// The work items that an agent sees: its own, those it was asked into, and those it is asked to take.
pub(crate) fn visible(state: &State, agent: &Id) -> Vec<Id> {
    let Some(agent) = state.agent(agent) else { return Vec::new() };
    let asked = agent.offers.iter().filter_map(|offer| Some(state.offer(offer)?.item.clone()));
    agent.items.iter().chain(&agent.helps).cloned().chain(asked).collect()
}
