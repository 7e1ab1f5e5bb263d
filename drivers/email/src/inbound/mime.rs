//! A mail taken apart: who, what, when, its text and its files.

use std::borrow::Cow;

use mail_parser::{
    Address, DateTime, Encoding, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders, PartType,
};

use super::{bounds, html};
use crate::address::{self, Mailbox};

/// The largest HTML that is read, in bytes.
pub const MAX_HTML: usize = 4 << 20;

/// A mail; lives as long as its bytes.
pub struct Mail<'a> {
    raw: &'a [u8],
    message: Message<'a>,
}

/// How mails are read here.
pub fn parser() -> MessageParser {
    MessageParser::new()
        .with_mime_headers()
        .header_address(HeaderName::From)
        .header_address(HeaderName::Sender)
        .header_address(HeaderName::ReplyTo)
        .header_text(HeaderName::Subject)
        .header_id(HeaderName::MessageId)
        .header_id(HeaderName::InReplyTo)
        .header_id(HeaderName::References)
}

/// A mail's headers, up to the empty line behind them; none where they don't end.
pub fn head(raw: &[u8]) -> Option<&[u8]> {
    let ends = |separator: &[u8]| raw.windows(separator.len()).position(|window| window == separator);
    let crlf = ends(b"\r\n\r\n");
    let lf = raw[..crlf.unwrap_or(raw.len())].windows(2).position(|window| window == b"\n\n");
    Some(&raw[..lf.or(crlf)?])
}

/// A file in a mail.
#[derive(Debug, PartialEq)]
pub struct File<'a> {
    pub name: Option<String>,
    pub media_type: String,
    /// What an inline image is called in the HTML, without brackets.
    pub content_id: Option<String>,
    pub is_inline: bool,
    /// Where in the mail its body begins.
    pub start: usize,
    pub bytes: Cow<'a, [u8]>,
}

impl<'a> Mail<'a> {
    /// Takes it apart; none where it has no headers, or would take more time and memory than a mail is worth.
    pub fn parse(raw: &'a [u8]) -> Option<Self> {
        if !bounds::is_bounded(raw) {
            return None;
        }
        let message = parser().parse(raw).filter(|message| !message.parts.is_empty())?;
        Some(Self { raw, message })
    }

    /// Its headers alone, without any part, of a mail that isn't taken apart.
    pub fn parse_head(raw: &'a [u8]) -> Option<Self> {
        Self::parse(head(raw)?)
    }

    /// How many parts the parser has found, and mails within, those in mails within too.
    #[cfg(test)]
    pub fn found(&self) -> (usize, usize) {
        fn found(message: &Message<'_>) -> (usize, usize) {
            message.parts.iter().fold((0, 0), |(parts, mails), part| match &part.body {
                PartType::Message(within) => {
                    let (more_parts, more_mails) = found(within);
                    (parts + 1 + more_parts, mails + 1 + more_mails)
                }
                _ => (parts + 1, mails),
            })
        }
        found(&self.message)
    }

    /// Who wrote it, where that is an address.
    pub fn from(&self) -> Option<Mailbox> {
        self.mailbox(self.message.from()).or_else(|| self.mailbox(self.message.sender()))
    }

    /// Where answers are to go, if not to who wrote it.
    pub fn reply_to(&self) -> Option<Mailbox> {
        self.mailbox(self.message.reply_to())
    }

    fn mailbox(&self, field: Option<&Address<'_>>) -> Option<Mailbox> {
        field?.iter().find_map(|one| {
            let address = one.address()?.trim();
            let name = one.name().map(|name| one_line(name, 1000)).filter(|name| !name.is_empty());
            address::is_address(address).then(|| Mailbox { name, address: address.into() })
        })
    }

    /// The subject, in one line of at most 1 KiB.
    pub fn subject(&self) -> Option<String> {
        self.message.subject().map(|subject| one_line(subject, 1024)).filter(|subject| !subject.is_empty())
    }

    /// The Message-ID without brackets, where it is one.
    pub fn message_id(&self) -> Option<&str> {
        self.message.message_id().filter(|id| is_message_id(id))
    }

    /// What it answers, as it says.
    pub fn in_reply_to(&self) -> Vec<&str> {
        ids(self.message.in_reply_to())
    }

    /// What was said before, oldest first, as it says.
    pub fn references(&self) -> Vec<&str> {
        ids(self.message.references())
    }

    /// When it was written, in milliseconds since 1970, as it says.
    pub fn date(&self) -> Option<u64> {
        const LAST: i64 = 253_402_300_799;
        // Not by the parser on its way: it reads a zone of letters into the lines behind.
        let date = DateTime::parse_rfc822(self.headers("Date").last()?)?;
        let seconds = date.is_valid().then(|| date.to_timestamp())?;
        u64::try_from(seconds).ok().filter(|_| seconds <= LAST).map(|seconds| seconds * 1000)
    }

