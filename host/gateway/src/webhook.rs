//! `ANY /channels/{id}` and below: a request goes to the channel's driver as it came, the driver's answer goes back.

use crate::endpoint::{Endpoint, is_proxied};
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::rest::blobs;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jackfield_channels::ReceiveError;
use jackfield_sandbox::{Body as HandlerBody, Header, Peer, Request as HandlerRequest, Response as HandlerResponse};
use jackfield_spec::Timestamp;
use std::time::Duration;

/// How long a body may take to come in.
const BODY: Duration = Duration::from_secs(30);

/// The policy over what a driver serves: it may run scripts and post forms, as nobody.
const SANDBOX: &str = "sandbox allow-forms allow-popups allow-scripts";

/// Headers that belong to a connection and not to what is sent on it.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    const NAMES: [HeaderName; 6] = [CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    NAMES.contains(name) || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// The channel's id in a path.
fn channel_of(path: &str) -> &str {
    let rest = path.strip_prefix("/channels/").unwrap_or_default();
    rest.split_once('/').map_or(rest, |(id, _)| id)
}

pub(crate) async fn receive(
    State(gateway): State<Gateway>,
    Extension(endpoint): Extension<Endpoint>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let channel = channel_of(parts.uri.path());
    let mut room = gateway.channels().body_room(channel).ok_or_else(|| refused(&ReceiveError::UnknownChannel))?;
    let body = read_into(&parts.headers, body, room.largest(), |bytes| room.take(bytes)).await?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = HandlerRequest {
        method: parts.method.as_str().to_owned(),
        // What the peer called as seen from outside; its Host header decides nothing.
        url: format!("{}{path}", gateway.public_url()),
        headers: headers(&parts.headers),
        body: HandlerBody::Bytes(body),
        peer: Peer {
            address: endpoint.peer.to_string(),
            local: endpoint.local.to_string(),
            proxied: is_proxied(&parts.headers),
        },
        received_at: Timestamp::from_millis(gateway.sequencer().now()).unwrap_or_default(),
    };
    match gateway.channels().receive(channel, request, room).await {
        Ok(answer) => respond(&gateway, answer).await,
        Err(error) => Err(refused(&error)),
    }
}

fn headers(headers: &HeaderMap) -> Vec<Header> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| Header {
        name: name.as_str().to_owned(),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    headers.iter().map(header).collect()
}

/// Reads a body of at most `limit` bytes; one that says it is longer isn't read at all.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    read_into(headers, body, limit, |_| Ok(())).await
}

/// The same where `room` has to have room for each piece that comes.
async fn read_into(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    mut room: impl FnMut(usize) -> Result<(), ReceiveError>,
) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Problem::too_large(limit as u64));
    }
    let mut body = Limited::new(body, limit);
    let whole = async {
        // Most come in one piece, which is taken as it is; others are put together once.
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => Problem::too_large(limit as u64),
                false => Problem::bad_request("the body was cut off"),
            })?;
            if let Ok(data) = frame.into_data() {
                room(data.len()).map_err(|error| refused(&error))?;
                pieces.push(data);
            }
        }
        Ok(if pieces.len() > 1 { pieces.concat().into() } else { pieces.pop().unwrap_or_default() })
    };
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "expired", "the body took too long to come in");
    tokio::time::timeout(BODY, whole).await.unwrap_or_else(|_| Err(late()))
}

/// The driver's answer, without what only the server can say of a connection.
async fn respond(gateway: &Gateway, answer: HandlerResponse) -> Result<Response, Problem> {
    let body = match answer.body {
        HandlerBody::Bytes(bytes) => Body::from(bytes),
        HandlerBody::Blob(digest) => {
            blobs::open(gateway, digest).await?.ok_or_else(|| refused(&ReceiveError::DriverFailed))?.1
        }
    };
    let Some(status) = StatusCode::from_u16(answer.status).ok().filter(|status| !status.is_informational()) else {
        return Err(refused(&ReceiveError::DriverFailed));
    };
    // These have no body, whatever the driver says (RFC 9110 6.4.1).
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if bodiless { Body::empty() } else { body });
    *response.status_mut() = status;
    // What a driver serves has an origin of its own in a browser: it must not reach the desktop's token. A policy of the
    // driver's comes on top of this one.
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    for header in answer.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_maybe_shared(header.value);
        if let (Ok(name), Ok(value)) = (name, value)
            && !is_hop_by_hop(&name)
        {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response.into_response())
}

fn refused(error: &ReceiveError) -> Problem {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match error {
        ReceiveError::UnknownChannel | ReceiveError::NoWebhook => "not-found",
        ReceiveError::Conflict => "conflict",
        _ => "unavailable",
    };
    Problem::new(status, code, error.to_string()).retry_after(error.retry_after())
}

#[cfg(test)]
mod tests;
