//! What a message of Telegram's has in it, as parts.

use jackfield_sdk::json::{Object, Value};
use jackfield_sdk::{AttachmentPart, Attributes, Part, StructuredPart, TextPart};

use crate::PREFIX;
use crate::entities::readable;
use crate::files::{FILE_ID, MAX_BYTES};

/// Parts, and what is said about them.
#[derive(Default)]
pub struct Content {
    pub parts: Vec<Part>,
    pub attributes: Attributes,
}

/// Kinds of files, with what they are where Telegram doesn't say, and the usual ending.
const FILES: [(&str, &str, &str); 8] = [
    ("animation", "video/mp4", ".mp4"),
    ("document", "application/octet-stream", ""),
    ("voice", "audio/ogg", ".ogg"),
    ("audio", "audio/mpeg", ".mp3"),
    ("video", "video/mp4", ".mp4"),
    ("video_note", "video/mp4", ".mp4"),
    ("sticker", "image/webp", ".webp"),
    ("photo", "image/jpeg", ".jpg"),
];
/// What has no part of its own in the specification: shown by its name.
const OTHERS: [(&str, &str); 16] = [
    ("poll", "a poll"),
    ("dice", "a dice"),
    ("game", "a game"),
    ("story", "a story"),
    ("checklist", "a checklist"),
    ("invoice", "an invoice"),
    ("paid_media", "paid media"),
    ("web_app_data", "data of a web app"),
    ("giveaway", "a giveaway"),
    ("successful_payment", "a payment"),
    ("refunded_payment", "a payment that was given back"),
    ("users_shared", "shared users"),
    ("chat_shared", "a shared chat"),
    ("gift", "a gift"),
    ("unique_gift", "a gift"),
    ("passport_data", "data of Telegram Passport"),
];
/// What tells of the chat and was said by nobody: how the names of such fields begin.
const SERVICE: [&str; 27] = [
    "new_chat_",
    "left_chat_",
    "delete_chat_",
    "group_chat_",
    "supergroup_chat_",
    "channel_chat_",
    "message_auto_delete_",
    "migrate_",
    "pinned_message",
    "forum_topic_",
    "general_forum_topic_",
    "video_chat_",
    "voice_chat_",
    "chat_background_",
    "chat_theme_",
    "chat_owner_",
    "boost_added",
    "write_access_",
    "connected_website",
    "proximity_alert_",
    "giveaway_created",
    "giveaway_completed",
    "giveaway_winners",
    "checklist_tasks_",
    "direct_message_price_",
    "paid_message_price_",
    "suggested_post_",
];
/// Bytes that an attribute's value may have.
const MAX_ATTRIBUTE: usize = 4096;

/// What `message` has in it; `external_id` gives files without a name theirs.
pub fn of(message: &Value<'_>, external_id: &str) -> Content {
    let mut content = Content::default();
    for (text, entities) in [("text", "entities"), ("caption", "caption_entities")] {
        if let Some(text) = message.get(text).and_then(Value::as_str) {
            content.text(text, message.get(entities));
        }
    }
    // An animation comes as a document, too.
    if let Some((part, emoji)) = FILES.iter().find_map(|kind| file(message, kind, external_id)) {
        content.parts.push(Part::Attachment(part));
        content.attribute("emoji", emoji);
    }
    content.parts.extend(location(message).map(Part::Structured));
    content.parts.extend(message.get("contact").map(contact).map(Part::Structured));
    if content.parts.is_empty() {
        content.parts.extend(other(message).map(Part::Structured));
    }
    content.quote(message);
    content.attribute("media-group-id", message.get("media_group_id").and_then(Value::as_str).map(String::from));
    content.attribute("thread-id", message.get("message_thread_id").and_then(Value::scalar).map(String::from));
    content.attribute("forwarded-from", forwarded(message));
    content
}

impl Content {
    fn text(&mut self, text: &str, entities: Option<&Value<'_>>) {
        let marks = entities.and_then(Value::as_array).unwrap_or_default();
        let mut attributes = Vec::new();
        let json = entities.filter(|_| !marks.is_empty()).map(Value::to_json);
        if let Some(json) = json.filter(|json| json.len() <= MAX_ATTRIBUTE) {
            attributes.push((format!("{PREFIX}entities"), json));
        }
        let text = readable(text, marks);
        self.parts.push(Part::Text(TextPart { attributes, ..TextPart::plain(text) }));
    }

    fn attribute(&mut self, name: &str, value: Option<String>) {
        let value = value.filter(|value| !value.is_empty() && value.len() <= MAX_ATTRIBUTE);
        self.attributes.extend(value.map(|value| (format!("{PREFIX}{name}"), value)));
    }

    /// The words that the customer quotes, or the beginning of what they answer.
    fn quote(&mut self, message: &Value<'_>) {
        const SHOWN: usize = 300;
        let of = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        let quote =
            of("/quote/text").or_else(|| of("/reply_to_message/text")).or_else(|| of("/reply_to_message/caption"));
        self.attribute("quote", quote.map(|text| text.chars().take(SHOWN).collect()));
    }
}

