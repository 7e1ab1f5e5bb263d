//! Slack's Web API: one request, and what its answer means. It answers 200 also where it refuses.

use jackfield_sdk::json::Value;
use jackfield_sdk::{Error, Outgoing, Response, Result, api, form, retry_after_ms};

use crate::settings::SlackSettings;
use crate::{MEDIA_TYPE, catalogue};

/// A larger answer isn't Slack's.
const MAX_ANSWER: u32 = 1 << 20;
/// How long to wait where Slack asks to slow down and doesn't say for how long.
const SLOW_DOWN_MS: u32 = 10_000;

/// Calls a method with a form; the answer's body, where it went well.
///
/// # Errors
/// See [`send`].
pub fn call(settings: &SlackSettings, method: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>> {
    send(request(settings, method).with_body("application/x-www-form-urlencoded", form::write(fields)))
}

/// Calls a method with JSON; the answer's body, where it went well.
///
/// # Errors
/// See [`send`].
pub fn call_json(settings: &SlackSettings, method: &str, body: String) -> Result<Vec<u8>> {
    send(request(settings, method).with_body("application/json; charset=utf-8", body))
}

fn request(settings: &SlackSettings, method: &str) -> Outgoing {
    let request = Outgoing::new("POST", format!("{}/{method}", settings.api_base));
    request.with_header_pieces("authorization", settings.authorization())
}

/// Sends it. What it tells of the channel's health is noted.
fn send(request: Outgoing) -> Result<Vec<u8>> {
    api::call(&request, MEDIA_TYPE, MAX_ANSWER, failure)
}

fn failure(response: &Response, answer: &Value<'_>) -> Error {
    let slack_code = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    let class = catalogue::class(response.status, slack_code);
    let text = match (catalogue::meaning(slack_code), slack_code) {
        (Some(meaning), _) => meaning.into(),
        (None, "") => format!("Slack answered {}", response.status),
        (None, other) => format!("Slack says: {}", other.chars().take(200).collect::<String>()),
    };
    let error = Error::new(class, text)
        .slow_down(retry_after_ms(&response.headers), SLOW_DOWN_MS)
        .with_attribute("status", response.status.to_string());
    if slack_code.is_empty() {
        error
    } else {
        error.with_attribute("vendor-code", slack_code.chars().take(128).collect::<String>())
    }
}
