//! What is shown of a mail: its text, its HTML made safe, its files.

use jackfield_sdk::{AttachmentPart, Part, Result, TextPart, host};

use super::mime::{MAX_HTML, Mail};

/// The longest text shown in full, in bytes; the rest is in the file beside it.
const MAX_TEXT: usize = 150 << 10;
/// All texts of a mail together, which is one message for each recipient; a call may push 8 MiB.
const MAX_TEXTS: usize = 5 << 20;
/// Files of one mail.
const MAX_FILES: usize = 80;

/// The parts, and whether something of the mail is missing in them; then the mail as it came is one of them.
pub fn of(mail: Option<&Mail<'_>>, raw: &[u8], recipients: usize) -> Result<(Vec<Part>, bool)> {
    let Some(mail) = mail else {
        return Ok((vec![whole(raw)?], true));
    };
    let mut parts = Vec::new();
    let (text, is_all) = mail.text(MAX_TEXT.min(MAX_TEXTS / recipients.max(1)));
    let mut incomplete = !is_all;
    if !text.is_empty() {
        parts.push(Part::Text(TextPart { text, format: "plain".into(), language: None, attributes: Vec::new() }));
    }
    if mail.html_size() > MAX_HTML {
        incomplete = true;
    } else if let Some(html) = mail.html() {
        let mut part = stored(Some("message.html".into()), "text/html; charset=utf-8", html.as_bytes())?;
        part.attributes.push(("email.alternative".into(), "html".into()));
        parts.push(Part::Attachment(part));
    }
    for (at, file) in mail.files().enumerate() {
        if at >= MAX_FILES {
            incomplete = true;
            break;
        }
        let mut part = stored(file.name, &file.media_type, &file.bytes)?;
        if file.is_inline {
            part.disposition = "inline".into();
        }
        part.attributes.extend(file.content_id.map(|id| ("content-id".into(), id)));
        parts.push(Part::Attachment(part));
    }
    if incomplete {
        parts.push(whole(raw)?);
    }
    Ok((parts, incomplete))
}

fn whole(raw: &[u8]) -> Result<Part> {
    Ok(Part::Attachment(stored(Some("message.eml".into()), "message/rfc822", raw)?))
}

fn stored(name: Option<String>, media_type: &str, bytes: &[u8]) -> Result<AttachmentPart> {
    let blob = host::blobs::put(bytes)?;
    Ok(AttachmentPart::ready(name, media_type, blob, bytes.len() as u32))
}
