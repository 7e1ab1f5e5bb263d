//! An agent's answer, sent by Twilio's API.

use jackfield_sdk::encoding::to_percent;
use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::{
    Delivery, Error, Outcome, Outgoing, Receipt, Response, Result, WorkItem, form, host, opt_out, push_all,
    retry_after_ms,
};

use crate::segments::Segments;
use crate::settings::TwilioSettings;
use crate::{MEDIA_TYPE, catalogue};

/// The longest text that Twilio takes, in characters.
const MAX_TEXT: usize = 1600;
/// A larger answer isn't Twilio's.
const MAX_ANSWER: u32 = 256 << 10;
/// The attribute of an error that has Twilio's code.
const VENDOR_CODE: &str = "vendor-code";
/// How long to wait where Twilio asks to slow down and doesn't say for how long.
const SLOW_DOWN_MS: u32 = 10_000;

/// Sends a text.
pub fn deliver(settings: &TwilioSettings, delivery: &Delivery) -> Outcome {
    let name = delivery.message.interaction.name.as_str();
    if name != "message.send" {
        return Error::new(code::NOT_SUPPORTED, format!("SMS has nothing for `{name}`")).into();
    }
    send(settings, delivery).map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn send(settings: &TwilioSettings, delivery: &Delivery) -> Result<Receipt> {
    let message = &delivery.message;
    let work_item = delivery.work_item()?;
    let to = work_item.customer.address.as_str();
    if delivery.previous == "unknown" {
        return Err(Error::new(
            code::MAYBE_SENT,
            "an earlier try may have reached the customer, and Twilio can't be asked; it isn't sent again",
        ));
    }
    if opt_out::is_out(to)? {
        let text = format!("{to} has opted out; only a text of theirs (START) allows more");
        return Err(Error::new(code::REJECTED_BY_RECIPIENT, text));
    }
    let text = sendable_text(delivery)?;
    let segments = Segments::of(&text);
    let id = message.id.as_deref().unwrap_or(&delivery.idempotency_key);

    let callback = format!("{}?message={}", settings.public_url, to_percent(id));
    let mut fields = vec![("To", to), ("Body", text.as_str()), ("StatusCallback", callback.as_str())];
    fields.extend(settings.from.as_deref().map(|from| ("From", from)));
    fields.extend(settings.messaging_service_sid.as_deref().map(|sid| ("MessagingServiceSid", sid)));
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", settings.api_base, settings.account_sid);
    let response = Outgoing::new("POST", url)
        .with_header_pieces("authorization", settings.authorization()?)
        .with_body("application/x-www-form-urlencoded", form::write(&fields))
        .send()
        .map_err(|error| match error.code.as_str() {
            // Twilio did answer, but with what nobody can read.
            code::TOO_LARGE => Error { code: code::MAYBE_SENT.into(), ..error },
            _ => error,
        })?;

    if response.is_success() {
        return Ok(receipt(&response, segments));
    }
    let failure = failure(&response);
    if failure.attributes.iter().any(|(name, value)| name == VENDOR_CODE && value == catalogue::OPTED_OUT) {
        note_opt_out(work_item, id);
    }
    Err(failure)
}

fn sendable_text(delivery: &Delivery) -> Result<String> {
    if delivery.message.attachments().next().is_some() {
        return Err(Error::new(code::NOT_SUPPORTED, "this channel can't send files: put a link into the text"));
    }
    let text = delivery.message.text();
    let length = text.chars().count();
    match length {
        0 => Err(Error::new(code::INVALID, "the text is empty")),
        1..=MAX_TEXT => Ok(text),
        _ => Err(Error::new(
            code::TOO_LARGE,
            format!("the text has {length} characters and an SMS at most {MAX_TEXT}: send it in parts"),
        )),
    }
}

fn receipt(response: &Response, segments: Segments) -> Receipt {
    let body = response.body.read(MAX_ANSWER).unwrap_or_default();
    let sid = parse(&body).ok().and_then(|answer| answer.get("sid").and_then(Value::as_str).map(String::from));
    if sid.is_none() {
        // It was accepted, so it is sent; only what becomes of it won't be known.
        host::warn("Twilio accepted a text but its answer has no `sid`");
    }
    let mut receipt = Receipt::sent(sid.into_iter().collect());
    receipt.attributes = vec![
        ("twilio-sms.segments".into(), segments.count.to_string()),
        ("twilio-sms.encoding".into(), segments.encoding.into()),
    ];
    receipt
}

fn failure(response: &Response) -> Error {
    let body = response.body.read(MAX_ANSWER).unwrap_or_default();
    let answer = parse(&body).unwrap_or(Value::Null);
    let twilio_code = answer.get("code").and_then(Value::scalar).unwrap_or_default();
    let class = catalogue::class(response.status, twilio_code);
    let text = match (catalogue::meaning(twilio_code), answer.get("message").and_then(Value::as_str)) {
        (Some(meaning), _) => meaning.into(),
        (None, Some(message)) => message.chars().take(300).collect(),
        (None, None) => format!("Twilio answered {}", response.status),
    };
    let error = Error::new(class, text)
        .slow_down(retry_after_ms(&response.headers), SLOW_DOWN_MS)
        .with_attribute("status", response.status.to_string());
    if twilio_code.is_empty() { error } else { error.with_attribute(VENDOR_CODE, twilio_code) }
}

/// Twilio knew that the customer is out, and we didn't.
fn note_opt_out(work_item: &WorkItem, id: &str) {
    let about = WorkItem::new(work_item.conversation.as_str(), work_item.customer.address.as_str());
    opt_out::record(&about.customer.address, true);
    if let Err(refused) = push_all(&[opt_out::notification(MEDIA_TYPE, about, true, id)]) {
        host::warn(&format!("the opt-out notification was refused: {}", refused.text));
    }
}
