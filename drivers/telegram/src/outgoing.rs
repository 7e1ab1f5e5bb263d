//! An agent's answer, cut into what Telegram takes in one call each.

use jackfield_sdk::error::code;
use jackfield_sdk::json::Object;
use jackfield_sdk::text::split;
use jackfield_sdk::{AttachmentPart, Error, Message, Multipart, Outgoing, Piece, Result, host};

use crate::api;
use crate::place::Place;
use crate::settings::TelegramSettings;

/// The longest text, in UTF-16 units.
const MAX_TEXT: usize = 4096;
/// The longest text beside a file.
const MAX_CAPTION: usize = 1024;
/// The largest photo that Telegram takes as one.
const MAX_PHOTO: u32 = 10 << 20;
/// The host sends no larger requests; some of it goes to the form around the file.
const MAX_FILE: u32 = (16 << 20) - (16 << 10);

/// One call.
pub enum Step<'a> {
    /// A text.
    Text(&'a str),
    /// A file, and the text beside it.
    File(&'a AttachmentPart, Option<&'a str>),
}

/// The calls that a message takes, in order.
///
/// # Errors
/// There is nothing to send, or a file is too large or not there.
pub fn steps<'a>(message: &'a Message, text: &'a str) -> Result<Vec<Step<'a>>> {
    let files: Vec<&AttachmentPart> = message.attachments().collect();
    for file in &files {
        file.file(MAX_FILE)?;
    }
    let pieces = split(text, MAX_TEXT, char::len_utf16);
    let is_caption = !files.is_empty() && pieces.len() == 1 && text.encode_utf16().count() <= MAX_CAPTION;
    let mut steps: Vec<Step<'a>> =
        if is_caption { Vec::new() } else { pieces.iter().map(|piece| Step::Text(piece)).collect() };
    let caption = pieces.first().copied().filter(|_| is_caption);
    steps.extend(files.iter().enumerate().map(|(at, file)| Step::File(file, caption.filter(|_| at == 0))));
    if steps.is_empty() {
        return Err(Error::new(code::INVALID, "there is neither text nor file"));
    }
    Ok(steps)
}

/// The request of one step. `quoted`: the message that it answers. `as_document`: a file is shown as nothing else.
///
/// # Errors
/// The host's.
pub fn request(
    settings: &TelegramSettings,
    place: &Place,
    step: &Step<'_>,
    quoted: Option<i64>,
    as_document: bool,
) -> Result<Outgoing> {
    match step {
        Step::Text(text) => {
            let mut body = Object::new().raw("chat_id", &place.chat.to_string()).string("text", text);
            for (name, value) in fields(place, quoted) {
                body =
                    if name == "business_connection_id" { body.string(name, &value) } else { body.raw(name, &value) };
            }
            Ok(api::request(settings, "sendMessage").with_body("application/json", body.finish()))
        }
        Step::File(file, caption) => {
            let blob = file.blob.clone().unwrap_or_default();
            let size = host::blobs::size(&blob)?;
            let (method, field) = if as_document { DOCUMENT } else { method(file, size) };
            let mut form = Multipart::new().text("chat_id", &place.chat.to_string());
            for (name, value) in fields(place, quoted) {
                form = form.text(name, &value);
            }
            if let Some(caption) = caption {
                form = form.text("caption", caption);
            }
            let name = file.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("file");
            form = form.file(field, name, &file.media_type, Piece::Blob(blob));
            let mut request = api::request(settings, method);
            request.options.timeout_ms = Some(25_000);
            Ok(form.send_with(request))
        }
    }
}

/// What every call says of where it goes, each as JSON but for the connection's id.
fn fields(place: &Place, quoted: Option<i64>) -> Vec<(&'static str, String)> {
    let topic = place.topic.map(|topic| ("message_thread_id", topic.to_string()));
    let direct = place.direct.map(|topic| ("direct_messages_topic_id", topic.to_string()));
    let business = place.business.clone().map(|business| ("business_connection_id", business));
    let reply =
        quoted.map(|quoted| ("reply_parameters", Object::new().raw("message_id", &quoted.to_string()).finish()));
    [business, topic, direct, reply].into_iter().flatten().collect()
}

/// How it shows what it doesn't look into.
const DOCUMENT: (&str, &str) = ("sendDocument", "document");

/// How Telegram shows a file, and what the form's field is called then.
fn method(file: &AttachmentPart, size: u32) -> (&'static str, &'static str) {
    let essence = file.media_type.split(';').next().unwrap_or_default().trim();
    match essence {
        "image/jpeg" | "image/png" if size <= MAX_PHOTO => ("sendPhoto", "photo"),
        "video/mp4" => ("sendVideo", "video"),
        "audio/mpeg" | "audio/mp4" => ("sendAudio", "audio"),
        "audio/ogg" => ("sendVoice", "voice"),
        _ => DOCUMENT,
    }
}
