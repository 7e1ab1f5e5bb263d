//! From a request of Meta's to an answer.

use jackfield_sdk::error::code;
use jackfield_sdk::{Request, Response, Result, form, headers, host};

use crate::batch::{self, Events};
use crate::settings::VERIFY_TOKEN;
use crate::signature;

/// What the drivers ask for as the limit `body`: batches have up to 3 MB, says Meta.
pub const LARGEST_BODY: &str = "4MiB";
/// Who lets more in than is asked for has to mean it.
const MAX_BODY: u32 = 16 << 20;

/// The request headers that are read.
pub fn read_headers() -> Vec<String> {
    headers(&[signature::HEADER])
}

/// Answers a request: the verification when the webhook is set up, or a signed batch of events.
///
/// # Errors
/// The host's.
pub fn receive<E: Events>(events: &E, request: &Request) -> Result<Response> {
    match request.method.as_str() {
        "GET" => verify(request),
        "POST" => {
            if !signature::is_genuine(request)? {
                let reason = "X-Hub-Signature-256 is missing, repeated, malformed or doesn't fit";
                return Ok(Response::problem(401, "bad-signature", reason));
            }
            match request.body_bytes(MAX_BODY) {
                Ok(body) => batch::receive(events, &body),
                Err(error) if error.code == code::TOO_LARGE => Ok(Response::problem(413, code::TOO_LARGE, &error.text)),
                Err(error) => Err(error),
            }
        }
        _ => {
            Ok(Response::problem(405, "method-not-allowed", "Meta calls by POST or GET")
                .with_header("allow", "GET, POST"))
        }
    }
}

/// `hub.mode=subscribe`, the verify token, and a challenge that is the answer.
fn verify(request: &Request) -> Result<Response> {
    let query = form::parse(request.query().as_bytes()).unwrap_or_default();
    let one = |name: &str| {
        let mut values = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    };
    let (Some("subscribe"), Some(token), Some(challenge)) =
        (one("hub.mode"), one("hub.verify_token"), one("hub.challenge"))
    else {
        return Ok(Response::problem(403, "bad-verification", "this is no verification of Meta's"));
    };
    if !host::secrets::equals(VERIFY_TOKEN, token.as_bytes())? {
        return Ok(Response::problem(403, "bad-verification", "the verify token is another"));
    }
    // Meta's challenges are numbers; nothing that a browser would run goes back.
    Ok(Response::new(200, "text/plain", challenge).with_header("x-content-type-options", "nosniff"))
}