    /// The values of a header, as they stand there.
    pub fn headers<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.message
            .headers_raw()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// What a person wrote, as plain text: the plain form where there is one, else what the HTML says; without what no
    /// text has, control characters but those of lines and tabs. And whether that is all: there are no more than
    /// `longest` bytes, and HTML is read no further than [`MAX_HTML`].
    pub fn text(&self, longest: usize) -> (String, bool) {
        let mut shown = String::new();
        let mut is_all = true;
        for part in self.message.text_bodies() {
            let text = match &part.body {
                PartType::Text(text) => Cow::Borrowed(text.as_ref()),
                PartType::Html(html) => {
                    is_all &= html.len() <= MAX_HTML;
                    Cow::Owned(mail_parser::decoders::html::html_to_text(cut(html, MAX_HTML)))
                }
                _ => continue,
            };
            let readable = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
            let between = if shown.is_empty() { "" } else { "\n" };
            for letter in between.chars().chain(text.chars().filter(readable)) {
                if shown.len() + letter.len_utf8() > longest {
                    return (shown, false);
                }
                shown.push(letter);
            }
        }
        (shown, is_all)
    }

    /// How large the HTML form is, in bytes.
    pub fn html_size(&self) -> usize {
        let size = |part: &mail_parser::MessagePart<'_>| if part.is_text_html() { part.len() } else { 0 };
        self.message.html_bodies().map(size).sum()
    }

    /// The HTML form, made safe; none where there is only plain text.
    pub fn html(&self) -> Option<String> {
        let parts: Vec<&str> = self
            .message
            .html_bodies()
            .filter_map(|part| match &part.body {
                PartType::Html(html) => Some(html.as_ref()),
                _ => None,
            })
            .collect();
        (!parts.is_empty()).then(|| html::page(&parts.join("\n")))
    }

    /// The files, in order.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        self.message.attachments().map(|part| {
            let bytes = match &part.body {
                PartType::Text(text) | PartType::Html(text) => Cow::Borrowed(text.as_bytes()),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes.as_ref()),
                // Was encoded: it has bytes of its own. Otherwise it is a piece of this mail's.
                PartType::Message(inner) if part.encoding != Encoding::None => {
                    Cow::Borrowed(inner.raw_message.as_ref())
                }
                PartType::Message(_) | PartType::Multipart(_) => {
                    let (start, end) = (part.offset_body as usize, part.offset_end as usize);
                    Cow::Borrowed(self.raw.get(start..end).unwrap_or_default())
                }
            };
            let media_type = match part.content_type() {
                Some(kind) => format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_ascii_lowercase(),
                None if part.is_message() => "message/rfc822".into(),
                None => "text/plain".into(),
            };
            let name = part.attachment_name().map(|name| one_line(name, 1000)).filter(|name| !name.is_empty());
            File {
                name,
                media_type,
                content_id: part.content_id().map(|id| one_line(id.trim_matches(['<', '>']), 500)),
                is_inline: part.content_disposition().is_none_or(|kind| kind.is_inline())
                    && part.content_id().is_some(),
                start: part.offset_body as usize,
                bytes,
            }
        })
    }

    /// Its `Content-Type`, in lower case, and the attribute `name` of it.
    pub fn content_type(&self, name: &str) -> Option<(String, Option<&str>)> {
        let kind = self.message.root_part().content_type()?;
        let essence = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
        Some((essence, kind.attribute(name)))
    }
}

fn ids<'b>(value: &'b HeaderValue<'_>) -> Vec<&'b str> {
    const MOST: usize = 200;
    let all: Vec<&str> = match value {
        HeaderValue::Text(id) => vec![id.as_ref()],
        HeaderValue::TextList(ids) => ids.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    // The oldest one is where a thread began, the newest ones are what it is about now.
    let skipped = all.len().saturating_sub(MOST);
    let ids = all.iter().take(1).chain(all.iter().skip(1 + skipped));
    ids.copied().filter(|id| is_message_id(id)).collect()
}

/// Whether that is what may stand between the brackets of a Message-ID.
pub fn is_message_id(id: &str) -> bool {
    let parts = id.split_once('@');
    id.len() <= 250
        && parts.is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
        && id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
}

/// Without control characters and outer spaces, and no longer than `longest` bytes.
pub fn one_line(text: &str, longest: usize) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    cut(clean.trim(), longest).into()
}

/// The beginning of a text, no longer than `longest` bytes, no character cut in two.
pub fn cut(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
