//! An agent's WebSocket, written by hand: the load generator shares the cores with what it measures, so it must do as
//! little as possible.

use anyhow::{Context, bail, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Opcodes of RFC 6455.
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The bit that says that a frame is a message's last.
const FINAL: u8 = 0x80;
/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// The agent's end of a connection.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer has been handed out.
    taken: usize,
}

impl Socket {
    /// Connects as the agent with this token.
    ///
    /// # Errors
    /// The server doesn't let the agent in.
    pub async fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut socket = Self { stream, buffer: Vec::with_capacity(CHUNK), taken: 0 };
        let request = format!(
            "GET /v1/agent HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: jackfield.agent.v1\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        socket.stream.write_all(request.as_bytes()).await?;
        let head = loop {
            if let Some(end) = socket.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            socket.fill().await?;
        };
        let status = String::from_utf8_lossy(&socket.buffer[..head]).into_owned();
        ensure!(status.starts_with("HTTP/1.1 101"), "no WebSocket: {status}");
        socket.taken = head;
        Ok(socket)
    }

    /// The next text; pings are answered.
    ///
    /// # Errors
    /// The connection is closed or broken.
    pub async fn next(&mut self) -> anyhow::Result<&str> {
        loop {
            let (opcode, start, end) = loop {
                match self.frame()? {
                    Some(frame) => break frame,
                    None => self.fill().await?,
                }
            };
            self.taken = end;
            match opcode {
                TEXT => return std::str::from_utf8(&self.buffer[start..end]).context("a frame that is no text"),
                PING => {
                    let payload = self.buffer[start..end].to_vec();
                    self.send(PONG, &payload).await?;
                }
                PONG => {}
                CLOSE => bail!("the server closed the socket: {}", String::from_utf8_lossy(&self.buffer[start..end])),
                other => bail!("a frame of kind {other}"),
            }
        }
    }

    /// Whether a whole frame is there already.
    pub fn is_ready(&self) -> bool {
        matches!(self.frame(), Ok(Some(_)))
    }

    /// Sends a command.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn command(&mut self, command: &serde_json::Value) -> anyhow::Result<()> {
        self.send(TEXT, command.to_string().as_bytes()).await
    }

    async fn send(&mut self, opcode: u8, payload: &[u8]) -> anyhow::Result<()> {
        let mut frame = vec![FINAL | opcode];
        match u8::try_from(payload.len()).ok().filter(|length| *length < 126) {
            Some(length) => frame.push(0x80 | length),
            None => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len()).context("a command over 64 KiB")?.to_be_bytes());
            }
        }
        // Clients must mask; nothing says that the mask can't be zero.
        frame.extend([0; 4]);
        frame.extend_from_slice(payload);
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Kind, beginning and end of the next frame, if all of it is there.
    fn frame(&self) -> anyhow::Result<Option<(u8, usize, usize)>> {
        let rest = &self.buffer[self.taken..];
        let [first, second, ..] = *rest else { return Ok(None) };
        ensure!(first & FINAL != 0 && second & 0x80 == 0, "a masked frame, or one of several");
        let (length, head) = match second {
            126 => match rest.get(2..4) {
                Some(bytes) => (u64::from(u16::from_be_bytes([bytes[0], bytes[1]])), 4),
                None => return Ok(None),
            },
            127 => match rest.get(2..10).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) {
                Some(bytes) => (u64::from_be_bytes(bytes), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        let end = head + usize::try_from(length)?;
        let frame = (first & 0x0f, self.taken + head, self.taken + end);
        Ok((rest.len() >= end).then_some(frame))
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.reserve(CHUNK);
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server cut the socket");
        Ok(())
    }
}
