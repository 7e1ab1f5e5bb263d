//! `wasi:http/outgoing-handler`: a request that the guest has worded becomes one of the way out.

use super::Requests;
use super::request::{OutgoingRequest, RequestOptions};
use super::response::{Answer, FutureResponse, Place};
use crate::call::{CallKind, State};
use crate::channel::Channel;
use crate::services::LogLevel;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::outgoing_handler::Host;
use crate::wasi::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode, Method, Scheme};
use bytes::Bytes;
use jackfield_egress::{Client, ErrorKind, Header, Limit, Request};
use jackfield_spec::Attributes;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use wasmtime::component::Resource;

/// Headers that are the host's to write; a guest's own are left out.
const OURS: [&str; 8] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

/// Why nothing goes out, for the guest and, in words, for the channel's log.
struct Refused {
    code: ErrorCode,
    text: String,
}

fn refused(code: ErrorCode, text: impl Into<String>) -> Refused {
    Refused { code, text: text.into() }
}

/// A request on its way: all that the task needs that sends it.
struct Journey {
    channel: Arc<Channel>,
    client: Arc<Client>,
    request: Request,
    body: Option<oneshot::Receiver<Bytes>>,
    held: Held,
    place: Place,
    done: watch::Sender<bool>,
}

impl Host for State {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> wasmtime::Result<Result<Resource<FutureResponse>, ErrorCode>> {
        let channel = self.counted()?;
        let request = self.wasi.delete(request)?;
        let options = options.map(|options| self.wasi.delete(options)).transpose()?.unwrap_or_default();
        let Some(channel) = channel else {
            return Ok(Err(ErrorCode::HttpRequestDenied));
        };
        match self.begin(&channel, request, options) {
            Ok(future) => self.wasi.push(future).map(Ok),
            Err(Refused { code, text }) => {
                told(&channel, &text);
                Ok(Err(code))
            }
        }
    }
}

impl State {
    fn begin(
        &mut self,
        channel: &Arc<Channel>,
        outgoing: OutgoingRequest,
        options: RequestOptions,
    ) -> Result<FutureResponse, Refused> {
        if self.call.kind != CallKind::Handler {
            return Err(refused(ErrorCode::HttpRequestDenied, "`configure` may not act; send it in a handler"));
        }
        let Some(client) = channel.config.grants.client.clone() else {
            return Err(refused(ErrorCode::HttpRequestDenied, crate::capability::no_way_out(channel).text));
        };
        let most = channel.config.limits.http_requests;
        self.call.http_requests += 1;
        if self.call.http_requests > most {
            client.counters().limit(Limit::HttpRequests);
            let text = format!("more than {most} requests in one call; raise limits.http-requests or do less at once");
            return Err(refused(ErrorCode::ConnectionLimitReached, text));
        }
        let mut request = worded(&outgoing)?;
        let limits = client.limits();
        let patience = options.first_byte.unwrap_or(limits.default_timeout);
        request.timeout = Some(patience.min(self.time_left()));
        // The answer's bytes are set aside now: requests run beside each other.
        let mut held = self.wasi.hold();
        let asked = limits.default_response_bytes.min(limits.response_bytes).min(self.bytes_left(channel));
        let room = held.up_to(usize::try_from(asked).unwrap_or(usize::MAX)) as u64;
        if room == 0 {
            return Err(refused(
                ErrorCode::HttpResponseBodySize(Some(0)),
                crate::capability::out_of_bytes(channel, &client).text,
            ));
        }
        self.call.egress_bytes += room;
        request.max_bytes = Some(room);
        // From here on the call can't be run again as if nothing had happened.
        self.call.transaction.sent = true;
        let (done, wait) = watch::channel(false);
        let place = Place::default();
        let (channel, to) = (channel.clone(), place.clone());
        let requests = self.call.requests.get_or_insert_with(Requests::new);
        requests.spawn(send(Journey { channel, client, request, body: outgoing.body, held, place: to, done }));
        Ok(FutureResponse { done: wait, place, is_taken: false, call: self.wasi.calls, reserved: room })
    }
}

