//! The text of a mail as it comes over the line: ends with a dot alone on a line, other dots at the beginning of lines
//! are doubled (RFC 5321, 4.5.2).

use jackfield_sdk::Result;

use crate::inbound::thin::{Bounds, Thinned, Thinner};

/// Bytes of a mail that are gathered before they are looked at.
const GATHERED: usize = 64 << 10;

/// Takes the text up to its end. Only CRLF ends a line here: a bare LF or CR is text like any other.
pub struct Receiver {
    /// None: the mail is too large.
    mail: Option<Thinner>,
    gathered: Vec<u8>,
    size: usize,
    max_size: usize,
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
        let mail = Some(Thinner::new(Bounds::default()));
        Self { mail, gathered: Vec::new(), size: 0, max_size, at: At::Start }
    }

    /// Takes bytes: how many of them belong to the mail, and whether it is at its end.
    pub fn receive(&mut self, data: &[u8]) -> (usize, bool) {
        let received = self.unstuff(data);
        self.look();
        received
    }

    fn unstuff(&mut self, data: &[u8]) -> (usize, bool) {
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
        self.size > self.max_size.saturating_mul(2)
    }

    /// The mail; none where it was too large.
    ///
    /// # Errors
    /// The host has no room for it.
    pub fn into_mail(self) -> Result<Option<Thinned>> {
        self.mail.map(Thinner::finish).transpose()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.size += bytes.len();
        if self.size > self.max_size {
            (self.mail, self.gathered) = (None, Vec::new());
            return;
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.look();
        }
    }

    fn look(&mut self) {
        if let Some(mail) = &mut self.mail {
            mail.take(&self.gathered);
        }
        self.gathered.clear();
    }
}
