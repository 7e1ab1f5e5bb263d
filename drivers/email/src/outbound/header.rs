//! Headers of a mail that goes out: ASCII only (RFC 2047, RFC 2231), folded, and no line in them that isn't ours.

use jackfield_sdk::encoding::{to_base64, to_percent};

/// A line of a header is folded after so many letters where it can be.
const FOLD: usize = 76;
/// Bytes of text in one encoded word, which may have 75 letters in all.
const WORD: usize = 42;

/// Text, as in a subject: as it is where it is plain ASCII, else in encoded words.
pub fn text(text: &str) -> String {
    let text = one_line(text);
    let plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    // What looks like an encoded word would be read as one.
    if plain && !text.contains("=?") && text.split(' ').all(|word| word.len() < 900) { text } else { words(&text) }
}

/// A name and an address: `Ann <ann@example.net>`.
pub fn mailbox(name: Option<&str>, address: &str) -> String {
    let Some(name) = name.map(one_line).filter(|name| !name.is_empty()) else {
        return address.into();
    };
    let is_atom = |letter: u8| letter.is_ascii_alphanumeric() || b" !#$%&'*+-/^_`{|}~".contains(&letter);
    if name.bytes().all(is_atom) {
        format!("{name} <{address}>")
    } else if name.is_ascii() && name.len() < 200 && !name.contains("=?") {
        format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("{} <{address}>", words(&name))
    }
}

/// `; name=value` with a value of any letters (RFC 2231).
pub fn parameter(name: &str, value: &str) -> String {
    let value = one_line(value);
    let simple = |letter: char| letter == ' ' || (letter.is_ascii_graphic() && !"\"\\".contains(letter));
    if value.len() <= 60 && value.chars().all(simple) {
        return format!(";\r\n {name}=\"{value}\"");
    }
    let mut text = String::new();
    let mut piece = String::new();
    let mut number = 0;
    let mut put = |piece: &mut String| {
        let charset = if number == 0 { "utf-8''" } else { "" };
        text.push_str(&format!(";\r\n {name}*{number}*={charset}{piece}"));
        piece.clear();
        number += 1;
    };
    for letter in value.chars() {
        let encoded = to_percent(letter.encode_utf8(&mut [0; 4]));
        if piece.len() + encoded.len() > 50 {
            put(&mut piece);
        }
        piece.push_str(&encoded);
    }
    put(&mut piece);
    text
}

/// `Name: value` and CRLF, folded at spaces.
pub fn field(name: &str, value: &str) -> String {
    let mut text = format!("{name}:");
    let mut column = text.len();
    for word in value.split(' ') {
        let first = word.split("\r\n").next().unwrap_or_default().len();
        if column + 1 + first > FOLD && column > name.len() + 1 && !word.is_empty() {
            text.push_str("\r\n");
            column = 0;
        }
        text.push(' ');
        text.push_str(word);
        column = match word.rsplit_once("\r\n") {
            Some((_, last)) => last.len(),
            None => column + 1 + word.len(),
        };
    }
    text.push_str("\r\n");
    text
}

/// What other channels and people gave, without anything that could begin a new line.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    clean.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> String {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if word.len() + letter.len_utf8() > WORD {
            words.push(core::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let words: Vec<String> = words.iter().map(|word| format!("=?utf-8?B?{}?=", to_base64(word.as_bytes()))).collect();
    words.join(" ")
}
