//! TLS: from the first byte, in the midst, with certificates that change.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Server, eventually};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::line::{Io, Line};
use super::{Setup, metric, url};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A new certificate for `line.example.com`, written where the config says; what its peers trust.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["line.example.com".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("key.pem"), pem("PRIVATE KEY", &signing_key.serialize_der())).expect("the key");
    std::fs::write(folder.join("cert.pem"), pem("CERTIFICATE", cert.der())).expect("the certificate");
    cert.der().clone()
}

fn setup(folder: &Path, limits: &str) -> Setup {
    let folder = folder.display();
    Setup::simple(&["ana"])
        .guest("line", "party-line")
        .text("listen = [\"tcp://127.0.0.1:0\", \"tls://127.0.0.1:0\"]")
        .text(&format!("tls = {{ certificate = \"{folder}/cert.pem\", key = \"{folder}/key.pem\" }}"))
        .text(limits)
}

async fn address(server: &Server, index: usize) -> String {
    url(server, index).await.split_once("://").expect("a scheme").1.to_owned()
}

/// Agrees on TLS, trusting this certificate only.
async fn secure(stream: Box<dyn Io>, trusted: &CertificateDer<'static>) -> std::io::Result<Line> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("line.example.com").expect("a name");
    let tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Line::over(Box::new(tls), String::new()))
}

async fn call(address: &str, trusted: &CertificateDer<'static>) -> std::io::Result<Line> {
    secure(Box::new(TcpStream::connect(address).await?), trusted).await
}

#[tokio::test]
async fn tls_from_the_first_byte_and_in_the_midst() {
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = certify(folder.path());
    let server = Server::start(setup(folder.path(), "")).await;
    let (plain, tls) = (address(&server, 0).await, address(&server, 1).await);
    let mut line = call(&tls, &trusted).await.expect("TLS");
    let greeting = line.hear().await;
    assert!(greeting.ends_with(" tls=1.3 TLS_AES_256_GCM_SHA384 line.example.com"), "{greeting}");
    assert!(greeting.contains(&format!("listener=tls://{tls}")), "{greeting}");
    assert_eq!(line.ask("COUNT").await, "count 1");
    assert_eq!(line.ask("QUIT").await, "bye");
    assert_eq!(line.read().await, None);

    let mut line = Line::call(&plain).await;
    assert!(line.hear().await.ends_with(" tls=none"));
    assert_eq!(line.ask("STARTTLS").await, "go ahead");
    let mut line = secure(line.into_stream(), &trusted).await.expect("TLS");
    let signal = line.hear().await;
    assert_eq!(signal, "signal secured version=1.3 cipher=TLS_AES_256_GCM_SHA384 server-name=line.example.com");
    assert_eq!(line.ask("COUNT").await, "count 2", "the instance is the same");
    // Once is enough.
    line.say_bytes(b"STARTTLS\r\n").await;
    assert_eq!(line.hear().await, "go ahead");
    assert_eq!(line.read().await, None);

    // What was sent in clear behind it is no part of what is said under TLS: there, it is no TLS.
    let mut line = Line::call(&plain).await;
    line.hear().await;
    line.say_bytes(b"STARTTLS\r\n").await;
    assert_eq!(line.hear().await, "go ahead");
    line.say_bytes(b"SAY injected in clear\r\n").await;
    while line.read().await.is_some() {}
    eventually("it ended so", async || {
        (metric(&server, "channel_connections_ended_total{channel=\"line\",code=\"tls\"}").await == 2).then_some(())
    })
    .await;
    assert_eq!(metric(&server, "channel_messages_total{channel=\"line\"}").await, 0);
}

#[tokio::test]
async fn a_certificate_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = certify(folder.path());
    let server = Server::start(setup(folder.path(), "")).await;
    let tls = address(&server, 1).await;
    let mut old = call(&tls, &first).await.expect("TLS");
    old.hear().await;
    let second = certify(folder.path());
    let anew = async |trusted: &CertificateDer<'static>| {
        server.hang_up();
        call(&tls, trusted).await.ok()
    };
    let mut new = eventually("the new one is in use", || anew(&second)).await;
    new.hear().await;
    assert!(call(&tls, &first).await.is_err());
    // A broken one changes nothing, and is told.
    std::fs::write(folder.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\nno").expect("the certificate");
    eventually("it is told", async || server.log().contains("the one before stays in use").then_some(())).await;
    call(&tls, &second).await.expect("TLS").hear().await;
    assert_eq!(old.ask("COUNT").await, "count 1");
    assert_eq!(new.ask("COUNT").await, "count 1");
}

#[tokio::test]
async fn who_begins_tls_and_says_no_more_is_closed_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = certify(folder.path());
    let limits = "limits = { handshake-timeout = \"500ms\", connections-opening = 2 }";
    let server = Server::start(setup(folder.path(), limits)).await;
    let tls = address(&server, 1).await;
    let (mut first, mut second) = (Line::call(&tls).await, Line::call(&tls).await);
    eventually("both are there", async || {
        (metric(&server, "channel_connections_opening{channel=\"line\"}").await == 2).then_some(())
    })
    .await;
    assert_eq!(Line::call(&tls).await.read().await, None, "more than may be opening");
    assert_eq!((first.read().await, second.read().await), (None, None));
    let hits = async |limit: &str| {
        metric(&server, &format!("channel_limit_hits_total{{channel=\"line\",limit=\"{limit}\"}}")).await
    };
    assert_eq!((hits("handshake-timeout").await, hits("connections-opening").await), (2, 1));
    assert!(call(&tls, &trusted).await.expect("TLS").hear().await.starts_with("hello "));
}
