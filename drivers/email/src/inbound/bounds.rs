//! Whether a mail is so built that reading it takes bounded time and memory.
//!
//! The MIME parser takes all that it is given, and its memory grows with the number of headers and parts, its time with
//! multiparts whose end isn't there. No mail of people comes near these bounds; what is beyond them is shown as a file.

use mail_parser::parsers::MessageStream;

/// Boundaries, wherever in a line they stand.
const MAX_BOUNDARIES: usize = 5_000;
/// Boundaries with names of their own that are told apart; where there are more, all that is like one counts.
const MAX_NAMES: usize = 32;
/// Lines that may be a header: those of parts and of mails within, not those of texts.
const MAX_HEADERS: usize = 50_000;
/// Bytes of headers that are taken apart, addresses above all.
const MAX_STRUCTURED: usize = 512 << 10;
/// Mails within mails.
const MAX_NESTED: usize = 100;
/// Encoded mails within each other, as deep as the parser looks.
const MAX_ENCODED: usize = 3;
/// Bytes of an encoded mail times the mails within it: each of those is kept with a copy of all of it.
const MAX_COPIED: usize = 64 << 20;
/// Bytes times multiparts.
const MAX_SEARCHED: usize = 500 << 20;

/// The headers that the parser takes apart, besides those that say what a part is.
const STRUCTURED: [&str; 12] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "content-disposition",
    "content-id",
    "subject",
];

/// Whether it is.
pub fn is_bounded(raw: &[u8]) -> bool {
    count(raw, MAX_ENCODED).is_some()
}

/// No fewer parts, and mails within, than the parser will find in a mail, those in encoded mails too; none where those
/// or anything else are too many.
#[cfg(test)]
pub fn counted(raw: &[u8]) -> Option<(usize, usize)> {
    let count = count(raw, MAX_ENCODED)?;
    // One for the mail itself.
    Some((1 + count.boundaries + count.mails(), count.mails()))
}

/// Counts what is in a mail, and in the encoded mails within it; none where that is too much.
fn count(raw: &[u8], depth: usize) -> Option<Count> {
    let mut count = Count::default();
    // Where an encoded mail begins.
    let mut encoded = None;
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let boundary = count.line(line);
        if let (Some(from), Some(boundary)) = (encoded, boundary) {
            count.add(&count_encoded(&raw[from..at + boundary], depth)?);
            encoded = None;
        }
        at += line.len();
        if count.in_encoded && encoded.is_none() {
            encoded = Some(at);
        }
        if count.is_too_much() {
            return None;
        }
    }
    if let Some(from) = encoded {
        count.add(&count_encoded(&raw[from..], depth)?);
    }
    let is_bounded = !count.is_too_much() && raw.len().saturating_mul(count.multiparts) <= MAX_SEARCHED;
    is_bounded.then_some(count)
}

/// The same for a mail in Base64. In quoted-printable none is to be sent (RFC 2046, 5.2.1), so none is taken apart.
fn count_encoded(body: &[u8], depth: usize) -> Option<Count> {
    // The parser's own decoder. What it can't decode is worth no second look.
    let (end, decoded) = MessageStream::new(body).decode_base64_mime(b"");
    if end == usize::MAX {
        return None;
    }
    let within = count(&decoded, depth.checked_sub(1)?)?;
    (decoded.len().saturating_mul(within.mails()) <= MAX_COPIED).then_some(within)
}

/// What of a mail costs time and memory: never less than the parser will find. It takes a boundary wherever it stands in
/// a line, except in headers; behind one there are headers, on the same line already. A line of nothing but white space
/// ends them, unless it continues a header.
#[derive(Default)]
struct Count {
    boundaries: usize,
    headers: usize,
    structured: usize,
    nested: usize,
    multiparts: usize,
    /// In a digest each part is a mail, without a word.
    has_digest: bool,
    /// A mail within is in quoted-printable.
    has_quoted_mail: bool,
    /// These lines are a mail within that is encoded.
    in_encoded: bool,
    names: Names,
    /// Headers have ended: what follows is the body of what is no mail.
    in_body: bool,
    /// What the line before belongs to, where it was a header.
    field: Option<Field>,
    /// What the headers up to here say of the body.
    has_mail: bool,
    has_type: bool,
    is_encoded: bool,
    is_quoted: bool,
}

/// A header, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Type,
    Encoding,
    /// Another one that is taken apart.
    Structured,
    Other,
}

impl Count {
    fn mails(&self) -> usize {
        self.nested + if self.has_digest { self.boundaries } else { 0 }
    }

    fn add(&mut self, within: &Self) {
        self.boundaries += within.boundaries + 1;
        self.headers += within.headers;
        self.structured += within.structured;
        self.nested += within.nested + 1;
        self.has_digest |= within.has_digest;
    }

    fn is_too_much(&self) -> bool {
        self.has_quoted_mail
            || self.boundaries > MAX_BOUNDARIES
            || self.headers > MAX_HEADERS
            || self.structured > MAX_STRUCTURED
            || self.nested > MAX_NESTED
    }

    /// Where the first boundary stands, if there is one.
    fn line(&mut self, line: &[u8]) -> Option<usize> {
        let mut first = None;
        let mut at = 0;
        while let Some(found) = line.get(at..).and_then(|rest| self.names.find(rest)) {
            self.boundaries += 1;
            first = first.or(Some(at + found));
            // `--` and at least one letter.
            at += found + 3;
        }
        match first {
            Some(first) if self.in_body || self.in_encoded => {
                self.block();
                self.behind_boundary(&line[first..]);
            }
            // In headers it is a header's text, if they are headers.
            Some(first) => {
                self.header(line);
                self.behind_boundary(&line[first..]);
            }
            None if self.in_body || self.in_encoded => {}
            None if self.field.is_some() && matches!(line.first(), Some(b' ' | b'\t')) => self.header(line),
            None if line.ends_with(b"\n") && line.trim_ascii().is_empty() => self.end_headers(),
            None => self.header(line),
        }
        first
    }

