//! HTML of strangers, made safe to be shown: what isn't known to be harmless isn't there any more. No script, no style,
//! no form, nothing that is fetched from elsewhere (which would tell the sender that it is read), and links only to
//! web pages and addresses.

/// Elements that stay.
const KEPT: [&str; 40] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tr",
    "ul",
];
/// More of them.
const KEPT_TOO: [&str; 5] = ["th", "thead", "tfoot", "u", "small"];
/// Elements without an end.
const VOID: [&str; 3] = ["br", "hr", "img"];
/// Elements that go with all that is in them.
const DROPPED: [&str; 17] = [
    "script", "style", "title", "template", "iframe", "object", "applet", "noscript", "noembed", "noframes", "svg",
    "math", "textarea", "select", "xmp", "audio", "video",
];
/// Elements open at once.
const DEEPEST: usize = 256;
/// Attributes that are read of one element.
const MAX_ATTRIBUTES: usize = 64;
/// Before the safe HTML, should anything be overlooked.
const HEAD: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src cid: blob: data:\">\n";

/// A page that can be shown.
pub fn page(html: &str) -> String {
    format!("{HEAD}{}", safe(html))
}

/// The safe part of some HTML, well-formed.
pub fn safe(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = html;
    loop {
        let (text, markup) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        escape(text, &mut out);
        if markup.is_empty() {
            break;
        }
        rest = if let Some(comment) = markup.strip_prefix("<!--") {
            comment.find("-->").map_or("", |end| &comment[end + 3..])
        } else if markup.starts_with("<!") || markup.starts_with("<?") {
            markup.find('>').map_or("", |end| &markup[end + 1..])
        } else {
            match Tag::parse(markup) {
                Some((tag, behind)) => element(&tag, behind, &mut open, &mut out),
                // A sign that stands for itself.
                None => {
                    out.push_str("&lt;");
                    &markup[1..]
                }
            }
        };
    }
    open.iter().rev().for_each(|name| end(name, &mut out));
    out
}

/// Writes what stays of an element, and gives back what comes after it.
fn element<'a>(tag: &Tag<'_>, behind: &'a str, open: &mut Vec<&'static str>, out: &mut String) -> &'a str {
    if DROPPED.iter().any(|name| tag.is(name)) {
        return if tag.is_end { behind } else { after_end(behind, tag.name) };
    }
    let Some(name) = KEPT.iter().chain(&KEPT_TOO).find(|name| tag.is(name)) else {
        return behind;
    };
    if tag.is_end {
        if let Some(at) = open.iter().rposition(|other| other == name) {
            open.drain(at..).rev().for_each(|name| end(name, out));
        }
    } else if VOID.contains(name) {
        begin(name, tag, out);
    } else if open.len() < DEEPEST {
        begin(name, tag, out);
        open.push(name);
    }
    behind
}

/// What comes behind the end of an element whose inside goes; nothing where it has no end.
fn after_end<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let is_it = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !rest[name.len()..].starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if is_it {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

fn end(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn begin(name: &str, tag: &Tag<'_>, out: &mut String) {
    out.push('<');
    out.push_str(name);
    match name {
        "a" => {
            if let Some(link) =
                tag.attribute("href").filter(|link| begins_with(link, &["http://", "https://", "mailto:"]))
            {
                attribute("href", link, out);
                out.push_str(" rel=\"noopener noreferrer nofollow\" target=\"_blank\"");
            }
        }
        "img" => {
            if let Some(source) = tag.attribute("src").filter(|source| begins_with(source, &["cid:"])) {
                attribute("src", source, out);
            }
            attribute("alt", tag.attribute("alt").unwrap_or_default(), out);
        }
        "td" | "th" => {
            for span in ["colspan", "rowspan"] {
                let number =
                    |value: &&str| (1..=3).contains(&value.len()) && value.bytes().all(|digit| digit.is_ascii_digit());
                if let Some(value) = tag.attribute(span).filter(number) {
                    attribute(span, value, out);
                }
            }
        }
        _ => {}
    }
    out.push('>');
}

/// Compared as it is written: whatever entities stand behind can't change how it begins.
fn begins_with(value: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

/// Entities stay what they are: as text or in quotes they can't become markup.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(letter),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
}

/// What stands between `<` and `>`.
struct Tag<'a> {
    name: &'a str,
    is_end: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    /// Reads one at the beginning of `markup`, and gives back what comes behind it; none where there is none. One that
    /// isn't closed ends with the text.
    fn parse(markup: &'a str) -> Option<(Self, &'a str)> {
        let rest = &markup[1..];
        let (is_end, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        if !rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return None;
        }
        let is_edge = |letter: char| letter.is_ascii_whitespace() || "/>".contains(letter);
        let (name, mut rest) = rest.split_at(rest.find(is_edge).unwrap_or(rest.len()));
        let mut tag = Self { name, is_end, attributes: Vec::new() };
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == '/');
            if rest.is_empty() {
                return Some((tag, ""));
            }
            if let Some(behind) = rest.strip_prefix('>') {
                return Some((tag, behind));
            }
            // A `=` that has no name before it belongs to the name.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let end =
                rest[first..].find(|letter: char| is_edge(letter) || letter == '=').map_or(rest.len(), |at| at + first);
            let (name, behind) = rest.split_at(end);
            let spaces = |text: &'a str| text.trim_start_matches(|letter: char| letter.is_ascii_whitespace());
            let (value, behind) = match spaces(behind).strip_prefix('=') {
                Some(behind) => value(spaces(behind)),
                None => ("", behind),
            };
            if tag.attributes.len() < MAX_ATTRIBUTES {
                tag.attributes.push((name, value));
            }
            rest = behind;
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// An attribute's value without outer spaces; of several of one name the first counts.
    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// An attribute's value and what comes behind it.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    text.split_at(text.find(|letter: char| letter.is_ascii_whitespace() || letter == '>').unwrap_or(text.len()))
}
