//! From a request of Twilio's to an answer.
//!
//! Answers have no text: what a webhook answers with text or TwiML, Twilio sends to the customer.

use jackfield_sdk::error::code;
use jackfield_sdk::{Request, Response, Result, form};

use crate::params::Params;
use crate::signature::{self, Verdict};
use crate::{inbound, status};

/// Far more than Twilio's largest form.
const MAX_BODY: u32 = 1 << 20;
/// No instructions to Twilio.
const NO_TWIML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// Answers a request.
///
/// # Errors
/// The host's.
pub fn receive(request: &Request) -> Result<Response> {
    let params = match request.method.as_str() {
        "POST" if is_form(request) => match request.body_bytes(MAX_BODY) {
            Ok(body) => form::parse(&body),
            Err(error) if error.code == code::TOO_LARGE => {
                return Ok(Response::problem(413, code::TOO_LARGE, &error.text));
            }
            Err(error) => return Err(error),
        },
        "GET" => form::parse(request.query().as_bytes()),
        "POST" => Some(Vec::new()),
        _ => {
            return Ok(Response::problem(405, "method-not-allowed", "Twilio calls by POST or GET")
                .with_header("allow", "GET, POST"));
        }
    };
    let Some(params) = params.map(Params) else {
        return Ok(Response::problem(400, code::INVALID, "the parameters aren't UTF-8"));
    };
    // In a GET they stand in the URL, which is signed as a whole.
    let signed_params = (request.method == "POST" && is_form(request)).then_some(&params);
    match signature::check(request, signed_params)? {
        Verdict::Genuine => {}
        Verdict::Missing => {
            return Ok(Response::problem(400, "missing-signature", "the header X-Twilio-Signature is missing"));
        }
        Verdict::Bad(reason) => return Ok(Response::problem(403, "bad-signature", reason)),
    }
    match (params.message_sid(), params.get("MessageStatus")) {
        (Some(sid), Some(status)) => status::receive(&params, sid, status, message_in_query(request).as_deref()),
        (Some(sid), None) => inbound::receive(&params, sid),
        // Genuine, but no message: an event of some other kind, or Twilio's JSON ones.
        (None, _) => Ok(Response::problem(422, code::NOT_SUPPORTED, "there is no MessageSid")),
    }
}

/// The answer to a text of a customer.
pub fn taken() -> Response {
    Response::new(200, "text/xml", NO_TWIML)
}

/// The id of the message that a status is about, which we put into the URL that Twilio calls.
fn message_in_query(request: &Request) -> Option<String> {
    let query = form::parse(request.query().as_bytes())?;
    query.into_iter().find(|(name, value)| name == "message" && !value.is_empty()).map(|(_, value)| value)
}

fn is_form(request: &Request) -> bool {
    request.content_type().is_some_and(|(name, _)| name == "application/x-www-form-urlencoded")
}
