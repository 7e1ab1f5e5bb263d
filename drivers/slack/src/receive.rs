//! From a request of Slack's to an answer.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, Value, parse, repaired};
use jackfield_sdk::media::later;
use jackfield_sdk::{Message, Request, Response, Result, form, host, push_all, set_aside};

use crate::settings::SlackSettings;
use crate::{events, forms, people, signature};

/// Far more than Slack's largest event.
const MAX_BODY: u32 = 1 << 20;

/// Answers a request.
///
/// # Errors
/// The host's.
pub fn receive(settings: &SlackSettings, request: &Request) -> Result<Response> {
    if request.method != "POST" {
        return Ok(Response::problem(405, "method-not-allowed", "Slack calls by POST").with_header("allow", "POST"));
    }
    let body = match request.body_bytes(MAX_BODY) {
        Ok(body) => body,
        Err(error) if error.code == code::TOO_LARGE => {
            return Ok(Response::problem(413, code::TOO_LARGE, &error.text));
        }
        Err(error) => return Err(error),
    };
    let is_form = request.content_type().is_some_and(|(name, _)| name == "application/x-www-form-urlencoded");
    let fields = if is_form { form::parse(&body) } else { None };
    let field = |name: &str| {
        let found = fields.as_ref()?.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    if field("ssl_check") == Some("1") {
        // Slack looks at the certificate, without a signature: nothing is done.
        return Ok(Response::empty(200));
    }
    if let Some(fault) = signature::fault(request)? {
        return Ok(Response::problem(401, "bad-signature", fault));
    }
    let json = match (is_form, field("payload")) {
        (false, _) => repaired(&body),
        (true, Some(payload)) => repaired(payload.as_bytes()),
        (true, None) => {
            return match fields.as_ref().and_then(|_| forms::command(&field)) {
                Some(message) => take(&body, vec![message]),
                None => Ok(Response::problem(400, code::INVALID, "the form is no slash command")),
            };
        }
    };
    let json = match parse(&json) {
        Ok(json) => json,
        Err(error) => return Ok(Response::problem(400, code::INVALID, &format!("it isn't JSON: {error}"))),
    };
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default();
    let messages = match kind {
        "url_verification" => {
            return Ok(match json.get("challenge").and_then(Value::as_str) {
                Some(challenge) => Response::json(200, Object::new().string("challenge", challenge).finish()),
                None => Response::problem(400, code::INVALID, "there is no challenge"),
            });
        }
        "event_callback" => events::messages(settings, &json)?,
        "app_rate_limited" => {
            host::warn("Slack sends no more events for now: there are more than 30,000 an hour");
            Some(Vec::new())
        }
        "block_actions" | "message_action" => forms::interaction(settings, kind, &json),
        // Views, global shortcuts, and what will come: nothing that anybody said.
        "" => None,
        _ => Some(Vec::new()),
    };
    match messages {
        Some(messages) => take(&body, messages),
        None => Ok(Response::problem(400, code::INVALID, "it lacks what it can't be without")),
    }
}

/// Pushes messages; what the server won't have is set aside, since Slack would switch off a webhook that refuses much.
fn take(body: &[u8], messages: Vec<Message>) -> Result<Response> {
    if let Err(refused) = push_all(&messages) {
        if !refused.is_for_good() {
            return Ok(Response::refused(&refused));
        }
        set_aside(body, &refused.text)?;
        return Ok(Response::empty(200));
    }
    for message in &messages {
        if message.attachments().next().is_some() {
            later(message)?;
        }
        if let Some(work_item) = message.work_item.as_ref().filter(|_| message.interaction.name == "support-request") {
            people::ask_name(work_item)?;
        }
    }
    Ok(Response::empty(200))
}
