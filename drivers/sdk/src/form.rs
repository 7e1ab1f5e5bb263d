//! `application/x-www-form-urlencoded`, both ways, as browsers do it.

use crate::encoding::{hex_digit, push_percent};

/// The fields in order, repeats kept; none where the decoded bytes aren't UTF-8.
///
/// `+` is a space and `%XX` a byte; a `%` without two hex digits stands for itself.
pub fn parse(form: &[u8]) -> Option<Vec<(String, String)>> {
    form.split(|byte| *byte == b'&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = match field.iter().position(|byte| *byte == b'=') {
                Some(at) => (&field[..at], &field[at + 1..]),
                None => (field, &field[..0]),
            };
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

/// The fields as one text.
pub fn write(fields: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        encode(&mut form, name);
        form.push('=');
        encode(&mut form, value);
    }
    form
}

fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after {
                [high, low, ..] if hex_digit(*high).is_some() && hex_digit(*low).is_some() => {
                    bytes.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
                    rest = &after[2..];
                }
                _ => bytes.push(b'%'),
            },
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

fn encode(form: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => form.push('+'),
            b'*' | b'-' | b'.' | b'_' => form.push(byte as char),
            _ if byte.is_ascii_alphanumeric() => form.push(byte as char),
            _ => push_percent(form, byte),
        }
    }
}
