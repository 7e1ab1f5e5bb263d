//! What the driver `webhook` does with the sample of the measurements, as a plugin of Extism: the signature is checked (by
//! the host, which keeps the secret), the payload becomes a message. A plugin of Extism gets bytes and gives bytes, so the
//! request comes as JSON and the message goes as JSON. What isn't the way in and out is the driver's own
//! source, on the same SDK.

mod answer;
mod attachments;
#[path = "../../../../../drivers/webhook/src/payload.rs"]
mod payload;
mod settings;

use extism_pdk::{FnResult, Memory, input_bytes, plugin_fn};
use jackfield_sdk::encoding::from_hex;
use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use settings::WebhookSettings;
use std::sync::LazyLock;

/// The header with the signature, as the sample's channel is set up.
const SIGNATURE: &str = "x-shop-signature";

#[link(wasm_import_module = "extism:host/user")]
unsafe extern "C" {
    /// Whether the bytes at `claimed` are the HMAC-SHA256 of those at `body` with the channel's secret: 1, or 0. Both are
    /// blocks of Extism's memory. Declared by hand, since the macro for it would pass the answer through a third block.
    fn verify_hmac(body: u64, claimed: u64) -> u64;
}

/// From a request to an answer, `{"status", "message"}`.
///
/// # Errors
/// What was given is no request.
#[plugin_fn]
pub fn receive() -> FnResult<String> {
    let input = input_bytes();
    let request = parse(&input).map_err(|error| extism_pdk::Error::msg(error.to_string()))?;
    let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("method") != "POST" {
        return Ok(answer::refusal(405, "messages are sent by POST"));
    }
    let body = text("body");
    if !is_genuine(&request, body)? {
        return Ok(answer::refusal(401, "the signature does not fit"));
    }
    if !header(&request, "content-type").is_some_and(is_json) {
        return Ok(answer::refusal(415, "the body must be application/json in UTF-8"));
    }
    let Ok(payload) = parse(body.as_bytes()) else {
        return Ok(answer::refusal(400, "the body is no JSON"));
    };
    static SETTINGS: LazyLock<WebhookSettings> = LazyLock::new(settings::of_the_sample);
    let no_id = || Err(jackfield_sdk::Error::new(code::INVALID, "the sample has an id"));
    Ok(match payload::message(&SETTINGS, &payload, no_id) {
        Ok(Ok(message)) => answer::accepted(&message),
        Ok(Err(malformed)) => answer::refusal(400, &malformed.0),
        Err(error) => answer::refusal(400, &error.text),
    })
}

/// The value of the header, where it stands once.
fn header<'a>(request: &'a Value<'_>, name: &str) -> Option<&'a str> {
    let headers = request.get("headers").and_then(Value::as_array).unwrap_or_default();
    let mut values = headers.iter().filter_map(|header| match header.as_array() {
        Some([key, value]) if key.as_str()?.eq_ignore_ascii_case(name) => value.as_str(),
        _ => None,
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn is_genuine(request: &Value<'_>, body: &str) -> FnResult<bool> {
    let value = header(request, SIGNATURE).map(|value| value.strip_prefix("sha256=").unwrap_or(value));
    let Some(claimed) = value.and_then(|value| from_hex(value.as_bytes())) else {
        return Ok(false);
    };
    let body = Memory::from_bytes(body)?;
    let claimed = Memory::from_bytes(claimed)?;
    // SAFETY: both are blocks of Extism's memory, which is all that the host's function asks for.
    Ok(unsafe { verify_hmac(body.offset(), claimed.offset()) } == 1)
}

/// Whether a `Content-Type` is JSON in UTF-8.
fn is_json(value: &str) -> bool {
    let mut pieces = value.split(';').map(str::trim);
    let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
    let charset = pieces.filter_map(|piece| piece.split_once('=')).find(|(key, _)| key.eq_ignore_ascii_case("charset"));
    let is_utf8 = charset.is_none_or(|(_, charset)| {
        let charset = charset.trim_matches('"').to_ascii_lowercase();
        matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
    });
    is_utf8 && (matches!(name.as_str(), "application/json" | "text/json") || name.ends_with("+json"))
}
