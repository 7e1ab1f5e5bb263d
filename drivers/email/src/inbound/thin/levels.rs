//! Where in its multiparts a mail stands, and what the parser will take a part for: its rules, followed while the mail
//! comes.

use mail_parser::{MessageParser, MimeHeaders};

/// Multiparts within each other that are told apart.
const MAX_DEPTH: usize = 50;
/// The longest boundary that is looked for, in bytes; RFC 2046 allows 70.
const MAX_BOUNDARY: usize = 1_000;

/// What the body is that follows a part's headers.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// Parts follow, between boundaries.
    Parts,
    /// Text that is shown as such.
    Text { is_html: bool },
    /// A file, in this transfer encoding.
    File { encoding: Option<String>, charset: Option<String>, is_text: bool },
    /// A mail as it is; a file as well.
    Mail,
    /// A file whose beginning stays where it is: what a bounce says.
    Report { encoding: Option<String> },
    /// Multiparts deeper than is looked.
    TooDeep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mail,
    Alternative,
    Related,
    Digest,
    Other,
}

#[derive(Debug)]
struct Level {
    kind: Kind,
    boundary: Vec<u8>,
    in_alternative: bool,
    needs_text: bool,
    needs_html: bool,
    parts: usize,
}

/// The multiparts that a part stands in, the innermost last.
pub struct Levels(Vec<Level>);

impl Levels {
    /// Those of a mail that begins.
    pub fn new() -> Self {
        let mail = Level {
            kind: Kind::Mail,
            boundary: Vec::new(),
            in_alternative: false,
            needs_text: true,
            needs_html: true,
            parts: 0,
        };
        Self(vec![mail])
    }

    /// Whether a line, its end left out, is a boundary; then parts within end with it. `Some(true)`: a part follows,
    /// `Some(false)`: nothing that matters.
    pub fn boundary(&mut self, line: &[u8]) -> Option<bool> {
        let rest = line.strip_prefix(b"--")?.trim_ascii_end();
        let found =
            self.0.iter().enumerate().rev().filter(|(_, level)| level.kind != Kind::Mail).find_map(|(at, level)| {
                match rest.strip_prefix(&level.boundary[..])? {
                    b"" => Some((at, true)),
                    b"--" => Some((at, false)),
                    _ => None,
                }
            });
        let (at, opens) = found?;
        self.0.truncate(if opens { at + 1 } else { at });
        Some(opens)
    }

    /// Takes a part's headers.
    pub fn part(&mut self, parser: &MessageParser, headers: &[u8]) -> Body {
        let message = parser.parse_headers(headers);
        let part = message.as_ref().and_then(|message| message.parts.first());
        let kind = part.and_then(|part| part.content_type());
        let (ctype, subtype) = kind.map_or(("", ""), |kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
        let is_deep = self.0.len() >= MAX_DEPTH;
        let Some(level) = self.0.last_mut() else { return Body::TooDeep };
        level.parts += 1;
        if let Some(boundary) = kind.filter(|_| ctype == "multipart").and_then(|kind| kind.attribute("boundary")) {
            if is_deep || boundary.len() > MAX_BOUNDARY || boundary.is_empty() {
                return Body::TooDeep;
            }
            let kind = match subtype {
                "alternative" => Kind::Alternative,
                "related" => Kind::Related,
                "digest" => Kind::Digest,
                _ => Kind::Other,
            };
            let within = Level {
                kind,
                boundary: boundary.as_bytes().to_vec(),
                in_alternative: level.in_alternative || kind == Kind::Alternative,
                needs_text: level.needs_text,
                needs_html: level.needs_html,
                parts: 0,
            };
            self.0.push(within);
            return Body::Parts;
        }
        let encoding = part.and_then(|part| part.content_transfer_encoding()).map(String::from);
        let is_encoded = encoding
            .as_deref()
            .is_some_and(|name| name.eq_ignore_ascii_case("base64") || name.eq_ignore_ascii_case("quoted-printable"));
        let is_mail = (ctype == "message" && matches!(subtype, "rfc822" | "global"))
            || (kind.is_none() && level.kind == Kind::Digest);
        if is_mail && !is_encoded {
            return Body::Mail;
        }
        let is_shown_type = kind.is_none() && !is_mail || ctype == "text" && matches!(subtype, "plain" | "html");
        let is_html = ctype == "text" && subtype == "html";
        if is_shown_type {
            let is_attachment =
                part.and_then(|part| part.content_disposition()).is_some_and(|disposition| disposition.is_attachment());
            let is_named = kind.is_some_and(|kind| kind.has_attribute("name"));
            let is_inline = !is_attachment && (level.parts == 1 || level.kind != Kind::Related && !is_named);
            let is_shown = if level.kind == Kind::Alternative {
                true
            } else if is_inline {
                if level.in_alternative && (level.needs_text || level.needs_html) {
                    *(if is_html { &mut level.needs_text } else { &mut level.needs_html }) = false;
                }
                if is_html { level.needs_html } else { level.needs_text }
            } else {
                false
            };
            if is_shown {
                return Body::Text { is_html };
            }
        }
        if ctype == "message" && subtype.ends_with("delivery-status")
            || matches!((ctype, subtype), ("text", "rfc822-headers") | ("message", "global-headers"))
        {
            return Body::Report { encoding };
        }
        let charset = kind.and_then(|kind| kind.attribute("charset")).map(String::from);
        // A multipart without a boundary is a text as well.
        Body::File { encoding, charset, is_text: is_shown_type || matches!(ctype, "text" | "multipart") }
    }
}
