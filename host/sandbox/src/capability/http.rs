//! `http.send`: requests that the guest words and the host sends, with secrets put in on the way out.

use crate::bindings::jackfield::channel::http::{Host, Options, Outgoing};
use crate::bindings::jackfield::channel::http_types::Response;
use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::call::{State, refuse};
use crate::capability::secrets::Assembled;
use crate::channel::Channel;
use crate::convert;
use crate::handler::Body;
use bytes::Bytes;
use jackfield_egress::{Client, ErrorKind, Header, Limit, Request, Response as Answer};
use std::time::Duration;
use tokio::time::Instant;

/// Most of a call's time that is kept back from what waits for peers, so that the guest can still answer.
const MARGIN: Duration = Duration::from_millis(500);

/// A secret stands in a URL's path or query, never where it decides whom the request goes to.
fn secrets_after_host(url: &[Piece]) -> Result<(), Error> {
    let mut before = String::new();
    for piece in url {
        match piece {
            Piece::Text(text) => before.push_str(text),
            Piece::Bytes(bytes) => before.push_str(&String::from_utf8_lossy(bytes)),
            Piece::Secret(_) | Piece::Blob(_) => {
                let authority = before.split_once("://").map(|(_, rest)| rest);
                if !authority.is_some_and(|rest| rest.contains(['/', '?'])) {
                    return Err(refuse(
                        "invalid",
                        "a secret may stand in a URL's path or query, not in its scheme, host or port",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn text(bytes: Vec<u8>, what: &str) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| refuse("invalid", format!("the {what} is not UTF-8")))
}

/// The guest's code for an error of the way out. Whether the peer may have seen the request decides about doubles.
fn failed(error: &jackfield_egress::Error) -> Error {
    let code = match error.code() {
        "invalid" => "invalid",
        "denied" => "denied",
        "too-large" => "too-large",
        _ if error.maybe_sent() => "maybe-sent",
        "timeout" => "timeout",
        _ => "unavailable",
    };
    refuse(code, error.to_string())
}

/// What a channel without a way out is told.
pub(crate) fn no_way_out(channel: &Channel) -> Error {
    let id = &channel.config.id;
    refuse("denied", format!("nothing outside may be reached; add `grants` to [[channel]] id = \"{id}\""))
}

/// What one call may still move to and from peers.
pub(crate) fn out_of_bytes(channel: &Channel, client: &Client) -> Error {
    client.counters().limit(Limit::EgressBytes);
    let most = channel.config.limits.egress_bytes;
    refuse(
        "quota",
        format!("more than {most} bytes to and from peers in one call; raise limits.egress-bytes or do less"),
    )
}

impl State {
    /// What is left of the call's wall time, less what a guest needs to react to a time-out.
    pub(crate) fn time_left(&self) -> Duration {
        let left = self.call.ends.map_or(Duration::ZERO, |ends| ends.saturating_duration_since(Instant::now()));
        left - (left / 20).min(MARGIN)
    }

    /// What is left of the call's bytes to and from peers.
    pub(crate) fn bytes_left(&self, channel: &Channel) -> u64 {
        channel.config.limits.egress_bytes.saturating_sub(self.call.egress_bytes)
    }

    /// Pieces put together for a request. `too-large` is said of an answer only, when the request has been made.
    fn worded(&mut self, channel: &Channel, pieces: &[Piece], what: &str) -> Result<Assembled, Error> {
        self.assemble(channel, pieces).map_err(|error| match error.code.as_str() {
            "too-large" => refuse("invalid", format!("the {what} is too long: {}; nothing was sent", error.text)),
            _ => error,
        })
    }

    fn prepare(&mut self, channel: &Channel, client: &Client, outgoing: &Outgoing) -> Result<Request, Error> {
        secrets_after_host(&outgoing.url)?;
        let url = self.worded(channel, &outgoing.url, "URL")?;
        let mut request = Request::new(outgoing.method.clone(), text(url.bytes, "URL")?);
        for field in &outgoing.headers {
            let value = self.worded(channel, &field.value, "header")?;
            let mut header = Header::new(field.name.clone(), value.bytes);
            header.sensitive |= value.secret;
            request.headers.push(header);
        }
        let body = self.worded(channel, &outgoing.body, "body")?;
        request.body = Bytes::from(body.bytes);
        request.body_sensitive = body.secret;
        let limits = client.limits();
        let asked = outgoing.options.timeout_ms.map(|millis| Duration::from_millis(u64::from(millis)));
        request.timeout = Some(asked.unwrap_or(limits.default_timeout).min(self.time_left()));
        request.max_bytes = outgoing.options.max_bytes.map(u64::from);
        request.redirects = outgoing.options.redirects;
        Ok(request)
    }

    /// Sends it, and counts its bytes against the call's.
    async fn exchange(&mut self, channel: &Channel, client: &Client, mut request: Request) -> Result<Answer, Error> {
        let out = request.body.len() as u64;
        let left = self.bytes_left(channel).checked_sub(out).ok_or_else(|| out_of_bytes(channel, client))?;
        let limits = client.limits();
        let asked = request.max_bytes.unwrap_or(limits.default_response_bytes).min(limits.response_bytes);
        request.max_bytes = Some(asked.min(left));
        let clock = self.clock.clone();
        clock.pause();
        let answer = client.send(request).await;
        clock.resume();
        self.call.egress_bytes += out;
        match answer {
            Ok(answer) => {
                self.call.egress_bytes += answer.body.len() as u64;
                Ok(answer)
            }
            Err(error) => {
                tracing::debug!(channel = channel.config.id, code = error.code(), "http.send failed: {error}");
                if matches!(error.kind, ErrorKind::TooLarge { .. }) && left < asked {
                    self.call.egress_bytes += left;
                    return Err(out_of_bytes(channel, client));
                }
                Err(failed(&error))
            }
        }
    }

    /// The answer as the guest sees it: captured, searched for secrets, in a blob or not.
    async fn answered(&mut self, channel: &Channel, answer: Answer, options: &Options) -> Result<Response, Error> {
        let mut bytes = answer.body;
        let mut captured = Vec::new();
        if !options.captures.is_empty() {
            let mut body = bytes.to_vec();
            captured = self.capture(channel, &options.captures, &mut body)?;
            bytes = Bytes::from(body);
        }
        // A peer that repeats what it was sent must not bring a secret into the guest's memory.
        let composed: Vec<_> = self.call.composed.values().flatten().cloned().collect();
        let clean = |bytes: &[u8]| channel.scrubber.bytes(bytes, &composed).into_owned();
        let headers = answer.headers.into_iter().map(|(name, value)| (name, Bytes::from(clean(&value)))).collect();
        bytes = Bytes::from(clean(&bytes));
        let body = if options.to_blob { Body::Blob(self.put_blob(channel, bytes).await?) } else { Body::Bytes(bytes) };
        let mut response = convert::response_out(answer.status, headers, body);
        if !captured.is_empty() {
            response.attributes.push(("captured".to_owned(), captured.join(" ")));
        }
        Ok(response)
    }
}

impl Host for State {
    async fn send(&mut self, outgoing: Outgoing) -> Result<Response, Error> {
        let channel = self.act()?;
        let client = channel.config.grants.client.clone().ok_or_else(|| no_way_out(&channel))?;
        let most = channel.config.limits.http_requests;
        self.call.http_requests += 1;
        if self.call.http_requests > most {
            client.counters().limit(Limit::HttpRequests);
            return Err(refuse(
                "quota",
                format!(
                    "more than {most} requests in one call; spread them over timers, or raise limits.http-requests"
                ),
            ));
        }
        self.check_captures(&channel, &outgoing.options.captures)?;
        let request = self.prepare(&channel, &client, &outgoing)?;
        // From here on the call can't be run again as if nothing had happened.
        self.call.transaction.sent = true;
        let answer = self.exchange(&channel, &client, request).await?;
        self.answered(&channel, answer, &outgoing.options).await
    }
}
