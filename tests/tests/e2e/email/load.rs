//! Many mails at once, with hostile peers among them, and a server that is killed meanwhile.

use std::collections::HashSet;
use std::time::Duration;

use jackfield_tests::{Agent, Http, Server, eventually, free_port};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Mail, port, setup};

const CONNECTIONS: usize = 100;
/// Mails in all, unless `JACKFIELD_MAILS` says otherwise.
const MAILS: usize = 10_000;

/// A connection of a mail server's.
pub(super) struct Peer(BufReader<TcpStream>);

impl Peer {
    pub(super) async fn connect(port: u16) -> std::io::Result<Self> {
        let mut peer = Self(BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?));
        peer.answer().await?;
        peer.ask("LHLO mx.example\r\n").await?;
        Ok(peer)
    }

    /// The last line of an answer.
    async fn answer(&mut self) -> std::io::Result<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line);
            }
        }
    }

    pub(super) async fn ask(&mut self, line: &str) -> std::io::Result<String> {
        self.0.get_mut().write_all(line.as_bytes()).await?;
        self.answer().await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes).await
    }

    pub(super) async fn begin(&mut self) -> std::io::Result<()> {
        for line in ["MAIL FROM:<c@d.test>\r\n", "RCPT TO:<help@support.test>\r\n", "DATA\r\n"] {
            self.ask(line).await?;
        }
        Ok(())
    }

    /// Brings a mail; whether it was taken.
    pub(super) async fn bring(&mut self, id: &str) -> std::io::Result<bool> {
        self.begin().await?;
        let mail = format!("From: c@d.test\r\nMessage-ID: <{id}>\r\nSubject: {id}\r\n\r\nhello\r\n.\r\n");
        Ok(self.ask(&mail).await?.starts_with("250"))
    }
}

/// All ids of the mails that there are work items of.
async fn ids(operator: &Http) -> Vec<String> {
    let mut ids = Vec::new();
    let mut path = "/v1/work-items?limit=500".to_owned();
    loop {
        let page = operator.get(&path).await.expect(200).json();
        for item in page["items"].as_array().expect("a list") {
            let external = item["externalIds"].as_array().expect("a list").iter();
            ids.extend(external.map(|id| id.as_str().expect("an id").to_owned()));
        }
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return ids,
        }
    }
}

/// Writes the same over and over until the server has had enough of it.
async fn pour(peer: &mut Peer, bytes: &[u8], most: usize) {
    let mut poured = 0;
    while poured < most && peer.0.get_mut().write_all(bytes).await.is_ok() {
        poured += bytes.len();
    }
    assert!(poured < most, "the server took {poured} bytes");
}

