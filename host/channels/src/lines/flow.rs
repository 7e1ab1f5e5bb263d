//! The bytes of a connection: read as they come, written as they are allowed to.

use super::line::Line;
use super::wire::Wire;
use bytes::{Buf, Bytes, BytesMut};
use jackfield_sandbox::TlsFacts;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout};

/// Bytes that are read at once, at first and at most: a connection that says little holds little.
const LEAST: usize = 4 << 10;
const MOST: usize = 64 << 10;
/// What is read of a peer that still talks after the connection was closed, and for how long: so that what was written
/// to it last isn't lost.
const LINGER: usize = 256 << 10;
const LINGERING: Duration = Duration::from_secs(1);

/// The two ways of a connection.
type Halves = (ReadHalf<Box<dyn Wire>>, WriteHalf<Box<dyn Wire>>);

/// A connection's bytes both ways.
pub(super) struct Flow {
    /// None while TLS is agreed on, and after that failed.
    halves: Option<Halves>,
    line: Arc<Line>,
    out: BytesMut,
    /// Something was written since the last flush.
    is_dirty: bool,
    input: BytesMut,
    size: usize,
    pub(super) last_words: Bytes,
    /// When the last byte came or went.
    pub(super) last: Instant,
    pub(super) sent: u64,
}

/// What came of waiting for the peer.
pub(super) enum Flowed {
    /// It said this.
    Read(Bytes),
    /// It says nothing more.
    End,
    /// All is written.
    Written,
}

impl Flow {
    pub(super) fn new(wire: Box<dyn Wire>, line: Arc<Line>) -> Self {
        Self {
            halves: Some(tokio::io::split(wire)),
            line,
            out: BytesMut::new(),
            is_dirty: false,
            input: BytesMut::new(),
            size: LEAST,
            last_words: Bytes::new(),
            last: Instant::now(),
            sent: 0,
        }
    }

    pub(super) fn put(&mut self, data: &Bytes) {
        self.out.extend_from_slice(data);
    }

    /// Waits for the peer: reads if that is wanted, writes what there is. Nothing is lost when it is dropped.
    pub(super) async fn go_on(&mut self, may_read: bool) -> io::Result<Flowed> {
        let Self { halves, line, out, is_dirty, input, size, last, sent, .. } = self;
        let Some((reader, writer)) = halves else { return Err(io::ErrorKind::NotConnected.into()) };
        let has_output = !out.is_empty() || *is_dirty;
        input.reserve(*size);
        let mut limited = reader.take(*size as u64);
        tokio::select! {
            biased;
            written = push(writer, out, is_dirty, line, last, sent), if has_output => written.map(|()| Flowed::Written),
            read = limited.read_buf(input), if may_read => {
                let count = read?;
                *last = Instant::now();
                if count == 0 {
                    return Ok(Flowed::End);
                }
                if count == *size {
                    *size = (*size * 2).min(MOST);
                } else if count < *size / 4 {
                    *size = (*size / 2).max(LEAST);
                }
                Ok(Flowed::Read(input.split().freeze()))
            }
            () = std::future::pending() => Ok(Flowed::Written),
        }
    }

    /// Writes all that waits.
    pub(super) async fn flush(&mut self, within: Duration) -> io::Result<()> {
        let Self { halves, line, out, is_dirty, last, sent, .. } = self;
        let Some((_, writer)) = halves else { return Err(io::ErrorKind::NotConnected.into()) };
        timeout(within, push(writer, out, is_dirty, line, last, sent)).await.unwrap_or_else(|_| Err(late()))
    }

    /// Writes all that waits, then begins TLS.
    pub(super) async fn secure(&mut self, name: Option<String>, within: Duration) -> io::Result<TlsFacts> {
        self.flush(within).await?;
        let Some((reader, writer)) = self.halves.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        let secured = timeout(within, reader.unsplit(writer).secure(name)).await;
        let (wire, facts) = secured.unwrap_or_else(|_| Err(late()))?;
        self.halves = Some(tokio::io::split(wire));
        self.last = Instant::now();
        Ok(facts)
    }

    /// Writes what waits, the last words if they are wanted, and closes.
    pub(super) async fn finish(&mut self, has_words: bool, within: Duration) {
        if has_words {
            let words = std::mem::take(&mut self.last_words);
            self.line.waits(words.len());
            self.out.extend_from_slice(&words);
        }
        if self.flush(within).await.is_err() {
            self.halves = None;
            return;
        }
        let Some((mut reader, mut writer)) = self.halves.take() else { return };
        if !matches!(timeout(within, writer.shutdown()).await, Ok(Ok(()))) {
            return;
        }
        // Beside everything else: the driver need not wait for it.
        tokio::spawn(async move {
            let mut rest = (&mut reader).take(LINGER as u64);
            let _ = timeout(LINGERING, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
        });
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer took too long")
}

async fn push(
    writer: &mut WriteHalf<Box<dyn Wire>>,
    out: &mut BytesMut,
    is_dirty: &mut bool,
    line: &Line,
    last: &mut Instant,
    sent: &mut u64,
) -> io::Result<()> {
    while !out.is_empty() {
        let count = writer.write(out).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        out.advance(count);
        *is_dirty = true;
        *last = Instant::now();
        *sent += count as u64;
        line.sent(count);
    }
    // What a burst took is given back.
    if out.capacity() > MOST {
        *out = BytesMut::new();
    }
    writer.flush().await?;
    *is_dirty = false;
    Ok(())
}
