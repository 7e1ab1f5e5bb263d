//! What an agent's answer is sent as.

use jackfield_sdk::json::{Object, Value, push_string};
use jackfield_sdk::{AttachmentPart, Delivery, Part, Result, WorkItem, text};
use meta_common::MetaSettings;

use crate::media;
use crate::person::{GROUP, is_number};

/// The longest text, in characters.
const MAX_TEXT: usize = 4096;
/// The longest text beside a file, in characters.
const MAX_CAPTION: usize = 1024;

/// One message of WhatsApp's.
pub enum Piece<'a> {
    Text(&'a str),
    File(&'a AttachmentPart, Option<&'a str>),
    /// A template, as the Graph API takes it.
    Template(String),
}

/// The pieces of an answer; `said` is its text.
pub fn pieces<'a>(delivery: &'a Delivery, said: &'a str) -> Vec<Piece<'a>> {
    let files: Vec<&AttachmentPart> = delivery.message.attachments().collect();
    let mut pieces = Vec::new();
    let takes_caption = files.first().is_some_and(|file| media::kind(file) != "audio");
    let caption =
        Some(said).filter(|said| takes_caption && !said.trim().is_empty() && said.chars().count() <= MAX_CAPTION);
    if caption.is_none() {
        pieces.extend(text::split(said, MAX_TEXT, |_| 1).into_iter().map(Piece::Text));
    }
    for (at, file) in files.into_iter().enumerate() {
        pieces.push(Piece::File(file, caption.filter(|_| at == 0)));
    }
    pieces.extend(delivery.message.parts.iter().filter_map(|part| match part {
        Part::Structured(part) if part.name == "template" => {
            template(&jackfield_sdk::json::parse(part.values.as_bytes()).unwrap_or(Value::Null)).map(Piece::Template)
        }
        _ => None,
    }));
    pieces
}

/// All that is written in an answer, but for templates, which have their text at Meta's.
pub fn said(delivery: &Delivery) -> String {
    let texts = delivery.message.parts.iter().filter_map(|part| match part {
        Part::Text(part) => Some(part.text.as_str()),
        Part::Structured(part) if part.name != "template" => Some(part.fallback.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

impl Piece<'_> {
    /// What it is called, and the object of that name. Files are uploaded for it.
    fn object(&self, settings: &MetaSettings) -> Result<(&'static str, String)> {
        Ok(match self {
            Piece::Text(text) => ("text", Object::new().boolean("preview_url", false).string("body", text).finish()),
            Piece::Template(template) => ("template", template.clone()),
            Piece::File(part, caption) => {
                let kind = media::kind(part);
                let mut object = Object::new().string("id", &media::upload(settings, part)?);
                if kind == "document" {
                    object = object.string("filename", part.name.as_deref().unwrap_or("file"));
                }
                if let Some(caption) = caption {
                    object = object.string("caption", caption);
                }
                (kind, object.finish())
            }
        })
    }

    /// The body of the request that sends it. `key` comes back with each status of it.
    pub fn body(&self, settings: &MetaSettings, to: &WorkItem, reply_to: Option<&str>, key: &str) -> Result<String> {
        let (kind, object) = self.object(settings)?;
        let group = to.attributes.iter().find(|(name, _)| name == GROUP).map(|(_, group)| group.as_str());
        let mut body = Object::new()
            .string("messaging_product", "whatsapp")
            .string("recipient_type", if group.is_some() { "group" } else { "individual" });
        let addresses = || [&to.customer.address].into_iter().chain(&to.customer.aliases);
        body = match (group, addresses().find(|address| is_number(address))) {
            (Some(group), _) => body.string("to", group),
            (None, Some(number)) => body.string("to", number),
            // Who hides the number is reached by Meta's id.
            (None, None) => body.string("recipient", &to.customer.address),
        };
        body = body.string("type", kind).raw(kind, &object);
        if let Some(reply_to) = reply_to {
            body = body.raw("context", &Object::new().string("message_id", reply_to).finish());
        }
        Ok(body.string("biz_opaque_callback_data", key).finish())
    }
}

/// A template as the Graph API takes it, of `{name, language, values, components}`; none without name or language.
pub fn template(arguments: &Value<'_>) -> Option<String> {
    let name = meta_common::text(arguments, "name")?;
    let language = meta_common::text(arguments, "language")?;
    let mut template =
        Object::new().string("name", name).raw("language", &Object::new().string("code", language).finish());
    let values = meta_common::items(arguments, "values");
    match arguments.get("components") {
        Some(components @ Value::Array(_)) => template = template.raw("components", &components.to_json()),
        _ if values.is_empty() => {}
        _ => {
            let parameter = |value: &Value<'_>| {
                let mut text = String::new();
                push_string(&mut text, value.scalar().unwrap_or_default());
                format!(r#"{{"type":"text","text":{text}}}"#)
            };
            let parameters: Vec<String> = values.iter().map(parameter).collect();
            template =
                template.raw("components", &format!(r#"[{{"type":"body","parameters":[{}]}}]"#, parameters.join(",")));
        }
    }
    Some(template.finish())
}
