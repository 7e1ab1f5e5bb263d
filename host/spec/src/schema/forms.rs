//! What a single field may hold, beyond its WIT type: the limits and forms that the validator keeps, as keywords.

use crate::limits;
use serde_json::{Map, Value, json};

/// A limit in bytes of UTF-8. JSON Schema counts characters (`maxLength`), which is never stricter; the server's own
/// check of arguments knows this keyword, others pass over it.
pub(crate) const MAX_BYTES: &str = "x-maxBytes";

/// Control characters, in the one spelling that all dialects of regular expressions share.
const CONTROL: &str = r"[\x00-\x1f\x7f-\x9f]";
/// A name of the specification, or a driver's own.
const NAME: &str = "^[a-z0-9._-]+$";
const MEDIA_TYPE: &str = "^[a-z0-9-]+$";
/// A type of RFC 6838; what follows a `;` is left to the reader.
const CONTENT_TYPE: &str = "^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+ *(;|$)";
/// BCP 47 by its form; `x` and `i` begin tags of private use and old registrations.
const LANGUAGE: &str = "^([xXiI](-[A-Za-z0-9]{1,8})+|[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)$";
/// RFC 3339 from 1970 on, as arguments may have it.
const TIME: &str = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
     [Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
/// The spelling that canonical JSON has.
const CANONICAL_TIME: &str = r"^.{10}T.{8}\.[0-9]{3}Z$";

/// What a field may hold.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// An id, an address, a conversation key.
    Id,
    /// At most so many ids.
    Ids(usize),
    Name,
    MediaType,
    ContentType,
    Language,
    /// Any text of at most so many bytes.
    Text(usize),
    /// A time of the message itself, in the canonical spelling.
    Time,
    /// A number from .. to.
    Number(u32, u32),
    /// At most so many items.
    Items(usize),
}

use Form::{ContentType, Id, Ids, Items, Language, MediaType, Name, Number, Text, Time};

const LINE: Form = Text(limits::LINE);
/// A word that is not on a list.
const WORD: Form = Text(limits::NAME);

/// Record, field and form: every text, number and list of a message and of arguments that has one. What is not here has
/// its form by its type, or is stamped by the server and may be anything.
pub(super) const FORMS: &[(&str, &str, Form)] = &[
    ("message", "event-id", Id),
    ("message", "external-id", Id),
    ("message", "cause", Id),
    ("message", "media-type", MediaType),
    ("message", "occurred-at", Time),
    ("message", "received-at", Time),
    ("message", "parts", Items(limits::PARTS)),
    ("interaction", "name", Name),
    ("interaction", "tracking-id", Id),
    ("interaction", "in-reply-to", Id),
    ("work-item-info", "conversation", Id),
    ("work-item-info", "subject", LINE),
    ("work-item-info", "priority", Number(0, limits::PRIORITY)),
    ("work-item-info", "language", Language),
    ("customer", "address", Id),
    ("customer", "aliases", Ids(limits::ALIASES)),
    ("customer", "name", LINE),
    ("customer", "id", Id),
    ("agent-info", "id", Id),
    ("agent-info", "name", LINE),
    ("agent-info", "address", Id),
    ("queue-info", "id", Id),
    ("queue-info", "position", Number(1, u32::MAX)),
    ("statistics-info", "name", Name),
    ("connection-info", "since", Time),
    ("connection-info", "detail", LINE),
    ("rule-info", "name", Name),
    ("rule-info", "outcome", LINE),
    ("text-part", "text", Text(limits::TEXT)),
    ("text-part", "language", Language),
    ("attachment-part", "name", LINE),
    ("attachment-part", "media-type", ContentType),
    ("structured-part", "name", Name),
    ("structured-part", "fallback", Text(limits::TEXT)),
    // Arguments and replies.
    ("media-presence", "media-type", MediaType),
    ("command-state", "tooltip", LINE),
    ("message-send", "reply-to", Id),
    ("work-item-reject", "reason", LINE),
    ("work-item-release", "reason", LINE),
    ("work-item-release", "code", WORD),
    ("work-item-transfer", "address", Id),
    ("agent-sign-off", "reason", LINE),
    ("contact-start", "address", Id),
    ("contact-start", "purpose", WORD),
    ("work-item-requeue", "reason", LINE),
    ("work-item-requeue", "code", WORD),
    ("work-item-cancel", "reason", LINE),
    ("work-item-cancel", "code", WORD),
    ("work-item-complete", "reason", LINE),
    ("work-item-complete", "code", WORD),
    ("work-item-merge", "from-conversation", Id),
    ("work-item-merge", "to-conversation", Id),
    ("support-request", "intent", WORD),
    ("support-request", "reply-to", Id),
    ("work-item-offer-reply", "reason", LINE),
    ("customer-find", "address", Id),
    ("message-status", "external-id", Id),
    ("message-status", "code", WORD),
    ("message-status", "text", Text(limits::EXPLANATION)),
    ("message-echoed", "by", LINE),
    ("customer-changed", "old-address", Id),
    ("customer-changed", "new-address", Id),
    ("work-item-suspended", "reason", LINE),
    ("work-item-released", "reason", LINE),
    ("work-item-released", "code", WORD),
    ("opt-out", "address", Id),
    ("opt-out", "scope", WORD),
    ("message-changed", "external-id", Id),
    ("message-removed", "external-id", Id),
    ("reaction", "external-id", Id),
    ("reaction", "emoji", WORD),
    ("agent-state-changed", "reason", LINE),
    ("error", "code", WORD),
    ("error", "text", Text(limits::EXPLANATION)),
    ("work-item-revoked", "reason", LINE),
    ("work-item-cancelled", "reason", LINE),
    ("work-item-closed", "reason", LINE),
    ("work-item-closed", "code", WORD),
];

