//! `/v1/channels/{id}/records`: what was kept of a channel's handler calls. Customers' words stand there: for operators.

use super::list::{List, Page, query};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use jackfield_channels::{Exported, RecordsError, Summary, Which};
use serde::Deserialize;

pub(crate) async fn list(
    caller: Caller,
    Path(id): Path<String>,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<Summary>, Problem> {
    caller.operates()?;
    let found = gateway.channels().records(&id, page.cursor.clone(), page.limit + 1).await?;
    let mut items = found.ok_or_else(unknown)?;
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    let last = items.last().filter(|_| more).map(|summary| summary.id.clone());
    Ok(page.list(items, last))
}

/// Records in clear: all of the instance of a `record`, or the newest.
pub(crate) async fn export(
    caller: Caller,
    Path(id): Path<String>,
    page: Page,
    uri: http::Uri,
    State(gateway): State<Gateway>,
) -> Result<Json<Exported>, Problem> {
    #[derive(Deserialize)]
    struct Asked {
        record: Option<String>,
    }
    let by = caller.operates()?;
    let which = query::<Asked>(&uri)?.0.record.map_or(Which::Newest(page.limit), Which::Of);
    let is_one = matches!(which, Which::Of(_));
    let records = gateway.channels().export_records(&id, which, &by).await?.ok_or_else(unknown)?;
    if is_one && records.is_empty() {
        return Err(Problem::not_found("there is no such record, or not any more; see the list of records"));
    }
    Ok(Json(Exported::new(records)))
}

fn unknown() -> Problem {
    Problem::not_found("there is no such channel; /v1/channels lists them")
}

impl From<RecordsError> for Problem {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Commit(error) => error.into(),
            RecordsError::Interrupted(error) => error.into(),
            RecordsError::Records(error) => {
                tracing::error!("{error}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unavailable", "the records can't be read; see the log")
            }
        }
    }
}
