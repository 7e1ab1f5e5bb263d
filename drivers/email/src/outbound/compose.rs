//! The mail that an agent's answer becomes.

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::time::to_rfc3339;
use jackfield_sdk::{AttachmentPart, Result, host};

use super::header;

/// What a mail is made of.
#[derive(Debug, Default)]
pub struct Draft<'a> {
    pub from: (Option<&'a str>, &'a str),
    pub to: (Option<&'a str>, &'a str),
    pub reply_to: &'a str,
    pub subject: &'a str,
    /// Without brackets.
    pub message_id: &'a str,
    /// What it answers, without brackets.
    pub in_reply_to: Option<&'a str>,
    /// What came before that, in brackets.
    pub references: &'a str,
    /// Milliseconds since 1970.
    pub date: u64,
    pub is_automatic: bool,
    pub text: &'a str,
    pub files: Vec<&'a AttachmentPart>,
}

/// A piece of a mail; lines end in CRLF, and no line is longer than 998 bytes.
#[derive(Debug, PartialEq)]
pub enum Piece {
    Text(String),
    /// A blob, to be written as Base64.
    Blob {
        digest: String,
        size: u32,
    },
}

/// Bytes of a blob that are read at once: whole lines of Base64, 57 bytes each.
pub const BLOB_CHUNK: u32 = 57 * 4096;

/// The mail in pieces, in order.
pub fn mail(draft: &Draft<'_>) -> Vec<Piece> {
    let mut text = headers(draft);
    if draft.files.is_empty() {
        text.push_str(&text_part(draft.text));
        return vec![Piece::Text(text)];
    }
    // In no part can there be a line that begins so: Base64 and quoted-printable have no `=_`.
    let boundary = format!("=_{}", draft.message_id.split('@').next().unwrap_or_default());
    text.push_str(&header::field("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\"")));
    text.push_str(&format!("\r\n--{boundary}\r\n{}", text_part(draft.text)));
    let mut pieces = Vec::new();
    for file in &draft.files {
        text.push_str(&format!("\r\n--{boundary}\r\n"));
        let name = file.name.as_deref().unwrap_or("file");
        let media_type = file.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let media_type = if is_plain_type(&media_type) { &media_type } else { "application/octet-stream" };
        text.push_str(&format!("Content-Type: {media_type}{}\r\n", header::parameter("name", name)));
        text.push_str(&format!("Content-Disposition: attachment{}\r\n", header::parameter("filename", name)));
        text.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        pieces.push(Piece::Text(core::mem::take(&mut text)));
        pieces.push(Piece::Blob { digest: file.blob.clone().unwrap_or_default(), size: file.size.unwrap_or_default() });
    }
    text.push_str(&format!("\r\n--{boundary}--\r\n"));
    pieces.push(Piece::Text(text));
    pieces
}

/// Whether that is a media type, and one that may be written as Base64: mails and multiparts may not.
fn is_plain_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let parts = text.split_once('/').filter(|(kind, subtype)| is_token(kind) && is_token(subtype));
    text.len() <= 127 && parts.is_some_and(|(kind, _)| kind != "message" && kind != "multipart")
}

/// How many bytes the mail has.
pub fn size(pieces: &[Piece]) -> u64 {
    let size = |piece: &Piece| match piece {
        Piece::Text(text) => text.len() as u64,
        Piece::Blob { size, .. } => {
            let (lines, rest) = (u64::from(size / 57), u64::from(size % 57));
            lines * 78 + if rest > 0 { rest.div_ceil(3) * 4 + 2 } else { 0 }
        }
    };
    pieces.iter().map(size).sum()
}

/// Gives a blob in lines of Base64 to `write`, a chunk at a time.
pub fn blob_lines(digest: &str, mut write: impl FnMut(Vec<u8>) -> Result<()>) -> Result<()> {
    let mut offset = 0;
    loop {
        let bytes = host::blobs::read(digest, offset, BLOB_CHUNK)?;
        if bytes.is_empty() {
            return Ok(());
        }
        offset += bytes.len() as u32;
        let lines: String = bytes.chunks(57).map(|line| to_base64(line) + "\r\n").collect();
        write(lines.into_bytes())?;
    }
}

fn headers(draft: &Draft<'_>) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &str| text.push_str(&header::field(name, value));
    field("From", &header::mailbox(draft.from.0, draft.from.1));
    field("To", &header::mailbox(draft.to.0, draft.to.1));
    field("Reply-To", &header::mailbox(draft.from.0, draft.reply_to));
    field("Subject", &header::text(draft.subject));
    field("Date", &date(draft.date));
    field("Message-ID", &format!("<{}>", draft.message_id));
    if let Some(id) = draft.in_reply_to {
        field("In-Reply-To", &format!("<{id}>"));
        field("References", format!("{} <{id}>", draft.references).trim_start());
    }
    if draft.is_automatic {
        field("Auto-Submitted", "auto-replied");
    }
    field("MIME-Version", "1.0");
    text
}

/// `Re: ` once, however many there were.
pub fn subject(original: Option<&str>) -> String {
    let mut rest = original.unwrap_or_default().trim();
    while rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
        rest = rest[3..].trim_start();
    }
    if rest.is_empty() { "Re: your message".into() } else { format!("Re: {rest}") }
}

/// Headers and body of a plain text.
fn text_part(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let plain = |line: &&str| {
        line.len() <= 998
            && !line.ends_with(' ')
            && line.bytes().all(|byte| byte == b' ' || byte == b'\t' || byte.is_ascii_graphic())
    };
    let is_plain = lines.iter().all(plain);
    let encoding = if is_plain { "7bit" } else { "quoted-printable" };
    let mut part = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
    for line in lines {
        if is_plain {
            part.push_str(line);
        } else {
            quote(line, &mut part);
        }
        part.push_str("\r\n");
    }
    part
}

/// Quoted-printable (RFC 2045, 6.7).
fn quote(line: &str, out: &mut String) {
    const LONGEST: usize = 75;
    let bytes = line.as_bytes();
    let mut column = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let at_end = at + 1 == bytes.len();
        let as_is = (byte.is_ascii_graphic() && *byte != b'=') || (matches!(byte, b' ' | b'\t') && !at_end);
        let width = if as_is { 1 } else { 3 };
        if column + width > LONGEST {
            out.push_str("=\r\n");
            column = 0;
        }
        if as_is {
            out.push(*byte as char);
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
        column += width;
    }
}

/// `Sun, 22 Nov 2026 16:04:05 +0000`
pub fn date(milliseconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = to_rfc3339(milliseconds);
    let number = |range: core::ops::Range<usize>| text[range].parse::<usize>().unwrap_or(1);
    let weekday = DAYS[(milliseconds / 86_400_000 % 7) as usize];
    let month = MONTHS[(number(5..7) + 11) % 12];
    format!("{weekday}, {:02} {month} {} {} +0000", number(8..10), &text[..4], &text[11..19])
}
