//! The Graph API: requests, ids in its answers, and its errors.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::{
    AttachmentPart, Delivery, Error, Multipart, Outgoing, Piece, Receipt, Response, Result, api, health, host, pieces,
    retry_after_ms,
};

use crate::cut;

/// A larger answer isn't the Graph API's.
const MAX_ANSWER: u32 = 256 << 10;
/// What the host sends at most, less what stands around a file.
const MAX_UPLOAD: u32 = (16 << 20) - (64 << 10);
/// The attribute of an error that has Meta's code.
pub const VENDOR_CODE: &str = "vendor-code";

/// The attribute of an error that has Meta's subcode, where there is one.
pub const VENDOR_SUBCODE: &str = "vendor-subcode";

/// What the API refused a request with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    /// Meta's code; 0 where the answer has none.
    pub code: u32,
    /// Meta's subcode; 0 where the answer has none.
    pub subcode: u32,
    /// What Meta says.
    pub text: String,
}

impl Refusal {
    /// Out of an `error` of Meta's, of an answer or of a webhook.
    pub fn of(error: &Value<'_>, status: u16) -> Self {
        let number =
            |name: &str| error.get(name).and_then(Value::scalar).and_then(|text| text.parse().ok()).unwrap_or(0);
        let told = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let details = error.get("error_data").and_then(|data| data.get("details")).and_then(Value::as_str);
        let text = details.or(told("message")).or(told("title")).or(told("error_user_msg")).unwrap_or_default();
        Self { status, code: number("code"), subcode: number("error_subcode"), text: cut(text, 300).into() }
    }
}

/// What a driver knows of Meta's errors.
pub struct Catalogue {
    /// The driver's media type, for what is told of the channel.
    pub media_type: &'static str,
    /// The catalogue's code for a refusal.
    pub class: fn(&Refusal) -> &'static str,
    /// What a code means, for agents and operators.
    pub meaning: fn(u32) -> Option<&'static str>,
    /// How long to wait where the API asks to slow down and doesn't say for how long, in milliseconds.
    pub slow_down_ms: fn(&Refusal) -> u32,
}

impl Catalogue {
    /// What is said of a refusal.
    pub fn text(&self, refusal: &Refusal) -> String {
        match (self.meaning)(refusal.code) {
            Some(meaning) => meaning.into(),
            None if refusal.text.is_empty() => format!("Meta answered {}", refusal.status),
            None => refusal.text.clone(),
        }
    }

    /// Tells the operator of a refusal that only somebody can end.
    pub fn tell_operator(&self, refusal: &Refusal) {
        let state = match (self.class)(refusal) {
            code::BAD_CREDENTIALS => health::BAD_CREDENTIALS,
            _ if matches!(refusal.code, 368 | 131_031) => health::LOGGED_OUT,
            _ => return,
        };
        health::note(self.media_type, state, Some(&self.text(refusal)));
    }
}

/// Sends a request to the API. Ok is the answer's body where the API did what was asked.
///
/// # Errors
/// What the API refused, sorted by `catalogue`; or what became of a request that was not answered.
pub fn send(request: &Outgoing, catalogue: &Catalogue) -> Result<Vec<u8>> {
    let response = api::send(request)?;
    if response.is_success() {
        health::note(catalogue.media_type, health::CONNECTED, None);
        return Ok(response.body.read(MAX_ANSWER).unwrap_or_default().into_owned());
    }
    let body = response.body.read(MAX_ANSWER).unwrap_or_default();
    let answer = parse(&body).unwrap_or(Value::Null);
    let refusal = Refusal::of(answer.get("error").unwrap_or(&Value::Null), response.status);
    catalogue.tell_operator(&refusal);
    Err(failure(&response, &refusal, catalogue))
}

fn failure(response: &Response, refusal: &Refusal, catalogue: &Catalogue) -> Error {
    let class = (catalogue.class)(refusal);
    let error = Error::new(class, catalogue.text(refusal))
        .slow_down(retry_after_ms(&response.headers), (catalogue.slow_down_ms)(refusal))
        .with_attribute("status", response.status.to_string());
    let numbers = [(VENDOR_CODE, refusal.code), (VENDOR_SUBCODE, refusal.subcode)];
    let told = numbers.into_iter().filter(|(_, number)| *number != 0);
    told.fold(error, |error, (name, number)| error.with_attribute(name, number.to_string()))
}

/// Uploads a file of a message, and sends the form that it stands in, in the field `name`. That may be made again,
/// whatever became of it: the customer doesn't see it.
///
/// # Errors
/// As [`send`], but never `maybe-sent`; `too-large` for a file over what the host sends.
pub fn upload(
    request: Outgoing,
    form: Multipart,
    (name, part): (&str, &AttachmentPart),
    catalogue: &Catalogue,
) -> Result<Vec<u8>> {
    let (blob, _) = part.file(MAX_UPLOAD)?;
    let file_name = part.name.as_deref().unwrap_or("file");
    let form = form.file(name, file_name, media_type(part), Piece::Blob(blob.into()));
    let mut request = form.send_with(request);
    request.options.timeout_ms = Some(25_000);
    send(&request, catalogue).map_err(|error| match error.code.as_str() {
        code::MAYBE_SENT => Error { code: code::TEMPORARY.into(), ..error },
        _ => error,
    })
}

/// Sends the pieces of an answer that are not out yet; Meta's ids of all. `send` gives Meta's answer, in which the id is at
/// `pointer`.
///
/// # Errors
/// As [`pieces::send`].
pub fn send_pieces<T>(
    delivery: &Delivery,
    pointer: &str,
    all: &[T],
    mut send: impl FnMut(&T) -> Result<Vec<u8>>,
) -> Result<Receipt> {
    let ids = pieces::send(delivery, "Meta", all, |piece, before| {
        let answer = send(piece)?;
        Ok(field(&answer, pointer).unwrap_or_else(|| {
            // It was accepted, so it is out; only what becomes of it won't be known.
            host::warn("Meta accepted a message but its answer has no id");
            format!("{}/{}", delivery.idempotency_key, before.len())
        }))
    })?;
    Ok(Receipt::sent(ids))
}

/// The media type of a file without its parameters.
pub fn media_type(part: &AttachmentPart) -> &str {
    part.media_type.split(';').next().unwrap_or_default().trim()
}

/// The text at a JSON Pointer of an answer.
pub fn field(answer: &[u8], pointer: &str) -> Option<String> {
    let value = parse(answer).ok()?;
    value.pointer(pointer).and_then(Value::scalar).filter(|text| !text.is_empty()).map(String::from)
}