/// The request in the way out's words, without its body.
fn worded(outgoing: &OutgoingRequest) -> Result<Request, Refused> {
    let scheme = match outgoing.scheme {
        Some(Scheme::Http) => "http",
        _ => "https",
    };
    let missing = || refused(ErrorCode::HttpRequestUriInvalid, "the request names no host");
    let authority = outgoing.authority.as_deref().ok_or_else(missing)?;
    let path = outgoing.path.as_deref().unwrap_or("/");
    if !path.starts_with(['/', '?']) {
        return Err(refused(ErrorCode::HttpRequestUriInvalid, "the request's path does not begin with `/`"));
    }
    let mut request = Request::new(method(&outgoing.method), format!("{scheme}://{authority}{path}"));
    let guests = outgoing.fields.lines().iter().filter(|(name, _)| !OURS.contains(&name.to_ascii_lowercase().as_str()));
    request.headers = guests.map(|(name, value)| Header::new(name.clone(), value.clone())).collect();
    Ok(request)
}

fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
    .to_owned()
}

async fn send(journey: Journey) {
    let Journey { channel, client, mut request, body, mut held, place, done } = journey;
    let came = exchange(&channel, &client, &mut request, body).await;
    *place.lock() = Some(match came {
        Ok((status, headers, body)) => {
            held.keep(body.len());
            Ok(Answer { status, headers, body, held })
        }
        Err(Refused { code, text }) => {
            told(&channel, &text);
            Err(code)
        }
    });
    // Nobody may be waiting: the guest asks when it likes.
    let _ = done.send(true);
}

/// What is left of an answer for the guest.
type Came = (u16, Vec<(String, Vec<u8>)>, Bytes);

async fn exchange(
    channel: &Channel,
    client: &Client,
    request: &mut Request,
    body: Option<oneshot::Receiver<Bytes>>,
) -> Result<Came, Refused> {
    if let Some(body) = body {
        let unfinished = || refused(ErrorCode::HttpRequestBodySize(None), "the request's body was never finished");
        request.body = body.await.map_err(|_| unfinished())?;
    }
    let answer = client.send(request.clone()).await.map_err(|error| failed(&error))?;
    // A peer that repeats what it was sent must not bring a secret into the guest's memory.
    let clean = |bytes: &[u8]| channel.scrubber.bytes(bytes, &[]).into_owned();
    let headers = answer.headers.into_iter().map(|(name, value)| (name, clean(&value))).collect();
    Ok((answer.status, headers, Bytes::from(clean(&answer.body))))
}

/// WASI's code for an error of the way out.
fn failed(error: &jackfield_egress::Error) -> Refused {
    let text = error.to_string();
    let code = match &error.kind {
        ErrorKind::Denied(_) => ErrorCode::HttpRequestDenied,
        ErrorKind::Invalid { .. } => ErrorCode::HttpRequestUriInvalid,
        ErrorKind::RequestTooLarge { limit } => ErrorCode::HttpRequestBodySize(Some(*limit as u64)),
        ErrorKind::Dns { .. } => ErrorCode::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
        ErrorKind::Connect { .. } => ErrorCode::ConnectionRefused,
        ErrorKind::Tls { .. } => ErrorCode::TlsProtocolError,
        ErrorKind::Timeout { .. } => ErrorCode::HttpResponseTimeout,
        ErrorKind::TooLarge { limit, .. } => ErrorCode::HttpResponseBodySize(Some(*limit)),
        ErrorKind::Transfer { .. } => ErrorCode::HttpProtocolError,
        ErrorKind::Redirect { .. } | ErrorKind::Sink(_) => ErrorCode::InternalError(Some(text.clone())),
    };
    refused(code, text)
}

/// WASI's errors have no room for what to do about them: the channel's log has. As many lines as requests, at most.
fn told(channel: &Channel, text: &str) {
    let text = channel.scrubber.text(text);
    let fields = Attributes(vec![("call".to_owned(), "wasi:http".to_owned())]);
    channel.services.log(&channel.config.id, LogLevel::Warn, &text, &fields);
}
