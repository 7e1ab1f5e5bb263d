//! The way of the MIME parser through a mail, followed while the mail comes: where headers end, what follows them, and
//! where that ends.
//!
//! It is the parser's way and no other, its oddities too, for what is kept of the mail is given to the parser later: a
//! boundary is found wherever it stands in a line, and none but the innermost is looked for. Headers are read by the
//! parser itself.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, GetHeader, Header, HeaderName, HeaderValue, MessageParser};

use super::decode::{Encoding, Text};
use super::keep::{Body, Keeper};

/// Headers of one part, in bytes; where they are longer, nothing further is looked for.
const MAX_HEADERS: usize = 256 << 10;
/// The longest boundary, in bytes; RFC 2046 allows 70. A longer one may take long to find.
const MAX_BOUNDARY: usize = 250;
/// Lines of nothing but white space that headers may have in them.
const MAX_EMPTY: usize = 20;
/// Multiparts and mails within each other; deeper ones aren't looked into.
const MAX_DEPTH: usize = 100;
/// Parts, those of mails within too; behind so many nothing further is looked for.
const MAX_PARTS: usize = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mail,
    Alternative,
    Related,
    Digest,
    Other,
}

/// What parts stand in.
struct Level {
    kind: Kind,
    /// `--` and the boundary that ends a part; none: the mail's end does.
    boundary: Option<Vec<u8>>,
    parts: usize,
}

/// What is read now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Headers at the beginning of a mail.
    Headers,
    /// Headers behind the first boundary of a multipart.
    First,
    /// Headers behind another one.
    Next,
    /// What stands before the first boundary of the multipart that is the last level.
    Preamble,
    Body,
    /// Behind a boundary: it may be the last of its multipart.
    Boundary,
    /// What stands behind a multipart.
    Epilogue,
    /// What isn't taken apart any more.
    Rest,
}

/// Where on its way the parser would be.
pub struct Walker {
    parser: MessageParser,
    levels: Vec<Level>,
    parts: usize,
    at: At,
    /// What isn't told from a boundary yet, or the headers that come in.
    held: Vec<u8>,
    /// Up to here it is read.
    used: usize,
    /// Of headers: where the line begins that comes in, what of it was looked at, and empty ones so far.
    line: usize,
    looked: usize,
    empty: usize,
}

impl Walker {
    /// At the beginning of a mail that `parser` will take apart.
    pub fn new(parser: MessageParser) -> Self {
        Self {
            parser,
            levels: vec![Level { kind: Kind::Mail, boundary: None, parts: 0 }],
            parts: 0,
            at: At::Headers,
            held: Vec::new(),
            used: 0,
            line: 0,
            looked: 0,
            empty: 0,
        }
    }

    /// Takes the next bytes, cut anywhere.
    pub fn take(&mut self, bytes: &[u8], keeper: &mut Keeper) {
        self.held.extend_from_slice(bytes);
        while match self.at {
            At::Headers | At::First | At::Next => self.headers(keeper),
            At::Preamble | At::Body | At::Epilogue => self.search(keeper),
            At::Boundary => self.behind_boundary(keeper),
            At::Rest => {
                self.give(self.held.len() - self.used, keeper);
                false
            }
        } {}
        self.held.drain(..self.used);
        self.used = 0;
    }

    /// At the mail's end.
    pub fn finish(mut self, keeper: &mut Keeper) {
        // A mail within whose headers don't end is taken for a text.
        if matches!(self.at, At::Headers | At::First | At::Next) && !keeper.is_in_file() {
            keeper.lose();
        }
        self.give(self.held.len(), keeper);
        let has_boundary = self.levels.last().is_some_and(|level| level.boundary.is_some());
        match self.at {
            At::Body => keeper.finish_body(has_boundary),
            // The parser goes back, and takes it for a text.
            At::Preamble => keeper.lose(),
            // The parser goes back to where the multipart ended; but what is a mail within as a whole goes on.
            At::Epilogue => keeper.end_mails(self.levels.get(1).is_some_and(|level| level.boundary.is_some())),
            _ => {}
        }
        keeper.end_mails(false);
    }

