//! What a peer can't take from the host: bytes, time, sockets.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::support::{Act, Names, Server, client_of, config, ok};
use crate::{Client, ErrorKind, Limits, Request};

#[tokio::test]
async fn an_answer_over_the_cap_is_cut() {
    let body = "x".repeat(1001);
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n");
    let to_the_end = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
    let sized = format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{body}");
    for answer in [chunked, to_the_end, sized] {
        let server = Server::start(move |_, _| Act::Last(answer.clone())).await;
        let client = client_of(&[&server]);
        let asking = |max| Request { max_bytes: Some(max), ..Request::new("GET", server.url("/")) };
        assert_eq!(client.send(asking(1001)).await.unwrap().body.len(), 1001);
        let error = client.send(asking(1000)).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::TooLarge { limit: 1000, .. }), "{error}");
        assert!(error.maybe_sent());
    }
}

#[tokio::test]
async fn the_limits_cut_what_a_request_asks() {
    let server = Server::start(|_, _| ok("12345")).await;
    let mut config = config(&[&server.url("")], &[], Names::answering(&[]));
    config.limits = Limits { response_bytes: 4, ..Limits::default() };
    let request = Request { max_bytes: Some(u64::MAX), ..Request::new("GET", server.url("/")) };
    let error = Client::new(config).send(request).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TooLarge { limit: 4, .. }), "{error}");
}

#[tokio::test]
async fn a_head_without_end_is_cut() {
    let server = Server::start(|_, _| Act::Last(format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1 << 20)))).await;
    let client = client_of(&[&server]);
    let error = client.send(Request::new("GET", server.url("/"))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transfer { .. }), "{error}");
    assert!(client.counters.counts().limits.contains(&("http-head", 1)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_drip_is_cut_by_the_hosts_clock() {
    for head in
        ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nx: "]
    {
        let server = Server::start(move |_, _| Act::Drip(head.to_owned())).await;
        let client = client_of(&[&server]);
        let request = Request { timeout: Some(Duration::from_secs(20)), ..Request::new("GET", server.url("/")) };
        let before = Instant::now();
        let error = client.send(request).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Timeout { .. }), "{error}");
        assert!(error.maybe_sent());
        assert_eq!(before.elapsed().as_secs(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_cut_and_the_default_holds() {
    let server = Server::start(|_, _| Act::Silence).await;
    let before = Instant::now();
    let error = client_of(&[&server]).send(Request::new("POST", server.url("/"))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Timeout { .. }), "{error}");
    assert!(error.maybe_sent());
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_never_answers_is_a_failure_before_sending() {
    struct Never;
    impl crate::Resolve for Never {
        fn resolve<'a>(
            &'a self,
            _: &'a str,
        ) -> futures_util::future::BoxFuture<'a, std::io::Result<Vec<std::net::IpAddr>>> {
            Box::pin(std::future::pending())
        }
    }
    let client = Client::new(config(&["http://a.example"], &[], Arc::new(Never)));
    let before = Instant::now();
    let error = client.send(Request::new("POST", "http://a.example/")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Dns { .. }), "{error}");
    assert!(!error.maybe_sent());
    assert_eq!(before.elapsed().as_secs(), 10);

    // Or the request's own time is over before that.
    let request = Request { timeout: Some(Duration::from_secs(2)), ..Request::new("POST", "http://a.example/") };
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Timeout { .. }), "{error}");
    assert!(!error.maybe_sent());
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_slots_wait_within_their_time() {
    let server = Server::start(|_, _| Act::Silence).await;
    let mut config = config(&[&server.url("")], &[], Names::answering(&[]));
    config.limits = Limits { concurrency: 2, ..Limits::default() };
    let client = Client::new(config);
    let request = || Request { timeout: Some(Duration::from_secs(5)), ..Request::new("POST", server.url("/")) };
    let (a, b, c) = tokio::join!(client.send(request()), client.send(request()), client.send(request()));
    assert!(a.unwrap_err().maybe_sent() && b.unwrap_err().maybe_sent());
    let waited = c.unwrap_err();
    assert!(matches!(waited.kind, ErrorKind::Timeout { .. }), "{waited}");
    assert!(!waited.maybe_sent());
    assert_eq!(server.connections(), 2);
    // The slots are free again.
    assert!(client.send(request()).await.unwrap_err().maybe_sent());
}