/// A file that is still to be fetched, and the emoji that a sticker stands for.
fn file(
    message: &Value<'_>,
    (kind, media_type, ending): &(&str, &str, &str),
    external_id: &str,
) -> Option<(AttachmentPart, Option<String>)> {
    let value = message.get(kind)?;
    let value = match value.as_array() {
        // The same photo in several sizes.
        Some(sizes) => sizes.iter().max_by_key(|size| area(size))?,
        None => value,
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("file_id").filter(|id| id.len() <= 512)?;
    let is = |key: &str| value.get(key).and_then(Value::as_bool) == Some(true);
    let (media_type, ending) = match text("mime_type") {
        Some(claimed) => (claimed, *ending),
        None if is("is_video") => ("video/webm", ".webm"),
        None if is("is_animated") => ("application/gzip", ".tgs"),
        None => (*media_type, *ending),
    };
    let name = text("file_name").map_or_else(
        || format!("{kind}-{}{ending}", external_id.rsplit('/').next().unwrap_or_default()),
        |name| name.chars().take(250).collect(),
    );
    let mut part = AttachmentPart::pending(Some(name), media_type);
    part.attributes.push((FILE_ID.into(), id.into()));
    let size = value.get("file_size").and_then(Value::as_f64);
    part.size = size.filter(|size| (0.0..=f64::from(u32::MAX)).contains(size)).map(|size| size as u32);
    if part.size.is_some_and(|size| size > MAX_BYTES) {
        // Telegram gives bots no larger ones.
        part.state = "failed".into();
    }
    Some((part, text("emoji").map(String::from)))
}

fn area(size: &Value<'_>) -> u64 {
    let side = |key: &str| size.get(key).and_then(Value::as_f64).unwrap_or(0.0) as u64;
    side("width").saturating_mul(side("height"))
}

fn location(message: &Value<'_>) -> Option<StructuredPart> {
    let venue = message.get("venue");
    let place = venue.and_then(|venue| venue.get("location")).or_else(|| message.get("location"))?;
    let number = |key: &str| Some(place.get(key)?.as_f64()?.to_string());
    let (latitude, longitude) = (number("latitude")?, number("longitude")?);
    let text = |key: &str| venue.and_then(|venue| venue.get(key)).and_then(Value::as_str);
    let values = Object::new()
        .raw("latitude", &latitude)
        .raw("longitude", &longitude)
        .optional("name", text("title"))
        .optional("address", text("address"));
    let words: Vec<&str> = [text("title"), text("address")].into_iter().flatten().collect();
    let fallback = format!("{} {latitude}, {longitude}", words.join(", "));
    Some(StructuredPart::new("location", values.finish(), fallback.trim_start()))
}

fn contact(contact: &Value<'_>) -> StructuredPart {
    let text = |key: &str| contact.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = [text("first_name"), text("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let phone = text("phone_number").unwrap_or_default();
    let mut phones = String::from("[");
    jackfield_sdk::json::push_string(&mut phones, phone);
    phones.push(']');
    let values = Object::new().string("name", &name).raw("phones", &phones).raw("emails", "[]").finish();
    StructuredPart::new("contact", values, format!("{name} {phone}").trim())
}

/// What is said in a way that the specification has no part for.
fn other(message: &Value<'_>) -> Option<StructuredPart> {
    let ((kind, title), value) = OTHERS.iter().find_map(|other| Some((other, message.get(other.0)?)))?;
    let words = ["question", "emoji", "title", "data"].iter().find_map(|key| value.get(key).and_then(Value::as_str));
    let fallback = match words {
        Some(words) => format!("({title}: {words})"),
        None => format!("({title}, which can't be shown here)"),
    };
    Some(StructuredPart::new(&format!("{PREFIX}{}", kind.replace('_', "-")), value.to_values(), fallback))
}

/// A message of a kind that isn't known here; none for what tells of the chat.
pub fn unknown(message: &Value<'_>) -> Option<Part> {
    let mut names = message.as_object().unwrap_or_default().iter().map(|(name, _)| name);
    if names.any(|name| SERVICE.iter().any(|service| name.starts_with(service))) {
        return None;
    }
    let fallback = "(a message of a kind that isn't known here)";
    Some(Part::Structured(StructuredPart::new(&format!("{PREFIX}unknown"), message.to_values(), fallback)))
}

/// Who wrote first what was forwarded.
fn forwarded(message: &Value<'_>) -> Option<String> {
    let pointers = [
        "/forward_origin/sender_user/first_name",
        "/forward_origin/sender_user_name",
        "/forward_origin/sender_chat/title",
        "/forward_origin/chat/title",
        // As it was before version 7 of the API, and still is in Telegram's samples.
        "/forward_from/first_name",
    ];
    let name = pointers.iter().find_map(|pointer| message.pointer(pointer)?.as_str());
    name.map(|name| name.chars().take(256).collect())
}
