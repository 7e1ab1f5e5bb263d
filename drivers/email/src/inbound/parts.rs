//! What is shown of a mail: its text, its HTML made safe, its files.

use jackfield_sdk::{AttachmentPart, Part, Result, TextPart, host};

use super::mime::{MAX_HTML, Mail};
use super::thin::{self, Content, Cut, Spool};

/// The longest text shown in full, in bytes; the rest is in the file beside it.
const MAX_TEXT: usize = 150 << 10;
/// All texts of a mail together, which is one message for each recipient; a call may push 8 MiB.
const MAX_TEXTS: usize = 5 << 20;
/// Files of one mail.
pub const MAX_FILES: usize = 80;

/// Where a mail's bytes are.
pub struct Source<'a> {
    pub raw: &'a [u8],
    /// What was taken out of it.
    pub cuts: Vec<Cut>,
    /// The mail as it came, where that is more than `raw`.
    pub whole: Option<Spool>,
}

/// The parts, and whether something of the mail is missing in them; then the mail as it came is one of them.
///
/// # Errors
/// Those of the host.
pub fn of(mail: Option<&Mail<'_>>, source: Source<'_>, recipients: usize) -> Result<(Vec<Part>, bool)> {
    let mut whole = Whole { raw: source.raw, spool: source.whole, blob: None };
    let Some(mail) = mail else {
        return Ok((vec![whole.part()?], true));
    };
    let mut parts = Vec::new();
    let (text, is_all) = mail.text(MAX_TEXT.min(MAX_TEXTS / recipients.max(1)));
    let is_cut =
        |html| source.cuts.iter().any(|cut| matches!(cut.content, Content::Text { is_html } if is_html == html));
    let mut incomplete = !is_all || is_cut(false);
    if !text.is_empty() {
        parts.push(Part::Text(TextPart { text, format: "plain".into(), language: None, attributes: Vec::new() }));
    }
    if mail.html_size() > MAX_HTML || is_cut(true) {
        incomplete = true;
    } else if let Some(html) = mail.html() {
        let mut part = stored(Some("message.html".into()), "text/html; charset=utf-8", html.as_bytes())?;
        part.attributes.push(("email.alternative".into(), "html".into()));
        parts.push(Part::Attachment(part));
    }
    let mut cuts = source.cuts;
    for (at, file) in mail.files().enumerate() {
        if at >= MAX_FILES {
            incomplete = true;
            break;
        }
        let cut = cuts.iter().position(|cut| cut.start == file.start).map(|at| cuts.swap_remove(at));
        let (blob, size) = match cut.map(|cut| cut.content) {
            Some(Content::File(spool)) => spool.finish()?,
            Some(Content::Raw { range, text }) => thin::piece(&whole.blob()?.0, &range, text)?,
            _ => (host::blobs::put(&file.bytes)?, file.bytes.len() as u32),
        };
        let mut part = AttachmentPart::ready(file.name, &file.media_type, blob, size);
        if file.is_inline {
            part.disposition = "inline".into();
        }
        part.attributes.extend(file.content_id.map(|id| ("content-id".into(), id)));
        parts.push(Part::Attachment(part));
    }
    if incomplete {
        parts.push(whole.part()?);
    }
    Ok((parts, incomplete))
}

/// The mail as it came.
struct Whole<'a> {
    raw: &'a [u8],
    spool: Option<Spool>,
    blob: Option<(String, u32)>,
}

impl Whole<'_> {
    fn blob(&mut self) -> Result<(String, u32)> {
        let blob = match (&self.blob, self.spool.take()) {
            (Some(blob), _) => blob.clone(),
            (None, Some(spool)) => spool.finish()?,
            (None, None) => (host::blobs::put(self.raw)?, self.raw.len() as u32),
        };
        Ok(self.blob.insert(blob).clone())
    }

    fn part(&mut self) -> Result<Part> {
        let (blob, size) = self.blob()?;
        Ok(Part::Attachment(AttachmentPart::ready(Some("message.eml".into()), "message/rfc822", blob, size)))
    }
}

fn stored(name: Option<String>, media_type: &str, bytes: &[u8]) -> Result<AttachmentPart> {
    let blob = host::blobs::put(bytes)?;
    Ok(AttachmentPart::ready(name, media_type, blob, bytes.len() as u32))
}
