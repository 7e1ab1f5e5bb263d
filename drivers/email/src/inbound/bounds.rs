//! Whether a mail is so built that reading it takes bounded time and memory.
//!
//! The MIME parser takes all that it is given, and its memory grows with the number of headers and parts, its time with
//! multiparts whose end isn't there. No mail of people comes near these bounds; what is beyond them is shown as a file.

/// Lines that are a boundary.
const MAX_BOUNDARIES: usize = 5_000;
/// Boundaries with names of their own that are told apart; where there are more, each line like one counts.
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

/// The headers that the parser takes apart.
const STRUCTURED: [&str; 14] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
    "content-id",
    "subject",
];

/// Whether it is.
pub fn is_bounded(raw: &[u8]) -> bool {
    count(raw, MAX_ENCODED).is_some()
}

/// Counts what is in a mail, and in the encoded mails within it; none where that is too much.
fn count(raw: &[u8], depth: usize) -> Option<Count<'_>> {
    let mut count = Count::default();
    let mut encoded = None;
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let was_encoded = count.in_encoded;
        count.line(line);
        if was_encoded && !count.in_encoded {
            count_encoded(&raw[encoded.take().unwrap_or(at)..at], depth)?;
        }
        at += line.len();
        if count.in_encoded && encoded.is_none() {
            encoded = Some(at);
        }
    }
    if let Some(from) = encoded {
        count_encoded(&raw[from..], depth)?;
    }
    let is_bounded = !count.has_quoted_mail
        && count.boundaries <= MAX_BOUNDARIES
        && count.headers <= MAX_HEADERS
        && count.structured <= MAX_STRUCTURED
        && count.nested <= MAX_NESTED
        && raw.len().saturating_mul(count.multiparts) <= MAX_SEARCHED;
    is_bounded.then_some(count)
}

/// The same for a mail in Base64. In quoted-printable none is to be sent (RFC 2046, 5.2.1), so none is taken apart.
fn count_encoded(body: &[u8], depth: usize) -> Option<()> {
    let decoded = mail_parser::decoders::base64::base64_decode(body)?;
    let within = count(&decoded, depth.checked_sub(1)?)?;
    let mails = within.nested + if within.has_digest { within.boundaries } else { 0 };
    (decoded.len().saturating_mul(mails) <= MAX_COPIED).then_some(())
}

/// What of a mail costs time and memory: never less than the parser will find.
struct Count<'a> {
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
    names: Names<'a>,
    /// Headers may stand here: at the beginning, behind a boundary, and in the body of what is a mail.
    in_headers: bool,
    /// The header that this line belongs to.
    is_structured: bool,
    is_type: bool,
    /// What the headers up to here say of the body.
    has_mail: bool,
    is_encoded: bool,
    is_quoted: bool,
}

impl Default for Count<'_> {
    fn default() -> Self {
        Self {
            boundaries: 0,
            headers: 0,
            structured: 0,
            nested: 0,
            multiparts: 0,
            has_digest: false,
            has_quoted_mail: false,
            in_encoded: false,
            names: Names::default(),
            in_headers: true,
            is_structured: false,
            is_type: false,
            has_mail: false,
            is_encoded: false,
            is_quoted: false,
        }
    }
}

impl<'a> Count<'a> {
    fn line(&mut self, line: &'a [u8]) {
        if line.strip_prefix(b"--").is_some_and(|behind| self.names.has(behind)) {
            self.boundaries += 1;
            self.block(true);
        } else if self.in_headers && matches!(line, b"\n" | b"\r\n") {
            let in_encoded = self.has_mail && self.is_encoded;
            self.has_quoted_mail |= self.has_mail && self.is_quoted;
            self.block(self.has_mail && !in_encoded);
            self.in_encoded = in_encoded;
        } else if self.in_headers {
            self.header(line);
        }
    }

    /// A block of lines begins.
    fn block(&mut self, in_headers: bool) {
        self.in_headers = in_headers;
        (self.in_encoded, self.is_quoted) = (false, false);
        (self.is_structured, self.is_type, self.has_mail, self.is_encoded) = (false, false, false, false);
    }

    fn header(&mut self, line: &'a [u8]) {
        let is_continued = self.is_structured && matches!(line.first(), Some(b' ' | b'\t'));
        if !is_continued {
            (self.is_structured, self.is_type) = (false, false);
            let Some(name) = header_name(line) else { return };
            self.headers += 1;
            self.is_structured = STRUCTURED.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
            self.is_type = name.eq_ignore_ascii_case(b"content-type");
        }
        if !self.is_structured {
            return;
        }
        self.structured += line.len();
        if self.is_type {
            let is_mail = has_word(line, b"message");
            self.nested += usize::from(is_mail);
            self.multiparts += usize::from(has_word(line, b"multipart"));
            let is_digest = has_word(line, b"digest");
            self.has_digest |= is_digest;
            self.has_mail |= is_mail || is_digest;
            self.names.take(line);
        }
        self.is_encoded |= has_word(line, b"base64");
        self.is_quoted |= has_word(line, b"quoted-printable");
    }
}

/// The boundaries that headers have named.
#[derive(Default)]
struct Names<'a> {
    names: Vec<&'a [u8]>,
    /// There is one that isn't written plainly: any line may be it.
    any: bool,
}

impl<'a> Names<'a> {
    fn take(&mut self, line: &'a [u8]) {
        const WORD: &[u8] = b"boundary";
        for (at, window) in line.windows(WORD.len()).enumerate() {
            if !window.eq_ignore_ascii_case(WORD) {
                continue;
            }
            let value = line[at + WORD.len()..].trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start);
            let name = value.map(|value| match value.strip_prefix(b"\"") {
                Some(quoted) => quoted.split(|byte| b"\"\\".contains(byte)).next().unwrap_or_default(),
                None => value.split(|byte| b";(\" \t\r\n".contains(byte)).next().unwrap_or_default(),
            });
            match name.map(<[u8]>::trim_ascii) {
                Some(name) if !name.is_empty() && self.names.len() < MAX_NAMES => self.names.push(name),
                _ => self.any = true,
            }
        }
    }

    /// Whether what stands behind `--` at a line's beginning is one of them.
    fn has(&self, behind: &[u8]) -> bool {
        let behind = behind.trim_ascii_start();
        self.any || self.names.iter().any(|name| behind.starts_with(name))
    }
}

fn header_name(line: &[u8]) -> Option<&[u8]> {
    const LONGEST: usize = 128;
    let colon = line.iter().take(LONGEST).position(|byte| *byte == b':')?;
    Some(line[..colon].trim_ascii())
}

fn has_word(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}
