//! The reader.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Value;
use crate::encoding::hex_digit;

/// Deeper than anybody writes by hand, and shallow enough for the smallest stack.
const DEPTH: usize = 64;

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub reason: &'static str,
    /// The offset in bytes.
    pub offset: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.reason, self.offset)
    }
}

impl core::error::Error for ParseError {}

/// Reads one JSON value.
///
/// # Errors
/// What isn't UTF-8 or not JSON, and what I-JSON leaves out: a byte order mark, an object with a key twice, an
/// escape that makes half of a surrogate pair, a number beyond a double; also nesting deeper than 64.
pub fn parse(text: &[u8]) -> Result<Value<'_>, ParseError> {
    let text =
        core::str::from_utf8(text).map_err(|error| ParseError { reason: "not UTF-8", offset: error.valid_up_to() })?;
    if text.starts_with('\u{feff}') {
        return Err(ParseError { reason: "a byte order mark, which JSON doesn't have,", offset: 0 });
    }
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    let value = reader.value(DEPTH)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("something after the end of the value"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, reason: &'static str) -> ParseError {
        ParseError { reason, offset: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), ParseError> {
        if self.peek() != Some(byte) {
            return Err(self.error(reason));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, ParseError> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.error("a value was expected")),
            None => Err(self.error("the text ends too early")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, ParseError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, ParseError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.error("nested too deep"))?;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth)?);
            self.skip_space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']', "`,` or `]` was expected")?;
            return Ok(Value::Array(items));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, ParseError> {
        let start = self.at;
        let depth = depth.checked_sub(1).ok_or_else(|| self.error("nested too deep"))?;
        self.at += 1;
        let mut fields = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(fields));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a key in quotes was expected"));
            }
            let key = self.string()?;
            self.skip_space();
            self.expect(b':', "`:` was expected")?;
            self.skip_space();
            fields.push((key, self.value(depth)?));
            self.skip_space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}', "`,` or `}` was expected")?;
            if has_repeated_key(&fields) {
                return Err(ParseError { reason: "a key twice in the object that begins", offset: start });
            }
            return Ok(Value::Object(fields));
        }
    }

    fn number(&mut self) -> Result<Value<'a>, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.error("a digit was expected")),
        }
        let mut may_overflow = self.at - start > 300;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            may_overflow = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        let number = &self.text[start..self.at];
        if may_overflow && !number.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(ParseError { reason: "a number too large for a double", offset: start });
        }
        Ok(Value::Number(number))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        self.digits();
        if self.at == start { Err(self.error("a digit was expected")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ParseError> {
        self.at += 1;
        let mut start = self.at;
        let mut unescaped: Option<String> = None;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let piece = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match unescaped {
                        None => Cow::Borrowed(piece),
                        Some(text) => Cow::Owned(text + piece),
                    });
                }
                Some(b'\\') => {
                    let piece = &self.text[start..self.at];
                    let text = unescaped.get_or_insert_default();
                    text.push_str(piece);
                    self.at += 1;
                    let character = self.escape()?;
                    text.push(character);
                    start = self.at;
                }
                Some(0..0x20) => return Err(self.error("a control character in a string")),
                Some(_) => self.at += 1,
                None => return Err(self.error("the text ends too early")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let escaped = self.peek().ok_or_else(|| self.error("the text ends too early"))?;
        self.at += 1;
        Ok(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => {
                self.at -= 1;
                return Err(self.error("an escape that JSON doesn't have"));
            }
        })
    }

    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        const LONE: &str = "half of a surrogate pair";
        let first = self.four_hex_digits()?;
        let code = match first {
            0xd800..0xdc00 => {
                if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
                    return Err(self.error(LONE));
                }
                self.at += 2;
                let second = self.four_hex_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(self.error(LONE));
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| self.error(LONE))
    }

    fn four_hex_digits(&mut self) -> Result<u32, ParseError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(hex_digit).ok_or_else(|| self.error("a hex digit was expected"))?;
            code = code << 4 | u32::from(digit);
            self.at += 1;
        }
        Ok(code)
    }
}

fn has_repeated_key(fields: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    // Few fields: comparing each with each is cheaper than a set, and needs no memory.
    if fields.len() <= 16 {
        return fields.iter().enumerate().any(|(at, (key, _))| fields[..at].iter().any(|(earlier, _)| earlier == key));
    }
    let mut keys = BTreeSet::new();
    fields.iter().any(|(key, _)| !keys.insert(key.as_ref()))
}
