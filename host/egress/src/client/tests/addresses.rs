//! The way from a name to a socket, against name servers that lie.

use super::support::{Act, Names, Server, client, ok};
use crate::{Denied, Error, ErrorKind, Request, Special};

fn close(body: &str) -> Act {
    Act::Last(format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

fn special(error: &Error) -> Option<Special> {
    match &error.kind {
        ErrorKind::Denied(Denied::Address { special, .. }) => Some(*special),
        _ => None,
    }
}

#[tokio::test]
async fn a_name_rebound_between_two_requests_is_refused() {
    // 127.0.0.2 is granted and plays the public address; 127.0.0.1 is what the attacker is after.
    let (public, inner) = Server::start_two(|_, _| close("public"), |_, _| ok("inner")).await;
    let port = public.address.port();
    let url = format!("http://rebind.example:{port}");
    let names = Names::answering(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let client = client(&[&url], &["127.0.0.2/32"], names);
    assert_eq!(client.send(Request::new("GET", &url)).await.unwrap().body, "public");
    let error = client.send(Request::new("GET", &url)).await.unwrap_err();
    assert_eq!(special(&error), Some(Special::Loopback), "{error}");
    assert!(!error.maybe_sent());
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn the_address_checked_is_the_one_connected_to() {
    // A second question would be answered with the inner address: it is never asked.
    let (public, inner) = Server::start_two(|_, _| ok("public"), |_, _| ok("inner")).await;
    let port = public.address.port();
    let url = format!("http://rebind.example:{port}");
    let client = client(&[&url], &["127.0.0.2/32"], Names::answering(&[&["127.0.0.2"], &["127.0.0.1"]]));
    for _ in 0..5 {
        assert_eq!(client.send(Request::new("GET", &url)).await.unwrap().body, "public");
    }
    assert_eq!((public.connections(), inner.connections()), (1, 0));
}

#[tokio::test]
async fn of_a_mixed_answer_only_the_permitted_addresses_are_tried() {
    let (public, inner) = Server::start_two(|_, _| ok("public"), |_, _| ok("inner")).await;
    let port = public.address.port();
    let url = format!("http://mixed.example:{port}");
    let answer: &[&str] = &["127.0.0.1", "::ffff:127.0.0.1", "::1", "127.0.0.2"];
    let client = client(&[&url], &["127.0.0.2/32"], Names::answering(&[answer]));
    assert_eq!(client.send(Request::new("GET", &url)).await.unwrap().body, "public");
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn a_dead_address_gives_way_to_the_next() {
    let server = Server::start(|_, _| ok("here")).await;
    let url = format!("http://two.example:{}", server.address.port());
    let client = client(&[&url], &["127.0.0.0/8"], Names::answering(&[&["127.0.0.3", "127.0.0.1"]]));
    assert_eq!(client.send(Request::new("GET", &url)).await.unwrap().body, "here");
}

#[tokio::test]
async fn hostile_spellings_reach_nothing() {
    let inner = Server::start(|_, _| ok("inner")).await;
    let port = inner.address.port();
    // All the grants that an operator may have, but none of the server's own address.
    let grants = [format!("http://api.example:{port}"), format!("http://*.example:{port}")];
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    let client = client(&grants, &[], Names::answering(&[&["127.0.0.1"]]));
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "api.example@127.0.0.1",
        "127.0.0.1@api.example",
        "api.example",
        "a.example",
        "a.example.",
        "api。example",
    ];
    for host in hosts {
        let error = client.send(Request::new("POST", format!("http://{host}:{port}/"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Denied(_)), "{host}: {error}");
        assert!(!error.maybe_sent());
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn an_operators_grant_opens_a_literal_and_localhost() {
    let server = Server::start(|_, _| ok("here")).await;
    let port = server.address.port();
    let grants = [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    let client = client(&grants, &[], Names::answering(&[&["::1", "127.0.0.1"]]));
    for host in ["127.0.0.1", "2130706433", "localhost"] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(client.send(Request::new("GET", url)).await.unwrap().body, "here", "{host}");
    }
}

#[tokio::test]
async fn the_system_resolver_finds_this_machine() {
    let found = crate::Resolve::resolve(&crate::SystemResolver, "localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(std::net::IpAddr::is_loopback), "{found:?}");
}
