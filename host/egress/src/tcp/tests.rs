use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::client::tests::support::{Names, config};
use crate::{Client, ErrorKind, Limits, Policy, Tls};

const SOON: Duration = Duration::from_secs(5);

/// Listens on this machine and hands each connection to `act`.
async fn peer<F: Future<Output = std::io::Result<()>> + Send>(
    act: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let act = Arc::new(act);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let act = Arc::clone(&act);
            tokio::spawn(async move { act(stream).await });
        }
    });
    address
}

fn client(tcp: &[&str], addresses: &[&str], names: Arc<Names>, limits: Limits, tls: Tls) -> Client {
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut config = config(&[], addresses, names);
    config.policy = Policy::parse(&[], &strings(addresses)).unwrap().with_tcp(&strings(tcp)).unwrap();
    config.limits = limits;
    config.tls = tls;
    Client::new(config)
}

fn simple(tcp: &str) -> Client {
    client(&[tcp], &[], Names::answering(&[]), Limits::default(), Tls::with_roots([]))
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let (mut read, mut write) = stream.split();
    tokio::io::copy(&mut read, &mut write).await.map(drop)
}

#[tokio::test]
async fn bytes_go_both_ways_and_are_counted() {
    let address = peer(echo).await;
    let client = simple(&address.to_string());
    let mut connection = client.connect(&format!("tcp://{address}"), SOON).await.unwrap();
    connection.write(b"hello", SOON).await.unwrap();
    assert_eq!(&connection.read(2, SOON).await.unwrap()[..], b"he");
    assert_eq!(&connection.read(100, SOON).await.unwrap()[..], b"llo");
    // Nothing comes, and nothing is lost by that.
    let late = connection.read(100, Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(late.code(), "timeout");
    connection.write(b"more", SOON).await.unwrap();
    assert_eq!(&connection.read(100, SOON).await.unwrap()[..], b"more");
    let counts = client.counters().counts();
    assert_eq!((counts.bytes_out, counts.bytes_in), (9, 9));
    assert!(counts.open.contains(&("tcp", 1)));
    drop(connection);
    let counts = client.counters.counts();
    assert!(counts.open.contains(&("tcp", 0)) && counts.outcomes.contains(&("tcp", "ok", 1)));
}

#[tokio::test]
async fn a_peers_end_is_an_empty_read() {
    let address = peer(|mut stream| async move { stream.write_all(b"bye").await }).await;
    let mut connection = simple(&address.to_string()).connect(&format!("tcp://{address}"), SOON).await.unwrap();
    assert_eq!(&connection.read(100, SOON).await.unwrap()[..], b"bye");
    assert!(connection.read(100, SOON).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_granted_hosts_and_ports_are_connected_to() {
    let address = peer(echo).await;
    let port = address.port();
    let granted = format!("127.0.0.1:{port}");
    let refused = [
        format!("tcp://127.0.0.2:{port}"),
        format!("tcp://localhost:{port}"),
        format!("tcp://[::ffff:127.0.0.1]:{port}"),
        format!("tcp://[::1]:{port}"),
        format!("tcp://127.0.0.1:{}", port.wrapping_add(1).max(1)),
    ];
    let client = simple(&granted);
    for url in refused {
        let error = client.connect(&url, SOON).await.err().unwrap_or_else(|| panic!("{url} is not granted"));
        assert!(matches!(error.kind, ErrorKind::Denied(_)), "{error}");
        assert!(error.to_string().contains("grants.tcp of [[channel]] id = \"x\""), "{error}");
    }
    // Other spellings of what is granted are the same place.
    for url in [format!("tcp://2130706433:{port}"), format!("tcp://0x7f.1:{port}")] {
        assert!(client.connect(&url, SOON).await.is_ok(), "{url}");
    }
    for url in ["http://127.0.0.1:1", "tcp://127.0.0.1", "tcp://a@127.0.0.1:1"] {
        assert_eq!(client.connect(url, SOON).await.err().map(|error| error.code()), Some("invalid"), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    let address = peer(echo).await;
    let port = address.port();
    let names = Names::answering(&[&["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "64:ff9b::7f00:1"], &["127.0.0.1"]]);
    let tcp = format!("relay.example:{port}");
    let inside = client(&[&tcp], &[], names.clone(), Limits::default(), Tls::with_roots([]));
    let error = inside.connect(&format!("tcp://{tcp}"), SOON).await.err().expect("refused");
    assert!(error.to_string().contains("grants.addresses"), "{error}");
    let meant = client(&[&tcp], &["127.0.0.1"], names, Limits::default(), Tls::with_roots([]));
    assert!(meant.connect(&format!("tcp://{tcp}"), SOON).await.is_ok());
}

#[tokio::test]
async fn more_connections_than_slots_wait_within_their_time() {
    let address = peer(echo).await;
    let limits = Limits { connections: 1, ..Limits::default() };
    let url = format!("tcp://{address}");
    let client = client(&[&address.to_string()], &[], Names::answering(&[]), limits, Tls::with_roots([]));
    let first = client.connect(&url, SOON).await.unwrap();
    let error = client.connect(&url, Duration::from_millis(20)).await.err().expect("no slot");
    assert_eq!(error.code(), "timeout");
    assert!(client.counters.counts().limits.contains(&("tcp-concurrency", 1)));
    drop(first);
    assert!(client.connect(&url, SOON).await.is_ok());
}

#[tokio::test]
async fn a_peer_that_does_not_read_stops_a_write_in_time() {
    let address = peer(|stream| async move {
        let _held = stream;
        std::future::pending().await
    })
    .await;
    let mut connection = simple(&address.to_string()).connect(&format!("tcp://{address}"), SOON).await.unwrap();
    let error = connection.write(&vec![0; 64 << 20], Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.code(), "timeout");
    // How much arrived is unknown, so nothing more may follow it.
    assert_eq!(connection.write(b"more", SOON).await.unwrap_err().code(), "transfer");
}

/// A peer that greets in clear, then agrees on TLS and echoes; its certificate is for `name`.
async fn starts_tls(name: &str, injected: &'static [u8]) -> (SocketAddr, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let address = peer(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut asked = [0; 8];
            stream.read_exact(&mut asked).await?;
            stream.write_all(b"go\r\n").await?;
            stream.write_all(injected).await?;
            let mut tls = acceptor.accept(stream).await?;
            let mut buffer = [0; 100];
            let count = tls.read(&mut buffer).await?;
            tls.write_all(&buffer[..count]).await?;
            tls.shutdown().await
        }
    })
    .await;
    (address, certificate)
}

async fn secured(
    certified: &str,
    asked: Option<&str>,
    trusted: bool,
    injected: &'static [u8],
) -> Result<Vec<u8>, crate::Error> {
    let (address, certificate) = starts_tls(certified, injected).await;
    let tls = Tls::with_roots(trusted.then_some(certificate));
    let tcp = format!("relay.example:{}", address.port());
    let names = Names::answering(&[&["127.0.0.1"]]);
    let client = client(&[&tcp], &["127.0.0.1"], names, Limits::default(), tls);
    let mut connection = client.connect(&format!("tcp://{tcp}"), SOON).await?;
    connection.write(b"STARTTLS", SOON).await?;
    assert_eq!(&connection.read(4, SOON).await?[..], b"go\r\n");
    connection.start_tls(asked, SOON).await?;
    assert_eq!(connection.start_tls(asked, SOON).await.unwrap_err().code(), "invalid");
    connection.write(b"secret", SOON).await?;
    connection.read(100, SOON).await.map(|bytes| bytes.to_vec())
}

#[tokio::test]
async fn tls_begins_where_the_protocol_says_and_the_certificate_counts() {
    assert_eq!(secured("relay.example", None, true, b"").await.unwrap(), b"secret");
    assert_eq!(secured("mx.example", Some("mx.example"), true, b"").await.unwrap(), b"secret");
    assert_eq!(secured("other.example", None, true, b"").await.unwrap_err().code(), "tls");
    assert_eq!(secured("relay.example", None, false, b"").await.unwrap_err().code(), "tls");
    // What stood in clear behind the answer to STARTTLS is never taken for something said under TLS.
    assert_eq!(secured("relay.example", None, true, b"250 injected\r\n").await.unwrap_err().code(), "tls");
}
