//! Guests with WASI on record: their clock, their randomness, what they print and what they fetch are replayed.

use std::path::Path;

use jackfield_tests::{Agent, OPERATOR, eventually, example, jackfield};
use serde_json::{Value, json};

use super::{log_of, slips, vendor};

/// The example as its author would have changed it: one line that it prints has another word.
fn reworded(language: &str) -> Vec<u8> {
    let (old, new) = (b"its number is ", b"the number is ");
    let mut bytes = std::fs::read(example(&format!("slips-{language}"))).expect("the example's file");
    let places: Vec<_> = (0..bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "its text is in its bytes");
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

/// What `driver replay --json` reports.
async fn replayed(folder: &Path, driver: &Path, code: i32) -> Value {
    let driver = driver.to_str().expect("a path");
    jackfield(folder, &["driver", "replay", "kept.jsonl", "--driver", driver, "--json"]).await.expect(code).json()
}

async fn recorded(language: &str) {
    let (sink, grant) = vendor().await;
    let server = slips(language, &sink.url("/answers"), &grant, "", "record = true").await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut item = Value::Null;
    for id in ["1", "2"] {
        let slip = json!({"id": id, "from": "kim", "text": "hello"});
        server.http().post("/channels/slips", &slip).await.expect(200);
        if item.is_null() {
            item = ana.accept().await["workItem"]["id"].clone();
        }
    }
    let sent = ana.reply(&item, "hello kim").await;
    ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "sent").await;
    server.http().post_text("/channels/slips", "no JSON").await.expect(502);
    eventually("the delivery is on record", async || {
        let list = server.operator().get("/v1/channels/slips/records").await.expect(200).json();
        list["items"].as_array()?.iter().any(|item| item["handlers"].to_string().contains("Deliver")).then_some(())
    })
    .await;
    let folder = server.config_path().parent().expect("a folder").to_owned();
    let (url, export) = (server.url(), ["channel", "record", "export", "slips", "--output", "kept.jsonl"]);
    jackfield(&folder, &[&export[..], &["--server", &url, "--token", OPERATOR]].concat()).await.expect(0);
    assert!(!log_of(&server, "slips").await.is_empty());

    let exported = std::fs::read_to_string(folder.join("kept.jsonl")).expect("exported");
    let asks = ["wasi:clocks.wall", "wasi:random.bytes", "wasi:cli.stdout", "wasi:cli.stderr"];
    let fetches = ["wasi:http.send", "wasi:http.body", "wasi:http.answer", "wasi:io.poll"];
    for function in asks.iter().chain(fetches.iter().filter(|_| language == "js")) {
        assert!(exported.contains(&format!("\"{function}\"")), "{function} is on record");
    }
    let report = replayed(&folder, &example(&format!("slips-{language}")), 0).await;
    assert_eq!((&report["same"], &report["notReplayed"]), (&json!(true), &json!(0)), "{report:#}");
    assert!(report["calls"].as_u64().is_some_and(|calls| calls >= 8), "{report:#}");

    let changed = folder.join("reworded.wasm");
    std::fs::write(&changed, reworded(language)).expect("written");
    let report = replayed(&folder, &changed, 1).await;
    assert_eq!(report["different"], 2, "both slips, and nothing else: {report:#}");
    assert!(report.to_string().contains("\"replayed\":\"the number is "), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_driver_in_javascript_did_is_replayed_without_a_difference() {
    recorded("js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_driver_in_python_did_is_replayed_without_a_difference() {
    recorded("py").await;
}
