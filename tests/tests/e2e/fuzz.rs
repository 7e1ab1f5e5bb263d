//! Bytes that nobody should send, to the sockets of the real binary: it answers or hangs up, and goes on.

use jackfield_tests::{Agent, Mutator, Server, Setup, corpus, fuzz_time, keep, kind_of};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// Frames sent before their answers are read.
const FRAMES: usize = 20;

const REQUEST_WORDS: [&str; 19] = [
    "\r\n",
    "\r\n\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked",
    "Host: ",
    "GET ",
    "POST ",
    "/channels/forms",
    "HTTP/1.1",
    "?",
    "%00",
    "X-Forwarded-For: ",
    "Expect: 100-continue",
    "{\"id\":",
    "\"from\":",
    "null",
    "\"attachments\":[",
    "\"data\":\"",
    "[[[[",
];
const FRAME_WORDS: [&str; 20] = [
    "\"id\":",
    "\"type\":",
    "agent.set-state",
    "offer.accept",
    "offer.reject",
    "message.send",
    "message.retry",
    "work-item.complete",
    "work-item.transfer",
    "work-item.invoke",
    "typing",
    "\"state\":\"available\"",
    "\"workItemId\":",
    "\"text\":",
    "\"attachments\":[",
    "sha256-",
    "null",
    "{}",
    "\\u0000",
    "[[[[",
];

async fn start() -> Server {
    Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await
}

/// Nothing panicked, and a request is served as before.
async fn is_well(server: &Server, what: &str) {
    let log = server.log();
    assert!(!log.contains("panicked"), "{what}: {log}");
    server.http().get("/readyz").await.expect(200);
    server.http().post("/channels/forms", &json!({"id": what, "from": "kim", "text": "hello"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_webhook_requests() {
    let server = start().await;
    let mut mutator = Mutator::new(corpus("webhook"), &REQUEST_WORDS);
    let end = Instant::now() + fuzz_time();
    let mut count = 0;
    while Instant::now() < end {
        let input = mutator.next_input();
        count += 1;
        match exchange(&server, &input).await {
            // 500 is what a fault of ours looks like; what a driver fails on is 502.
            Ok(answer) => {
                let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
                let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
                assert_ne!(status, "500", "seed {}: {}", mutator.seed, keep("webhook", &input).display());
                mutator.outcome(&input, &(status, kind_of(body)));
            }
            Err(why) => panic!("seed {}: {why}: {}", mutator.seed, keep("webhook", &input).display()),
        }
    }
    println!("webhook: {count} inputs");
    assert!(count > 20);
    is_well(&server, "webhook").await;
}

/// Sends bytes as they are, says that there are no more, and reads what comes.
async fn exchange(server: &Server, input: &[u8]) -> Result<String, String> {
    let talk = async {
        let connected = TcpStream::connect(server.address()).await;
        let mut stream = connected.map_err(|error| format!("it doesn't accept: {error}"))?;
        // It may hang up before it has read all.
        let _ = stream.write_all(input).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    tokio::time::timeout(ANSWER, talk).await.map_err(|_| "it neither answers nor hangs up".to_owned())?
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_agent_frames() {
    let server = start().await;
    let mut mutator = Mutator::new(corpus("agent"), &FRAME_WORDS);
    let end = Instant::now() + fuzz_time();
    let mut ana = Agent::available(&server, "ana").await;
    let mut count = 0;
    while Instant::now() < end {
        let mut sent = Vec::new();
        for _ in 0..FRAMES {
            let input = mutator.next_input();
            ana.send(&String::from_utf8_lossy(&input)).await;
            sent.push(input);
        }
        count += sent.len();
        // A command of ours, answered behind theirs: the connection lives, and every frame was looked at.
        let told = ana.command(json!({"type": "agent.set-state", "state": "available"})).await;
        if told["ok"] != true && told["error"]["code"] != "rate-limited" {
            let kept: Vec<_> = sent.iter().map(|input| keep("agent", input).display().to_string()).collect();
            panic!("seed {}: {told}: one of {kept:?}", mutator.seed);
        }
    }
    println!("agent: {count} inputs");
    assert!(count > 20);
    is_well(&server, "agent").await;
}
