//! From a JSON payload to a message.

use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, Part, Result, StructuredPart, WorkItem, time};

use crate::attachments;
use crate::settings::{Map, WebhookSettings};

/// How many fields of the payload's own become attributes of the work item, and how long key and value may be.
const MAX_ATTRIBUTES: usize = 32;
const MAX_KEY: usize = 64;
const MAX_VALUE: usize = 1024;
/// The highest priority that routes know.
const MAX_PRIORITY: f64 = 1000.0;
/// The longest subject and name.
const MAX_LINE: usize = 1024;
/// The longest language tag that is one.
const MAX_LANGUAGE: usize = 35;
/// A payload that is larger or deeper is shown to the agent only by its beginning, where it has no text.
const MAX_SHOWN: usize = 64 << 10;
const MAX_SHOWN_DEPTH: usize = 32;

/// Why a payload makes no message: a sentence for who sent it.
#[derive(Debug, PartialEq)]
pub struct Malformed(pub String);

/// Makes the message. `own_id` gives the id of a payload without one.
///
/// # Errors
/// The outer ones are the host's; the inner ones are the payload's.
pub fn message(
    settings: &WebhookSettings,
    payload: &Value<'_>,
    own_id: impl FnOnce() -> Result<String>,
) -> Result<Result<Message, Malformed>> {
    let fields = match Fields::read(&settings.map, payload) {
        Ok(fields) => fields,
        Err(malformed) => return Ok(Err(malformed)),
    };
    let parts = match attachments::parts(settings.map.attachments.as_deref(), payload)? {
        Ok(parts) => parts,
        Err(malformed) => return Ok(Err(malformed)),
    };
    let id = match fields.id {
        Some(id) => id.to_owned(),
        None => own_id()?,
    };
    let conversation = fields.conversation.or(fields.from).unwrap_or(&id);
    let address = fields.from.unwrap_or(conversation);

    let mut work_item = WorkItem::new(conversation, address);
    work_item.customer.name = fields.name.map(|name| clipped(name, MAX_LINE));
    let map = &settings.map;
    work_item.subject = at(&map.subject, payload).and_then(Value::as_str).map(|text| clipped(text, MAX_LINE));
    work_item.language = at(&map.language, payload).and_then(language).map(String::from);
    work_item.priority = at(&map.priority, payload).and_then(priority);
    work_item.attributes = attributes(map, payload, &work_item);

    let mut message =
        Message::support_request(&settings.media_type, work_item).with_event_id(id.clone()).with_external_id(id);
    if let Some(time) = at(&map.time, payload).filter(|time| !time.is_null()) {
        message.occurred_at = occurred_at(time);
        if let (None, Some(text)) = (message.occurred_at, time.scalar()) {
            // A time that nobody can read is no reason to refuse what the customer said.
            message = message.with_attribute("webhook.time", clipped(text, MAX_VALUE));
        }
    }
    if let Some(text) = fields.text {
        message = message.with_text(text);
    } else if parts.is_empty() {
        message = message.with_part(whole_payload(payload));
    }
    message.parts.extend(parts);
    Ok(Ok(message))
}

/// The mapped fields that are texts.
struct Fields<'a> {
    id: Option<&'a str>,
    conversation: Option<&'a str>,
    from: Option<&'a str>,
    name: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(map: &Map, payload: &'a Value<'_>) -> Result<Self, Malformed> {
        if payload.as_object().is_none() {
            return Err(Malformed(format!("the body is {}, not an object", payload.kind())));
        }
        Ok(Self {
            id: text(&map.id, payload)?,
            conversation: text(&map.conversation, payload)?,
            from: text(&map.from, payload)?,
            name: text(&map.name, payload)?,
            text: text(&map.text, payload)?,
        })
    }
}

fn at<'a, 'b>(pointer: &Option<String>, payload: &'a Value<'b>) -> Option<&'a Value<'b>> {
    payload.pointer(pointer.as_deref()?)
}

/// A text, number or boolean as text; none where there is nothing, `null` or the empty text.
fn text<'a>(pointer: &Option<String>, payload: &'a Value<'_>) -> Result<Option<&'a str>, Malformed> {
    match at(pointer, payload) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.scalar() {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(Malformed(format!(
                "{} is {}; a text was expected: point `map` at one inside it",
                pointer.as_deref().unwrap_or_default(),
                value.kind()
            ))),
        },
    }
}

fn language<'a>(value: &'a Value<'_>) -> Option<&'a str> {
    let tag = value.as_str()?;
    let well_formed = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (well_formed && (2..=MAX_LANGUAGE).contains(&tag.len())).then_some(tag)
}

fn priority(value: &Value<'_>) -> Option<u32> {
    let number = value.as_f64()?;
    (number.fract() == 0.0 && (0.0..=MAX_PRIORITY).contains(&number)).then_some(number as u32)
}

/// RFC 3339, or a Unix time in seconds or milliseconds.
fn occurred_at(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::String(text) => time::from_rfc3339(text),
        _ => time::from_unix(value.as_f64()?),
    }
}

/// The payload's own top-level texts, numbers and booleans: what routes can ask for beside what is mapped.
fn attributes(map: &Map, payload: &Value<'_>, work_item: &WorkItem) -> Vec<(String, String)> {
    let used = [
        (&map.id, true),
        (&map.conversation, true),
        (&map.from, true),
        (&map.name, true),
        (&map.text, true),
        (&map.attachments, true),
        (&map.time, true),
        (&map.subject, work_item.subject.is_some()),
        (&map.language, work_item.language.is_some()),
        (&map.priority, work_item.priority.is_some()),
    ];
    let is_used = |key: &str| {
        used.iter().any(|(pointer, used)| {
            *used && pointer.as_deref().and_then(|pointer| pointer.strip_prefix('/')) == Some(key)
        })
    };
    payload
        .as_object()
        .unwrap_or_default()
        .iter()
        .filter(|(key, _)| !is_used(key) && (1..=MAX_KEY).contains(&key.len()) && !key.contains(char::is_control))
        .filter_map(|(key, value)| Some((key, value.scalar()?)))
        .filter(|(_, value)| value.len() <= MAX_VALUE)
        .take(MAX_ATTRIBUTES)
        .map(|(key, value)| (key.clone().into_owned(), value.into()))
        .collect()
}

/// What an agent sees of a payload that has neither text nor files: all of it.
fn whole_payload(payload: &Value<'_>) -> Part {
    let json = payload.to_json();
    let fallback = clipped(&json, MAX_VALUE);
    let fits = json.len() <= MAX_SHOWN && payload.depth() <= MAX_SHOWN_DEPTH;
    let values = if fits { json } else { "{}".into() };
    Part::Structured(StructuredPart::new("webhook.payload", values, fallback))
}

fn clipped(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].into()
}
