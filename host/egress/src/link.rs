//! Long-lived connections of bytes: opened under the policy, then read and written by whoever holds them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use url::Host;

use crate::client::Client;
use crate::counters::{Kind, UnderWay};
use crate::dial::{Stream, server_name, too_slow};
use crate::error::{Error, ErrorKind};
use crate::target::Target;

/// An open connection without an end in sight. Dropping it closes it.
pub struct Link {
    stream: Stream,
    host: Host<String>,
    tls: Arc<ClientConfig>,
    _under_way: UnderWay,
}

fn parse(url: &str) -> Result<Target, ErrorKind> {
    Target::parse(url).map_err(|problem| ErrorKind::Invalid {
        problem: format!("the target {problem}; write tcp://host:port or tls://host:port"),
    })
}

impl Client {
    /// Whether the policy lets the channel connect there, as far as can be said before the name is resolved.
    ///
    /// # Errors
    /// `invalid` or `denied`, with the line of the config that would allow it.
    pub fn may_connect(&self, url: &str) -> Result<(), Error> {
        let checked = parse(url).and_then(|target| Ok(self.policy.check_target(&self.channel, &target)?));
        checked.map(drop).map_err(|kind| Error { kind, sent: false })
    }

    /// Opens a long-lived connection to `tcp://host:port` or `tls://host:port`, in the time that the channel has for
    /// connecting. With `tls://` the certificate must be for `tls_name`, none: for the host.
    ///
    /// # Errors
    /// [`Error::kind`] says what failed.
    pub async fn link(&self, url: &str, tls_name: Option<&str>) -> Result<Link, Error> {
        let linked = self.open_link(url, tls_name).await;
        self.counters.outcome(Kind::Tcp, linked.as_ref().err().map_or("ok", Error::code));
        linked
    }

    async fn open_link(&self, url: &str, tls_name: Option<&str>) -> Result<Link, Error> {
        let failed = |kind| Error { kind, sent: false };
        let target = parse(url).map_err(failed)?;
        let permit = self.policy.check_target(&self.channel, &target).map_err(|denied| failed(denied.into()))?;
        let stream = self.dialer.dial(&permit, target.port, None).await.map_err(failed)?;
        let link = Link {
            stream,
            host: permit.host().clone(),
            tls: Arc::clone(&self.dialer.tls.bytes),
            _under_way: UnderWay::begin(&self.counters, Kind::Tcp),
        };
        if !target.tls {
            return Ok(link);
        }
        let secured = timeout(self.dialer.budget, link.secure(tls_name)).await.unwrap_or_else(|_| Err(too_slow()));
        secured.map_err(|source| failed(ErrorKind::Tls { target: permit.target().to_owned(), source }))
    }
}

impl Link {
    /// Agrees on TLS; the certificate must be for `name`, none: for the host that was connected to.
    ///
    /// # Errors
    /// TLS is up already, the name is none, or the peer or its certificate is not acceptable.
    pub async fn secure(self, name: Option<&str>) -> io::Result<Self> {
        let Self { stream, host, tls, _under_way } = self;
        let asked = match name {
            Some(name) => Host::parse(name).map_err(|_| io::Error::other("the server name is no host"))?,
            None => host.clone(),
        };
        let stream = stream.secure(&tls, server_name(&asked)).await?;
        Ok(Self { stream, host, tls, _under_way })
    }

    /// The far end and ours.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        let tcp = self.stream.tcp();
        Ok((tcp.peer_addr()?, tcp.local_addr()?))
    }

    /// What TLS established: its version and cipher suite, as the library writes them; none: it isn't up.
    pub fn secured_by(&self) -> Option<(&'static str, &'static str)> {
        let session = self.stream.session()?;
        Some((session.protocol_version()?.as_str()?, session.negotiated_cipher_suite()?.suite().as_str()?))
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
