//! `wasi:http/outgoing-handler`: a request that the guest has worded becomes one of the way out.

use super::Requests;
use super::fault::Fault;
use super::request::{OutgoingRequest, RequestOptions};
use super::response::{Answer, Came, FutureResponse, Place};
use crate::call::{CallKind, State};
use crate::channel::Channel;
use crate::services::LogLevel;
use crate::tape::Before;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::outgoing_handler::Host;
use crate::wasi::bindings::wasi::http::types::{ErrorCode, Method, Scheme};
use bytes::Bytes;
use jackfield_egress::{Client, ErrorKind, Header, Limit, Request};
use jackfield_spec::Attributes;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use wasmtime::component::Resource;

/// Headers that are the host's to write; a guest's own are left out.
const OURS: [&str; 8] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

/// Why nothing goes out, for the guest and, in words, for the channel's log.
struct Refused {
    code: Fault,
    text: String,
}

fn refused(code: Fault, text: impl Into<String>) -> Refused {
    Refused { code, text: text.into() }
}

/// A request on its way: all that the task needs that sends it.
struct Journey {
    channel: Arc<Channel>,
    client: Arc<Client>,
    request: Request,
    body: Option<oneshot::Receiver<Bytes>>,
    held: Held,
    /// There was less room for the answer than it may have.
    is_short: bool,
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
        let begun = match self.before("wasi:http.send", &asked(&request, &options)) {
            Before::Answered(begun) => {
                // The number that it had is taken here too, or those of later bodies would be others.
                if Result::is_ok(&begun) {
                    self.wasi.number();
                }
                Result::map(begun, |number| FutureResponse::of_record(number, self.wasi.calls))
            }
            Before::Go => self.begin(&channel, request, options),
            Before::Keep => {
                let begun = self.begin(&channel, request, options);
                self.after(&begun.as_ref().map(|future| future.number));
                begun
            }
        };
        match begun {
            Ok(future) => self.wasi.push(future).map(Ok),
            Err(fault) => Ok(Err(fault.into())),
        }
    }
}

/// A request as it stands in a record: its body goes by its number.
#[derive(Serialize)]
struct Asked<'a> {
    method: String,
    url: Option<String>,
    headers: &'a [(String, Vec<u8>)],
    body: Option<u32>,
    timeout_ms: Option<u64>,
}

fn asked<'a>(request: &'a OutgoingRequest, options: &RequestOptions) -> (Asked<'a>,) {
    let timeout_ms = options.first_byte.map(|timeout| timeout.as_millis() as u64);
    let headers = request.fields.lines();
    let url = url(request).ok();
    (Asked { method: method(&request.method), url, headers, body: request.number, timeout_ms },)
}

impl State {
    /// Sends it on its way; why it isn't sent is told to the channel's log.
    fn begin(
        &mut self,
        channel: &Arc<Channel>,
        outgoing: OutgoingRequest,
        options: RequestOptions,
    ) -> Result<FutureResponse, Fault> {
        self.sent(channel, outgoing, &options).map_err(|Refused { code, text }| {
            told(channel, &text);
            code
        })
    }

    fn sent(
        &mut self,
        channel: &Arc<Channel>,
        outgoing: OutgoingRequest,
        options: &RequestOptions,
    ) -> Result<FutureResponse, Refused> {
        if self.call.kind != CallKind::Handler {
            return Err(refused(Fault::Denied, "`configure` may not act; send it in a handler"));
        }
        let Some(client) = channel.config.grants.client.clone() else {
            return Err(refused(Fault::Denied, crate::capability::no_way_out(channel).text));
        };
        let most = channel.config.limits.http_requests;
        self.call.http_requests += 1;
        if self.call.http_requests > most {
            client.counters().limit(Limit::HttpRequests);
            let text = format!("more than {most} requests in one call; raise limits.http-requests or do less at once");
            return Err(refused(Fault::TooMany, text));
        }
        let mut request = worded(&outgoing)?;
        let limits = client.limits();
        let patience = options.first_byte.unwrap_or(limits.default_timeout);
        request.timeout = Some(patience.min(self.time_left()));
        // The answer's bytes are set aside now: requests run beside each other.
        let mut held = self.wasi.hold();
        let asked = limits.default_response_bytes.min(limits.response_bytes).min(self.bytes_left(channel));
        if asked == 0 {
            return Err(refused(Fault::ResponseSize(Some(0)), crate::capability::out_of_bytes(channel, &client).text));
        }
        let room = held.up_to(usize::try_from(asked).unwrap_or(usize::MAX)) as u64;
        if room == 0 {
            return Err(refused(Fault::ResponseSize(Some(0)), held.is_short()));
        }
        self.call.egress_bytes += room;
        request.max_bytes = Some(room);
        // From here on the call can't be run again as if nothing had happened.
        self.call.transaction.sent = true;
        let (done, wait) = watch::channel(false);
        let place = Place::default();
        let (channel, to) = (channel.clone(), place.clone());
        let requests = self.call.requests.get_or_insert_with(Requests::new);
        let (body, is_short) = (outgoing.body, room < asked);
        requests.spawn(send(Journey { channel, client, request, body, held, is_short, place: to, done }));
        let number = self.wasi.number();
        Ok(FutureResponse { number, done: wait, place, is_taken: false, call: self.wasi.calls, reserved: room })
    }
}

