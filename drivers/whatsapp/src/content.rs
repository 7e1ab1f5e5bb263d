//! What a customer's message has in it, as parts.

use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::{AttachmentPart, Part, StructuredPart, TextPart};
use meta_common::{cut, id, items, text};

/// What a message has in it.
#[derive(Default)]
pub struct Content {
    pub parts: Vec<Part>,
    /// What was chosen of a menu.
    pub intent: Option<String>,
}

/// The attribute of a part that has the id which its file is fetched by.
pub const MEDIA_ID: &str = "whatsapp.media-id";

/// What a message, an echo or the new form of an edited message has in it.
pub fn of(message: &Value<'_>) -> Content {
    let kind = text(message, "type").unwrap_or("unknown");
    let Some(object) = message.get(kind) else {
        return Content { parts: vec![unknown(message, kind)], intent: None };
    };
    match kind {
        "text" => match meta_common::said(object, "body") {
            Some(text) => said(&text),
            None => Content { parts: vec![unknown(message, kind)], intent: None },
        },
        "image" | "video" | "audio" | "voice" | "document" | "sticker" => file(kind, object, message),
        "location" => structured("location", location(object), place(object)),
        "contacts" if !items(message, "contacts").is_empty() => contacts(message),
        "button" => choice(id(object, "payload").or(text(object, "text")), text(object, "text")),
        "interactive" => interactive(object),
        "order" => order(object),
        _ => Content { parts: vec![unknown(message, kind)], intent: None },
    }
}

fn said(text: &str) -> Content {
    Content { parts: vec![text_part(text)], intent: None }
}

fn text_part(text: &str) -> Part {
    Part::Text(TextPart::plain(text))
}

fn structured(name: &str, values: String, fallback: impl Into<String>) -> Content {
    Content { parts: vec![Part::Structured(StructuredPart::new(name, values, fallback))], intent: None }
}

fn file(kind: &str, object: &Value<'_>, message: &Value<'_>) -> Content {
    let Some(media_id) = id(object, "id") else {
        return Content { parts: vec![unknown(message, kind)], intent: None };
    };
    let media_type = text(object, "mime_type").unwrap_or("application/octet-stream");
    let name = text(object, "filename").map_or_else(|| format!("{kind}{}", ending(media_type)), String::from);
    let mut part = AttachmentPart::pending(Some(cut(&name, 1000).into()), media_type);
    part.attributes.push((MEDIA_ID.into(), media_id.into()));
    for flag in ["voice", "animated"] {
        if object.get(flag).and_then(Value::as_bool) == Some(true) {
            part.attributes.push((format!("whatsapp.{flag}"), "true".into()));
        }
    }
    let caption = text(object, "caption").map(text_part);
    Content { parts: [Part::Attachment(part)].into_iter().chain(caption).collect(), intent: None }
}

fn ending(media_type: &str) -> &'static str {
    match media_type.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "video/mp4" => ".mp4",
        "video/3gpp" => ".3gp",
        "audio/aac" => ".aac",
        "audio/amr" => ".amr",
        "audio/mpeg" => ".mp3",
        "audio/mp4" => ".m4a",
        "audio/ogg" => ".ogg",
        "application/pdf" => ".pdf",
        "text/plain" => ".txt",
        _ => "",
    }
}

fn location(object: &Value<'_>) -> String {
    let number = |name: &str| match object.get(name) {
        Some(number @ Value::Number(_)) => number.to_json(),
        Some(Value::String(text)) if matches!(parse(text.as_bytes()), Ok(Value::Number(_))) => text.to_string(),
        _ => "null".into(),
    };
    Object::new()
        .raw("latitude", &number("latitude"))
        .raw("longitude", &number("longitude"))
        .optional("name", text(object, "name"))
        .optional("address", text(object, "address"))
        .finish()
}

