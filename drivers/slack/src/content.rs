//! What a message of Slack's has in it, as parts.

use jackfield_sdk::json::Value;
use jackfield_sdk::{AttachmentPart, Part, TextPart};

use crate::files::{FILE_ID, FILE_URL, MAX_BYTES};
use crate::mrkdwn::readable;
use crate::people::name_of;

/// Files of one message that are taken.
const MAX_FILES: usize = 50;
/// Texts of blocks that are taken, where there is no other text.
const MAX_TEXTS: usize = 100;

/// The parts of a message.
pub fn parts(message: &Value<'_>) -> Vec<Part> {
    let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
    let text = if text.is_empty() { shown(message) } else { readable(text, name_of) };
    let mut parts = Vec::new();
    if !text.is_empty() {
        parts.push(Part::Text(TextPart::plain(text)));
    }
    let files = message.get("files").and_then(Value::as_array).unwrap_or_default();
    parts.extend(files.iter().take(MAX_FILES).filter_map(file).map(Part::Attachment));
    parts
}

/// What a message without text shows: the texts of its blocks, else of its attachments.
fn shown(message: &Value<'_>) -> String {
    for key in ["blocks", "attachments"] {
        let mut texts = Vec::new();
        if let Some(value) = message.get(key) {
            collect(value, &mut texts);
        }
        if !texts.is_empty() {
            return readable(&texts.join("\n"), name_of);
        }
    }
    String::new()
}

fn collect<'a>(value: &'a Value<'_>, texts: &mut Vec<&'a str>) {
    if texts.len() >= MAX_TEXTS {
        return;
    }
    if let Some(items) = value.as_array() {
        items.iter().for_each(|item| collect(item, texts));
    }
    let fallback = value.get("fallback").filter(|_| value.get("text").is_none());
    match value.get("text").or(fallback) {
        Some(Value::String(text)) => texts.extend((!text.is_empty()).then_some(text.as_ref())),
        Some(inner) => collect(inner, texts),
        None => {
            for key in ["elements", "fields"] {
                value.get(key).into_iter().for_each(|inner| collect(inner, texts));
            }
        }
    }
}

/// A file that is still to be fetched.
fn file(file: &Value<'_>) -> Option<AttachmentPart> {
    let text = |key: &str| file.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").filter(|id| id.len() <= 64)?;
    let name = text("name").or_else(|| text("title")).unwrap_or(id).chars().take(250).collect();
    let media_type = text("mimetype").unwrap_or("application/octet-stream");
    let mut part = AttachmentPart::pending(Some(name), media_type);
    part.attributes.push((FILE_ID.into(), id.into()));
    let url = text("url_private_download").or_else(|| text("url_private")).filter(|url| url.len() <= 4096);
    part.attributes.extend(url.map(|url| (FILE_URL.to_owned(), url.to_owned())));
    let size = file.get("size").and_then(Value::as_f64);
    part.size = size.filter(|size| (0.0..=f64::from(u32::MAX)).contains(size)).map(|size| size as u32);
    match text("mode") {
        Some("tombstone") => part.state = "removed".into(),
        // Behind the limit of a free workspace, or kept by somebody else: only its link can be had.
        Some("hidden_by_limit" | "external") => part.state = "failed".into(),
        _ if size.is_some_and(|size| size > f64::from(MAX_BYTES)) => part.state = "failed".into(),
        _ => {}
    }
    Some(part)
}
