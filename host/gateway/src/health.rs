//! `/healthz` and `/readyz`.

use crate::gateway::Gateway;
use crate::metrics::MayLook;
use crate::problem::Problem;
use axum::extract::State;
use http::StatusCode;

/// The process answers.
pub(crate) async fn alive(_: MayLook) -> &'static str {
    "ok\n"
}

/// The server takes requests: the journal can be written, and it isn't going down.
pub(crate) async fn ready(_: MayLook, State(gateway): State<Gateway>) -> Result<&'static str, Problem> {
    let not = |why: &str| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", why).retry_after(Some(1)));
    if gateway.is_draining() {
        return not("the server is going down");
    }
    if !gateway.sequencer().is_ready() {
        return not("the journal can't be written; the state is being made anew");
    }
    Ok("ok\n")
}
