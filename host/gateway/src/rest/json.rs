//! JSON bodies of requests.

use crate::problem::Problem;
use crate::webhook;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

/// Bytes of a body.
const LIMIT: usize = 64 * 1024;

/// A JSON body, which may be left out where all of it has defaults.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = webhook::read(&parts.headers, body, LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "bad-request", "send JSON, with `Content-Type: application/json`"));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error) if error.is_data() => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad-request",
                format!("the body doesn't fit: {error}"),
            )),
            Err(error) => Err(Problem::bad_request(format!("the body is not JSON: {error}"))),
        }
    }
}
