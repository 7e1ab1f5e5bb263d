//! Mails as large as a channel can be set to take.

use jackfield_tests::{Agent, Server};

use super::load::Peer;
use super::{port, setup};

/// The largest `max-size`.
const SIZE: usize = 26_214_400;

/// A mail of a kind, filled up to its size.
fn mail(kind: &str) -> Vec<u8> {
    let head = format!("From: c@d.test\r\nMessage-ID: <{kind}@large.test>\r\nSubject: {kind}\r\nMIME-Version: 1.0\r\n");
    let (rest, line, end): (_, &[u8], _) = match kind {
        "html" => ("Content-Type: text/html; charset=utf-8\r\n\r\n", "<p>Änn &amp; <b>co</b>\r\n".as_bytes(), ""),
        // Two bytes each become three, and four are held ready for them.
        "text" => ("Content-Type: text/plain; charset=gbk\r\n\r\n", b"\xc4\xe3\xba\xc3\xc4\xe3\xba\xc3\r\n", ""),
        _ => (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n",
            b"QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\r\n",
            "--b--\r\n",
        ),
    };
    let mut mail = (head + rest).into_bytes();
    let count = (SIZE - mail.len() - end.len()) / line.len();
    mail.extend_from_slice(&line.repeat(count));
    mail.extend_from_slice(end.as_bytes());
    mail
}

#[tokio::test(flavor = "multi_thread")]
async fn two_large_mails_at_once_are_taken() {
    let server = Server::start(setup(0, None, &format!("max-size = {SIZE}"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let port = port(&server).await;
    for kinds in [["file", "other"], ["html", "text"]] {
        let brought = kinds.map(|kind| {
            tokio::spawn(async move {
                let mut peer = Peer::connect(port).await.expect("a connection");
                peer.begin().await.expect("it goes on");
                peer.write(&mail(kind)).await.expect("it listens");
                peer.ask(".\r\n").await.expect("an answer")
            })
        });
        for (task, kind) in brought.into_iter().zip(kinds) {
            let answer = task.await.expect("an answer");
            let log = async || server.operator().get("/v1/channels/mail/log?limit=50").await.text();
            assert!(answer.starts_with("250 2.0.0"), "{kind}: {answer}{}", log().await);
        }
        for _ in kinds {
            let offer = ana.accept().await;
            let parts = offer["message"]["parts"].as_array().expect("parts");
            let largest = parts.iter().filter_map(|part| part["size"].as_u64()).max();
            assert!(largest.is_some_and(|size| size > 18_000_000), "{parts:?}");
            assert!(parts.iter().any(|part| part["type"] == "text"), "{parts:?}");
        }
    }
}
