//! A socket that was accepted, as its channel's driver has it: bytes, and TLS when it asks for that.

use arc_swap::ArcSwapOption;
use jackfield_channels::{Wire, tls_facts};
use jackfield_sandbox::{TlsFacts, Waiting};
use rustls::ServerConfig;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A channel's certificate, as it is now.
pub(super) type Certificate = Arc<ArcSwapOption<ServerConfig>>;

/// An accepted connection.
pub(super) struct Socket {
    inner: Inner,
    certificate: Certificate,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, certificate: Certificate) -> Self {
        Self { inner: Inner::Plain(tcp), certificate }
    }

    /// Agrees on TLS by the channel's certificate.
    pub(super) async fn accept_tls(self) -> io::Result<(Self, TlsFacts)> {
        let Self { inner, certificate } = self;
        let Inner::Plain(tcp) = inner else {
            return Err(io::Error::other("the connection has TLS already"));
        };
        let config = certificate.load_full().ok_or_else(|| {
            io::Error::other("the channel has no certificate; write tls = { certificate = \"...\", key = \"...\" }")
        })?;
        let tls = TlsAcceptor::from(config).accept(tcp).await?;
        let session = tls.get_ref().1;
        let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or_default();
        let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        let facts = tls_facts(version, suite, session.server_name());
        Ok((Self { inner: Inner::Tls(Box::new(tls)), certificate }, facts))
    }
}

impl Wire for Socket {
    /// The name is that of a peer that was called, and this one has called us.
    fn secure(self: Box<Self>, _name: Option<String>) -> Waiting<'static, io::Result<(Box<dyn Wire>, TlsFacts)>> {
        Box::pin(async move {
            let (socket, facts) = self.accept_tls().await?;
            Ok((Box::new(socket) as Box<dyn Wire>, facts))
        })
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Inner::Tls(stream) => match Pin::new(stream).poll_read(cx, buf) {
                // A peer that cuts TLS short without saying so has ended all the same.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                other => other,
            },
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Inner::Tls(stream) => Pin::new(stream).poll_write(cx, data),
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
