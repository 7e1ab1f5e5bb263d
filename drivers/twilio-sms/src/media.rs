//! Customers' pictures and files: Twilio keeps them under a URL, and they are fetched after the answer.

use jackfield_sdk::media::{File, download};
use jackfield_sdk::{AttachmentPart, Error, Outgoing, Result, error::code, origin};

use crate::params::{PREFIX, Params};
use crate::settings::TwilioSettings;

/// Twilio sends at most this many.
const MAX_ITEMS: usize = 10;
/// More than any carrier lets through.
const MAX_BYTES: u32 = 20 << 20;

/// What a text of a customer comes with, still to be fetched.
pub fn parts(params: &Params) -> Vec<AttachmentPart> {
    let count: usize = params.get("NumMedia").and_then(|count| count.parse().ok()).unwrap_or(0);
    let items = (0..count.min(MAX_ITEMS)).filter_map(|at| {
        let url = params.get(&format!("MediaUrl{at}"))?;
        let media_type = params.get(&format!("MediaContentType{at}")).unwrap_or("application/octet-stream");
        let mut part = AttachmentPart::pending(Some(name(url, media_type)), media_type);
        part.attributes.push((url_key(), url.into()));
        Some(part)
    });
    items.collect()
}

/// Fetches one.
///
/// # Errors
/// What became of the request, or what Twilio answered.
pub fn fetch(settings: &TwilioSettings, part: &AttachmentPart) -> Result<File> {
    let key = url_key();
    let Some((_, url)) = part.attributes.iter().find(|(name, _)| *name == key) else {
        return Err(Error::new(code::INVALID, "it has no URL"));
    };
    let mut request = Outgoing::new("GET", url);
    if is_twilio(settings, url) {
        request = request.with_header_pieces("authorization", settings.authorization()?);
    }
    Ok(download(request, MAX_BYTES)?.0)
}

fn url_key() -> String {
    format!("{PREFIX}url")
}

/// Twilio gives no name: the last part of the URL, and the usual ending for the type.
fn name(url: &str, media_type: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("file");
    let ending = match media_type {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "video/mp4" => ".mp4",
        "video/3gpp" => ".3gp",
        "audio/mpeg" => ".mp3",
        "audio/amr" => ".amr",
        "audio/ogg" => ".ogg",
        "application/pdf" => ".pdf",
        "text/vcard" | "text/x-vcard" => ".vcf",
        "text/plain" => ".txt",
        _ => "",
    };
    if last.ends_with(ending) { last.into() } else { format!("{last}{ending}") }
}

/// Who the account's password may be sent to: the API itself. The host drops it at a redirect to another host.
fn is_twilio(settings: &TwilioSettings, url: &str) -> bool {
    let below = |base: &str| url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
    below(origin(&settings.api_base)) || below("https://api.twilio.com")
}