    /// Gives on so many bytes.
    fn give(&mut self, count: usize, keeper: &mut Keeper) {
        // Where headers or a preamble don't end the parser goes back.
        let is_sure = matches!(self.at, At::Body | At::Epilogue | At::Rest);
        keeper.bytes(&self.held[self.used..self.used + count], is_sure);
        self.used += count;
    }

    fn headers(&mut self, keeper: &mut Keeper) -> bool {
        let block = &self.held[self.used..];
        while let Some(end) = block[self.looked..].iter().position(|byte| *byte == b'\n') {
            self.looked += end + 1;
            let line = core::mem::replace(&mut self.line, self.looked);
            if !block[line..self.looked].trim_ascii().is_empty() {
                continue;
            }
            let mut stream = MessageStream::new(&block[..self.looked]);
            match self.at {
                At::First => stream.skip_crlf(),
                At::Next => _ = stream.is_multipart_end(),
                _ => {}
            }
            let mut headers = Vec::new();
            if stream.parse_headers(&self.parser, &mut headers) && stream.offset() == self.looked {
                let part = Part::new(&headers);
                // Of a mail that is nothing but a mail the parser doesn't see the end.
                let is_in_mail = self.levels.len() > 1 && self.kind() == Kind::Mail;
                if is_in_mail && part.is_mail(Kind::Mail) {
                    self.lose(keeper);
                    return true;
                }
                self.give(self.looked, keeper);
                (self.line, self.looked, self.empty) = (0, 0, 0);
                self.part(part, keeper);
                return true;
            }
            self.empty += 1;
        }
        self.looked = block.len();
        if block.len() > MAX_HEADERS || self.empty > MAX_EMPTY {
            self.lose(keeper);
        }
        self.at == At::Rest
    }

    fn lose(&mut self, keeper: &mut Keeper) {
        self.at = At::Rest;
        keeper.lose();
    }

    fn part(&mut self, part: Part, keeper: &mut Keeper) {
        self.parts += 1;
        if part.boundary.as_ref().is_some_and(|boundary| boundary.len() > MAX_BOUNDARY) {
            self.at = At::Rest;
            return keeper.refuse();
        }
        if self.levels.len() > MAX_DEPTH || self.parts > MAX_PARTS {
            return self.lose(keeper);
        }
        let Some(level) = self.levels.last_mut() else { return };
        level.parts += 1;
        if let Some(boundary) = part.boundary.as_ref().filter(|boundary| !boundary.is_empty()) {
            let boundary = Some([b"--", &boundary[..]].concat());
            self.levels.push(Level { kind: part.kind, boundary, parts: 0 });
            self.at = At::Preamble;
        } else if part.is_mail(level.kind) && part.encoding == Encoding::None {
            let within = Level { kind: Kind::Mail, boundary: level.boundary.clone(), parts: 0 };
            self.levels.push(within);
            self.at = At::Headers;
            keeper.begin_mail();
        } else {
            keeper.begin_body(part.body(level));
            self.at = At::Body;
        }
    }

    fn search(&mut self, keeper: &mut Keeper) -> bool {
        let Some(boundary) = self.levels.last().and_then(|level| level.boundary.as_deref()) else {
            self.give(self.held.len() - self.used, keeper);
            return false;
        };
        let (length, rest) = (boundary.len(), &self.held[self.used..]);
        let Some(at) = find(rest, boundary) else {
            let whole = rest.len().saturating_sub(length - 1);
            self.give(whole, keeper);
            return false;
        };
        self.give(at, keeper);
        if self.at == At::Preamble {
            self.at = At::First;
        } else {
            if self.at == At::Body {
                keeper.end_body();
            }
            self.at = At::Boundary;
            self.end_mails(keeper);
        }
        self.give(length, keeper);
        true
    }

    /// A boundary ends the mail within whose part it ends.
    fn end_mails(&mut self, keeper: &mut Keeper) {
        while self.levels.len() > 1 && self.kind() == Kind::Mail {
            self.levels.pop();
            keeper.end_mail();
        }
    }

    /// What the part stands in that is read.
    fn kind(&self) -> Kind {
        self.levels.last().map_or(Kind::Other, |level| level.kind)
    }

