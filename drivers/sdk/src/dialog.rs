//! Protocols that ask and answer in lines, over a connection for the length of one call (SMTP, IMAP, POP3).

use core::cell::RefCell;

use crate::error::code;
use crate::host::tcp;
use crate::{Error, Piece, Result};

/// The longest line or counted block that is waited for.
const LONGEST: usize = 1 << 20;
/// Bytes asked for at once.
const CHUNK: u32 = 64 << 10;

/// A connection with what was read of it and not used yet.
pub struct Dialog {
    connection: tcp::Connection,
    waiting: RefCell<Vec<u8>>,
    timeout_ms: u32,
}

impl Dialog {
    /// Connects to `tcp://host:port` or `tls://host:port`; the grant `tcp` has to name it. Every step may take
    /// `timeout_ms`.
    ///
    /// # Errors
    /// As `tcp.connect` of the specification.
    pub fn connect(url: &str, timeout_ms: u32) -> Result<Self> {
        let connection = tcp::connect(url, timeout_ms)?;
        Ok(Self { connection, waiting: RefCell::new(Vec::new()), timeout_ms })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// As `write` of the specification.
    pub fn write(&self, data: &[u8]) -> Result<()> {
        self.write_pieces(&[Piece::Bytes(data.into())])
    }

    /// Writes pieces, secrets among them.
    ///
    /// # Errors
    /// As `write` of the specification.
    pub fn write_pieces(&self, data: &[Piece]) -> Result<()> {
        self.connection.write(data, self.timeout_ms)
    }

    /// The next line, without its CRLF or LF; none at the peer's end.
    ///
    /// # Errors
    /// `timeout`, `unavailable`; `too-large` over 1 MiB.
    pub fn line(&self) -> Result<Option<Vec<u8>>> {
        let mut waiting = self.waiting.borrow_mut();
        let mut searched = 0;
        loop {
            if let Some(found) = waiting[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = waiting.drain(..=searched + found).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            searched = waiting.len();
            if !self.more(&mut waiting)? {
                return Ok(None);
            }
        }
    }

    /// The next `count` bytes, as a length that the peer announced says.
    ///
    /// # Errors
    /// `timeout`; `unavailable` where the peer ends before; `too-large` over 1 MiB.
    pub fn exactly(&self, count: usize) -> Result<Vec<u8>> {
        if count > LONGEST {
            return Err(Error::new(code::TOO_LARGE, format!("more than {LONGEST} bytes at once")));
        }
        let mut waiting = self.waiting.borrow_mut();
        while waiting.len() < count {
            if !self.more(&mut waiting)? {
                return Err(Error::new(code::UNAVAILABLE, "the peer ended in the midst of what it announced"));
            }
        }
        Ok(waiting.drain(..count).collect())
    }

    fn more(&self, waiting: &mut Vec<u8>) -> Result<bool> {
        if waiting.len() >= LONGEST {
            return Err(Error::new(code::TOO_LARGE, format!("a line of the peer's is longer than {LONGEST} bytes")));
        }
        let bytes = self.connection.read(CHUNK, self.timeout_ms)?;
        waiting.extend_from_slice(&bytes);
        Ok(!bytes.is_empty())
    }

    /// Begins TLS. `server_name` none: the certificate has to be for the host connected to.
    ///
    /// # Errors
    /// `unavailable`; also where the peer has said more in clear than was used: under TLS it would pass for something
    /// that it said there.
    pub fn start_tls(&self, server_name: Option<&str>) -> Result<()> {
        if !self.waiting.borrow().is_empty() {
            return Err(Error::new(code::UNAVAILABLE, "the peer said more in clear than it was asked for"));
        }
        self.connection.start_tls(server_name, self.timeout_ms)
    }

    /// Ends it in order.
    pub fn close(self) {
        tcp::close(self.connection);
    }
}

#[cfg(test)]
mod tests;
