//! Checks of one text.

use super::at::At;
use super::{Bytes, Invalid};
use crate::limits;

/// Refuses a text over a limit.
pub(super) fn most(text: &str, limit: usize, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    if text.len() > limit {
        return Err(
            at.limit(format_args!("{} bytes, at most {limit} are allowed; shorten it before it is pushed", text.len()))
        );
    }
    bytes.add(text.len(), 0);
    Ok(())
}

/// A text that may be missing.
pub(super) fn optional(
    text: &Option<String>,
    at: &At<'_>,
    bytes: &mut Bytes,
    check: impl FnOnce(&str, &At<'_>, &mut Bytes) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    text.as_deref().map_or(Ok(()), |text| check(text, at, bytes))
}

/// A line for people: subject, name, detail.
pub(super) fn line(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    most(text, limits::LINE, at, bytes)
}

/// An id, an address, a conversation key.
pub(super) fn id(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(at.invalid("is empty; give the channel's own id or address, or null where null is allowed"));
    }
    most(text, limits::ID, at, bytes)?;
    printable(text, at)
}

/// The key of an attribute.
pub(super) fn key(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(at.invalid("the key of an attribute is empty; name it, your own with your driver's name and a dot"));
    }
    most(text, limits::NAME, at, bytes)?;
    printable(text, at)
}

/// A name of the specification or a driver's own.
pub(super) fn name(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    of(text, limits::NAME, "a-z, 0-9, `.`, `_` and `-`", |b| matches!(b, b'.' | b'_' | b'-'), at, bytes)
}

/// The name of a medium.
pub(super) fn media_type(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    of(text, limits::MEDIA_TYPE, "a-z, 0-9 and `-`", |b| b == b'-', at, bytes)
}

fn of(
    text: &str,
    limit: usize,
    letters: &str,
    extra: fn(u8) -> bool,
    at: &At<'_>,
    bytes: &mut Bytes,
) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(at.invalid(format_args!("is empty; give a name of {letters}")));
    }
    most(text, limit, at, bytes)?;
    match text
        .char_indices()
        .find(|&(_, c)| !u8::try_from(c).is_ok_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || extra(b)))
    {
        None => Ok(()),
        Some((place, c)) => {
            Err(at.invalid(format_args!("{c:?} at byte {place} is not allowed in this name; names are of {letters}")))
        }
    }
}

fn printable(text: &str, at: &At<'_>) -> Result<(), Invalid> {
    // Most texts are ASCII, and bytes are faster than characters.
    let clean = text.bytes().all(|b| (0x20..0x7f).contains(&b)) || !text.chars().any(char::is_control);
    if clean {
        return Ok(());
    }
    let found = text.char_indices().find(|(_, c)| c.is_control());
    let (place, c) = found.unwrap_or_default();
    Err(at.invalid(format_args!(
        "has the control character U+{:04X} at byte {place}; ids, keys and addresses are printable: take it out",
        u32::from(c)
    )))
}

/// One of the words that the specification lists.
pub(super) fn word(text: &str, words: &[&str], at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    if !words.contains(&text) {
        let short: String = text.chars().take(64).collect();
        return Err(at.invalid(format_args!("{short:?} is not known here; give one of: {}", words.join(", "))));
    }
    bytes.add(text.len(), 0);
    Ok(())
}

/// A BCP 47 tag, by its form.
pub(super) fn language(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    most(text, limits::LANGUAGE, at, bytes)?;
    let mut subtags = text.split('-');
    let first = subtags.next().unwrap_or_default();
    let formed = match first.len() {
        // `x` and `i` begin tags of private use and old registrations.
        1 => matches!(first, "x" | "X" | "i" | "I") && text.len() > 2,
        2..=8 => first.bytes().all(|b| b.is_ascii_alphabetic()),
        _ => false,
    } && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    if formed {
        return Ok(());
    }
    Err(at.invalid(format_args!("{text:?} is no BCP 47 tag; write it as `es` or `pt-BR`, or null if it is not known")))
}

fn has_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim_end_matches(' ');
    let restricted =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    essence.split_once('/').is_some_and(|(a, b)| restricted(a) && restricted(b))
}

/// Whether an attachment may have this type: a form as in RFC 6838, short and printable.
pub fn is_content_type(text: &str) -> bool {
    text.len() <= limits::CONTENT_TYPE && !text.chars().any(char::is_control) && has_type(text)
}

/// A type as in RFC 6838; parameters after `;` are left to the reader.
pub(super) fn content_type(text: &str, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    most(text, limits::CONTENT_TYPE, at, bytes)?;
    printable(text, at)?;
    if has_type(text) {
        return Ok(());
    }
    Err(at.invalid(format_args!(
        "{text:?} is no media type; write it as `image/jpeg`, or `application/octet-stream` if the sender gave none"
    )))
}
