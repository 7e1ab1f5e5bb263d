//! From a request to an answer.

use jackfield_sdk::encoding::to_hex;
use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, parse};
use jackfield_sdk::{Request, Response, Result, host};

use crate::payload;
use crate::settings::WebhookSettings;
use crate::signature::Verdict;

/// The largest payload; the server's own limit is 1 MiB unless the channel has another.
const MAX_BODY: u32 = 8 << 20;

/// Answers a request.
pub fn receive(settings: &WebhookSettings, request: &Request) -> Result<Response> {
    if request.method != "POST" {
        return Ok(problem(405, "method-not-allowed", "messages are sent by POST").with_header("allow", "POST"));
    }
    match settings.scheme.check(request)? {
        Verdict::Genuine => {}
        Verdict::NotGenuine(reason) => {
            let response = problem(401, "bad-signature", reason);
            return Ok(match settings.scheme.challenge() {
                Some(challenge) => response.with_header("www-authenticate", challenge),
                None => response,
            });
        }
        Verdict::Forbidden(reason) => return Ok(problem(403, "not-allowed", reason)),
    }
    if !is_json(request) {
        return Ok(problem(415, "bad-media-type", "the body must be application/json in UTF-8"));
    }
    let body = match request.body_bytes(MAX_BODY) {
        Ok(body) => body,
        Err(error) if error.code == code::TOO_LARGE => {
            return Ok(problem(413, code::TOO_LARGE, &error.text));
        }
        Err(error) => return Err(error),
    };
    let payload = match parse(&body) {
        Ok(payload) => payload,
        Err(error) => {
            return Ok(problem(400, code::INVALID, &format!("the body is no JSON: {error}")));
        }
    };
    let own_id = || own_id(request);
    let message = match payload::message(settings, &payload, own_id)? {
        Ok(message) => message,
        Err(malformed) => return Ok(problem(400, code::INVALID, &malformed.0)),
    };
    Ok(match host::server::push(&message) {
        Ok(id) => Response::json(200, Object::new().string("id", &id).finish()),
        Err(refused) => Response::refused(&refused),
    })
}

/// The id of a payload that has none: what the sender calls the request, else the digest of the body.
fn own_id(request: &Request) -> Result<String> {
    for name in ["webhook-id", "svix-id"] {
        if let Some(Ok(id)) = request.single_header(name).map(core::str::from_utf8)
            && !id.is_empty()
        {
            return Ok(id.into());
        }
    }
    let digest = host::secrets::hash("sha256", &[request.body_piece()])?;
    Ok(format!("sha256-{}", to_hex(&digest)))
}

/// Whether the body says that it is JSON, or says nothing.
fn is_json(request: &Request) -> bool {
    if request.header("content-type").next().is_none() {
        return true;
    }
    request.content_type().is_some_and(|(name, charset)| {
        let json = matches!(name.as_str(), "application/json" | "text/json") || name.ends_with("+json");
        json && charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii"))
    })
}

fn problem(status: u16, code: &str, detail: &str) -> Response {
    Response::problem(status, code, detail)
}