fn place(object: &Value<'_>) -> String {
    let scalar = |name: &str| object.get(name).and_then(Value::scalar);
    let point = scalar("latitude").zip(scalar("longitude")).map(|(north, east)| format!("{north}, {east}"));
    let lines = [scalar("name").map(String::from), scalar("address").map(String::from), point];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn contacts(message: &Value<'_>) -> Content {
    let parts = items(message, "contacts").iter().take(50).map(|contact| {
        let name = contact.get("name").and_then(|name| text(name, "formatted_name").or(text(name, "first_name")));
        let list = |list: &str, field: &str| -> Vec<String> {
            items(contact, list).iter().filter_map(|item| text(item, field)).take(20).map(String::from).collect()
        };
        let (phones, emails) = (list("phones", "phone"), list("emails", "email"));
        let fallback: Vec<&str> = name.into_iter().chain(phones.iter().chain(&emails).map(String::as_str)).collect();
        let array =
            |texts: &[String]| format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","));
        let values = Object::new().optional("name", name).raw("phones", &array(&phones)).raw("emails", &array(&emails));
        Part::Structured(StructuredPart::new("contact", values.finish(), fallback.join("\n")))
    });
    Content { parts: parts.collect(), intent: None }
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    jackfield_sdk::json::push_string(&mut json, text);
    json
}

/// What was chosen of buttons or a list.
fn choice(id: Option<&str>, title: Option<&str>) -> Content {
    let id = id.unwrap_or_default();
    let title = title.unwrap_or(id);
    let values = Object::new().string("id", id).string("title", title).finish();
    let intent = Some(id).filter(|id| (1..=128).contains(&id.len()) && !id.contains(char::is_control));
    Content { intent: intent.map(String::from), ..structured("choice", values, title) }
}

fn interactive(object: &Value<'_>) -> Content {
    let kind = text(object, "type").unwrap_or_default();
    let reply = object.get(kind).unwrap_or(&Value::Null);
    match kind {
        "button_reply" | "list_reply" => choice(id(reply, "id"), text(reply, "title")),
        "nfm_reply" => {
            // The answers of a form, which are JSON in a text.
            let answers = text(reply, "response_json").and_then(|json| parse(json.as_bytes()).ok());
            let answers = answers.as_ref().unwrap_or(&Value::Null).to_values();
            let fallback = text(reply, "body").unwrap_or("A form was filled in.");
            structured("whatsapp.form", answers, fallback)
        }
        _ => structured("whatsapp.interactive", object.to_values(), "An answer of a kind that isn't known here."),
    }
}

fn order(object: &Value<'_>) -> Content {
    let items = items(object, "product_items");
    let lines = items.iter().take(50).map(|item| {
        let of = |name: &str| item.get(name).and_then(Value::scalar).unwrap_or("?");
        format!("{} x {} at {} {}", of("quantity"), of("product_retailer_id"), of("item_price"), of("currency"))
    });
    let fallback = ["An order:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let mut content = structured("whatsapp.order", object.to_values(), fallback);
    content.parts.extend(text(object, "text").map(text_part));
    content
}

/// What isn't known here, or what Meta doesn't pass on.
fn unknown(message: &Value<'_>, kind: &str) -> Part {
    let error = items(message, "errors").first();
    let details = error.and_then(|error| {
        let data = error.get("error_data").and_then(|data| text(data, "details"));
        data.or(text(error, "message")).or(text(error, "title"))
    });
    let fallback = match details {
        Some(details) => format!("A message that WhatsApp doesn't pass on: {}", cut(details, 500)),
        None => format!("A message of the kind `{}`, which isn't known here.", cut(kind, 64)),
    };
    let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let name = if kind.len() <= 64 && kind.chars().all(known) { kind } else { "unknown" };
    Part::Structured(StructuredPart::new(
        &format!("whatsapp.{name}"),
        message.get(kind).filter(|object| object.as_object().is_some()).unwrap_or(message).to_values(),
        fallback,
    ))
}
