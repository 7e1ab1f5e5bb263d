//! The text of a mail as it comes over the line: ends with a dot alone on a line, other dots at the beginning of lines
//! are doubled (RFC 5321, 4.5.2).

/// Takes the text up to its end. Only CRLF ends a line here: a bare LF or CR is text like any other.
pub struct Receiver {
    mail: Vec<u8>,
    max_size: usize,
    /// Bytes that came after the mail was too large.
    beyond: usize,
    at: At,
}

/// Where in a line the last byte stood.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// At a line's beginning.
    Start,
    /// Behind a dot at a line's beginning.
    Dot,
    /// Behind that dot and a CR.
    DotReturn,
    /// Within a line.
    Inside,
    /// Within a line, behind a CR.
    Return,
}

impl Receiver {
    /// Waits for the first byte.
    pub fn new(max_size: usize) -> Self {
        Self { mail: Vec::new(), max_size, beyond: 0, at: At::Start }
    }

    /// Takes bytes: how many of them belong to the mail, and whether it is at its end.
    pub fn receive(&mut self, data: &[u8]) -> (usize, bool) {
        let mut used = 0;
        while let Some(&byte) = data.get(used) {
            match (self.at, byte) {
                (At::Start, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') => self.at = At::DotReturn,
                (At::DotReturn, b'\n') => return (used + 1, true),
                (At::DotReturn, _) => {
                    // It was a dot, text and a CR within a line after all; the dot is the doubled one.
                    self.keep(b"\r");
                    self.at = At::Return;
                    continue;
                }
                (At::Return, b'\n') => {
                    self.keep(b"\n");
                    self.at = At::Start;
                }
                _ => {
                    let run = data[used..].iter().position(|byte| *byte == b'\r').unwrap_or(data.len() - used);
                    if run == 0 {
                        self.keep(b"\r");
                        self.at = At::Return;
                    } else {
                        self.keep(&data[used..used + run]);
                        self.at = At::Inside;
                        used += run;
                        continue;
                    }
                }
            }
            used += 1;
        }
        (used, false)
    }

    /// The mail is too large, and the peer goes on all the same.
    pub fn is_hopeless(&self) -> bool {
        self.beyond > self.max_size
    }

    /// The mail; none where it was too large.
    pub fn into_mail(self) -> Option<Vec<u8>> {
        (self.beyond == 0).then_some(self.mail)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.beyond > 0 || self.mail.len() + bytes.len() > self.max_size {
            self.mail = Vec::new();
            self.beyond += bytes.len();
            return;
        }
        // Grows by a quarter, not to the double: a large mail is most of what an instance may have.
        if self.mail.capacity() - self.mail.len() < bytes.len() {
            self.mail.reserve_exact((self.mail.len() / 4).max(bytes.len()).max(8192));
        }
        self.mail.extend_from_slice(bytes);
    }
}
