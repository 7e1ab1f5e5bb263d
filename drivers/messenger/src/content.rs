//! What a customer's message has in it, as parts.

use jackfield_sdk::json::{Object, Value};
use jackfield_sdk::{AttachmentPart, Part, StructuredPart, TextPart};
use meta_common::{cut, id, is_no_list, items, said, text};

/// The attribute of a part that has the URL which its file is fetched from.
pub const URL: &str = "messenger.url";
/// What an attribute holds.
const MAX_URL: usize = 4096;

/// The parts of a message or an echo.
pub fn of(message: &Value<'_>) -> Vec<Part> {
    let chosen = message.get("quick_reply").and_then(|reply| id(reply, "payload"));
    let said = said(message, "text").filter(|said| !said.is_empty()).map(|said| match chosen {
        Some(chosen) => choice(chosen, &said),
        None => text_part(&said),
    });
    let odd = message.get("attachments").filter(|_| is_no_list(message, "attachments")).map(attachment);
    said.into_iter().chain(odd).chain(items(message, "attachments").iter().take(50).map(attachment)).collect()
}

/// Plain text.
pub fn text_part(text: &str) -> Part {
    Part::Text(TextPart::plain(text))
}

/// What was chosen of a menu, buttons or quick replies.
pub fn choice(id: &str, title: &str) -> Part {
    let values = Object::new().string("id", id).string("title", title).finish();
    Part::Structured(StructuredPart::new("choice", values, title))
}

/// What was chosen, where it is short enough for an intent.
pub fn intent(id: Option<&str>) -> Option<String> {
    id.filter(|id| (1..=128).contains(&id.len())).map(String::from)
}

fn attachment(attachment: &Value<'_>) -> Part {
    let kind = text(attachment, "type").unwrap_or("unknown");
    let payload = attachment.get("payload").unwrap_or(&Value::Null);
    let url = text(payload, "url").or(text(attachment, "url"));
    match (kind, url) {
        ("image" | "audio" | "video" | "file", Some(url)) if url.len() <= MAX_URL => file(kind, payload, url),
        ("location", _) => location(attachment, payload),
        ("fallback" | "template" | "post" | "reel" | "ig_post" | "ig_reel" | "share", _) => {
            let title = text(attachment, "title").or(text(payload, "title"));
            let fallback: Vec<&str> = title.into_iter().chain(url).collect();
            let values =
                Object::new().optional("title", title).raw("text", "null").optional("url", url).raw("image", "null");
            Part::Structured(StructuredPart::new("card", values.finish(), fallback.join("\n")))
        }
        _ => {
            let known = kind.len() <= 64 && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let name = format!("messenger.{}", if known { kind } else { "unknown" });
            let fallback = format!("Something of the kind `{}`, which isn't known here.", cut(kind, 64));
            Part::Structured(StructuredPart::new(&name, payload.to_values(), fallback))
        }
    }
}

fn file(kind: &str, payload: &Value<'_>, url: &str) -> Part {
    // Meta says of what kind it is, and no more until it is fetched.
    let media_type = match kind {
        "image" => "image/jpeg",
        "audio" => "audio/mp4",
        "video" => "video/mp4",
        _ => "application/octet-stream",
    };
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().filter(|name| name.contains('.') && !path.ends_with("//")).unwrap_or(kind);
    let mut part = AttachmentPart::pending(Some(cut(last, 1000).into()), media_type);
    part.attributes.push((URL.into(), url.into()));
    if let Some(sticker) = id(payload, "sticker_id") {
        part.attributes.push(("messenger.sticker-id".into(), sticker.into()));
    }
    Part::Attachment(part)
}

fn location(attachment: &Value<'_>, payload: &Value<'_>) -> Part {
    let coordinates = payload.get("coordinates").unwrap_or(&Value::Null);
    let number = |name: &str| match coordinates.get(name) {
        Some(number @ Value::Number(_)) => number.to_json(),
        _ => "null".into(),
    };
    let (north, east, title) = (number("lat"), number("long"), text(attachment, "title"));
    let point = format!("{north}, {east}");
    let fallback: Vec<&str> = title.into_iter().chain([point.as_str()]).collect();
    let values =
        Object::new().raw("latitude", &north).raw("longitude", &east).optional("name", title).raw("address", "null");
    Part::Structured(StructuredPart::new("location", values.finish(), fallback.join("\n")))
}
