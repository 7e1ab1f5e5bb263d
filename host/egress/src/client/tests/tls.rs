//! Whom the client believes.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::support::{Names, config};
use crate::{Client, ErrorKind, Request, Tls};

/// An https server for `name` that answers each connection once; its port and its certificate.
async fn https(name: &str) -> (u16, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else {
                continue;
            };
            let mut buffer = [0; 4096];
            if tls.read(&mut buffer).await.is_ok() {
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecure").await;
                let _ = tls.shutdown().await;
            }
        }
    });
    (port, certificate)
}

/// The port of a server that greets in clear text.
async fn plain() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let _ = tcp.write_all(b"220 mail.example ready\r\n").await;
        }
    });
    port
}

fn client(url: &str, roots: Vec<CertificateDer<'static>>) -> Client {
    let mut config = config(&[url], &["127.0.0.1"], Names::answering(&[&["127.0.0.1"]]));
    config.tls = Tls::with_roots(roots);
    Client::new(config)
}

#[tokio::test]
async fn a_trusted_certificate_for_the_right_name_is_accepted() {
    let (port, certificate) = https("a.example").await;
    let url = format!("https://a.example:{port}");
    let response = client(&url, vec![certificate]).send(Request::new("GET", &url)).await.unwrap();
    assert_eq!(response.body, "secure");
}

#[tokio::test]
async fn any_other_is_refused_before_the_request_is_sent() {
    let (port, certificate) = https("a.example").await;
    let plain = plain().await;
    let table = [
        (format!("https://a.example:{port}"), vec![]),
        (format!("https://b.example:{port}"), vec![certificate.clone()]),
        (format!("https://127.0.0.1:{port}"), vec![certificate.clone()]),
        (format!("https://a.example:{plain}"), vec![certificate]),
    ];
    for (url, roots) in table {
        let error = client(&url, roots).send(Request::new("POST", &url)).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Tls { .. }), "{url}: {error}");
        assert!(!error.maybe_sent());
    }
}

#[test]
fn the_systems_roots_can_be_read() {
    // What they are depends on the machine; that reading them never fails doesn't.
    assert_eq!(Tls::system().http.alpn_protocols, [b"http/1.1"]);
}
