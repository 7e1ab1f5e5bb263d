//! `/v1/drivers`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::webhook;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jackfield_channels::{ChangeError, DriverChange, DriverView};
use serde::Serialize;

/// Bytes of a component.
const COMPONENT: usize = 64 << 20;

/// A driver, under the key that lists are ordered by.
#[derive(Serialize)]
pub(crate) struct Listed {
    /// `name@version`, and the digest where two components say the same of themselves.
    id: String,
    #[serde(flatten)]
    driver: DriverView,
}

pub(crate) async fn list(caller: Caller, page: Page, State(gateway): State<Gateway>) -> Result<List<Listed>, Problem> {
    caller.reads()?;
    let mut drivers: Vec<_> = gateway.channels().drivers().into_iter().map(Listed::new).collect();
    drivers.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(page.of(drivers, |driver| &driver.id))
}

impl Listed {
    fn new(driver: DriverView) -> Self {
        Self { id: format!("{}@{}#{}", driver.name, driver.version, driver.digest), driver }
    }
}

/// Loads the component in the body, and lets it serve every channel that asks for it.
pub(crate) async fn put(
    caller: Caller,
    Path(name): Path<String>,
    State(gateway): State<Gateway>,
    request: Request,
) -> Result<Json<DriverChange>, Problem> {
    let by = caller.operates()?;
    let (parts, body) = request.into_parts();
    let component = webhook::read(&parts.headers, body, COMPONENT).await?;
    if component.is_empty() {
        return Err(Problem::bad_request("the body is empty; send the component, a .wasm file"));
    }
    Ok(Json(gateway.channels().load_driver(&name, component.into(), &by).await?))
}

/// Takes back what was put.
pub(crate) async fn delete(
    caller: Caller,
    Path(name): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Response, Problem> {
    let by = caller.operates()?;
    Ok(match gateway.channels().unload_driver(&name, &by).await? {
        Some(change) => Json(change).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Goes back to what served before.
pub(crate) async fn roll_back(
    caller: Caller,
    Path(name): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<DriverChange>, Problem> {
    let by = caller.operates()?;
    Ok(Json(gateway.channels().roll_back_driver(&name, &by).await?))
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let (status, code) = match error {
            ChangeError::Commit(error) => return error.into(),
            ChangeError::Keep(error) => return Self::internal(&error),
            ChangeError::Driver(_) | ChangeError::OtherName { .. } | ChangeError::Channels(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "bad-request")
            }
            ChangeError::Unknown(_) => (StatusCode::NOT_FOUND, "not-found"),
            ChangeError::InUse { .. }
            | ChangeError::OfFolder { .. }
            | ChangeError::NothingBefore(_)
            | ChangeError::Overtaken(_) => (StatusCode::CONFLICT, "wrong-state"),
        };
        Self::new(status, code, error.to_string())
    }
}
