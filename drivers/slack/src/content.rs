//! What a message of Slack's has in it, as parts.

use jackfield_sdk::json::Value;
use jackfield_sdk::{AttachmentPart, Part, StructuredPart, TextPart};

use crate::files::{FILE_ID, FILE_URL, MAX_BYTES};
use crate::mrkdwn::readable;
use crate::people::name_of;

/// Files of one message that are taken.
const MAX_FILES: usize = 50;
/// Texts of blocks that are taken, where there is no other text.
const MAX_TEXTS: usize = 100;

/// The parts of a message.
pub fn parts(message: &Value<'_>) -> Vec<Part> {
    let text = match message.get("text") {
        Some(Value::String(text)) if !text.is_empty() => readable(text, name_of),
        None | Some(Value::Null | Value::String(_)) => shown(message),
        // Slack sends no such text; whatever it is, somebody said it.
        Some(other) => other.to_json(),
    };
    let mut parts = Vec::new();
    if !text.is_empty() {
        parts.push(Part::Text(TextPart::plain(text)));
    }
    let files = message.get("files").and_then(Value::as_array).unwrap_or_default();
    parts.extend(files.iter().take(MAX_FILES).map(file).map(Part::Attachment));
    if parts.is_empty() {
        parts.extend(["blocks", "attachments", "files"].iter().find_map(|key| unknown(key, message.get(key)?)));
    }
    parts
}

/// What is in a message in which nothing else was found: shown as what isn't known here, so that it is not lost.
fn unknown(key: &str, value: &Value<'_>) -> Option<Part> {
    let is_empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        other => other.as_array().is_some_and(<[_]>::is_empty),
    };
    if is_empty {
        return None;
    }
    let values = Value::Object(vec![(key.into(), value.clone())]).to_values();
    let fallback = "A message of a kind that isn't known here: it can be seen in Slack.";
    Some(Part::Structured(StructuredPart::new(&format!("slack.{key}"), values, fallback)))
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
            // What a picture shows, where a message is a picture and nothing else.
            let told = ["alt_text", "image_url"].iter().find_map(|key| value.get(key)?.as_str());
            texts.extend(told.filter(|told| !told.is_empty()));
        }
    }
}

/// A file that is still to be fetched; one that nothing can be fetched by is shown as failed.
fn file(file: &Value<'_>) -> AttachmentPart {
    let text = |key: &str| file.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").filter(|id| id.len() <= 64);
    let name = text("name").or_else(|| text("title")).or(id).unwrap_or("file").chars().take(250).collect();
    let media_type = text("mimetype").unwrap_or("application/octet-stream");
    let mut part = AttachmentPart::pending(Some(name), media_type);
    part.attributes.extend(id.map(|id| (FILE_ID.to_owned(), id.to_owned())));
    let url = text("url_private_download").or_else(|| text("url_private")).filter(|url| url.len() <= 4096);
    let is_known = id.is_some() || url.is_some();
    part.attributes.extend(url.map(|url| (FILE_URL.to_owned(), url.to_owned())));
    let size = file.get("size").and_then(Value::as_f64);
    part.size = size.filter(|size| (0.0..=f64::from(u32::MAX)).contains(size)).map(|size| size as u32);
    match text("mode") {
        Some("tombstone") => part.state = "removed".into(),
        // Behind the limit of a free workspace, or kept by somebody else: only its link can be had.
        Some("hidden_by_limit" | "external") => part.state = "failed".into(),
        _ if size.is_some_and(|size| size > f64::from(MAX_BYTES)) => part.state = "failed".into(),
        _ if !is_known => part.state = "failed".into(),
        _ => {}
    }
    part
}
