//! Whom we believe that they are who they say: one TLS set-up for all channels.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Trusted roots and TLS settings. Cheap to clone; make it once and share it, since reading the system's roots
/// takes milliseconds and some hundred kilobytes.
#[derive(Debug, Clone)]
pub struct Tls {
    /// For HTTP: its protocol is named in the handshake.
    pub(crate) http: Arc<ClientConfig>,
    /// For connections of bytes. No protocol is named: a server of another one must not take us for a browser.
    pub(crate) bytes: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts what the operating system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded).
    ///
    /// The system's store and not a list built in: an operator's own authority, and a root withdrawn by the
    /// distribution, count here as everywhere else on the machine. Where the store is missing, https fails and
    /// the warning says what to install.
    pub fn system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a part of the system's trusted certificates can't be read");
        }
        if found.certs.is_empty() {
            tracing::warn!(
                "the system has no trusted certificates, so no https address can be reached; \
                 install the package ca-certificates, or set SSL_CERT_FILE"
            );
        }
        Self::with_roots(found.certs)
    }

    /// Trusts these authorities and no others. One that can't be parsed is left out, with a warning.
    pub fn with_roots(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        let (_, ignored) = store.add_parsable_certificates(roots);
        if ignored > 0 {
            tracing::warn!(ignored, "trusted certificates left out, since they can't be parsed");
        }
        // Named here, so that no process-wide default has to be installed before.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let mut config = match ClientConfig::builder_with_provider(provider).with_protocol_versions(&versions) {
            Ok(builder) => builder.with_root_certificates(store).with_no_client_auth(),
            Err(error) => unreachable!("ring has cipher suites for TLS 1.2 and 1.3: {error}"),
        };
        let bytes = Arc::new(config.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { http: Arc::new(config), bytes }
    }
}
