//! What somebody meets who starts the server for the first time: no config, a demo.

use std::process::Stdio;

use jackfield_tests::{Answer, DEADLINE, Http, Request, ask_node, binary, root};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// A text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in:\n{text}"));
    rest.split(after).next().unwrap_or_default()
}

#[tokio::test]
async fn the_demo_serves_and_its_curl_line_makes_a_request_appear() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path().join("demo"))
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server");
    let mut stdout = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let line = timeout(DEADLINE, stdout.next_line())
        .await
        .expect("it says where it listens")
        .expect("a line")
        .expect("a line");
    let address = between(&line, "listening on http://", "\n").to_owned();
    let mut stderr = BufReader::new(child.stderr.take().expect("its stderr"));
    let mut said = String::new();
    while !said.contains("JACKFIELD_TOKEN=") {
        let mut line = String::new();
        let read = timeout(DEADLINE, stderr.read_line(&mut line)).await.expect("it explains itself").expect("a line");
        assert!(read > 0, "it ended: {said}");
        said.push_str(&line);
    }
    let token = between(&said, "#token=", "\n").trim().to_owned();
    let operator = between(&said, "JACKFIELD_TOKEN=", " ").to_owned();
    let http = Http::new(address.parse().expect("an address"));

    let page = http.get("/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.header("content-type"));
    let script = http.get("/app.js").await.expect(200);
    assert!(script.text().contains("jackfield.agent.v1"), "the page is an agent's desktop");
    let words = http.get("/message.js").await.expect(200).text();
    assert_eq!(ask_node("desktop.mjs", &json!({"module": words})).await, "told", "what the page makes of messages");
    // Nothing that a customer writes may run there.
    assert!(page.header("content-security-policy").contains("default-src"), "{:?}", page.headers);
    http.with_token(&token).get("/v1/agents").await.expect(403);

    // The line is for people: it is what is run here.
    let command = between(&said, "as a customer would:", "\n\n").trim().to_owned();
    let curl = Command::new("sh")
        .args(["-c", &format!("{command} --silent --show-error --fail")])
        .output()
        .await
        .expect("a shell");
    if curl.status.code() == Some(127) {
        let answer: Answer = http
            .send(
                Request::new("POST", "/channels/demo")
                    .header("content-type", "application/json")
                    .body(between(&command, "-d '", "'").to_owned()),
            )
            .await;
        answer.expect(200);
    } else {
        assert!(curl.status.success(), "{command}\n{}", String::from_utf8_lossy(&curl.stderr));
    }
    let items = http.with_token(&operator).get("/v1/work-items").await.expect(200).json();
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1), "{items}");
    assert_ne!(items["items"][0]["id"], Value::Null);

    let id = child.id().expect("it runs");
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().expect("a shell");
    assert!(status.success());
    let mut rest = String::new();
    let _ = timeout(DEADLINE, stderr.read_to_string(&mut rest)).await;
    let ended = timeout(DEADLINE, child.wait()).await.expect("it ends").expect("a status");
    assert_eq!(ended.code(), Some(0), "{rest}");
}
