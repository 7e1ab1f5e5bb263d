//! From a permitted URL to an open connection: resolve, check, connect to what was checked, agree on TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

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
    /// Time for all of [`Dialer::dial`].
    pub(crate) budget: Duration,
}

impl Dialer {
    /// Connects to the host of `url`, for which `permit` was given.
    pub(crate) async fn dial(&self, permit: &Permit, url: &Url) -> Result<Stream, ErrorKind> {
        let target = || permit.target().to_owned();
        let deadline = Instant::now() + self.budget;
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = permit.admit(self.addresses(permit, url, deadline).await?)?;
        let tcp = connect(&addresses, port, deadline)
            .await
            .map_err(|source| ErrorKind::Connect { target: target(), source })?;
        let written = Arc::new(AtomicBool::new(false));
        if url.scheme() == "http" {
            return Ok(Stream { inner: Inner::Plain(tcp), written });
        }
        let secured = timeout_at(deadline, self.secure(tcp, url)).await.unwrap_or_else(|_| Err(too_slow()));
        match secured {
            Ok(tls) => Ok(Stream { inner: Inner::Tls(Box::new(tls)), written }),
            Err(source) => Err(ErrorKind::Tls { target: target(), source }),
        }
    }

    async fn addresses(&self, permit: &Permit, url: &Url, deadline: Instant) -> Result<Vec<IpAddr>, ErrorKind> {
        let failed = |reason: String| ErrorKind::Dns { target: permit.target().to_owned(), reason };
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(vec![address.into()]),
            Some(Host::Ipv6(address)) => return Ok(vec![address.into()]),
            Some(Host::Domain(name)) => name,
            None => return Err(failed("there is none".to_owned())),
        };
        match timeout_at(deadline, self.resolver.resolve(name)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(failed("it has no address".to_owned())),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(too_slow().to_string())),
        }
    }

    async fn secure(&self, tcp: TcpStream, url: &Url) -> io::Result<TlsStream<TcpStream>> {
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
            Some(Host::Ipv4(address)) => ServerName::from(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => ServerName::from(IpAddr::V6(address)),
            None => return Err(io::Error::other("the URL has no host")),
        };
        TlsConnector::from(Arc::clone(&self.tls.config)).connect(name, tcp).await
    }
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

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// An open connection that notes whether anything of a request went into it.
pub(crate) struct Stream {
    inner: Inner,
    written: Arc<AtomicBool>,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Becomes true with the first byte written. The owner may set it back before the next request.
    pub(crate) fn written(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.written)
    }

    /// Notes what a write has come to. A TLS write that fails may have sent a part before.
    fn note(&self, outcome: &Poll<io::Result<usize>>) {
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
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Inner::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
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
