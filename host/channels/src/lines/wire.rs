//! A connection as bytes, wherever it came from: this crate opens no socket.

use jackfield_egress::Link;
use jackfield_sandbox::{LinePeer, TlsFacts, Waiting};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// An open connection.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Begins TLS. `name`: the name that the certificate of a peer that we called must have.
    fn secure(self: Box<Self>, name: Option<String>) -> Waiting<'static, io::Result<(Box<dyn Wire>, TlsFacts)>>;
}

/// The facts of TLS from what the library calls its version and cipher suite.
pub fn tls_facts(version: &str, suite: &str, server_name: Option<&str>) -> TlsFacts {
    let version = version.strip_prefix("TLSv").unwrap_or(version).replace('_', ".");
    // The names of TLS 1.3's suites say so here, and do not in IANA's list.
    let cipher = match suite.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => suite.to_owned(),
    };
    TlsFacts { version, cipher, server_name: server_name.map(str::to_ascii_lowercase) }
}

impl Wire for Link {
    fn secure(self: Box<Self>, name: Option<String>) -> Waiting<'static, io::Result<(Box<dyn Wire>, TlsFacts)>> {
        Box::pin(async move {
            let link = Link::secure(*self, name.as_deref()).await?;
            let facts = facts_of(&link).unwrap_or_default();
            Ok((Box::new(link) as Box<dyn Wire>, facts))
        })
    }
}

fn facts_of(link: &Link) -> Option<TlsFacts> {
    let (version, suite) = link.secured_by()?;
    Some(tls_facts(version, suite, None))
}

/// The far end of a connection that we opened.
pub(super) fn peer_of(link: &Link) -> io::Result<LinePeer> {
    let (address, local) = link.addresses()?;
    Ok(LinePeer {
        address: address.to_string(),
        local: local.to_string(),
        listener: None,
        tls: facts_of(link),
        proxied: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_ianas() {
        let facts = tls_facts("TLSv1_3", "TLS13_AES_256_GCM_SHA384", Some("Line.Example.COM"));
        assert_eq!((facts.version.as_str(), facts.cipher.as_str()), ("1.3", "TLS_AES_256_GCM_SHA384"));
        assert_eq!(facts.server_name.as_deref(), Some("line.example.com"));
        let facts = tls_facts("TLSv1_2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", None);
        assert_eq!((facts.version.as_str(), facts.cipher.as_str()), ("1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    }
}
