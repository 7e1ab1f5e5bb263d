//! From an agent's answer to a request at `reply-url`.

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::{Delivery, Error, Outcome, Outgoing, Piece, Receipt, Response, Result, host, retry_after_ms};

use crate::settings::{SECRET, WebhookSettings};
use crate::signature::{Scheme, standard_webhooks_key};

/// What is delivered here. All but the first only with `notifications = true`.
pub const INTERACTIONS: [&str; 3] = ["message.send", "work-item.assigned", "work-item.closed"];

/// Does what the server asks.
pub fn deliver(settings: &WebhookSettings, delivery: &Delivery) -> Outcome {
    let name = delivery.message.interaction.name.as_str();
    if !INTERACTIONS.contains(&name) {
        return Error::new(code::NOT_SUPPORTED, format!("this channel has nothing for `{name}`")).into();
    }
    let wanted = name == "message.send" || settings.notifications;
    let outcome = match &settings.reply_url {
        Some(url) if wanted => post(settings, url, delivery),
        // Nobody is there to be told: the answer stays on the server, where it can be read.
        _ => Ok(Receipt::sent(Vec::new())),
    };
    outcome.map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn post(settings: &WebhookSettings, url: &str, delivery: &Delivery) -> Result<Receipt> {
    let id = delivery.message.id.as_deref().unwrap_or(&delivery.idempotency_key);
    let time = (host::clock::now() / 1000).to_string();
    let body = host::server::to_json(&delivery.message)?;

    let mut request = Outgoing::new("POST", url)
        .with_header("webhook-id", id)
        .with_header("webhook-timestamp", time.as_str())
        .with_header("user-agent", concat!("jackfield-webhook/", env!("CARGO_PKG_VERSION")));
    if settings.has_secret {
        request = request.with_header("webhook-signature", signature(settings, &format!("{id}.{time}.{body}"))?);
    }
    let response = request.with_body("application/json", body).send().map_err(|error| match error.code.as_str() {
        // The request has an id that receivers know a repetition by, so a repetition is what they are sent.
        code::MAYBE_SENT => Error { code: code::TEMPORARY.into(), ..error },
        // There was an answer, and it says whether the message was taken, but nobody can read it.
        code::TOO_LARGE => Error { code: code::MAYBE_SENT.into(), ..error },
        _ => error,
    })?;
    if response.is_success() {
        return Ok(Receipt::sent(vec![their_id(&response).unwrap_or_else(|| id.into())]));
    }
    Err(failure(url, &response))
}

/// `v1,` and the HMAC. Channels with another scheme have another kind of secret, whose bytes are the key.
fn signature(settings: &WebhookSettings, signed: &str) -> Result<String> {
    let key = match settings.scheme {
        Scheme::StandardWebhooks => standard_webhooks_key()?,
        _ => SECRET.into(),
    };
    let hmac = host::secrets::hmac(&key, "sha256", &[Piece::Text(signed.into())])?;
    Ok(format!("v1,{}", to_base64(&hmac)))
}

/// What the far side calls the message, where its answer is JSON and says so.
fn their_id(response: &Response) -> Option<String> {
    const MAX_ANSWER: u32 = 64 << 10;
    let body = response.body.read(MAX_ANSWER).ok()?;
    let answer = parse(&body).ok()?;
    answer.get("id").and_then(Value::as_str).filter(|id| (1..=256).contains(&id.len())).map(String::from)
}

fn failure(url: &str, response: &Response) -> Error {
    let retry_after = retry_after_ms(&response.headers);
    // The query may have a token of the receiver's in it.
    let place = url.split(['?', '#']).next().unwrap_or_default();
    let status = response.status;
    let (code, what) = match status {
        429 => (code::RATE_LIMITED, "asks to slow down"),
        408 | 500.. => (code::TEMPORARY, "can't take it now"),
        410 => (code::PERMANENT, "is gone: set another reply-url"),
        300..400 => (code::PERMANENT, "redirects, which isn't followed: set the final URL as reply-url"),
        _ => (code::PERMANENT, "refuses it"),
    };
    Error::new(code, format!("{place} answered {status}: it {what}"))
        .retry_after(retry_after)
        .with_attribute("status", status.to_string())
}