    /// Headers begin.
    fn block(&mut self) {
        (self.in_body, self.in_encoded, self.field) = (false, false, None);
        (self.has_mail, self.has_type, self.is_encoded, self.is_quoted) = (false, false, false, false);
    }

    fn end_headers(&mut self) {
        let is_mail = self.has_mail || (self.has_digest && !self.has_type);
        self.has_quoted_mail |= is_mail && self.is_quoted;
        let in_encoded = is_mail && self.is_encoded;
        let goes_on = self.has_mail || self.has_digest;
        self.block();
        self.in_encoded = in_encoded;
        self.in_body = !goes_on && !in_encoded;
    }

    fn header(&mut self, line: &[u8]) {
        let is_continued = self.field.is_some() && matches!(line.first(), Some(b' ' | b'\t'));
        if !is_continued {
            let Some(name) = header_name(line) else {
                self.field = None;
                return;
            };
            self.headers += 1;
            let field = match &name[..] {
                b"content-type" => Field::Type,
                b"content-transfer-encoding" => Field::Encoding,
                name if STRUCTURED.iter().any(|known| name == known.as_bytes()) => Field::Structured,
                _ => Field::Other,
            };
            self.field = Some(field);
            if field == Field::Type {
                let value = line.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default().trim_ascii();
                self.has_type = value.first().is_some_and(u8::is_ascii_alphanumeric);
            }
        }
        self.value(line);
    }

    /// What stands on a boundary's own line is a header's beginning; which one's is told by any name in it.
    fn behind_boundary(&mut self, rest: &[u8]) {
        if !rest.contains(&b':') {
            return;
        }
        let word: Vec<u8> = rest.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
        for (name, field) in [(&b"content-type:"[..], Field::Type), (b"content-transfer-encoding:", Field::Encoding)] {
            if has_word(&word, name) {
                self.field = Some(field);
                self.value(rest);
            }
        }
        self.headers += 1;
        self.field = self.field.or(Some(Field::Other));
    }

    fn value(&mut self, line: &[u8]) {
        if self.field != Some(Field::Other) {
            self.structured += line.len();
        }
        match self.field {
            Some(Field::Type) => {
                let is_mail = has_word(line, b"message");
                self.nested += usize::from(is_mail);
                self.multiparts += usize::from(has_word(line, b"multipart"));
                let is_digest = has_word(line, b"digest");
                self.has_digest |= is_digest;
                self.has_mail |= is_mail || is_digest;
                self.names.take(line);
            }
            Some(Field::Encoding) => {
                // An encoded word may say either.
                let is_word = has_word(line, b"=?");
                self.is_encoded |= is_word || has_word(line, b"base64");
                self.is_quoted |= is_word || has_word(line, b"quoted-printable");
            }
            _ => {}
        }
    }
}

/// The boundaries that headers have named.
#[derive(Default)]
struct Names {
    names: Vec<Vec<u8>>,
    /// There is one that isn't written plainly: whatever follows `--` may be it.
    any: bool,
}

impl Names {
    fn take(&mut self, line: &[u8]) {
        const WORD: &[u8] = b"boundary";
        for (at, window) in line.windows(WORD.len()).enumerate() {
            if self.any {
                return;
            }
            if !window.eq_ignore_ascii_case(WORD) {
                continue;
            }
            let value = line[at + WORD.len()..].trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
            let name = value.map(|value| match value.strip_prefix(b"\"") {
                Some(quoted) => quoted.split(|byte| b"\"\\".contains(byte)).next().unwrap_or_default(),
                None => value.split(|byte| b";(\"\\ \t\r\n".contains(byte)).next().unwrap_or_default(),
            });
            // What is encoded, or has bytes that a name can't have, may be read as something else.
            let is_plain = |name: &&[u8]| {
                name.iter().all(|byte| matches!(byte, b' '..=b'~')) && !has_word(name, b"=?") && !name.is_empty()
            };
            match name.map(<[u8]>::trim_ascii).filter(is_plain) {
                Some(name) if self.names.iter().any(|known| known == name) => {}
                Some(name) if self.names.len() < MAX_NAMES => self.names.push(name.to_vec()),
                _ => self.any = true,
            }
        }
    }

    /// Where `--` with one of them behind it stands first.
    fn find(&self, line: &[u8]) -> Option<usize> {
        if !self.any && self.names.is_empty() {
            return None;
        }
        let is_one = |at: &usize| {
            line[*at..].starts_with(b"--") && {
                let behind = line[*at + 2..].trim_ascii_start();
                self.any || self.names.iter().any(|name| behind.starts_with(name))
            }
        };
        (0..line.len()).find(is_one)
    }
}

/// The name of the header that a line begins, as the parser reads it: in lower case, without white space.
fn header_name(line: &[u8]) -> Option<Vec<u8>> {
    const LONGEST: usize = 34;
    let begin = line.iter().position(|byte| *byte != b':' && !byte.is_ascii_whitespace())?;
    let end = line[begin..].iter().position(|byte| *byte == b':')?;
    let name = line[begin..begin + end].iter().filter(|byte| !byte.is_ascii_whitespace());
    Some(name.take(LONGEST + 1).map(u8::to_ascii_lowercase).collect())
}

fn has_word(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}
