//! Each hop is a request of its own.

use bytes::Bytes;

use super::support::{Names, Server, client, client_of, ok, redirect};
use crate::{Denied, ErrorKind, Header, Request};

/// Follows up to five.
fn following(method: &str, url: String) -> Request {
    Request { redirects: 5, ..Request::new(method, url) }
}

#[tokio::test]
async fn by_default_a_redirect_is_the_answer() {
    let server = Server::start(|_, _| redirect(302, "/elsewhere")).await;
    let response = client_of(&[&server]).send(Request::new("GET", server.url("/"))).await.unwrap();
    assert_eq!(response.status, 302);
    assert!(response.headers.contains(&("location".into(), b"/elsewhere".to_vec())));
}

#[tokio::test]
async fn a_redirect_to_where_no_grant_leads_is_refused() {
    let inner = Server::start(|_, _| ok("inner")).await;
    let inner_url = inner.url("/");
    let locations = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:169.254.169.254]/".to_owned(),
        "http://2852039166/".to_owned(),
        "http://0251.0376.0251.0376/".to_owned(),
        "http://0xa9fea9fe/".to_owned(),
        "http://0xa9.0xfe.0xa9.0xfe/".to_owned(),
        "http://169.254.169.254./".to_owned(),
        "http://[2002:a9fe:a9fe::]/".to_owned(),
        "http://[64:ff9b::169.254.169.254]/".to_owned(),
        "http://[64:ff9b:1::169.254.169.254]/".to_owned(),
        "http://[::169.254.169.254]/".to_owned(),
        inner_url.replace("127.0.0.1", "[::127.0.0.1]"),
        inner_url.replace("127.0.0.1", "[2002:7f00:1::]"),
        inner_url.replace("127.0.0.1", "[64:ff9b::127.0.0.1]"),
        inner_url.replace("127.0.0.1", "0177.0.0.1"),
        inner_url.replace("127.0.0.1", "0x7f.1"),
        inner_url.replace("127.0.0.1", "127.0.0.1."),
        inner_url.replace("127.0.0.1", "localhost."),
        inner_url.replace("http:", ""),
        inner_url.replace("127.0.0.1", "2130706433"),
        inner_url.replace("127.0.0.1", "localhost"),
        inner_url,
        "file:///etc/passwd".to_owned(),
        "http://user@127.0.0.1/".to_owned(),
    ];
    for location in locations {
        let to = location.clone();
        let server = Server::start(move |_, _| redirect(302, &to)).await;
        let error = client_of(&[&server]).send(following("GET", server.url("/"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied(_)), "{location}: {error}");
        assert!(error.maybe_sent(), "the first hop was answered");
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn a_redirect_to_a_granted_name_is_checked_for_its_addresses() {
    let inner = Server::start(|_, _| ok("inner")).await;
    let target = format!("http://b.example:{}/", inner.address.port());
    for address in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "169.254.169.254",
    ] {
        let to = target.clone();
        let server = Server::start(move |_, _| redirect(307, &to)).await;
        let client = client(&[&server.url(""), &target], &[], Names::answering(&[&[address]]));
        let error = client.send(following("GET", server.url("/"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied(Denied::Address { .. })), "{address}: {error}");
    }
    assert_eq!(inner.connections(), 0);
}

/// What looks like a granted host to people, and what is one with a dot more, is another host.
#[tokio::test]
async fn a_redirect_to_a_name_that_only_looks_granted_is_refused() {
    let inner = Server::start(|_, _| ok("inner")).await;
    let port = inner.address.port();
    let grant = format!("http://api.example:{port}");
    for host in ["\u{430}pi.example", "xn--pi-6kc.example", "api.ex\u{430}mple", "api.example.", "ap\u{131}.example"] {
        let to = format!("http://{host}:{port}/");
        let server = Server::start(move |_, _| redirect(302, &to)).await;
        let client = client(&[&server.url(""), &grant], &["127.0.0.0/8"], Names::answering(&[&["127.0.0.1"]]));
        let error = client.send(following("GET", server.url("/"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied(_)), "{host}: {error}");
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let second = Server::start(|_, _| ok("done")).await;
    let location = second.url("/b");
    let first =
        Server::start(
            move |request, _| {
                if request.starts_with("GET /a ") { redirect(302, "/same") } else { redirect(302, &location) }
            },
        )
        .await;
    let mut request = following("GET", first.url("/a"));
    request.headers = vec![
        Header::new("Authorization", "Bearer secret-1"),
        Header::new("cookie", "secret-2"),
        Header { sensitive: true, ..Header::new("x-api-key", "secret-3") },
        Header::new("x-plain", "kept"),
    ];
    client_of(&[&first, &second]).send(request).await.unwrap();
    for at_first in first.requests() {
        assert_eq!(at_first.matches("secret-").count(), 3, "the same origin gets all: {at_first}");
    }
    assert_eq!(first.requests().len(), 2);
    let at_second = second.requests().remove(0);
    assert!(at_second.contains("x-plain: kept"));
    assert!(!at_second.contains("secret-"), "{at_second}");
    assert!(!at_second.to_lowercase().contains("referer"));
}

#[tokio::test]
async fn methods_change_as_browsers_change_them() {
    let table = [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ];
    for (status, method, expected) in table {
        let server = Server::start(move |_, number| if number == 0 { redirect(status, "/b") } else { ok("") }).await;
        let mut request = following(method, server.url("/a"));
        request.headers = vec![Header::new("content-type", "text/plain")];
        request.body = Bytes::from_static(if method == "HEAD" { b"" } else { b"body" });
        let had_body = !request.body.is_empty();
        client_of(&[&server]).send(request).await.unwrap();
        let second = server.requests().remove(1);
        assert!(second.starts_with(&format!("{expected} /b HTTP/1.1")), "{status} {method}: {second}");
        let keeps_body = had_body && expected == method;
        assert_eq!(second.ends_with("\r\n\r\nbody"), keeps_body, "{status} {method}");
        assert_eq!(second.contains("content-type"), expected == method, "{status} {method}");
    }
}

#[tokio::test]
async fn a_secret_body_is_not_sent_on() {
    let second = Server::start(|_, _| ok("")).await;
    let location = second.url("/");
    let first = Server::start(move |_, _| redirect(307, &location)).await;
    let client = client_of(&[&first, &second]);
    let mut request = following("POST", first.url("/"));
    request.body = Bytes::from_static(b"client_secret=s");
    request.body_sensitive = true;
    let error = client.send(request.clone()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Redirect { .. }), "{error}");
    assert!(error.maybe_sent());
    assert_eq!(second.connections(), 0);
    request.body_sensitive = false;
    assert_eq!(client.send(request).await.unwrap().status, 200);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(|_, number| redirect(302, &format!("/{number}"))).await;
    let client = client_of(&[&server]);
    // More than five can't be had.
    for (asked, requests) in [(1, 2), (5, 6), (100, 6)] {
        let before = server.requests().len();
        let error =
            client.send(Request { redirects: asked, ..Request::new("GET", server.url("/")) }).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Redirect { .. }), "{error}");
        assert_eq!(server.requests().len() - before, requests);
    }
    let server = Server::start(|_, _| redirect(302, "http://[broken")).await;
    let error = client_of(&[&server]).send(following("GET", server.url("/"))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Redirect { .. }), "{error}");
}
