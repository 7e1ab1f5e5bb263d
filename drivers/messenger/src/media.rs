//! Customers' files, which Meta keeps under a URL, and agents' files, uploaded for an id.

use jackfield_sdk::error::code;
use jackfield_sdk::json::Object;
use jackfield_sdk::media::{File, download};
use jackfield_sdk::{AttachmentPart, Error, Multipart, Outgoing, Result, header_of};
use meta_common::graph::{self, media_type};
use meta_common::{MetaSettings, cut};

use crate::catalogue::CATALOGUE;
use crate::content::URL;

/// More than Messenger lets through.
const MAX_BYTES: u32 = 32 << 20;

/// Fetches a customer's file. The URL itself is the permission; no token is shown.
///
/// # Errors
/// What became of the request, or what was answered.
pub fn fetch(part: &AttachmentPart) -> Result<File> {
    let Some((_, url)) = part.attributes.iter().find(|(name, _)| name == URL) else {
        return Err(Error::new(code::INVALID, "it has no URL"));
    };
    let (mut file, response) = download(Outgoing::new("GET", url), MAX_BYTES)?;
    let told = header_of(&response.headers, "content-type").next().and_then(|told| core::str::from_utf8(told).ok());
    file.media_type = told.filter(|told| told.contains('/')).map(|told| cut(told, 127).to_owned());
    Ok(file)
}

/// What Messenger shows a file as: `image`, `video`, `audio` or `file`.
pub fn kind(part: &AttachmentPart) -> &'static str {
    match media_type(part).split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "file",
    }
}

/// Uploads an agent's file; ok is the id that it is sent by.
///
/// # Errors
/// As [`graph::upload`].
pub fn upload(settings: &MetaSettings, part: &AttachmentPart) -> Result<String> {
    let payload = Object::new().boolean("is_reusable", true).finish();
    let attachment = Object::new().string("type", kind(part)).raw("payload", &payload).finish();
    let form = Multipart::new().text("message", &Object::new().raw("attachment", &attachment).finish());
    let request = settings.request("POST", &format!("{}/message_attachments", settings.account));
    let answer = graph::upload(request, form, ("filedata", part), &CATALOGUE)?;
    graph::field(&answer, "/attachment_id")
        .ok_or_else(|| Error::new(code::TEMPORARY, "Meta took a file and told no id of it"))
}
