//! Mails as large as a channel can be set to take, and many of them at once.

use std::sync::Arc;

use base64::Engine as _;
use jackfield_tests::{Agent, Server, eventually};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Barrier;

use super::load::Peer;
use super::{port, setup};

/// The largest `max-size`.
const SIZE: usize = 26_214_400;
/// Mails that come at once.
const MAILS: usize = 20;
/// What a connection's instance may have of memory, a mail of 20 MB on its way or not, in bytes.
const HELD: u64 = 4 << 20;

/// A mail of a kind, filled up to its size.
fn mail(kind: &str) -> Vec<u8> {
    let head = format!("From: c@d.test\r\nMessage-ID: <{kind}@large.test>\r\nSubject: {kind}\r\nMIME-Version: 1.0\r\n");
    let mixed = |headers: &str| {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n{headers}\r\n\r\n")
    };
    // Two bytes each become three, and four are held ready for them.
    let gbk: &[u8] = b"\xc4\xe3\xba\xc3\xc4\xe3\xba\xc3\r\n";
    let (size, rest, line, end): (_, _, &[u8], _) = match kind {
        "html" => {
            (SIZE, "Content-Type: text/html; charset=utf-8\r\n\r\n".into(), "<p>Änn &amp; <b>co</b>\r\n".as_bytes(), "")
        }
        "page" => (SIZE, "Content-Type: text/html; charset=gbk\r\n\r\n".into(), gbk, ""),
        "text" => (SIZE, "Content-Type: text/plain; charset=gbk\r\n\r\n".into(), gbk, ""),
        // As much as a mail may have of what isn't read piece by piece.
        "table" => (8_300_000, mixed("Content-Type: text/csv; charset=gbk"), gbk, "--b--\r\n"),
        _ => (
            SIZE,
            mixed("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64"),
            b"QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\r\n",
            "--b--\r\n",
        ),
    };
    let mut mail = (head + &rest).into_bytes();
    let count = (size - mail.len() - end.len()) / line.len();
    mail.extend_from_slice(&line.repeat(count));
    mail.extend_from_slice(end.as_bytes());
    mail
}

#[tokio::test(flavor = "multi_thread")]
async fn two_large_mails_at_once_are_taken() {
    let server = Server::start(setup(0, None, &format!("max-size = {SIZE}"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let port = port(&server).await;
    for (kinds, least) in
        [(["file", "other"], 18_000_000), (["html", "text"], 26_000_000), (["table", "page"], 11_000_000)]
    {
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
            assert!(largest.is_some_and(|size| size > least), "{parts:?}");
            assert!(parts.iter().any(|part| part["type"] == "text"), "{parts:?}");
        }
    }
}

/// A mail of 20 MB with two files of its own, and the files' digests.
fn with_files(number: usize) -> (Vec<u8>, Vec<String>) {
    let mut mail = format!(
        "From: c{number}@d.test\r\nMessage-ID: <{number}@large.test>\r\nSubject: {number}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n"
    );
    let mut digests = Vec::new();
    for part in 0..2 {
        // By chance, and not twice the same.
        let mut next = (number * 2 + part + 1) as u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            (next >> 24) as u8
        })
        .take(7_400_000)
        .collect();
        digests.push(format!("sha256-{}", hex::encode(Sha256::digest(&bytes))));
        mail.push_str("--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        for line in bytes.chunks(57) {
            base64::engine::general_purpose::STANDARD.encode_string(line, &mut mail);
            mail.push_str("\r\n");
        }
    }
    mail.push_str("--b--\r\n");
    (mail.into_bytes(), digests)
}

#[tokio::test]
async fn a_mail_that_there_is_no_room_for_is_asked_for_again_and_one_that_breaks_off_leaves_nothing() {
    let server = Server::start(setup(0, None, "[channel.limits]\nspooled = \"25MiB\"")).await;
    let port = port(&server).await;
    let spooled = async || {
        let metrics = server.http().get("/metrics").await.expect(200).text();
        let name = "jackfield_channel_spooled_bytes{channel=\"mail\"} ";
        let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.parse::<u64>().ok());
        found.unwrap_or_else(|| panic!("{metrics}"))
    };
    let (mail, _) = with_files(1);
    // Its files and the mail as it came have 35 MB together.
    let mut peer = Peer::connect(port).await.expect("a connection");
    peer.begin().await.expect("it goes on");
    peer.write(&mail).await.expect("it listens");
    assert_eq!(peer.ask(".\r\n").await.expect("an answer"), "452 4.3.1 there is no room for it now\r\n");
    assert_eq!(spooled().await, 0);
    peer.begin().await.expect("it goes on");
    peer.write(&mail[..10_000_000]).await.expect("it listens");
    eventually("it comes in", async || (spooled().await > 15_000_000).then_some(())).await;
    drop(peer);
    eventually("nothing of it is left", async || (spooled().await == 0).then_some(())).await;
    let mut peer = Peer::connect(port).await.expect("a connection");
    assert!(peer.bring("after@large.test").await.expect("an answer"));
}

async fn memory(server: &Server) -> u64 {
    server.operator().get("/v1/channels/mail").await.expect(200).json()["memory"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_many_large_mails_are_no_memory_of_the_channel() {
    let server = Server::start(setup(0, None, "")).await;
    let port = port(&server).await;
    let here = Arc::new(Barrier::new(MAILS + 1));
    let peers: Vec<_> = (0..MAILS)
        .map(|number| {
            let here = here.clone();
            tokio::spawn(async move {
                let (mail, digests) = with_files(number);
                let mut peer = Peer::connect(port).await.expect("a connection");
                peer.begin().await.expect("it goes on");
                peer.write(&mail).await.expect("it listens");
                here.wait().await;
                here.wait().await;
                (peer.ask(".\r\n").await.expect("an answer"), digests)
            })
        })
        .collect();
    here.wait().await;
    let held = memory(&server).await;
    here.wait().await;
    assert!(held < MAILS as u64 * HELD, "{held} bytes");
    let mut expected = Vec::new();
    for peer in peers {
        let (answer, digests) = peer.await.expect("a peer");
        assert_eq!(answer, "250 2.0.0 taken\r\n");
        expected.extend(digests);
    }
    let held = memory(&server).await;
    assert!(held < MAILS as u64 * HELD, "{held} bytes");

    let operator = server.operator();
    let items = operator.get("/v1/work-items?limit=500").await.expect(200).json();
    let items = items["items"].as_array().expect("a list");
    assert_eq!(items.len(), MAILS);
    let mut found: Vec<String> = Vec::new();
    for item in items {
        let id = item["id"].as_str().expect("an id");
        let messages = operator.get(&format!("/v1/work-items/{id}/messages")).await.expect(200).json();
        let messages = messages["items"].as_array().expect("a list");
        assert_eq!(messages.len(), 1, "{messages:?}");
        let parts = messages[0]["parts"].as_array().expect("parts").iter();
        for part in parts.filter(|part| part["type"] == "attachment") {
            assert_eq!(part["size"], json!(7_400_000));
            let blob = part["blob"].as_str().expect("a blob");
            let bytes = operator.get(&format!("/v1/blobs/{blob}")).await.expect(200).body;
            assert_eq!(format!("sha256-{}", hex::encode(Sha256::digest(&bytes))), blob);
            found.push(blob.into());
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
