//! Transfer encodings and charsets undone while a body comes, with the results of `mail-parser`.

/// White space before a line's end that is held back, in bytes; more of it in quoted-printable is kept as it is.
const MAX_HELD: usize = 64 << 10;

/// A transfer encoding that is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    None,
    Base64,
    Quoted,
}

impl Encoding {
    /// By the value of `Content-Transfer-Encoding`.
    pub fn named(name: &str) -> Self {
        match name {
            _ if name.eq_ignore_ascii_case("base64") => Self::Base64,
            _ if name.eq_ignore_ascii_case("quoted-printable") => Self::Quoted,
            _ => Self::None,
        }
    }
}

/// Undoes an encoding, piece by piece.
pub enum Decoder {
    /// Nothing is encoded.
    Plain,
    Base64(Base64),
    Quoted(Quoted),
}

/// The body isn't in the encoding that it names.
#[derive(Debug, PartialEq, Eq)]
pub struct Undecodable;

impl Decoder {
    /// At the beginning of a body.
    pub fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::None => Self::Plain,
            Encoding::Base64 => Self::Base64(Base64::default()),
            Encoding::Quoted => Self::Quoted(Quoted::default()),
        }
    }

    /// Decodes the next bytes.
    ///
    /// # Errors
    /// They are none of this encoding.
    pub fn decode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Undecodable> {
        match self {
            Self::Plain => out.extend_from_slice(bytes),
            Self::Base64(base64) => return bytes.iter().try_for_each(|byte| base64.byte(*byte, out)),
            Self::Quoted(quoted) => return bytes.iter().try_for_each(|byte| quoted.byte(*byte, out)),
        }
        Ok(())
    }

    /// Before a boundary, which stands at a line's beginning or not: the line's end before it is no text. Of `out` the
    /// last 3 bytes at least must be there still.
    ///
    /// # Errors
    /// With the boundary it is none of this encoding.
    pub fn end(&mut self, at_line_start: bool, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        let end = match self {
            Self::Plain if at_line_start => strip_line_end(out).len(),
            Self::Plain => out.len(),
            // The parser decodes the boundary's first byte, too.
            Self::Base64(base64) => {
                base64.byte(b'-', out)?;
                out.len()
            }
            Self::Quoted(quoted) => {
                quoted.byte(b'-', out)?;
                let line_end = if quoted.has_return { 2 } else { 1 };
                out.len().checked_sub(if at_line_start { 1 + line_end } else { 1 }).unwrap_or(out.len())
            }
        };
        out.truncate(end);
        Ok(())
    }

    /// At the end of a mail without boundaries.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Self::Quoted(quoted) = self {
            out.append(&mut quoted.held);
        }
    }
}

/// Without CRLF or LF at its end.
pub fn strip_line_end(bytes: &[u8]) -> &[u8] {
    match bytes.strip_suffix(b"\n") {
        Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
        None => bytes,
    }
}

/// RFC 2045, 6.8. `=` may stand anywhere, as where encoded pieces are put together.
#[derive(Default)]
pub struct Base64 {
    chunk: u32,
    count: u8,
    last: u8,
}

impl Base64 {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        let last = core::mem::replace(&mut self.last, byte);
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                let bytes = (self.chunk << (6 * (4 - u32::from(self.count)))).to_be_bytes();
                let whole = [0, 1, 1, 2][usize::from(self.count)];
                out.extend_from_slice(&bytes[1..=whole]);
                (self.chunk, self.count) = (0, 0);
                return Ok(());
            }
            b' ' | b'\t' | b'\r' | b'\n' => return Ok(()),
            b'-' if last != b'-' => return Ok(()),
            _ => return Err(Undecodable),
        };
        self.chunk = (self.chunk << 6) | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            out.extend_from_slice(&self.chunk.to_be_bytes()[1..]);
            (self.chunk, self.count) = (0, 0);
        }
        Ok(())
    }
}

/// RFC 2045, 6.7. What is no escape stays as it is; white space at a line's end is none of the text.
#[derive(Default)]
pub struct Quoted {
    at: Escape,
    has_return: bool,
    last: u8,
    held: Vec<u8>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Escape {
    #[default]
    None,
    /// Behind `=`.
    Equals,
    /// Behind `=` and this digit.
    Digit(u8),
}

impl Quoted {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        match (byte, self.at) {
            (b'=', Escape::None) => self.at = Escape::Equals,
            (b'=', _) => return Err(Undecodable),
            (b'\n', Escape::Equals) => {
                out.append(&mut self.held);
                self.at = Escape::None;
            }
            (b'\n', _) => {
                self.held.clear();
                out.extend_from_slice(if self.has_return { b"\r\n" } else { b"\n" });
            }
            (b'\r', _) => self.has_return = true,
            (_, Escape::None) if byte.is_ascii_whitespace() && self.held.len() < MAX_HELD => self.held.push(byte),
            (_, Escape::None) => self.push(&[byte], out),
            (_, Escape::Equals) if hex(byte).is_some() => self.at = Escape::Digit(byte),
            (_, Escape::Equals) if byte.is_ascii_whitespace() => {}
            (_, Escape::Equals) => {
                self.at = Escape::None;
                self.push(&[b'=', byte], out);
            }
            (_, Escape::Digit(first)) => {
                self.at = Escape::None;
                match (hex(first), hex(byte)) {
                    (Some(high), Some(low)) => self.push(&[(high << 4) | low], out),
                    // As the parser: what stands right before, be it a line's end.
                    _ => self.push(&[b'=', self.last, byte], out),
                }
            }
        }
        self.last = byte;
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.append(&mut self.held);
        out.extend_from_slice(bytes);
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

/// A charset that is undone.
#[derive(Clone, Copy)]
pub enum Text {
    Utf8,
    /// One in which each byte is a character.
    Bytes(fn(&[u8]) -> String),
}

impl Text {
    /// That of a decoder, if each byte is a character in it.
    pub fn by_byte(decoder: fn(&[u8]) -> String) -> Option<Self> {
        let all = || 0..=u8::MAX;
        // Each behind its neighbour on either side, and what other charsets change over by.
        let probe: Vec<u8> = all().chain(all().rev()).chain(*b"\x1b$B0!\x1b(J~~{0!~}+AGEAYg-").collect();
        let alone: String = probe.iter().map(|byte| decoder(&[*byte])).collect();
        (alone.chars().count() == probe.len() && decoder(&probe) == alone).then_some(Self::Bytes(decoder))
    }

    /// Decodes `bytes` to UTF-8, but for what may go on behind them: that is left there.
    pub fn decode(self, bytes: &mut Vec<u8>, out: &mut Vec<u8>) {
        if let Self::Bytes(decoder) = self {
            out.extend_from_slice(decoder(bytes).as_bytes());
            bytes.clear();
            return;
        }
        let mut rest = &bytes[..];
        while let Err(error) = core::str::from_utf8(rest) {
            let (valid, behind) = rest.split_at(error.valid_up_to());
            out.extend_from_slice(valid);
            rest = behind;
            let Some(wrong) = error.error_len() else {
                let held = rest.to_vec();
                *bytes = held;
                return;
            };
            out.extend_from_slice(NO_LETTER.as_bytes());
            rest = &rest[wrong..];
        }
        out.extend_from_slice(rest);
        bytes.clear();
    }
}

/// What stands for bytes that are no text.
pub const NO_LETTER: &str = "\u{fffd}";
