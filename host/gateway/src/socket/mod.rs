//! `GET /v1/agent`: the agents' WebSocket.
//!
//! ```text
//! frame -> Command (parsed) -> Submission (prepared) -> Sequencer -> command.result
//! Feed  -> the connection, from where it is; after a gap a snapshot
//! ```

mod command;
mod connection;
mod contact;
mod outbound;
mod pace;
mod perform;
mod sending;
mod snapshot;

pub(crate) use command::skills;

use crate::auth;
use crate::gateway::Gateway;
use crate::problem::Problem;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use connection::Connection;
use http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Deserialize;

/// The protocol that is spoken.
const PROTOCOL: &str = "jackfield.agent.v1";
/// Bytes of a frame that an agent may send.
const FRAME: usize = 256 * 1024;
/// Bytes read at once. Commands are small, connections are many.
const READ_BUFFER: usize = 4 * 1024;
/// Bytes gathered before they are written, so that a burst of events isn't a burst of system calls.
const WRITE_BUFFER: usize = 32 * 1024;

#[derive(Deserialize)]
struct Resume {
    after: Option<u64>,
}

/// Upgrades to a WebSocket, after all that can be refused was looked at.
pub(crate) async fn upgrade(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let (agent, token) = auth::agent_at_socket(&gateway.people().now(), &headers)?;
    let Ok(Query(resume)) = Query::<Resume>::try_from_uri(&uri) else {
        return Err(Problem::bad_request("`after` is the `sequence` of the last event seen, a number"));
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(error) => return Ok(no_websocket(&error)),
    };
    if !speaks(&upgrade) {
        return Err(Problem::bad_request(format!("the subprotocol `{PROTOCOL}` is spoken here")));
    }
    if gateway.is_draining() {
        let stopping = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server is going down");
        return Err(stopping.retry_after(Some(5)));
    }
    let full = |why: &str| Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", why).retry_after(Some(5));
    let seat = gateway.hub().seat(&agent).ok_or_else(|| full("this agent has too many connections; close some"))?;
    let permit = gateway.open().clone().try_acquire_owned().map_err(|_| full("the server has too many connections"))?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(FRAME)
        .max_frame_size(FRAME)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER);
    let connection = Connection::new(gateway, agent, token, seat);
    Ok(upgrade.on_upgrade(async move |socket| {
        connection.run(socket, resume.after).await;
        drop(permit);
    }))
}

/// Whether the client asks for our protocol. One that asks for none is taken to know where it is.
fn speaks(upgrade: &WebSocketUpgrade) -> bool {
    let mut asked = upgrade
        .requested_protocols()
        .map(HeaderValue::as_bytes)
        .filter(|protocol| !protocol.starts_with(b"bearer."))
        .peekable();
    asked.peek().is_none() || asked.any(|protocol| protocol == PROTOCOL.as_bytes())
}

fn no_websocket(error: &WebSocketUpgradeRejection) -> Response {
    let detail = format!("this is a WebSocket: {error}");
    let mut response = Problem::new(StatusCode::UPGRADE_REQUIRED, "bad-request", detail).into_response();
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}

#[cfg(test)]
mod tests;

/// The snapshot of an agent, for tests of the whole.
#[cfg(test)]
pub(crate) async fn snapshot(gateway: &Gateway, agent: &jackfield_router::Id) -> (u64, String) {
    let made = snapshot::make(gateway, agent, &"c0".into(), 1).await;
    let (sequence, frame) = made.unwrap_or_default().unwrap_or_default();
    (sequence, frame.to_string())
}
