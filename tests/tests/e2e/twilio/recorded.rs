//! A recorded channel: what came in, went out and was fetched is kept encrypted, and replayed to the letter.

use super::{ACCOUNT, CUSTOMER, TOKEN, inbound, setup, signed};
use jackfield_tests::{Agent, OPERATOR, READER, Request, Server, Sink, driver, eventually, jackfield};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_recorded_channel_did_is_replayed_without_a_difference() {
    let twilio = Sink::start().await;
    let media = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM7/Media/ME7");
    twilio.serve(&media, "image/png", b"\x89PNG the picture".as_slice());
    let sent = json!({ "sid": "SM00000000000000000000000000000099", "status": "queued" }).to_string();
    twilio.serve(&format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"), "application/json", sent);
    let mut server = Server::start(setup(&twilio.url("")).text("record = true")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let url = twilio.url(&media);
    let mut params = inbound("MM00000000000000000000000000000007", "my secret wish");
    params.retain(|(name, _)| *name != "NumMedia");
    params.extend([("NumMedia", "1"), ("MediaUrl0", url.as_str()), ("MediaContentType0", "image/png")]);
    server.http().send(signed("/channels/support-sms", &params).await).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.event("message.changed").await;
    ana.reply(&item, "On its way").await;
    let forged = Request::form("/channels/support-sms", &params).header("x-twilio-signature", "forged");
    server.http().send(forged).await.expect(403);

    let shown = server.operator().get("/v1/channels/support-sms").await.expect(200).json();
    assert_eq!(shown["record"], true);
    let list = "/v1/channels/support-sms/records";
    server.http().with_token(READER).get(list).await.expect(403);
    server.http().with_token(READER).get(&format!("{list}/export")).await.expect(403);
    let handlers = eventually("the delivery is on record", async || {
        let listed = server.operator().get(list).await.expect(200).json();
        let items = listed["items"].as_array().expect("a list").iter();
        let handlers: Vec<Value> = items.map(|item| item["handlers"][0].clone()).collect();
        handlers.contains(&json!("Deliver")).then_some(handlers)
    })
    .await;
    for (handler, least) in [("Receive", 2), ("Deliver", 1), ("Fire", 2), ("Configure", 1)] {
        let count = handlers.iter().filter(|name| **name == handler).count();
        assert!(count >= least, "{handler}: {handlers:?}");
    }
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let kept = format!("jackfield_channel_records{{channel=\"support-sms\"}} {}\n", handlers.len());
    assert!(metrics.contains(&kept) && metrics.contains("channel_records_dropped_total{channel=\"support-sms\"} 0\n"));

    // On disk it is encrypted, and not even in clear does it have a credential.
    let folder = server.config_path().parent().expect("a folder").to_owned();
    let sealed = files(&server.data().join("records/support-sms"));
    assert_eq!(sealed.len(), 1);
    let bytes = std::fs::read(&sealed[0]).expect("the file");
    assert!(!contains(&bytes, "my secret wish") && !contains(&bytes, CUSTOMER));
    let run = async |arguments: &[&str]| jackfield(&folder, arguments).await;
    let address = server.url();
    let remote = ["--server", &address, "--token", OPERATOR];
    let listing = run(&[&["channel", "record", "list", "support-sms"][..], &remote].concat()).await.expect(0);
    assert_eq!(listing.stdout.lines().count(), handlers.len() + 1, "{}", listing.stdout);
    let export = ["channel", "record", "export", "support-sms", "--limit", "500", "--output", "sms.jsonl"];
    run(&[&export[..], &remote].concat()).await.expect(0);
    run(&[&export[..], &remote].concat()).await.expect(1);
    let exported = std::fs::read(folder.join("sms.jsonl")).expect("the export");
    assert!(contains(&exported, "my secret wish") && contains(&exported, "http.send"));
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{ACCOUNT}:{TOKEN}"));
    assert!(!contains(&exported, TOKEN) && !contains(&exported, &basic));

    let same = driver("twilio-sms");
    let same = same.to_str().expect("a path");
    let report = run(&["driver", "replay", "sms.jsonl", "--driver", same, "--json"]).await.expect(0).json();
    assert_eq!((&report["same"], &report["different"], &report["notReplayed"]), (&json!(true), &json!(0), &json!(0)));
    assert!(report["calls"].as_u64().is_some_and(|calls| calls >= 10), "{report}");
    let raw = sealed[0].to_str().expect("a path");
    let text = run(&["driver", "replay", raw, "--data", "data", "--driver", same]).await.expect(0).stdout;
    assert!(text.contains(" 0 different, 0 instances not replayed"), "{text}");
    // Another driver in its place is told from it, call by call.
    let other = driver("webhook");
    let other = other.to_str().expect("a path");
    let text = run(&["driver", "replay", "sms.jsonl", "--driver", other]).await.expect(1).stdout;
    assert!(text.contains("Configure at ") && text.contains("~ the answer"), "{text}");
    // What can't be read is wrong usage.
    run(&["driver", "replay", raw, "--driver", same]).await.expect(2);
    run(&["driver", "replay", same, "--driver", same]).await.expect(2);
    run(&["driver", "replay", "sms.jsonl", "--driver", "sms.jsonl"]).await.expect(2);

    // A customer who is erased stands in no record any more.
    let erase = Request::new("DELETE", "/v1/customers/%2B14155551212?channel=support-sms");
    server.operator().send(erase).await.expect(200);
    let listed = server.operator().get(list).await.expect(200).json();
    assert_eq!(listed["items"], json!([]));
    assert_eq!(files(&server.data().join("records/support-sms")), Vec::<PathBuf>::new());

    // Who took records away stands in the journal.
    server.stop().await;
    let dump = run(&["journal", "dump", "--data", "data"]).await.expect(0).stdout;
    assert!(dump.contains("channel.records-exported"), "{dump}");
}
