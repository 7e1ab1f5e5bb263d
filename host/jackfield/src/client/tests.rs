use super::{Client, Server, refusal, said};
use crate::exit::Exit;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

fn server(url: &str) -> Server {
    Server { server: url.to_owned(), token: Some("geheim".to_owned()) }
}

fn client(url: &str) -> Client {
    Client::new(&server(url)).unwrap()
}

fn code<T>(result: Result<T, Exit>) -> u8 {
    match result {
        Ok(_) => 0,
        Err(exit) => exit.code(),
    }
}

/// Answers these, one connection each, and returns what was asked.
fn answering(answers: Vec<(u16, String)>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            let length = body.len();
            write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
                .unwrap();
            String::from_utf8(asked).unwrap()
        };
        answers.into_iter().map(answer).collect()
    });
    (url, thread)
}

#[test]
fn the_token_is_never_shown() {
    let server = server("http://127.0.0.1:1");
    assert!(!format!("{server:?}").contains("geheim"));
    let header = server.authorization().unwrap().unwrap();
    assert!(header.is_sensitive());
    assert_eq!(header, "Bearer geheim");
}

#[test]
fn no_token_and_an_empty_one_are_the_same() {
    for token in [None, Some(String::new()), Some("  \n".to_owned())] {
        let server = Server { server: "http://h".to_owned(), token };
        assert_eq!(server.authorization().unwrap(), None);
    }
}

#[test]
fn what_is_no_address_is_wrong_usage() {
    for url in ["", "127.0.0.1:8080", "localhost:8080", "ftp://h", "http://", "http://me:pw@h"] {
        assert_eq!(code(server(url).url()), 2, "{url}");
    }
    for url in ["http://127.0.0.1:8080", "https://h/prefix/", "http://[::1]:1"] {
        assert_eq!(code(server(url).url()), 0, "{url}");
    }
    let bad = Server { server: "http://h".to_owned(), token: Some("a\nb".to_owned()) };
    assert_eq!(code(bad.authorization()), 2);
}

#[test]
fn addresses_stay_below_the_servers() {
    let at = |base: &str, path: &[&str]| client(base).at(path, &[]).unwrap().to_string();
    assert_eq!(at("http://h:1", &["channels"]), "http://h:1/v1/channels");
    assert_eq!(at("http://h/p/", &["channels", "a/b?c"]), "http://h/p/v1/channels/a%2Fb%3Fc");
    assert_eq!(code(client("http://h").at(&["work-items", ".."], &[])), 2);
    let query = client("http://h").at(&["work-items"], &[("state", "a&b".to_owned())]);
    assert_eq!(query.unwrap().as_str(), "http://h/v1/work-items?state=a%26b");
}

#[test]
fn the_next_page_is_on_the_same_server() {
    let client = client("http://h/p");
    assert_eq!(client.next("/v1/agents?cursor=x").unwrap().as_str(), "http://h/p/v1/agents?cursor=x");
    for next in ["http://evil/", "//evil/", "v1", "/\\evil", ".evil"] {
        assert_eq!(code(client.next(next)), 1, "{next}");
    }
}

#[test]
fn refusals_have_their_exit_codes() {
    let body = br#"{"title":"Not allowed","detail":"this needs the role operator","status":403}"#;
    assert_eq!(said(403, body), "Not allowed: this needs the role operator");
    assert_eq!(said(404, br#"{"title":"Not found"}"#), "Not found");
    assert_eq!(said(502, b"<html>"), "the server answers 502 Bad Gateway");
    assert_eq!(said(400, b"{\"title\":\"\\u001b[2J\"}"), "\\u{1b}[2J");
    assert_eq!(refusal(401, b"").code(), 4);
    assert_eq!(refusal(403, b"").code(), 4);
    assert_eq!(refusal(404, b"").code(), 1);
    assert_eq!(refusal(503, b"").code(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_exit_3() {
    // Bound and dropped: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let result = client(&format!("http://{port}")).get(&["channels"], &[]).await;
    assert_eq!(code(result), 3);
}

#[tokio::test]
async fn pages_are_followed_up_to_the_limit() {
    let page = |items: serde_json::Value, next: Option<&str>| (200, json!({"items": items, "next": next}).to_string());
    let (url, thread) = answering(vec![
        page(json!([1, 2]), Some("/v1/agents?cursor=2")),
        page(json!([3, 4]), Some("/v1/agents?cursor=4")),
    ]);
    let found = client(&url).list(&["agents"], &[], 3).await.unwrap();
    assert_eq!(found, (vec![json!(1), json!(2), json!(3)], true));
    let asked = thread.join().unwrap();
    assert!(asked[0].starts_with("GET /v1/agents?limit=3 "), "{asked:?}");
    assert!(asked[1].starts_with("GET /v1/agents?cursor=2 "), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.contains("authorization: Bearer geheim")));

    let (url, thread) = answering(vec![page(json!([1]), None)]);
    let found = client(&url).list(&["agents"], &[], 1).await.unwrap();
    assert_eq!(found, (vec![json!(1)], false));
    thread.join().unwrap();
}

#[tokio::test]
async fn answers_are_taken_for_what_they_are() {
    for (status, body, expected) in [(204, "", 0), (200, "<html>", 1), (302, "", 1), (401, "{}", 4)] {
        let (url, thread) = answering(vec![(status, body.to_owned())]);
        let result = client(&url).post(&["channels", "a", "pause"]).await;
        assert_eq!(code(result), expected, "{status} {body}");
        assert!(thread.join().unwrap()[0].starts_with("POST /v1/channels/a/pause "));
    }
}
