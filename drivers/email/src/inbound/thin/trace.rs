//! The SHA-256 of a mail without the headers that servers put before it, computed while the mail comes.

use jackfield_sdk::encoding::to_hex;
use sha2::{Digest, Sha256};

/// Headers that servers on the way put before a mail; they differ where it comes a second time by another way.
const TRACE: [&[u8]; 5] = [b"received:", b"return-path:", b"delivered-to:", b"x-original-to:", b"x-envelope-to:"];
/// The longest of them.
const LONGEST: usize = 14;

/// Hashes from the beginning of the line that is looked at; begins anew where that line turns out to be of the trace.
pub struct TraceDigest {
    hash: Sha256,
    /// The beginning of the line, as far as it matters.
    start: Vec<u8>,
    /// The line before is of the trace, and so are lines that continue it.
    is_trace: bool,
    /// The trace is over.
    is_done: bool,
}

impl TraceDigest {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { hash: Sha256::new(), start: Vec::with_capacity(LONGEST), is_trace: false, is_done: false }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while !self.is_done && !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            bytes = rest;
            let text = end.map_or(line, |end| &line[..end]);
            self.start.extend_from_slice(&text[..text.len().min(LONGEST - self.start.len())]);
            self.hash.update(line);
            if end.is_some() {
                self.is_trace = match self.start.first() {
                    Some(b' ' | b'\t') => self.is_trace,
                    _ => TRACE
                        .iter()
                        .any(|name| self.start.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))),
                };
                self.is_done = !self.is_trace;
                self.start.clear();
                if self.is_trace {
                    self.hash = Sha256::new();
                }
            }
        }
        self.hash.update(bytes);
    }

    /// The digest, in hexadecimal.
    pub fn finish(self) -> String {
        to_hex(&self.hash.finalize())
    }
}
