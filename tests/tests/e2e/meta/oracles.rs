//! Who lets in what: other people's libraries beside ours, every request to all of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Request, Server, ask_node, ask_python};
use serde_json::{Value, json};

use super::{CHANNEL, SECRET, WORD, escaped, messenger, raw, signature, whatsapp};

/// Where nobody is: for what sends nothing.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Requests that are let in or not: a body, and the header's value.
async fn cases(body: &str) -> Vec<(&'static str, String, Option<String>)> {
    let good = signature(body).await;
    let flipped = |at: usize| {
        let mut bytes = body.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).expect("ASCII")
    };
    let hex = &good["sha256=".len()..];
    let other_digit = if hex.starts_with('0') { "1" } else { "0" };
    vec![
        ("good", body.to_owned(), Some(good.clone())),
        ("no signature", body.to_owned(), None),
        ("an empty one", body.to_owned(), Some(String::new())),
        ("no hex", body.to_owned(), Some("sha256=zz".to_owned())),
        ("half of it", body.to_owned(), Some(good[..40].to_owned())),
        ("another digit", body.to_owned(), Some(format!("sha256={other_digit}{}", &hex[1..]))),
        ("the one of another body", body.to_owned(), Some(signature("{}").await)),
        ("another scheme", body.to_owned(), Some(format!("sha1={hex}"))),
        ("the first byte flipped", flipped(0), Some(good.clone())),
        ("a byte in the midst flipped", flipped(body.len() / 2), Some(good.clone())),
        ("the last byte flipped", flipped(body.len() - 1), Some(good.clone())),
        ("truncated", body[..body.len() - 1].to_owned(), Some(good.clone())),
        ("longer by a space", format!("{body} "), Some(good)),
    ]
}

#[tokio::test]
async fn what_other_libraries_let_in_is_let_in_and_nothing_else() {
    let whatsapp = (Server::start(whatsapp::setup(NOWHERE)).await, escaped(&whatsapp::text("wamid.1", "ä 👍")));
    let messenger = (Server::start(messenger::setup(NOWHERE)).await, escaped(&messenger::text("m_1", "ä 👍")));
    for (server, body) in [whatsapp, messenger] {
        let cases = cases(&body).await;
        let requests: Vec<Value> = cases
            .iter()
            .map(|(_, body, signature)| json!({"body": STANDARD.encode(body), "signature": signature}))
            .collect();
        let asked = json!({"secret": SECRET, "requests": requests});
        let node: Vec<bool> = serde_json::from_str(&ask_node("meta_verify.mjs", &asked).await).expect("decisions");
        let python: Vec<bool> = serde_json::from_str(&ask_python("meta_verify.py", &asked).await).expect("decisions");
        for (at, (what, body, signature)) in cases.into_iter().enumerate() {
            let request = raw(&body);
            let request = match signature {
                Some(signature) => request.header("x-hub-signature-256", signature),
                None => request,
            };
            let status = server.http().send(request).await.status;
            assert!(matches!(status, 200 | 401), "{what}: {status}");
            assert_eq!((node[at], python[at]), (status == 200, status == 200), "{what}: {status}");
        }
        // Where there is no oracle, since libraries are given one text.
        let hostile = [
            raw(&body).header("x-hub-signature-256", vec![b's', 0xff, 0xfe]),
            raw(&body)
                .header("x-hub-signature-256", signature(&body).await)
                .header("x-hub-signature-256", signature(&body).await),
        ];
        for request in hostile {
            server.http().send(request).await.expect(401);
        }
        let items = server.operator().get("/v1/work-items").await.expect(200).json();
        assert_eq!(items["items"].as_array().map(Vec::len), Some(1), "{items}");
        assert!(!server.log().contains("trap"), "{}", server.log());
    }
}

#[tokio::test]
async fn the_webhook_is_verified_as_other_libraries_do() {
    let server = Server::start(whatsapp::setup(NOWHERE)).await;
    let queries = [
        json!({"hub.mode": "subscribe", "hub.verify_token": WORD, "hub.challenge": "1158201444"}),
        json!({"hub.mode": "subscribe", "hub.verify_token": "another", "hub.challenge": "1158201444"}),
        json!({"hub.mode": "unsubscribe", "hub.verify_token": WORD, "hub.challenge": "1158201444"}),
        json!({"hub.mode": "subscribe", "hub.challenge": "1158201444"}),
        json!({}),
    ];
    let asked = json!({"token": WORD, "queries": queries});
    let decisions: Vec<Option<String>> =
        serde_json::from_str(&ask_node("meta_verify.mjs", &asked).await).expect("decisions");
    for (query, decision) in queries.iter().zip(decisions) {
        let fields: Vec<String> = query
            .as_object()
            .expect("fields")
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_str().expect("a text")))
            .collect();
        let answer = server.http().send(Request::new("GET", &format!("{CHANNEL}?{}", fields.join("&")))).await;
        match decision {
            Some(challenge) => assert_eq!((answer.status, answer.text()), (200, challenge), "{query}"),
            None => assert_eq!(answer.status, 403, "{query}"),
        }
    }
}
