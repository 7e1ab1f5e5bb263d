//! Certificates of channels: read, checked, and read again when their files change.

use jackfield_config::{Config, Problem, TlsFiles};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Most bytes of a file that is read as PEM.
const MOST: u64 = 1 << 20;

/// What is wrong with a certificate: the key of the config at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tls.{key}: {problem}; {remedy}")]
pub(super) struct Unfit {
    key: &'static str,
    problem: String,
    remedy: &'static str,
}

/// Tells of every channel whose certificate can't be used.
pub fn certificate_problems(config: &Config) -> Vec<Problem> {
    let problem = |channel: &jackfield_config::Channel| {
        let unfit = load(channel.tls.as_ref()?).err()?;
        Some(channel.key_problem(&format!("tls.{}", unfit.key), unfit.problem, unfit.remedy.to_owned()))
    };
    config.channels.iter().filter_map(problem).collect()
}

/// Reads a certificate with its key, and holds one against the other.
pub(super) fn load(files: &TlsFiles) -> Result<Arc<ServerConfig>, Unfit> {
    let unfit = |key, problem: String, remedy| Unfit { key, problem, remedy };
    let chain = read(&files.certificate).and_then(|pem| {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        chain.map_err(|error| format!("{} is no PEM: {error}", files.certificate.display()))
    });
    let chain =
        chain.map_err(|problem| unfit("certificate", problem, "name a file in PEM that the server may read"))?;
    if chain.is_empty() {
        let problem = format!("{} holds no certificate", files.certificate.display());
        return Err(unfit("certificate", problem, "put the server's certificate there in PEM, then those above it"));
    }
    let key = read(&files.key).and_then(|pem| {
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| format!("{} holds no private key", files.key.display()))
    });
    let key = key.map_err(|problem| unfit("key", problem, "name a file with the certificate's key in PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = match ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions) {
        Ok(builder) => builder.with_no_client_auth(),
        Err(error) => unreachable!("ring has cipher suites for TLS 1.2 and 1.3: {error}"),
    };
    let config = builder.with_single_cert(chain, key);
    let config = config.map_err(|error| {
        let problem = format!("{} can't be used: {error}", files.certificate.display());
        unfit("certificate", problem, "see that the key belongs to the first certificate of the file")
    })?;
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let read = std::fs::File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).map(|_| bytes)
    });
    read.map_err(|error| format!("{} can't be read: {error}", path.display()))
}

/// When the files were last changed, and how large they are: what tells that they have to be read again.
pub(super) fn stamp(files: &TlsFiles) -> Vec<Option<(SystemTime, u64)>> {
    let of = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    vec![of(&files.certificate), of(&files.key)]
}
