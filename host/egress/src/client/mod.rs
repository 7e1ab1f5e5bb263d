//! Requests of one channel, under its policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::LOCATION;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::counters::{Counters, Kind, Limit, UnderWay};
use crate::dial::Dialer;
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::policy::{Permit, Policy};
use crate::pool::{Connection, Pool};
use crate::request::{Hop, Request, Response, Sink, parse_url};
use crate::resolve::Resolve;
use crate::tls::Tls;

/// A request that can't be sent twice takes a waiting connection only if it is younger than this: below the five
/// seconds after which the most impatient of the common servers close theirs, which would leave us not knowing
/// whether the request arrived.
const FRESH: Duration = Duration::from_secs(3);

/// Said of a redirect after the last that may be followed.
const TOO_MANY: &str = "there were too many";

/// What a [`Client`] is made of.
#[derive(Clone)]
pub struct ClientConfig {
    /// The channel's id, for the texts of refusals.
    pub channel: String,
    /// What it may reach.
    pub policy: Policy,
    /// What it may cost.
    pub limits: Limits,
    /// How names become addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Whom it trusts. Make one and share it.
    pub tls: Tls,
    /// Where it counts; the same for all clients of a channel, one after the other.
    pub counters: Arc<Counters>,
}

/// Sends the requests of one channel. Share it by `Arc` or reference; dropping it closes its connections.
/// When grants change, make a new one: connections were checked under the old ones.
pub struct Client {
    pub(crate) channel: String,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) dialer: Dialer,
    pub(crate) counters: Arc<Counters>,
    /// Of [`Client::connect`].
    pub(crate) connections: Arc<Semaphore>,
    pool: Arc<Pool>,
    slots: Semaphore,
}

/// How far a request has come; read when it fails, also when its time is over in the midst.
#[derive(Default)]
struct Journey {
    target: String,
    /// An earlier hop has been sent.
    sent: bool,
    /// Of the connection in use.
    written: Option<Arc<AtomicBool>>,
}

impl Journey {
    fn maybe_sent(&self) -> bool {
        self.sent || self.written.as_ref().is_some_and(|written| written.load(Ordering::Acquire))
    }
}

impl Client {
    /// A client without open connections.
    pub fn new(config: ClientConfig) -> Self {
        let ClientConfig { channel, policy, limits, resolver, tls, counters } = config;
        let permits = |number: usize| Semaphore::new(number.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            channel,
            policy,
            dialer: Dialer { resolver, tls, counters: Arc::clone(&counters), budget: limits.connect },
            pool: Pool::new(limits.idle, limits.idle_connections),
            slots: permits(limits.concurrency),
            connections: Arc::new(permits(limits.connections)),
            counters,
            limits,
        }
    }

