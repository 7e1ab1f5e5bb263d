use super::*;
use crate::fixture::Fixture;
use http::{Method, Request as HttpRequest};

#[test]
fn the_channel_is_the_first_segment() {
    assert_eq!(channel_of("/channels/wire"), "wire");
    assert_eq!(channel_of("/channels/wire/"), "wire");
    assert_eq!(channel_of("/channels/wire/status/x"), "wire");
    assert_eq!(channel_of("/channels//x"), "");
}

#[test]
fn headers_keep_their_repeats_and_bytes() {
    let mut map = HeaderMap::new();
    map.append("x-a", HeaderValue::from_static("1"));
    map.append("x-a", HeaderValue::from_bytes(b"\xff").unwrap());
    let headers = headers(&map);
    let expected = [("x-a", &b"1"[..]), ("x-a", &b"\xff"[..])];
    assert!(headers.iter().map(|header| (header.name.as_str(), &header.value[..])).eq(expected));
}

#[tokio::test]
async fn an_answer_keeps_what_belongs_to_it() {
    let fixture = Fixture::new().await;
    let header =
        |name: &str, value: &'static str| Header { name: name.to_owned(), value: Bytes::from_static(value.as_bytes()) };
    let answer = HandlerResponse {
        status: 201,
        headers: vec![
            header("content-type", "text/xml"),
            header("set-cookie", "a=1"),
            header("set-cookie", "b=2"),
            header("content-length", "999"),
            header("transfer-encoding", "chunked"),
            header("keep-alive", "x"),
            header("bad name", "x"),
            header("x-bad", "a\r\nb"),
        ],
        body: HandlerBody::Bytes(Bytes::from_static(b"<ok/>")),
    };
    let response = respond(&fixture.gateway, answer).await.unwrap();
    assert_eq!(response.status(), 201);
    let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["content-security-policy", "content-type", "set-cookie"]);
    assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox "));
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "<ok/>");
}

#[tokio::test]
async fn a_status_without_a_body_has_none() {
    let fixture = Fixture::new().await;
    for status in [204, 205, 304] {
        let answer =
            HandlerResponse { status, headers: Vec::new(), body: HandlerBody::Bytes(Bytes::from_static(b"x")) };
        let response = respond(&fixture.gateway, answer).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty(), "{status}");
    }
}

#[tokio::test]
async fn a_status_that_is_none_is_a_failed_driver() {
    let fixture = Fixture::new().await;
    for status in [0, 99, 100, 101, 1000] {
        let answer = HandlerResponse { status, headers: Vec::new(), body: HandlerBody::Bytes(Bytes::new()) };
        let problem = respond(&fixture.gateway, answer).await.unwrap_err();
        assert_eq!(problem.into_response().status(), 502, "{status}");
    }
}

#[tokio::test]
async fn unknown_channels_and_long_bodies_are_refused() {
    let fixture = Fixture::new().await;
    let response = fixture.call(Method::POST, "/channels/nowhere", "", "x").await;
    assert_eq!(response.status(), 404);
    let response = fixture.call(Method::POST, "/channels/wire/in", "", vec![0; 1024 * 1024 + 1]).await;
    assert_eq!(response.status(), 413);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let announced =
        HttpRequest::post("/channels/wire").header("content-length", "1048577").body(Body::empty()).unwrap();
    assert_eq!(fixture.send(announced).await.status(), 413, "it isn't even read");
}

#[tokio::test]
async fn a_channel_without_a_driver_says_when_to_come_back() {
    let fixture = Fixture::new().await;
    let response = fixture.call(Method::POST, "/channels/wire", "", "x").await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
}
