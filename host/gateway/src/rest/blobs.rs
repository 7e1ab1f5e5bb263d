//! `/v1/blobs`: attachments, by the digest of their content.

use super::list::query;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::uploads::{self, Upload};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, EXPECT, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use jackfield_journal::{BlobWriter, Blobs, Error};
use jackfield_spec::{Digest, limits};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of a blob.
const LIMIT: u64 = 64 * 1024 * 1024;
/// Bytes read from a blob at once.
const PIECE: u64 = 256 * 1024;
/// How long the next bytes of an upload may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an upload is answered with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded {
    digest: Digest,
    size: u64,
    name: Option<String>,
    media_type: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

pub(crate) async fn upload(
    caller: Caller,
    State(gateway): State<Gateway>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, mut body) = request.into_parts();
    let said = said(&parts)?;
    uploads::admit(&gateway, &caller).await?;
    if announced(&parts.headers).is_some_and(|length| length > LIMIT) {
        // Who asks before sending is told at once.
        if !parts.headers.contains_key(EXPECT) {
            pour_out(&mut body).await;
        }
        return Err(Problem::too_large(LIMIT));
    }
    let busy = |_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many files are on their way")
            .retry_after(Some(2))
    };
    let _permit = gateway.transfers().try_acquire().map_err(busy)?;
    let blobs = gateway.sequencer().blobs().clone();
    let (pieces, received) = mpsc::channel(4);
    let writing = tokio::task::spawn_blocking(move || write(&blobs, received));
    let whole = forward(&mut body, pieces).await;
    let written = writing.await?;
    // What the writer met comes first: it is why the body wasn't read to its end.
    let uploaded = match written {
        Err(Error::BlobTooLarge { .. }) => {
            pour_out(&mut body).await;
            return Err(Problem::too_large(LIMIT));
        }
        Err(error) => return Err(error.into()),
        Ok(uploaded) => uploaded,
    };
    whole?;
    let (digest, size) = uploaded.ok_or_else(|| Problem::bad_request("the body was cut off"))?;
    uploads::note(&gateway, &caller, digest, &said).await?;
    let location = format!("/v1/blobs/{digest}");
    let uploaded = Uploaded { digest, size, name: said.name, media_type: said.media_type };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(uploaded)).into_response())
}

/// The file's name, from the query, and its media type.
fn said(parts: &http::request::Parts) -> Result<Upload, Problem> {
    let name = query::<Named>(&parts.uri)?.0.name.filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.len() > limits::LINE) {
        return Err(Problem::bad_request(format!("`name` has at most {} bytes", limits::LINE)));
    }
    let Some(media_type) = parts.headers.get(CONTENT_TYPE) else {
        return Ok(Upload { name, media_type: None });
    };
    let media_type = media_type.to_str().ok().map(str::trim).filter(|text| is_media_type(text));
    let wrong =
        || Problem::bad_request("the `Content-Type` is none, such as `image/png`; leave it out if it isn't known");
    Ok(Upload { name, media_type: Some(media_type.ok_or_else(wrong)?.to_owned()) })
}

/// `type/subtype`, with parameters if it likes.
fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= limits::CONTENT_TYPE && essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads what is left of a body that is refused, within bounds: many clients look for an answer only after they have sent
/// all of it.
async fn pour_out(body: &mut Body) {
    let rest = async {
        let mut left = 2 * LIMIT;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |piece| piece.len() as u64));
            if left == 0 {
                break;
            }
        }
    };
    // Whoever is too slow learns less.
    let _ = tokio::time::timeout(PATIENCE, rest).await;
}

/// Hands a body on, and at its end a piece that says it was whole.
async fn forward(body: &mut Body, pieces: mpsc::Sender<Option<Bytes>>) -> Result<(), Problem> {
    loop {
        let frame = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(frame) => frame,
            Err(_) => {
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "expired", "the body took too long to come in"));
            }
        };
        let (piece, end) = match frame {
            None => (None, true),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(piece) => (Some(piece), false),
                Err(_) => continue,
            },
            Some(Err(_)) => return Err(Problem::bad_request("the body was cut off")),
        };
        // A writer that has ended has a reason, which its result says.
        if pieces.send(piece).await.is_err() || end {
            return Ok(());
        }
    }
}

/// Writes pieces to a blob. None if they ended before the body was whole: nothing is kept then.
fn write(blobs: &Blobs, mut pieces: mpsc::Receiver<Option<Bytes>>) -> Result<Option<(Digest, u64)>, Error> {
    let mut writer: BlobWriter = blobs.writer(LIMIT)?;
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Some(piece) => writer.write(&piece)?,
            None => {
                let size = writer.size();
                return Ok(Some((Digest(writer.finish()?), size)));
            }
        }
    }
    Ok(None)
}

pub(crate) async fn download(
    caller: Caller,
    Path(digest): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("there is no such blob");
    let digest: Digest = digest.parse().map_err(|_| unknown())?;
    // Whoever may not read it isn't told that it is there.
    uploads::look_up(&gateway, &caller, digest).await?.ok_or_else(unknown)?;
    let (size, body) = open(&gateway, digest).await?.ok_or_else(unknown)?;
    // What a customer sent is data: no browser may run or show it as a page of ours.
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, size.to_string()),
        (CONTENT_DISPOSITION, "attachment".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// A blob's size and content, read piece by piece as it is taken. None if there is no such blob.
pub(crate) async fn open(gateway: &Gateway, digest: Digest) -> Result<Option<(u64, Body)>, Problem> {
    let blobs = gateway.sequencer().blobs().clone();
    let Some(size) = blobs.size(&digest.0)? else {
        return Ok(None);
    };
    let pieces = stream::try_unfold(0, move |offset| {
        let blobs = blobs.clone();
        async move {
            if offset >= size {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || blobs.read(&digest.0, offset, PIECE))
                .await
                .map_err(std::io::Error::other)?;
            match read.map_err(std::io::Error::other)? {
                Some(piece) if !piece.is_empty() => {
                    let next = offset + piece.len() as u64;
                    Ok(Some((Bytes::from(piece), next)))
                }
                // Shorter than it was: the connection is cut, so that nobody takes it for whole.
                _ => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
            }
        }
    });
    Ok(Some((size, Body::from_stream(pieces))))
}
