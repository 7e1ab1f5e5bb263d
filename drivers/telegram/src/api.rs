//! Telegram's Bot API: one request, and what its answer means.
//!
//! The token stands in the URL, put there by the host: it is in no text of this driver.

use jackfield_sdk::error::code;
use jackfield_sdk::json::Value;
use jackfield_sdk::{Error, Outgoing, Piece, Response, Result, api, retry_after_ms};

use crate::MEDIA_TYPE;
use crate::settings::{BOT_TOKEN, TelegramSettings};

/// A larger answer isn't Telegram's; updates are fetched by the fifty.
const MAX_ANSWER: u32 = 8 << 20;
/// How long to wait where Telegram asks to slow down and doesn't say for how long.
const SLOW_DOWN_MS: u32 = 5_000;
/// The attribute of an error with the id that a group has now.
pub const MIGRATED_TO: &str = "telegram.migrate-to-chat-id";

/// A request to a method.
pub fn request(settings: &TelegramSettings, method: &str) -> Outgoing {
    let mut request = Outgoing::new("POST", "");
    request.url = vec![
        Piece::Text(format!("{}/bot", settings.api_base)),
        Piece::Secret(BOT_TOKEN.into()),
        Piece::Text(format!("/{method}")),
    ];
    request.options.max_bytes = Some(MAX_ANSWER);
    request
}

/// Calls a method with JSON; the answer's body, where it went well.
///
/// # Errors
/// See [`send`].
pub fn call(settings: &TelegramSettings, method: &str, body: String) -> Result<Vec<u8>> {
    send(request(settings, method).with_body("application/json", body))
}

/// Sends a request; the answer's body, where it went well. What it tells of the channel's health is noted.
///
/// # Errors
/// What became of the request, or what Telegram answered, sorted into the catalogue.
pub fn send(request: Outgoing) -> Result<Vec<u8>> {
    api::call(&request, MEDIA_TYPE, MAX_ANSWER, failure)
}

fn failure(response: &Response, answer: &Value<'_>) -> Error {
    let told = answer.get("error_code").and_then(Value::as_f64);
    let status = told.filter(|_| response.is_success()).map_or(response.status, |code| code as u16);
    let description = answer.get("description").and_then(Value::as_str).unwrap_or_default();
    let class = match status {
        401 => code::BAD_CREDENTIALS,
        // A token that isn't one is in no path that Telegram knows.
        404 => code::BAD_CREDENTIALS,
        403 => code::REJECTED_BY_RECIPIENT,
        413 => code::TOO_LARGE,
        429 => code::RATE_LIMITED,
        400 if description.contains("too long") || description.contains("too big") => code::TOO_LARGE,
        408 | 409 | 500.. => code::TEMPORARY,
        // It says that it went well, and nobody can read what.
        200..300 => code::MAYBE_SENT,
        _ => code::PERMANENT,
    };
    let text = match (status, description) {
        (401 | 404, _) => "Telegram doesn't accept the bot-token of this channel".into(),
        (_, "") => format!("Telegram answered {status}"),
        (_, description) => format!("Telegram says: {}", description.chars().take(300).collect::<String>()),
    };
    let told = answer.pointer("/parameters/retry_after").and_then(Value::as_f64);
    let told = told.filter(|seconds| *seconds >= 0.0).map(|seconds| (seconds.min(86_400.0) * 1000.0) as u32);
    let error = Error::new(class, text)
        .slow_down(told.or_else(|| retry_after_ms(&response.headers)), SLOW_DOWN_MS)
        .with_attribute("vendor-code", status.to_string());
    match answer.pointer("/parameters/migrate_to_chat_id").and_then(Value::scalar) {
        Some(chat) => error.with_attribute(MIGRATED_TO, chat),
        None => error,
    }
}
