//! `/v1/quarantine`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use jackfield_channels::{QuarantineEntry, ReplayError};
use serde::Serialize;

pub(crate) async fn list(
    caller: Caller,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<QuarantineEntry>, Problem> {
    caller.reads()?;
    let (channels, after, limit) = (gateway.channels().clone(), page.cursor.clone(), page.limit);
    let read = move || channels.quarantine(after.as_deref(), limit + 1);
    let mut entries = tokio::task::spawn_blocking(read).await??;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more).map(|entry| entry.id.clone());
    Ok(page.list(entries, last))
}

/// An entry with its bytes.
#[derive(Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    entry: QuarantineEntry,
    /// Base64 of the body, payload or entry as it came.
    raw: String,
}

/// Who may operate may look: here stands what a customer wrote.
pub(crate) async fn show(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<Shown>, Problem> {
    caller.operates()?;
    let channels = gateway.channels().clone();
    let found = tokio::task::spawn_blocking(move || channels.quarantined(&id)).await??;
    let (entry, raw) = found.ok_or_else(unknown)?;
    Ok(Json(Shown { entry, raw: STANDARD.encode(raw) }))
}

/// What came of a replay.
#[derive(Serialize)]
pub(crate) struct Replayed {
    id: String,
    /// What the driver answered.
    status: u16,
}

pub(crate) async fn replay(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<Replayed>, Problem> {
    let by = caller.operates()?;
    let status = gateway.channels().replay_quarantined(&id, &by).await?;
    Ok(Json(Replayed { id, status }))
}

pub(crate) async fn remove(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<StatusCode, Problem> {
    let by = caller.operates()?;
    if !gateway.channels().drop_quarantined(&id, &by).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn unknown() -> Problem {
    Problem::not_found("there is nothing of this id in quarantine; /v1/quarantine lists what there is")
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let status = match error {
            ReplayError::Unknown => return unknown(),
            ReplayError::Commit(error) => return error.into(),
            ReplayError::Journal(error) => return error.into(),
            ReplayError::SetAside | ReplayError::NotServed(_) => StatusCode::CONFLICT,
            ReplayError::Again(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, "wrong-state", error.to_string())
    }
}
