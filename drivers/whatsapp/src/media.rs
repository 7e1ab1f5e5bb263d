//! Customers' files, fetched by their id, and agents' files, uploaded for one.

use jackfield_sdk::encoding::{from_base64, from_hex, to_hex};
use jackfield_sdk::error::code;
use jackfield_sdk::json::parse;
use jackfield_sdk::media::{File, download};
use jackfield_sdk::{AttachmentPart, Error, Multipart, Result};
use meta_common::graph::{self, media_type};
use meta_common::{MetaSettings, id, text};

use crate::catalogue::CATALOGUE;
use crate::content::MEDIA_ID;

/// More than WhatsApp lets through but for documents, and as much as the server takes.
const MAX_BYTES: u32 = 64 << 20;

/// Fetches a customer's file: its id is good for a URL, and the URL for five minutes.
///
/// # Errors
/// What became of the requests, what Meta answered, or that the file isn't the one that Meta tells of.
pub fn fetch(settings: &MetaSettings, part: &AttachmentPart) -> Result<File> {
    let Some((_, media_id)) = part.attributes.iter().find(|(name, _)| name == MEDIA_ID) else {
        return Err(Error::new(code::INVALID, "it has no id"));
    };
    let path = format!("{}?phone_number_id={}", jackfield_sdk::encoding::to_percent(media_id), settings.account);
    let answer = graph::send(&settings.request("GET", &path), &CATALOGUE)?;
    let told =
        parse(&answer).map_err(|error| Error::new(code::TEMPORARY, format!("Meta's answer is no JSON: {error}")))?;
    let Some(url) = text(&told, "url") else {
        return Err(Error::new(code::PERMANENT, "Meta tells no URL of the file"));
    };
    let (mut file, _) = download(settings.file(url), MAX_BYTES)?;
    let expected = id(&told, "sha256").and_then(digest);
    if expected.is_some_and(|expected| file.blob != expected) {
        return Err(Error::new(code::TEMPORARY, "the file isn't the one that Meta tells of: its SHA-256 is another"));
    }
    file.media_type = text(&told, "mime_type").map(String::from).filter(|told| told.contains('/'));
    Ok(file)
}

/// A digest as blobs are named; Meta writes hex in one place and Base64 in another.
fn digest(told: &str) -> Option<String> {
    let bytes = from_hex(told.as_bytes()).or_else(|| from_base64(told.as_bytes()));
    bytes.filter(|bytes| bytes.len() == 32).map(|bytes| format!("sha256-{}", to_hex(&bytes)))
}

/// What WhatsApp shows a file as: `image`, `video`, `audio` or `document`.
pub fn kind(part: &AttachmentPart) -> &'static str {
    const MAX_IMAGE: u32 = 5 << 20;
    match media_type(part) {
        "image/jpeg" | "image/png" if part.size.is_none_or(|size| size <= MAX_IMAGE) => "image",
        "video/mp4" | "video/3gpp" => "video",
        "audio/aac" | "audio/mp4" | "audio/mpeg" | "audio/amr" | "audio/ogg" => "audio",
        _ => "document",
    }
}

/// Uploads an agent's file; ok is the id that it is sent by.
///
/// # Errors
/// As [`graph::upload`].
pub fn upload(settings: &MetaSettings, part: &AttachmentPart) -> Result<String> {
    let form = Multipart::new().text("messaging_product", "whatsapp").text("type", media_type(part));
    let request = settings.request("POST", &format!("{}/media", settings.account));
    let answer = graph::upload(request, form, ("file", part), &CATALOGUE)?;
    graph::field(&answer, "/id").ok_or_else(|| Error::new(code::TEMPORARY, "Meta took a file and told no id of it"))
}
