//! Connections of bytes, under the same policy as requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use url::Host;

use crate::client::Client;
use crate::counters::{Kind, Limit, UnderWay};
use crate::dial::{Stream, server_name, too_slow};
use crate::error::{Error, ErrorKind};
use crate::target::Target;

/// An open connection. Dropping it closes it.
pub struct TcpConnection {
    target: String,
    /// None once it has failed: what was sent is then unknown, and nothing more is.
    stream: Option<Stream>,
    tls: Arc<ClientConfig>,
    _slot: OwnedSemaphorePermit,
    _under_way: UnderWay,
}

impl Client {
    /// Connects to `tcp://host:port` or `tls://host:port`. The name is resolved, every address checked, and the
    /// connection goes to the address that was checked. `within` is the time for all of it, waiting for one of the
    /// channel's connections to end included.
    ///
    /// # Errors
    /// [`Error::kind`] says what failed; nothing was sent.
    pub async fn connect(&self, url: &str, within: Duration) -> Result<TcpConnection, Error> {
        let mut shown = "the target".to_owned();
        let outcome = timeout(within, self.open(url, &mut shown)).await;
        let outcome = outcome.unwrap_or(Err(ErrorKind::Timeout { target: shown, after: within }));
        let error = match outcome {
            Ok(connection) => {
                self.counters.outcome(Kind::Tcp, "ok");
                return Ok(connection);
            }
            Err(kind) => Error { kind, sent: false },
        };
        self.counters.outcome(Kind::Tcp, error.code());
        tracing::debug!(channel = self.channel, code = error.code(), %error, "no connection");
        Err(error)
    }

    async fn open(&self, url: &str, shown: &mut String) -> Result<TcpConnection, ErrorKind> {
        let invalid = |problem: &str| ErrorKind::Invalid {
            problem: format!("the target {problem}; write tcp://host:port or tls://host:port"),
        };
        let target = Target::parse(url).map_err(invalid)?;
        let permit = self.policy.check_target(&self.channel, &target)?;
        permit.target().clone_into(shown);
        let slots = Arc::clone(&self.connections);
        let slot = match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => {
                self.counters.limit(Limit::TcpConcurrency);
                let Ok(slot) = slots.acquire_owned().await else {
                    unreachable!("the semaphore is never closed");
                };
                slot
            }
        };
        let tls = Arc::clone(&self.dialer.tls.bytes);
        let stream = self.dialer.dial(&permit, target.port, target.tls.then_some(&tls)).await?;
        Ok(TcpConnection {
            target: permit.target().to_owned(),
            stream: Some(stream),
            tls,
            _slot: slot,
            _under_way: UnderWay::begin(&self.counters, Kind::Tcp),
        })
    }
}

impl TcpConnection {
    /// At most `max` bytes, as soon as there are any; empty at the peer's end. After a time-out nothing is lost: the
    /// next read goes on.
    ///
    /// # Errors
    /// Time-out, or the connection broke.
    pub async fn read(&mut self, max: usize, within: Duration) -> Result<Bytes, Error> {
        let Some(stream) = &mut self.stream else { return Err(closed(&self.target)) };
        let mut buffer = BytesMut::with_capacity(max.min(64 << 10));
        let mut limited = (&mut *stream).take(max as u64);
        match timeout(within, limited.read_buf(&mut buffer)).await {
            Ok(Ok(_)) => Ok(buffer.freeze()),
            // A peer that cuts TLS short without saying so has ended all the same; how is the protocol's affair.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(Bytes::new()),
            Ok(Err(error)) => {
                self.stream = None;
                Err(broken(&self.target, &error))
            }
            Err(_) => Err(late(&self.target, within)),
        }
    }

    /// Writes all of it. After an error the connection is closed: how much arrived is unknown.
    ///
    /// # Errors
    /// Time-out (the peer doesn't read), or the connection broke.
    pub async fn write(&mut self, data: &[u8], within: Duration) -> Result<(), Error> {
        let Some(stream) = &mut self.stream else { return Err(closed(&self.target)) };
        let write = async {
            stream.write_all(data).await?;
            stream.flush().await
        };
        let error = match timeout(within, write).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => broken(&self.target, &error),
            Err(_) => late(&self.target, within),
        };
        self.stream = None;
        Err(error)
    }

    /// Agrees on TLS; the certificate must be for `server_name`, none: for the host that was connected to. What the
    /// peer sent in clear and was not read yet makes it fail. After an error the connection is closed.
    ///
    /// # Errors
    /// TLS is up already, the name is none, the peer or its certificate is not acceptable, or time-out.
    pub async fn start_tls(&mut self, server_name_asked: Option<&str>, within: Duration) -> Result<(), Error> {
        let host = match server_name_asked {
            Some(name) => name,
            None => self.target.rsplit_once(':').map_or("", |(host, _)| host),
        };
        let problem = |problem: &str| Error { kind: ErrorKind::Invalid { problem: problem.to_owned() }, sent: false };
        let host = Host::parse(host).map_err(|_| problem("the server name is no host"))?;
        let Some(stream) = self.stream.take() else { return Err(closed(&self.target)) };
        if stream.is_secured() {
            self.stream = Some(stream);
            return Err(problem("the connection has TLS already"));
        }
        let secured = timeout(within, stream.secure(&self.tls, server_name(&host))).await;
        let secured = secured.unwrap_or_else(|_| Err(too_slow()));
        let tls = |source| Error { kind: ErrorKind::Tls { target: self.target.clone(), source }, sent: true };
        self.stream = Some(secured.map_err(tls)?);
        Ok(())
    }

    /// Tells the peer that nothing more comes, and closes.
    pub async fn close(mut self, within: Duration) {
        if let Some(mut stream) = self.stream.take() {
            let _ = timeout(within, stream.shutdown()).await;
        }
    }
}

fn closed(target: &str) -> Error {
    let reason = "it was closed after an earlier error".to_owned();
    Error { kind: ErrorKind::Transfer { target: target.to_owned(), reason }, sent: true }
}

fn broken(target: &str, error: &std::io::Error) -> Error {
    Error { kind: ErrorKind::Transfer { target: target.to_owned(), reason: error.to_string() }, sent: true }
}

fn late(target: &str, after: Duration) -> Error {
    Error { kind: ErrorKind::Timeout { target: target.to_owned(), after }, sent: true }
}

#[cfg(test)]
mod tests;
