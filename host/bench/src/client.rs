//! A keep-alive HTTP connection, written by hand for the same reason as [`crate::socket`].

use anyhow::{Context, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of an answer; those measured have a few hundred.
const ANSWER: usize = 64 * 1024;

/// A connection to the server.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer, which must be 200.
    ///
    /// # Errors
    /// It is another, or the connection broke.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let length = loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0 && self.buffer.len() < ANSWER, "the server cut a connection");
            if let Some(length) = answer_length(&self.buffer)? {
                break length;
            }
        };
        while self.buffer.len() < length {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server cut an answer");
        }
        ensure!(self.buffer.starts_with(b"HTTP/1.1 200"), "not 200 but {}", String::from_utf8_lossy(&self.buffer));
        Ok(())
    }
}

/// Bytes of the whole answer, once its head is there.
fn answer_length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?;
    let lengths = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = lengths.with_context(|| format!("an answer without its length: {text}"))?;
    Ok(Some(head + 4 + length.trim().parse::<usize>()?))
}
