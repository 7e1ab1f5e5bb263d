//! Why there is no answer: those of WASI's codes that this server uses, in a form that stands in a record.

use crate::wasi::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode};
use serde::{Deserialize, Serialize};

/// A code of WASI's with what it carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Fault {
    Denied,
    TooMany,
    UriInvalid,
    RequestSize(Option<u64>),
    Dns,
    Refused,
    Terminated,
    Tls,
    Timeout,
    ResponseSize(Option<u64>),
    Protocol,
    Internal(Option<String>),
}

impl From<Fault> for ErrorCode {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Denied => Self::HttpRequestDenied,
            Fault::TooMany => Self::ConnectionLimitReached,
            Fault::UriInvalid => Self::HttpRequestUriInvalid,
            Fault::RequestSize(size) => Self::HttpRequestBodySize(size),
            Fault::Dns => Self::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
            Fault::Refused => Self::ConnectionRefused,
            Fault::Terminated => Self::ConnectionTerminated,
            Fault::Tls => Self::TlsProtocolError,
            Fault::Timeout => Self::HttpResponseTimeout,
            Fault::ResponseSize(size) => Self::HttpResponseBodySize(size),
            Fault::Protocol => Self::HttpProtocolError,
            Fault::Internal(text) => Self::InternalError(text),
        }
    }
}