/// Narrows the schema of a field by its form.
pub(super) fn narrow(schema: &mut Value, record: &str, field: &str) {
    let found = FORMS.iter().find(|(r, f, _)| *r == record && *f == field);
    let (Some(schema), Some((_, _, form))) = (schema.as_object_mut(), found) else { return };
    if let Ids(most) = form {
        schema.insert("maxItems".to_owned(), json!(most));
        if let Some(items) = schema.get_mut("items").and_then(Value::as_object_mut) {
            items.append(&mut keywords(Id));
        }
    } else {
        schema.append(&mut keywords(*form));
    }
}

fn keywords(form: Form) -> Map<String, Value> {
    let mut keywords = match form {
        Id => text(1, limits::ID, None),
        Name => text(1, limits::NAME, Some(NAME)),
        MediaType => text(1, limits::MEDIA_TYPE, Some(MEDIA_TYPE)),
        ContentType => text(0, limits::CONTENT_TYPE, Some(CONTENT_TYPE)),
        Language => text(0, limits::LANGUAGE, Some(LANGUAGE)),
        Text(most) => text(0, most, None),
        Time => object(json!({ "pattern": CANONICAL_TIME })),
        Number(least, most) => object(json!({ "minimum": least, "maximum": most })),
        Items(most) | Ids(most) => object(json!({ "maxItems": most })),
    };
    // Beside a pattern too: in some languages `$` also matches before a line's end.
    if !matches!(form, Text(_) | Number(..) | Items(_) | Ids(_)) {
        keywords.append(&mut printable());
    }
    keywords
}

fn text(least: usize, most: usize, pattern: Option<&str>) -> Map<String, Value> {
    let mut keywords = object(json!({ "maxLength": most, MAX_BYTES: most }));
    if least > 0 {
        keywords.insert("minLength".to_owned(), json!(least));
    }
    if let Some(pattern) = pattern {
        keywords.insert("pattern".to_owned(), json!(pattern));
    }
    keywords
}

/// No control characters; says nothing of what is no text.
fn printable() -> Map<String, Value> {
    object(json!({ "not": { "type": "string", "pattern": CONTROL } }))
}

/// The type `timestamp`. Many take `format` for a remark, so there is a pattern too.
pub(super) fn timestamp() -> Value {
    let mut schema = printable();
    schema.append(&mut object(json!({ "type": "string", "format": "date-time", "pattern": TIME })));
    Value::Object(schema)
}

/// The type `attributes`.
pub(super) fn attributes() -> Value {
    let mut key = text(1, limits::NAME, None);
    key.append(&mut printable());
    let mut value = text(0, limits::ATTRIBUTE, None);
    value.insert("type".to_owned(), json!("string"));
    json!({
        "type": "object",
        "maxProperties": limits::ATTRIBUTES,
        "propertyNames": key,
        "additionalProperties": value,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
