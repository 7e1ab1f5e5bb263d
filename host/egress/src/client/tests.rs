//! The client against real sockets on loopback. Where time matters it is tokio's paused clock.

mod addresses;
mod limits;
mod redirects;
pub(crate) mod support;
mod tls;

use bytes::Bytes;
use tokio::net::TcpListener;

use self::support::{Act, Names, Server, client, client_of, ok};
use crate::{ErrorKind, Header, Request};

fn post(url: String, body: &'static str) -> Request {
    Request { body: Bytes::from_static(body.as_bytes()), ..Request::new("POST", url) }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let server = Server::start(|_, _| {
        Act::Reply(
            "HTTP/1.1 201 Created\r\nx-a: 1\r\nX-A: 2\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nbody"
                .into(),
        )
    })
    .await;
    let mut request = post(server.url("/a/b%20c?d=e&f=%2F#fragment"), "hello");
    request.headers =
        vec![Header::new("X-One", "1"), Header::new("x-two", b"caf\xe9".to_vec()), Header::new("x-one", "again")];
    let response = client_of(&[&server]).send(request).await.unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(response.body, "body");
    let of_a: Vec<_> = response.headers.iter().filter(|(name, _)| name == "x-a").map(|(_, v)| v.as_slice()).collect();
    assert_eq!(of_a, [b"1", b"2"]);
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("POST /a/b%20c?d=e&f=%2F HTTP/1.1\r\n"), "{sent}");
    for line in [
        format!("host: {}", server.address),
        "content-length: 5".into(),
        "x-one: 1".into(),
        "x-two: caf\u{e9}".into(),
        "x-one: again".into(),
        concat!("user-agent: jackfield/", env!("CARGO_PKG_VERSION")).into(),
    ] {
        assert_eq!(sent.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {sent}");
    }
    assert!(sent.ends_with("\r\n\r\nhello"));
    assert!(!sent.contains("accept-encoding"), "what comes is passed on as it is");
}

#[tokio::test]
async fn a_body_may_be_empty() {
    let server = Server::start(|_, _| ok("")).await;
    let client = client_of(&[&server]);
    client.send(Request::new("POST", server.url("/"))).await.unwrap();
    client.send(Request::new("GET", server.url("/"))).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("\r\ncontent-length: 0\r\n"));
    assert!(!requests[1].contains("content-length"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(|_, _| ok("x")).await;
    let client = client_of(&[&server]);
    for _ in 0..10 {
        client.send(post(server.url("/"), "y")).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (10, 1));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_connection_is_closed_after_a_while() {
    let (closed, mut seen) = tokio::sync::mpsc::channel(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await.unwrap_or(0) > 0 {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
        closed.send(()).await.unwrap();
    });
    let client = client(&[&url], &[], Names::answering(&[]));
    client.send(Request::new("GET", &url)).await.unwrap();
    let before = tokio::time::Instant::now();
    seen.recv().await.unwrap();
    let kept = before.elapsed();
    assert!(kept >= std::time::Duration::from_secs(15) && kept < std::time::Duration::from_secs(16), "{kept:?}");
}

#[tokio::test]
async fn a_stale_connection_costs_a_safe_request_nothing() {
    // Each connection is good for one request, but the server doesn't say so.
    let server = Server::start(|_, number| match number % 2 {
        0 => ok("x"),
        _ => Act::Close,
    })
    .await;
    let client = client_of(&[&server]);
    for _ in 0..3 {
        assert_eq!(client.send(Request::new("GET", server.url("/"))).await.unwrap().body, "x");
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_not_repeated() {
    let server = Server::start(|_, number| if number == 0 { ok("x") } else { Act::Close }).await;
    let client = client_of(&[&server]);
    client.send(post(server.url("/"), "one")).await.unwrap();
    let error = client.send(post(server.url("/"), "two")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transfer { .. }), "{error}");
    assert!(error.maybe_sent());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_closes_after_reading_may_have_the_request() {
    let server = Server::start(|_, _| Act::Close).await;
    let error = client_of(&[&server]).send(post(server.url("/"), "pay")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transfer { .. }), "{error}");
    assert!(error.maybe_sent());
    assert_eq!(error.code(), "transfer");
}

#[tokio::test]
async fn what_is_not_http_is_an_error() {
    for answer in [
        "SMTP ready\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let server = Server::start(move |_, _| Act::Last(answer.to_owned())).await;
        let error = client_of(&[&server]).send(Request::new("GET", server.url("/"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Transfer { .. }), "{answer}: {error}");
        assert!(error.maybe_sent());
    }
}

#[tokio::test]
async fn no_connection_means_not_sent() {
    // A port that was free a moment ago, at an address that no other test uses.
    let address = TcpListener::bind("127.0.0.9:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let error = client(&[&url], &[], Names::answering(&[])).send(post(url, "x")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }), "{error}");
    assert!(!error.maybe_sent());

    let client = client(&["http://nowhere.example"], &[], Names::answering(&[]));
    let error = client.send(Request::new("GET", "http://nowhere.example/secret-path")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Dns { .. }), "{error}");
    assert!(!error.maybe_sent());
    assert!(!error.to_string().contains("secret-path"));
}

#[tokio::test]
async fn requests_that_are_two_or_none_are_refused() {
    let server = Server::start(|_, _| ok("")).await;
    let client = client_of(&[&server]);
    let header = |name: &str, value: &[u8]| Request {
        headers: vec![Header::new(name, value)],
        ..Request::new("POST", server.url("/"))
    };
    let mut table = vec![
        header("x-a", b"1\r\nx-b: 2"),
        header("x-a", b"1\n"),
        header("x-a", b"1\r"),
        header("x-a", b"1\0"),
        header("x-a\r\nx-b", b"1"),
        header("x a", b"1"),
        header("", b"1"),
        header("x-a:", b"1"),
        header("x-a", &vec![b'a'; 70_000]),
        Request::new("GET\r\nX: y", server.url("/")),
        Request::new("", server.url("/")),
        Request::new("CONNECT", server.url("/")),
        Request::new("TRACE", server.url("/")),
        Request::new("GET", "not a url"),
        Request::new("GET", "/relative"),
        Request::new("GET", server.url("/a b")),
        Request::new("GET", server.url("/\r\nx-b: 2")),
        Request::new("GET", server.url("/a\tb")),
        Request::new("GET", server.url("\\@evil.example/")),
        Request { body: Bytes::from(vec![0; (16 << 20) + 1]), ..Request::new("POST", server.url("/")) },
    ];
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "connection",
        "keep-alive",
        "TE",
        "trailer",
        "upgrade",
        "proxy-authorization",
        "proxy-connection",
        "expect",
    ] {
        table.push(header(name, b"1"));
    }
    for (index, request) in table.into_iter().enumerate() {
        let error = client.send(request).await.unwrap_err();
        assert_eq!(error.code(), "invalid", "{index}: {error}");
        assert!(!error.maybe_sent());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_body_can_go_to_a_sink() {
    let server = Server::start(|_, _| ok("one two three")).await;
    let client = client_of(&[&server]);
    let mut taken = Vec::new();
    let response = client
        .send_to(Request::new("GET", server.url("/")), &mut |piece| {
            taken.extend_from_slice(piece);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((taken.as_slice(), response.body.len()), (b"one two three".as_slice(), 0));

    let error = client
        .send_to(Request::new("GET", server.url("/")), &mut |_| Err(std::io::Error::other("disk full")))
        .await
        .unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Sink(_)), "{error}");
    assert!(error.to_string().contains("disk full"));
}
