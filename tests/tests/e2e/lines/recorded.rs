//! A recorded line: what its instance was told, from the greeting to the end, is replayed in one piece.

use jackfield_tests::{Agent, OPERATOR, eventually, guest, jackfield};
use serde_json::{Value, json};

use super::line::Line;
use super::{call, open_connections, port, serve};

/// The guest with another greeting.
fn reworded() -> Vec<u8> {
    let (old, new) = (b"go ahead", b"go on...");
    let mut bytes = std::fs::read(guest("party-line")).expect("the guest's file");
    let at = (0..bytes.len() - old.len()).find(|at| bytes[*at..].starts_with(old)).expect("its text is there");
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

#[tokio::test]
async fn what_a_line_did_is_replayed_without_a_difference() {
    let server = serve("record = true\nlimits = { quarantine = 0 }").await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut line = call(&server).await;
    let local = line.local();
    assert_eq!(line.ask(&format!("BIND {local}")).await, "bound");
    assert_eq!(line.ask("SAY e1 hello").await, "ok e1");
    assert_eq!(line.ask("COUNT").await, "count 3");
    assert_eq!(line.ask("WRITE nobody").await, "error not-found");
    assert_eq!(line.ask("PASSWORD").await, "hush-hush");
    // A file that grows over calls.
    assert_eq!(line.ask("OPEN f").await, "open");
    assert_eq!(line.ask("PUT f 70000").await, "size 70000");
    assert_eq!(line.ask("PUT f 5").await, "size 70005");
    assert!(line.ask("DONE f").await.starts_with("sha256-"));
    assert_eq!(line.ask("TIMER tick").await, "set");
    assert_eq!(line.hear().await, "timer tick 10");
    let offer = ana.accept().await;
    ana.reply(&offer["workItem"]["id"], "good day").await;
    assert_eq!(line.hear().await, "agent good day");
    // The peer repeats in a later call what was composed in an earlier one.
    let composed = line.ask("CREDENTIALS").await;
    assert_eq!(composed, "AGtpbQBodXNoLWh1c2g=");
    assert_eq!(line.ask(&format!("SAY c1 {composed}")).await, "ok c1");
    line.say_bytes(b"STARTTLS\r\n").await;
    drop(line);
    // One that fails, and one whose peer is gone at once.
    let mut other = Line::call(&port(&server).await).await;
    other.hear().await;
    other.say_bytes(b"TRAP x\r\n").await;
    assert_eq!(other.hear().await, "sorry");
    open_connections(&server, 0).await;
    let operator = server.operator();
    let handlers = eventually("the lines' ends are on record", async || {
        let list = operator.get("/v1/channels/line/records?limit=200").await.expect(200).json();
        let items = list["items"].as_array()?.clone();
        let all: Vec<String> = items.iter().map(|item| item["handlers"].to_string()).collect();
        let has = |name: &str| all.iter().any(|handlers| handlers.contains(name));
        ["Opened", "Received", "Fired", "Closed", "Deliver"].into_iter().all(has).then_some(all)
    })
    .await;
    assert!(handlers.len() >= 12, "{handlers:?}");

    let folder = server.config_path().parent().expect("a folder").to_owned();
    let (url, export) = (server.url(), ["channel", "record", "export", "line", "--output", "kept.jsonl"]);
    jackfield(&folder, &[&export[..], &["--server", &url, "--token", OPERATOR]].concat()).await.expect(0);
    let exported = std::fs::read_to_string(folder.join("kept.jsonl")).expect("exported");
    assert!(!exported.contains("hush-hush"), "no secret is on record");
    assert!(exported.contains("SAY c1 ******") && !exported.contains(&composed), "nor one that was composed");
    let replay = async |driver: &str, code: i32| -> Value {
        jackfield(&folder, &["driver", "replay", "kept.jsonl", "--driver", driver, "--json"]).await.expect(code).json()
    };
    let report = replay(guest("party-line").to_str().expect("a path"), 0).await;
    assert_eq!((&report["same"], &report["notReplayed"]), (&json!(true), &json!(0)), "{report:#}");
    let lives = report["instances"].as_array().expect("a list").iter();
    let longest = lives.map(|life| life["calls"].as_array().map_or(0, Vec::len)).max();
    assert!(longest >= Some(10), "a connection's instance is one life: {report:#}");

    let changed = folder.join("reworded.wasm");
    std::fs::write(&changed, reworded()).expect("written");
    let report = replay(changed.to_str().expect("a path"), 1).await;
    assert_eq!(report["different"], 1, "{report:#}");
    assert!(report.to_string().contains("go on..."), "{report:#}");
}