async fn hostile(port: u16, kind: usize) {
    let Ok(mut peer) = Peer::connect(port).await else { return };
    let _ = peer.begin().await;
    match kind % 4 {
        // Slow: a byte now and then, and never an end.
        0 => loop {
            if peer.0.get_mut().write_all(b"x").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        },
        // A gigabyte of text.
        1 => pour(&mut peer, &[b'x'; 64 << 10], 1 << 30).await,
        // A command without an end.
        2 => {
            let Ok(mut peer) = Peer::connect(port).await else { return };
            pour(&mut peer, &[b'x'; 4 << 10], 64 << 20).await;
        }
        // Leaves without a word.
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn good_mails_are_taken_once_whatever_others_do() {
    let count: usize = std::env::var("JACKFIELD_MAILS").ok().and_then(|count| count.parse().ok()).unwrap_or(MAILS);
    let setup = setup(0, None, "")
        .text("[channel.limits]\nconnections = 400\nconnections-per-address = 400\nconnections-opening = 400");
    let server = Server::start(setup).await;
    let port = port(&server).await;
    let bad: Vec<_> = (0..8).map(|kind| tokio::spawn(hostile(port, kind))).collect();
    let good: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            tokio::spawn(async move {
                let mut peer = Peer::connect(port).await.expect("a connection");
                for number in (connection..count).step_by(CONNECTIONS) {
                    assert!(peer.bring(&format!("{number}@load.test")).await.expect("an answer"), "{number}");
                }
            })
        })
        .collect();
    for task in good {
        task.await.expect("all were taken");
    }
    for (kind, task) in bad.into_iter().enumerate() {
        if kind % 4 == 0 {
            task.abort();
        } else {
            timeout(Duration::from_secs(30), task).await.expect("it was ended").expect("the server had enough");
        }
    }
    let ids = ids(&server.operator()).await;
    assert_eq!((ids.len(), ids.iter().collect::<HashSet<_>>().len()), (count, count));
    let megabytes = server.memory() >> 20;
    assert!(megabytes < 1024, "{megabytes} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_one_message_though_the_server_is_killed() {
    let listen = free_port();
    let mut server = Server::start(setup(listen, None, "")).await;
    port(&server).await;
    let sender = tokio::spawn(async move {
        // As a mail server does: what wasn't confirmed is brought again.
        for number in 0..300 {
            loop {
                let Ok(mut peer) = Peer::connect(listen).await else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                if peer.bring(&format!("{number}@kill.test")).await.unwrap_or(false) {
                    break;
                }
            }
        }
    });
    for round in 1..4 {
        let operator = server.operator();
        eventually("some have come", async || (ids(&operator).await.len() > round * 40).then_some(())).await;
        server.kill().await;
        server.start_again().await;
    }
    timeout(Duration::from_secs(60), sender).await.expect("all are brought").expect("all are brought");
    let ids = ids(&server.operator()).await;
    assert_eq!((ids.len(), ids.iter().collect::<HashSet<_>>().len()), (300, 300));
}

/// A relay that takes one mail, and kills the talk before or after it has said so.
async fn relay(listener: &tokio::net::TcpListener, answers_the_end: bool) -> String {
    let (stream, _) = listener.accept().await.expect("the driver comes");
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 relay\r\n").await.expect("it listens");
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return text;
        }
        let answer = match line.as_str() {
            "DATA\r\n" => "354 go on\r\n",
            _ => "250 fine\r\n",
        };
        stream.get_mut().write_all(answer.as_bytes()).await.expect("it listens");
        if line == "DATA\r\n" {
            while !text.ends_with("\r\n.\r\n") {
                let mut bytes = [0; 1024];
                let read = stream.read(&mut bytes).await.expect("text");
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            if answers_the_end {
                stream.get_mut().write_all(b"250 taken\r\n").await.expect("it listens");
            }
            return text;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_may_have_taken_is_unknown_and_not_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let relay_port = listener.local_addr().expect("its address").port();
    let mut server = Server::start(setup(0, Some(relay_port), "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut peer = Peer::connect(port(&server).await).await.expect("a connection");
    assert!(peer.bring("u1@x.test").await.expect("an answer"));
    let item = ana.accept().await["workItem"]["id"].clone();

    let id = ana.reply(&item, "one").await;
    assert!(relay(&listener, false).await.contains("one"));
    let status = ana.event_where("message.status", |data| data["messageId"] == id.as_str()).await;
    let is = |status: &Value, word: &str| status["status"] == word;
    let status = if is(&status, "queued") { ana.event("message.status").await } else { status };
    assert!(is(&status, "unknown"), "{status}");

    let id = ana.reply(&item, "two").await;
    assert!(relay(&listener, true).await.contains("two"));
    ana.event_where("message.status", |data| data["messageId"] == id.as_str() && is(data, "sent")).await;

    // Killed between the mail and the answer to it.
    ana.reply(&item, "three").await;
    assert!(relay(&listener, false).await.contains("three"));
    server.kill().await;
    server.start_again().await;
    let again = timeout(Duration::from_secs(3), listener.accept()).await;
    assert!(again.is_err(), "it was sent again");
    let operator = server.operator();
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    eventually("it is shown as unknown", async || {
        operator.get(&path).await.expect(200).text().contains("unknown").then_some(())
    })
    .await;
}

/// Postfix keeps what a killed server didn't confirm, and brings it when the server is back.
#[tokio::test(flavor = "multi_thread")]
async fn postfix_brings_it_when_the_server_is_back() {
    let listen = free_port();
    let mail = Mail::start(listen).await;
    let mut server = Server::start(setup(listen, None, "")).await;
    port(&server).await;
    server.kill().await;
    let said = super::swaks(
        mail.port("smtp"),
        "ESMTP",
        &["--from", "ann@example.net", "--to", "help@support.test", "--header", "Message-Id: <p@example.net>"],
    )
    .await;
    assert!(said.contains("queued as"), "{said}");
    server.start_again().await;
    let mut ana = Agent::available(&server, "ana").await;
    assert_eq!(ana.accept().await["message"]["externalId"], "p@example.net");
    assert!(ana.so_far("offer.created").await.is_empty());
    mail.stop().await;
}
