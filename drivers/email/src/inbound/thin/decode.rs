//! Transfer encodings undone while a body comes, with the results of `mail-parser`.

/// White space before a line's end that is held back, in bytes; more of it in quoted-printable is kept as it is.
const MAX_HELD: usize = 4 << 10;

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
    /// By the value of `Content-Transfer-Encoding`.
    pub fn new(encoding: Option<&str>) -> Self {
        match encoding {
            Some(name) if name.eq_ignore_ascii_case("base64") => Self::Base64(Base64::default()),
            Some(name) if name.eq_ignore_ascii_case("quoted-printable") => Self::Quoted(Quoted::default()),
            _ => Self::Plain,
        }
    }

    /// Decodes the next bytes, the end of the last line left out.
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

    /// What was held back at the end of it all.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Self::Quoted(quoted) = self {
            out.append(&mut quoted.held);
        }
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
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => {
                let known = match byte {
                    b'=' => {
                        let bytes = (self.chunk << (6 * (4 - u32::from(self.count)))).to_be_bytes();
                        let whole = [0, 1, 1, 2][usize::from(self.count)];
                        out.extend_from_slice(&bytes[1..=whole]);
                        (self.chunk, self.count) = (0, 0);
                        true
                    }
                    b' ' | b'\t' | b'\r' | b'\n' => true,
                    b'-' => self.last != b'-',
                    _ => false,
                };
                self.last = byte;
                return if known { Ok(()) } else { Err(Undecodable) };
            }
        };
        self.last = byte;
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