fn url(outgoing: &OutgoingRequest) -> Result<String, Refused> {
    let scheme = match outgoing.scheme {
        Some(Scheme::Http) => "http",
        _ => "https",
    };
    let missing = || refused(Fault::UriInvalid, "the request names no host");
    let authority = outgoing.authority.as_deref().ok_or_else(missing)?;
    let path = outgoing.path.as_deref().unwrap_or("/");
    if !path.starts_with(['/', '?']) {
        return Err(refused(Fault::UriInvalid, "the request's path does not begin with `/`"));
    }
    Ok(format!("{scheme}://{authority}{path}"))
}

/// The request in the way out's words, without its body.
fn worded(outgoing: &OutgoingRequest) -> Result<Request, Refused> {
    let mut request = Request::new(method(&outgoing.method), url(outgoing)?);
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
    let Journey { channel, client, mut request, body, mut held, is_short, place, done } = journey;
    let came = exchange(&channel, &client, &mut request, body).await;
    let came = came.map_err(|why| match why.code {
        Fault::ResponseSize(_) if is_short => refused(why.code, format!("{}: {}", why.text, held.is_short())),
        _ => why,
    });
    *place.lock() = Some(match came {
        Ok(came) => {
            held.keep(came.body.len());
            Ok(Answer { came, held })
        }
        Err(Refused { code, text }) => {
            told(&channel, &text);
            Err(code)
        }
    });
    // Nobody may be waiting: the guest asks when it likes.
    let _ = done.send(true);
}

async fn exchange(
    channel: &Channel,
    client: &Client,
    request: &mut Request,
    body: Option<oneshot::Receiver<Bytes>>,
) -> Result<Came, Refused> {
    if let Some(body) = body {
        let unfinished = || refused(Fault::RequestSize(None), "the request's body was never finished");
        request.body = body.await.map_err(|_| unfinished())?;
    }
    let answer = client.send(request.clone()).await.map_err(|error| failed(&error))?;
    // A peer that repeats what it was sent must not bring a secret into the guest's memory.
    let clean = |bytes: &[u8]| channel.scrubber.bytes(bytes, &[]).into_owned();
    let headers = answer.headers.into_iter().map(|(name, value)| (name, clean(&value))).collect();
    Ok(Came { status: answer.status, headers, body: Bytes::from(clean(&answer.body)) })
}

/// WASI's code for an error of the way out.
fn failed(error: &jackfield_egress::Error) -> Refused {
    let text = error.to_string();
    let code = match &error.kind {
        ErrorKind::Denied(_) => Fault::Denied,
        ErrorKind::Invalid { .. } => Fault::UriInvalid,
        ErrorKind::RequestTooLarge { limit } => Fault::RequestSize(Some(*limit as u64)),
        ErrorKind::Dns { .. } => Fault::Dns,
        ErrorKind::Connect { .. } => Fault::Refused,
        ErrorKind::Tls { .. } => Fault::Tls,
        ErrorKind::Timeout { .. } => Fault::Timeout,
        ErrorKind::TooLarge { limit, .. } => Fault::ResponseSize(Some(*limit)),
        ErrorKind::Transfer { .. } => Fault::Protocol,
        ErrorKind::Redirect { .. } | ErrorKind::Sink(_) => Fault::Internal(Some(text.clone())),
    };
    refused(code, text)
}

/// WASI's errors have no room for what to do about them: the channel's log has. As many lines as requests, at most.
fn told(channel: &Channel, text: &str) {
    let text = channel.scrubber.text(text);
    let fields = Attributes(vec![("call".to_owned(), "wasi:http".to_owned())]);
    channel.services.log(&channel.config.id, LogLevel::Warn, &text, &fields);
}