    fn behind_boundary(&mut self, keeper: &mut Keeper) -> bool {
        let rest = &self.held[self.used..];
        if rest.len() < 2 {
            return false;
        }
        if !rest.starts_with(b"--") {
            self.at = At::Next;
            return true;
        }
        self.give(2, keeper);
        self.levels.pop();
        keeper.note_end();
        let has_boundary = self.levels.last().is_some_and(|level| level.boundary.is_some());
        self.at = if has_boundary { At::Epilogue } else { At::Rest };
        true
    }
}

/// Where a boundary stands.
fn find(bytes: &[u8], boundary: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|byte| *byte == b'-')?;
        if bytes[at..].starts_with(boundary) {
            return Some(at);
        }
        at += 1;
    }
}

/// What the headers of a part say.
struct Part {
    kind: Kind,
    boundary: Option<Vec<u8>>,
    /// `text/plain`; none: it isn't said.
    essence: Option<(String, String)>,
    encoding: Encoding,
    /// None: it is no charset that can be decoded piece by piece.
    text: Option<Text>,
    is_attachment: bool,
    is_named: bool,
}

impl Part {
    fn new(headers: &Vec<Header<'_>>) -> Self {
        let as_type = |name| headers.header_value(&name).and_then(HeaderValue::as_content_type);
        let kind: Option<&ContentType<'_>> = as_type(HeaderName::ContentType);
        let is_multipart = kind.is_some_and(|kind| kind.ctype() == "multipart");
        let attribute = |name| kind.and_then(|kind| kind.attribute(name));
        let encoding = match headers.header_value(&HeaderName::ContentTransferEncoding) {
            Some(HeaderValue::Text(name)) => Encoding::named(name),
            _ => Encoding::None,
        };
        let decoder = attribute("charset").and_then(|name| charset_decoder(name.as_bytes()));
        Self {
            kind: match kind.and_then(|kind| kind.subtype()) {
                Some("alternative") => Kind::Alternative,
                Some("related") => Kind::Related,
                Some("digest") => Kind::Digest,
                _ => Kind::Other,
            },
            boundary: attribute("boundary").filter(|_| is_multipart).map(|name| name.as_bytes().into()),
            essence: kind.map(|kind| (kind.ctype().into(), kind.subtype().unwrap_or_default().into())),
            encoding,
            text: decoder.map_or(Some(Text::Utf8), Text::by_byte),
            is_attachment: as_type(HeaderName::ContentDisposition).is_some_and(ContentType::is_attachment),
            is_named: kind.is_some_and(|kind| kind.has_attribute("name")),
        }
    }

    fn essence(&self) -> Option<(&str, &str)> {
        self.essence.as_ref().map(|(main, sub)| (&main[..], &sub[..]))
    }

    fn is_mail(&self, within: Kind) -> bool {
        match self.essence() {
            Some(essence) => matches!(essence, ("message", "rfc822" | "global")),
            None => within == Kind::Digest,
        }
    }

    /// What its body is, in the multipart that it stands in.
    fn body(&self, level: &Level) -> Body {
        let is_html = self.essence() == Some(("text", "html"));
        if !self.is_mail(level.kind) && (is_html || matches!(self.essence(), None | Some(("text", "plain")))) {
            let is_file = level.kind != Kind::Alternative
                && (self.is_attachment || level.parts > 1 && (level.kind == Kind::Related || self.is_named));
            // Others may be shown, as what was said before says; of one that can't be decoded the only one is.
            if !is_file {
                return Body::Text { is_html };
            } else if level.kind == Kind::Mail && level.parts == 1 {
                return Body::Whole;
            }
        }
        match (self.essence(), self.text) {
            // Bounces are read; a mail that is encoded is taken apart itself.
            (Some(("message", _) | ("text", "rfc822-headers")), _) => Body::Whole,
            _ if self.is_mail(level.kind) || self.boundary.is_some() => Body::Whole,
            (_, None) => Body::Whole,
            (essence, Some(text)) => {
                let is_text = matches!(essence, None | Some(("text", _)));
                Body::File { encoding: self.encoding, text, is_text }
            }
        }
    }
}