    /// What its requests and connections may cost.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where it counts.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Sends a request and collects the answer. Runs on a tokio runtime with I/O and time; dropping the future
    /// closes the connection.
    ///
    /// # Errors
    /// [`Error::kind`] says what failed, [`Error::maybe_sent`] whether the peer may have seen the request. An answer
    /// of any status is not an error.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let mut body = BytesMut::new();
        let mut response = self
            .send_to(request, &mut |piece| {
                body.extend_from_slice(piece);
                Ok(())
            })
            .await?;
        response.body = body.freeze();
        Ok(response)
    }

    /// As [`Client::send`], but the body of the final answer, whatever its status, goes to `sink` while it comes.
    ///
    /// # Errors
    /// As [`Client::send`]; the sink may have got a part by then.
    pub async fn send_to(&self, request: Request, sink: &mut Sink<'_>) -> Result<Response, Error> {
        let after = request.timeout.unwrap_or(self.limits.default_timeout).min(self.limits.timeout);
        let mut journey = Journey::default();
        let _under_way = UnderWay::begin(&self.counters, Kind::Http);
        // One clock over everything: a peer that drips a byte a minute gains nothing by it.
        let outcome = timeout(after, self.travel(request, sink, &mut journey)).await;
        let kind = match outcome {
            Ok(Ok(response)) => {
                self.counters.outcome(Kind::Http, "ok");
                return Ok(response);
            }
            Ok(Err(kind)) => kind,
            Err(_) => ErrorKind::Timeout { target: journey.target.clone(), after },
        };
        let error = Error { kind, sent: journey.maybe_sent() };
        self.counters.outcome(Kind::Http, error.code());
        self.count_limit(&error.kind);
        tracing::debug!(channel = self.channel, code = error.code(), %error, "request failed");
        Err(error)
    }

    /// The limits that a failure means were met.
    fn count_limit(&self, kind: &ErrorKind) {
        match kind {
            ErrorKind::Timeout { .. } => self.counters.limit(Limit::HttpTimeout),
            ErrorKind::TooLarge { .. } => self.counters.limit(Limit::HttpResponse),
            ErrorKind::RequestTooLarge { .. } => self.counters.limit(Limit::HttpRequest),
            ErrorKind::Redirect { problem: TOO_MANY, .. } => self.counters.limit(Limit::HttpRedirects),
            _ => {}
        }
    }

    /// The request and the redirects that it may follow.
    async fn travel(
        &self,
        request: Request,
        sink: &mut Sink<'_>,
        journey: &mut Journey,
    ) -> Result<Response, ErrorKind> {
        let limits = &self.limits;
        let max_bytes = request.max_bytes.unwrap_or(limits.default_response_bytes).min(limits.response_bytes);
        let redirects = request.redirects.min(limits.redirects);
        let url = parse_url(&request.url)?;
        let mut permit = self.policy.check_url(&self.channel, &url)?;
        let mut hop = Hop::new(request, url, limits.request_bytes)?;
        journey.target = permit.target().to_owned();
        let _slot = match self.slots.try_acquire() {
            Ok(slot) => slot,
            Err(_) => {
                self.counters.limit(Limit::HttpConcurrency);
                let Ok(slot) = self.slots.acquire().await else {
                    unreachable!("the semaphore is never closed");
                };
                slot
            }
        };
        for followed in 0.. {
            let (connection, response) = self.exchange(&permit, &hop, journey).await?;
            let status = response.status().as_u16();
            let location = match status {
                301 | 302 | 303 | 307 | 308 if redirects > 0 => response.headers().get(LOCATION),
                _ => None,
            };
            let Some(location) = location else {
                let body = Receipt { target: permit.target(), max_bytes, sink };
                return self.receive(connection, response, body).await;
            };
            journey.sent = true;
            let target = permit.target().to_owned();
            if followed == redirects {
                return Err(ErrorKind::Redirect { target, problem: TOO_MANY });
            }
            hop.redirect(status, location.as_bytes()).map_err(|problem| ErrorKind::Redirect { target, problem })?;
            permit = self.policy.check_url(&self.channel, &hop.url)?;
            journey.target = permit.target().to_owned();
        }
        unreachable!("the loop ends when no redirect is left")
    }

    /// One request and the head of its answer.
    async fn exchange(
        &self,
        permit: &Permit,
        hop: &Hop,
        journey: &mut Journey,
    ) -> Result<(Connection, http::Response<Incoming>), ErrorKind> {
        let failed = |reason: String| ErrorKind::Transfer { target: permit.target().to_owned(), reason };
        let repeatable = hop.method.is_safe();
        let age = if repeatable { Duration::MAX } else { FRESH };
        let mut waiting = self.pool.take(permit.target(), age);
        loop {
            let mut connection = match waiting.take() {
                Some(connection) => connection,
                None => {
                    let tls = (hop.url.scheme() == "https").then_some(&self.dialer.tls.http);
                    let port = hop.url.port_or_known_default().unwrap_or_default();
                    let stream = self.dialer.dial(permit, port, tls).await?;
                    Connection::new(stream, self.limits.head_bytes).await.map_err(|error| failed(describe(&error)))?
                }
            };
            let written = journey.written.insert(connection.written());
            match connection.send(hop.to_http()?).await {
                Ok(response) if response.status() == http::StatusCode::SWITCHING_PROTOCOLS => {
                    return Err(failed("it changed to another protocol without being asked".to_owned()));
                }
                Ok(response) => return Ok((connection, response)),
                // The peer closed a waiting connection just now. Nothing has happened, or nothing that matters.
                Err(_) if connection.reused && (repeatable || !written.load(Ordering::Acquire)) => {}
                Err(error) if error.is_parse_too_large() => {
                    self.counters.limit(Limit::HttpHead);
                    return Err(failed(format!(
                        "the head of its answer is longer than {} bytes",
                        self.limits.head_bytes
                    )));
                }
                Err(error) => return Err(failed(describe(&error))),
            }
        }
    }

    /// The body of the final answer.
    async fn receive(
        &self,
        connection: Connection,
        response: http::Response<Incoming>,
        receipt: Receipt<'_, '_>,
    ) -> Result<Response, ErrorKind> {
        let Receipt { target, max_bytes, sink } = receipt;
        let target = || target.to_owned();
        let too_large = || ErrorKind::TooLarge { target: target(), limit: max_bytes };
        let (head, mut body) = response.into_parts();
        if body.size_hint().lower() > max_bytes {
            return Err(too_large());
        }
        let mut left = max_bytes;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ErrorKind::Transfer { target: target(), reason: describe(&error) })?;
            // What is not data is trailers, which nobody asked for.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            left = left.checked_sub(data.len() as u64).ok_or_else(too_large)?;
            sink(&data).map_err(ErrorKind::Sink)?;
        }
        self.pool.put(&target(), connection);
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        Ok(Response { status: head.status.as_u16(), headers: headers.collect(), body: Bytes::new() })
    }
}

/// Where the body comes from and goes to.
struct Receipt<'a, 'sink> {
    target: &'a str,
    max_bytes: u64,
    sink: &'a mut Sink<'sink>,
}

/// hyper's own text leaves out what caused it.
fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
