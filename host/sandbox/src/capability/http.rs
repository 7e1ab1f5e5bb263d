//! `http.send`: requests that the guest words and the host sends, with secrets put in on the way out.

use crate::bindings::jackfield::channel::http::{Host, Outgoing};
use crate::bindings::jackfield::channel::http_types::Response;
use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::call::{State, refuse};
use crate::channel::Channel;
use crate::convert;
use crate::handler::Body;
use bytes::Bytes;
use jackfield_egress::{Client, Header, Request};
use std::time::Duration;

/// How long a request may take if the guest doesn't say.
const TIMEOUT: Duration = Duration::from_secs(10);

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

fn not_granted(channel: &Channel, url: &str) -> Error {
    let id = &channel.config.id;
    let origin = url::Url::parse(url).map_or("https://HOST".to_owned(), |url| url.origin().ascii_serialization());
    refuse(
        "denied",
        format!(
            "the channel may not send http requests to {origin}; add `grants = {{ http = [\"{origin}\"] }}` to [[channel]] id = \"{id}\""
        ),
    )
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

impl State {
    fn prepare(&mut self, channel: &Channel, outgoing: Outgoing) -> Result<Request, Error> {
        secrets_after_host(&outgoing.url)?;
        let url = self.assemble(channel, outgoing.url)?;
        let mut request = Request::new(outgoing.method, text(url.bytes, "URL")?);
        for field in outgoing.headers {
            let value = self.assemble(channel, field.value)?;
            let mut header = Header::new(field.name, value.bytes);
            header.sensitive |= value.secret;
            request.headers.push(header);
        }
        let body = self.assemble(channel, outgoing.body)?;
        request.body = Bytes::from(body.bytes);
        request.body_sensitive = body.secret;
        request.timeout =
            Some(outgoing.options.timeout_ms.map_or(TIMEOUT, |millis| Duration::from_millis(u64::from(millis))));
        request.max_bytes = outgoing.options.max_bytes.map(u64::from);
        request.redirects = outgoing.options.redirects;
        Ok(request)
    }

    async fn exchange(
        &mut self,
        channel: &Channel,
        client: &Client,
        request: Request,
        to_blob: bool,
    ) -> Result<Response, Error> {
        let clock = self.clock.clone();
        clock.pause();
        let answer = client.send(request).await;
        clock.resume();
        let answer = answer.map_err(|error| {
            tracing::debug!(channel = channel.config.id, code = error.code(), "http.send failed: {error}");
            failed(&error)
        })?;
        let body = if to_blob { Body::Blob(self.put_blob(channel, &answer.body)?) } else { Body::Bytes(answer.body) };
        let headers = answer.headers.into_iter().map(|(name, value)| (name, Bytes::from(value))).collect();
        Ok(convert::response_out(answer.status, headers, body))
    }
}

impl Host for State {
    async fn send(&mut self, outgoing: Outgoing) -> Result<Response, Error> {
        let channel = self.act()?;
        if !outgoing.options.captures.is_empty() {
            return Err(refuse(
                "not-supported",
                "captured answers are not served by this server yet; leave `captures` empty",
            ));
        }
        let most = channel.config.limits.http_requests;
        self.call.http_requests += 1;
        if self.call.http_requests > most {
            return Err(refuse("quota", format!("more than {most} requests in one call; spread them over timers")));
        }
        let to_blob = outgoing.options.to_blob;
        let request = self.prepare(&channel, outgoing)?;
        let client = channel.config.grants.http.clone().ok_or_else(|| not_granted(&channel, &request.url))?;
        // From here on the call can't be run again as if nothing had happened.
        self.call.transaction.sent = true;
        self.exchange(&channel, &client, request, to_blob).await
    }
}
