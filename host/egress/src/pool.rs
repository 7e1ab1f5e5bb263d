//! Connections that wait for the next request, for a short while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::dial::Stream;

/// The least that hyper takes.
const LEAST_HEAD_BYTES: usize = 8 << 10;

/// An open HTTP/1.1 connection. Dropping it closes the socket, whatever is going on.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: AbortHandle,
    written: Arc<AtomicBool>,
    /// Whether it has carried a request before. Then its peer may be about to close it.
    pub(crate) reused: bool,
}

impl Connection {
    /// `head_bytes`: of a head of an answer; also the largest piece read at once.
    pub(crate) async fn new(stream: Stream, head_bytes: usize) -> Result<Self, hyper::Error> {
        let written = stream.written();
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(head_bytes.max(LEAST_HEAD_BYTES))
            .handshake(TokioIo::new(stream))
            .await?;
        // What it ends with is told to the request that waits on it; nothing is left to report here.
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self { sender, task: task.abort_handle(), written, reused: false })
    }

    /// Sends one request; the answer's body comes through this connection, so keep it until that is read.
    pub(crate) async fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, hyper::Error> {
        self.sender.send_request(request).await
    }

    /// Whether anything of the request now sent has gone out.
    pub(crate) fn written(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.written)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Idle connections of one channel.
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    keep: Duration,
    size: usize,
}

#[derive(Default)]
struct Idle {
    /// Oldest first.
    connections: Vec<(String, Connection, Instant)>,
    /// Whether a task is there that closes what is too old.
    swept: bool,
}

impl Pool {
    pub(crate) fn new(keep: Duration, size: usize) -> Arc<Self> {
        Arc::new(Self { idle: Mutex::default(), keep, size })
    }

    /// The connection to `target` used last, if one is open and idle for less than `age`.
    pub(crate) fn take(&self, target: &str, age: Duration) -> Option<Connection> {
        let age = age.min(self.keep);
        let mut idle = self.idle.lock();
        idle.connections.retain(|(_, connection, _)| !connection.sender.is_closed());
        let index = idle.connections.iter().rposition(|(key, connection, since)| {
            key == target && connection.sender.is_ready() && since.elapsed() < age
        })?;
        let (_, mut connection, _) = idle.connections.remove(index);
        connection.reused = true;
        connection.written.store(false, Ordering::Release);
        Some(connection)
    }

    /// Keeps a connection whose last answer has been read to its end.
    pub(crate) fn put(self: &Arc<Self>, target: &str, connection: Connection) {
        if connection.sender.is_closed() || self.size == 0 {
            return;
        }
        let mut idle = self.idle.lock();
        if idle.connections.len() >= self.size {
            idle.connections.remove(0);
        }
        idle.connections.push((target.to_owned(), connection, Instant::now()));
        if !idle.swept {
            idle.swept = true;
            self.sweep();
        }
    }

    /// Closes connections when their time is over, until none is left.
    fn sweep(self: &Arc<Self>) {
        let (pool, keep) = (Arc::downgrade(self), self.keep);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(keep).await;
                let Some(pool) = pool.upgrade() else { return };
                let mut idle = pool.idle.lock();
                idle.connections.retain(|(_, _, since)| since.elapsed() < keep);
                if idle.connections.is_empty() {
                    idle.swept = false;
                    return;
                }
            }
        });
    }
}
