//! Halves of surrogate pairs, which no JSON may have and customers' phones cut off emoji make all the same.

use std::borrow::Cow;

/// The text with U+FFFD in the place of each escape that is half of a pair: one cut emoji is no reason to refuse all that
/// stands around it.
pub fn repaired(json: &[u8]) -> Cow<'_, [u8]> {
    // Most texts have no half at all.
    if !json.windows(3).any(|escape| matches!(escape, [b'\\', b'u', b'd' | b'D'])) {
        return Cow::Borrowed(json);
    }
    let mut whole = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        let (length, replaced) = match (json[at], unit(json, at)) {
            // An escaped backslash is no beginning of another escape.
            (b'\\', None) => (2, false),
            (_, None) => (1, false),
            (_, Some(0xd800..=0xdbff)) => match unit(json, at + 6) {
                Some(0xdc00..=0xdfff) => (12, false),
                _ => (6, true),
            },
            (_, Some(0xdc00..=0xdfff)) => (6, true),
            (_, Some(_)) => (6, false),
        };
        let end = (at + length).min(json.len());
        if replaced {
            whole.extend_from_slice(b"\\ufffd");
        } else {
            whole.extend_from_slice(&json[at..end]);
        }
        at = end;
    }
    Cow::Owned(whole)
}

/// The number of the escape `\uXXXX` that stands at `at`.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let escape = json.get(at..at + 6)?;
    let digits = core::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}
