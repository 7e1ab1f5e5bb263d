//! Blobs in the making.

use jackfield_sdk::error::code;
use jackfield_sdk::host::blobs::{self, Writer};
use jackfield_sdk::{Error, Result};

use super::decode::{Decoder, Encoding, NO_LETTER, Text, Undecodable};

/// Bytes that are gathered before they are given to the host.
const GATHERED: usize = 64 << 10;
/// Decoded bytes that are held back: what an end, or the boundary behind it, takes away again.
const HELD: usize = 3;

/// A blob in the making, and what is still to be written to it.
pub struct Spool {
    writer: Writer,
    waiting: Vec<u8>,
}

impl Spool {
    /// Begins one.
    ///
    /// # Errors
    /// Those of the host.
    pub fn new() -> Result<Self> {
        Ok(Self { writer: blobs::create()?, waiting: Vec::new() })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// Those of the host.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            self.writer.write(&self.waiting)?;
        }
        self.waiting.clear();
        Ok(())
    }

    /// Gives all to the host, and keeps no memory; more may come.
    ///
    /// # Errors
    /// Those of the host.
    pub fn rest(mut self) -> Result<Self> {
        self.flush()?;
        self.waiting = Vec::new();
        Ok(self)
    }

    /// Ends it: the blob and its size in bytes.
    ///
    /// # Errors
    /// Those of the host.
    pub fn finish(mut self) -> Result<(String, u32)> {
        self.flush()?;
        let size = self.writer.size();
        Ok((blobs::finish(self.writer)?, size))
    }
}

/// What a file can't be written for.
#[derive(Debug)]
pub enum Problem {
    Undecodable,
    Host(Error),
}

impl Problem {
    /// As an error of the host's.
    pub fn into_error(self) -> Error {
        match self {
            Self::Undecodable => Error::new(code::INVALID, "it isn't in the encoding that it names"),
            Self::Host(error) => error,
        }
    }
}

impl From<Undecodable> for Problem {
    fn from(_: Undecodable) -> Self {
        Self::Undecodable
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With all that came.
    Mail,
    /// Before a boundary, which stands at a line's beginning or in a line.
    Boundary { at_line_start: bool },
    /// Of a mail within, before a boundary: the parser takes it for one at a line's beginning.
    Within,
}

/// A file in the making.
pub struct File {
    spool: Spool,
    decoder: Decoder,
    text: Option<Text>,
    decoded: Vec<u8>,
    /// Text that isn't decoded from its charset.
    undone: Vec<u8>,
    out: Vec<u8>,
}

impl File {
    /// Begins one, of what comes in `encoding`; with `text` it becomes UTF-8.
    ///
    /// # Errors
    /// Those of the host.
    pub fn new(encoding: Encoding, text: Option<Text>) -> Result<Self> {
        let decoder = Decoder::new(encoding);
        let (decoded, undone, out) = Default::default();
        Ok(Self { spool: Spool::new()?, decoder, text, decoded, undone, out })
    }

    /// Adds bytes of the mail.
    ///
    /// # Errors
    /// They can't be decoded, or the host's.
    pub fn write(&mut self, bytes: &[u8]) -> core::result::Result<(), Problem> {
        self.decoder.decode(bytes, &mut self.decoded)?;
        Ok(self.give(self.decoded.len().saturating_sub(HELD))?)
    }

    fn give(&mut self, count: usize) -> Result<()> {
        match self.text {
            None => self.spool.write(&self.decoded[..count])?,
            Some(text) => {
                self.undone.extend_from_slice(&self.decoded[..count]);
                self.out.clear();
                text.decode(&mut self.undone, &mut self.out);
                self.spool.write(&self.out)?;
            }
        }
        self.decoded.drain(..count);
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// The end can't be decoded, or the host's.
    pub fn end(mut self, end: End) -> core::result::Result<Spool, Problem> {
        match end {
            End::Mail => self.decoder.finish(&mut self.decoded),
            End::Boundary { at_line_start } => self.decoder.end(at_line_start, &mut self.decoded)?,
            End::Within => {
                let end = self.decoded.len().saturating_sub(1);
                self.decoded.truncate(end);
                if self.decoded.ends_with(b"\r") {
                    self.decoded.pop();
                }
            }
        }
        self.give(self.decoded.len())?;
        if !self.undone.is_empty() {
            self.spool.write(NO_LETTER.as_bytes())?;
        }
        Ok(self.spool.rest()?)
    }
}
