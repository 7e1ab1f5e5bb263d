//! Whether a mail is so built that reading it takes bounded time and memory.
//!
//! The MIME parser takes all that it is given, and its memory grows with the number of headers and parts, its time with
//! multiparts whose end isn't there. No mail of people comes near these bounds; what is beyond them is shown as a file.

/// Lines that may be a boundary.
const MAX_BOUNDARIES: usize = 5_000;
/// Lines that may be a header.
const MAX_HEADERS: usize = 50_000;
/// Bytes of headers that are taken apart, addresses above all.
const MAX_STRUCTURED: usize = 512 << 10;
/// Mails within mails.
const MAX_NESTED: usize = 100;
/// Bytes times multiparts.
const MAX_SEARCHED: usize = 500 << 20;

/// The headers that the parser takes apart.
const STRUCTURED: [&str; 13] = [
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
    "content-id",
    "subject",
];

/// Whether it is.
pub fn is_bounded(raw: &[u8]) -> bool {
    let (mut boundaries, mut headers, mut structured, mut nested, mut multiparts) = (0, 0, 0, 0, 0);
    let mut is_structured = false;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        boundaries += usize::from(line.starts_with(b"--"));
        if is_structured && matches!(line.first(), Some(b' ' | b'\t')) {
            structured += line.len();
        } else {
            is_structured = false;
            if let Some(name) = header_name(line) {
                headers += 1;
                is_structured = STRUCTURED.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
                structured += if is_structured { line.len() } else { 0 };
            }
        }
        if is_structured {
            nested += usize::from(has_word(line, b"message"));
            multiparts += usize::from(has_word(line, b"multipart"));
        }
    }
    boundaries <= MAX_BOUNDARIES
        && headers <= MAX_HEADERS
        && structured <= MAX_STRUCTURED
        && nested <= MAX_NESTED
        && raw.len().saturating_mul(multiparts) <= MAX_SEARCHED
}

fn header_name(line: &[u8]) -> Option<&[u8]> {
    const LONGEST: usize = 128;
    let colon = line.iter().take(LONGEST).position(|byte| *byte == b':')?;
    Some(line[..colon].trim_ascii())
}

fn has_word(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}
