//! Errors over HTTP: `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use jackfield_router::{ErrorCode, Refusal};
use jackfield_sequencer::CommitError;
use serde::Serialize;

/// What went wrong, for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    state: Option<String>,
    retry_after: Option<u32>,
    challenge: Option<&'static str>,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
}

impl Problem {
    /// `code` is one of the agents' protocol; `detail` says what happened and what to do.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), state: None, retry_after: None, challenge: None }
    }

    /// 400.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 401: no token, or a wrong one.
    pub(crate) fn unauthorized(wrong: bool) -> Self {
        let (detail, challenge) = if wrong {
            ("this token is nobody's; use one of the config", r#"Bearer realm="jackfield", error="invalid_token""#)
        } else {
            ("a token is needed: `Authorization: Bearer TOKEN`", r#"Bearer realm="jackfield""#)
        };
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, "not-allowed", detail) }
    }

    /// 403.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-allowed", detail)
    }

    /// 404.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 413.
    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("the body has more than {limit} bytes; send less"),
        )
    }

    /// 500 for what a caller can do nothing about; the reason goes to the log.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!("a request failed: {error}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unavailable",
            "the server failed; its operator finds the reason in its log",
        )
    }

    /// Says when to try again.
    pub(crate) fn retry_after(self, seconds: Option<u32>) -> Self {
        Self { retry_after: seconds, ..self }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match &error {
            CommitError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", error.to_string()),
            CommitError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "conflict", error.to_string()),
            // The reason names files and is for the operator.
            CommitError::Unavailable(_) => {
                tracing::warn!("a request could not be made durable: {error}");
                let detail = "the journal could not be written, nothing was changed; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(Some(1))
            }
            CommitError::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string()).retry_after(Some(5))
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::NotAllowed => StatusCode::FORBIDDEN,
            ErrorCode::WrongState | ErrorCode::Conflict | ErrorCode::OverCapacity => StatusCode::CONFLICT,
            ErrorCode::Expired => StatusCode::GONE,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::NotSupported => StatusCode::NOT_IMPLEMENTED,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { state: refusal.state, ..Self::new(status, refusal.code.name(), refusal.message) }
    }
}

impl From<jackfield_journal::Error> for Problem {
    fn from(error: jackfield_journal::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<tokio::task::JoinError> for Problem {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content = Content {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            state: self.state.as_deref(),
        };
        // Texts and a number: there is always a JSON form.
        let json = serde_json::to_vec(&content).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

#[cfg(test)]
mod tests;
