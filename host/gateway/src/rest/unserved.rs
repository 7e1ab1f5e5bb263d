//! What is promised and not served yet: each says so, rather than that it isn't there.

use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Router;
use axum::routing::{MethodFilter, on};
use http::StatusCode;

const UNSERVED: [(MethodFilter, &str); 8] = [
    (MethodFilter::GET, "/v1/openapi.json"),
    (MethodFilter::PUT, "/v1/drivers/{name}"),
    (MethodFilter::DELETE, "/v1/drivers/{name}"),
    (MethodFilter::POST, "/v1/drivers/{name}/rollback"),
    (MethodFilter::POST, "/v1/work-items"),
    (MethodFilter::GET, "/v1/work-items/{id}/explain"),
    (MethodFilter::GET, "/v1/quarantine"),
    (MethodFilter::POST, "/v1/quarantine/{id}/replay"),
];

pub(crate) fn routes() -> Router<Gateway> {
    UNSERVED.into_iter().fold(Router::new(), |router, (method, path)| router.route(path, on(method, answer)))
}

async fn answer(_: Caller) -> Problem {
    Problem::new(StatusCode::NOT_IMPLEMENTED, "not-supported", "this version doesn't serve this yet")
}
