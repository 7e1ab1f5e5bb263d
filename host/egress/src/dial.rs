//! From a permit to an open connection: resolve, check, connect to what was checked, agree on TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::counters::{Counters, Limit};
use crate::error::ErrorKind;
use crate::policy::Permit;
use crate::resolve::Resolve;
use crate::tls::Tls;

/// A name may have any number of addresses; a hostile one is not worth more attempts than this.
const ATTEMPTS: usize = 6;

/// Opens connections.
pub(crate) struct Dialer {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) tls: Tls,
    pub(crate) counters: Arc<Counters>,
    /// Time for all of [`Dialer::dial`].
    pub(crate) budget: Duration,
}

impl Dialer {
    /// Connects to the host that `permit` was given for, with TLS if there is a config for it.
    pub(crate) async fn dial(
        &self,
        permit: &Permit,
        port: u16,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Stream, ErrorKind> {
        let deadline = Instant::now() + self.budget;
        let dialed = self.dial_until(permit, port, tls, deadline).await;
        if dialed.is_err() && Instant::now() >= deadline {
            self.counters.limit(Limit::ConnectTimeout);
        }
        dialed
    }

    async fn dial_until(
        &self,
        permit: &Permit,
        port: u16,
        tls: Option<&Arc<ClientConfig>>,
        deadline: Instant,
    ) -> Result<Stream, ErrorKind> {
        let target = || permit.target().to_owned();
        let addresses = permit.admit(self.addresses(permit, deadline).await?)?;
        let tcp = connect(&addresses, port, deadline)
            .await
            .map_err(|source| ErrorKind::Connect { target: target(), source })?;
        let stream = Stream {
            inner: Inner::Plain(tcp),
            written: Arc::new(AtomicBool::new(false)),
            counters: Arc::clone(&self.counters),
        };
        let Some(config) = tls else { return Ok(stream) };
        let secured = stream.secure(config, server_name(permit.host()));
        let secured = timeout_at(deadline, secured).await.unwrap_or_else(|_| Err(too_slow()));
        secured.map_err(|source| ErrorKind::Tls { target: target(), source })
    }

    async fn addresses(&self, permit: &Permit, deadline: Instant) -> Result<Vec<IpAddr>, ErrorKind> {
        let failed = |reason: String| ErrorKind::Dns { target: permit.target().to_owned(), reason };
        let name = match permit.host() {
            Host::Ipv4(address) => return Ok(vec![(*address).into()]),
            Host::Ipv6(address) => return Ok(vec![(*address).into()]),
            Host::Domain(name) => name,
        };
        match timeout_at(deadline, self.resolver.resolve(name)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(failed("it has no address".to_owned())),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(too_slow().to_string())),
        }
    }
}

/// The name that a certificate must have.
pub(crate) fn server_name(host: &Host<String>) -> io::Result<ServerName<'static>> {
    Ok(match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(io::Error::other)?,
        Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
    })
}

/// Tries one address after the other; each gets an even share of the time that is left.
async fn connect(addresses: &[IpAddr], port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let addresses = &addresses[..addresses.len().min(ATTEMPTS)];
    let mut last = too_slow();
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let attempt = TcpStream::connect(SocketAddr::new(*address, port));
        last = match timeout_at(Instant::now() + share, attempt).await {
            Ok(Ok(tcp)) => {
                // Requests are written whole: waiting for more to send would only delay them.
                tcp.set_nodelay(true)?;
                return Ok(tcp);
            }
            Ok(Err(error)) => error,
            Err(_) => too_slow(),
        };
    }
    Err(last)
}

pub(crate) fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// An open connection that notes whether anything of a request went into it.
pub(crate) struct Stream {
    inner: Inner,
    written: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Agrees on TLS over what is a plain connection so far.
    pub(crate) async fn secure(
        self,
        config: &Arc<ClientConfig>,
        name: io::Result<ServerName<'static>>,
    ) -> io::Result<Self> {
        let Self { inner, written, counters } = self;
        let Inner::Plain(tcp) = inner else {
            return Err(io::Error::other("the connection has TLS already"));
        };
        let tls = TlsConnector::from(Arc::clone(config)).connect(name?, tcp).await?;
        Ok(Self { inner: Inner::Tls(Box::new(tls)), written, counters })
    }

    /// The connection under it.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match &self.inner {
            Inner::Plain(tcp) => tcp,
            Inner::Tls(tls) => tls.get_ref().0,
        }
    }

    /// What is known of its TLS.
    pub(crate) fn session(&self) -> Option<&rustls::ClientConnection> {
        match &self.inner {
            Inner::Plain(_) => None,
            Inner::Tls(tls) => Some(tls.get_ref().1),
        }
    }

    /// Whether TLS is up.
    pub(crate) fn is_secured(&self) -> bool {
        matches!(self.inner, Inner::Tls(_))
    }

    /// Becomes true with the first byte written. The owner may set it back before the next request.
    pub(crate) fn written(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.written)
    }

    /// Notes what a write has come to. A TLS write that fails may have sent a part before.
    fn note(&self, outcome: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = outcome {
            self.counters.written(*count);
        }
        let went_out = match (&self.inner, outcome) {
            (_, Poll::Ready(Ok(count))) => *count > 0,
            (Inner::Tls(_), _) => true,
            (Inner::Plain(_), _) => false,
        };
        if went_out {
            self.written.store(true, Ordering::Release);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Inner::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        self.counters.read(buf.filled().len() - before);
        outcome
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Inner::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        };
        self.note(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, data),
            Inner::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, data),
        };
        self.note(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        match &self.inner {
            Inner::Plain(stream) => stream.is_write_vectored(),
            Inner::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
