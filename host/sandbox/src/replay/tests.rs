//! The same component does the same; another one is caught at what it does otherwise.

use crate::tests::nobody::Nobody;
use crate::tests::zoo::{channel, sandbox, short, timer};
use crate::{Body, ChannelConfig, Delivery, Driver, Generation, Header, Limits, Peer, Request, Sandbox};
use jackfield_records::{Call, Difference, Ending, Record, Recorder, compare};
use jackfield_spec::{Kind, Message, Part, Text};
use jackfield_tests::{Kind as Version, driver, guest, turncoat};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

type Records = Arc<Mutex<Vec<Record>>>;

fn request(method: &str, path: &str, body: &[u8]) -> Request {
    Request {
        method: method.to_owned(),
        url: format!("https://support.example.com/channels/desk/{path}"),
        headers: vec![Header { name: "x-shop-signature".to_owned(), value: bytes::Bytes::from_static(b"none") }],
        body: Body::Bytes(bytes::Bytes::copy_from_slice(body)),
        peer: Peer { address: "203.0.113.7:4".to_owned(), local: "127.0.0.1:8".to_owned(), proxied: false },
        received_at: Default::default(),
    }
}

async fn loaded(sandbox: &Sandbox, bytes: Vec<u8>) -> Driver {
    sandbox.load(bytes).await.expect("it loads")
}

/// Serves a channel that is recorded.
async fn recorded(driver: &Driver, config: ChannelConfig, most: usize) -> (Generation, Records) {
    let records = Records::default();
    let kept = records.clone();
    let recorder = Recorder::new(most, move |record, size| {
        assert!(size <= most);
        kept.lock().extend(record);
    });
    let generation = driver.serve_recorded(config, Arc::new(Nobody), recorder).await.expect("it serves");
    (generation, records)
}

/// What was recorded, through its form on disk, instance by instance.
fn instances(records: &Records) -> Vec<Vec<Record>> {
    let mut instances: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in records.lock().iter() {
        let json = serde_json::to_string(record).expect("JSON");
        assert_eq!(serde_json::from_str::<Record>(&json).expect("a record"), *record);
        instances.entry(record.instance.clone()).or_default().push(record.clone());
    }
    instances.into_values().collect()
}

/// The differences of all recorded calls, in a component.
async fn differences(driver: &Driver, records: &Records) -> Vec<Difference> {
    let mut found = Vec::new();
    for instance in instances(records) {
        let replayed = driver.replay(&instance).await.expect("it can be replayed");
        let calls: Vec<&Call> = instance.iter().flat_map(|record| &record.calls).collect();
        for (index, call) in calls.into_iter().enumerate() {
            match replayed.get(index) {
                Some(replayed) => found.extend(compare(call, &replayed.call, &replayed.unanswered)),
                None => found.push(Difference::NotReached),
            }
        }
    }
    found
}

fn delivery(text: &str) -> Delivery {
    let mut message = Message::new("telegraph", Kind::Command, "message.send");
    message.parts = vec![Part::Text(Text {
        text: text.to_owned(),
        format: "plain".to_owned(),
        language: None,
        attributes: Default::default(),
    })];
    Delivery {
        message,
        attempt: 1,
        idempotency_key: "key-1".to_owned(),
        previous: "none".to_owned(),
        progress: Vec::new(),
    }
}

/// Telegrams of every kind that the telegraph knows, and nonsense.
fn telegram() -> impl Strategy<Value = (String, String)> {
    let word = prop_oneof![
        Just("Where is my order?"),
        Just("STOP now"),
        Just("STATE"),
        Just("WHO"),
        Just("READ SM1"),
        Just("TYPES"),
        Just("LINE down"),
        Just("LATER 50 more"),
        Just(""),
    ];
    let line = (1..4_u8, word).prop_map(|(from, words)| format!("+1555{from} {words}"));
    let lines = proptest::collection::vec(line, 0..4).prop_map(|lines| lines.join("\n"));
    (prop_oneof![Just("?nr=a".to_owned()), Just(String::new()), Just("deliveries".to_owned())], lines)
}

#[test]
fn the_same_component_makes_no_difference() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let read = |path| std::fs::read(path).expect("built");
    let telegraph = runtime.block_on(loaded(&sandbox, read(guest("telegraph"))));
    let webhook = runtime.block_on(loaded(&sandbox, read(driver("webhook"))));
    let mut signed = channel("shop", short());
    signed.settings = r#"{"media-type":"sms","signature":"hmac","header":"x-shop-signature"}"#.to_owned();
    signed.secrets.add("signing-secret", b"s3cret-of-the-test".to_vec());
    let mut open = channel("shop", short());
    open.settings = r#"{"media-type":"sms","signature":"none"}"#.to_owned();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let strategy = (telegram(), proptest::collection::vec(any::<u8>(), 0..64), any::<bool>());
    let run = |((path, text), noise, is_json): ((String, String), Vec<u8>, bool)| {
        runtime.block_on(async {
            let (generation, records) = recorded(&telegraph, channel("desk", short()), 1 << 20).await;
            let _ = generation.receive(&request("POST", &path, text.as_bytes()), false).await;
            let _ = generation.receive(&request("GET", &path, b""), false).await;
            let _ = generation.deliver(delivery(&text)).await;
            let _ = generation.fired(timer("start"), false).await;
            assert_eq!(differences(&telegraph, &records).await, [], "telegraph");
            assert_eq!(instances(&records).len(), 5, "serving, and four calls, each in an instance of its own");
            for config in [&signed, &open] {
                let (generation, records) = recorded(&webhook, config.clone(), 1 << 20).await;
                let body = serde_json::json!({ "id": path, "from": "+15550100", "text": text }).to_string();
                let body = if is_json { body.as_bytes() } else { &noise };
                let _ = generation.receive(&request("POST", "", body), false).await;
                assert_eq!(differences(&webhook, &records).await, [], "webhook");
            }
        });
        Ok(())
    };
    runner.run(&strategy, run).expect("no difference");
}

/// Misdeeds end as they ended: what isn't time exactly, time as its kind.
#[tokio::test]
async fn what_failed_fails_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let hostile = loaded(&sandbox, std::fs::read(guest("hostile")).expect("built")).await;
    let limits = Limits { host_calls: 300, receive_cpu: Duration::from_millis(100), ..short() };
    let mut kinds = Vec::new();
    for deed in ["loop", "grow", "hoard", "trap", "trap-after-push", "deep", "huge", "huge-list", "bad-status", "well"]
    {
        let (generation, records) = recorded(&hostile, channel("zoo", limits.clone()), 64 << 20).await;
        let _ = generation.receive(&request("POST", deed, b""), false).await;
        assert_eq!(differences(&hostile, &records).await, [], "{deed}");
        let ended = records.lock().iter().flat_map(|record| &record.calls).map(|call| call.ending.clone()).next_back();
        kinds.push(match ended {
            Some(Ending::Failed { kind, .. }) => kind,
            _ => "returned".to_owned(),
        });
    }
    assert_eq!(kinds[..2], ["guest-time", "memory"]);
    assert!(kinds.contains(&"trap".to_owned()) && kinds.contains(&"returned".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn settings_that_were_refused_are_refused_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let hostile = loaded(&sandbox, std::fs::read(guest("hostile")).expect("built")).await;
    for deed in ["refuse", "trap", "loop"] {
        let mut config = channel("zoo", short());
        config.settings = format!(r#"{{"at-configure":"{deed}"}}"#);
        let records = Records::default();
        let kept = records.clone();
        let recorder = Recorder::new(1 << 20, move |record, _| kept.lock().extend(record));
        assert!(hostile.serve_recorded(config, Arc::new(Nobody), recorder).await.is_err());
        assert_eq!(records.lock().len(), 1, "{deed} is on record");
        assert_eq!(differences(&hostile, &records).await, [], "{deed}");
    }
}

#[tokio::test]
async fn another_version_is_caught_at_what_it_does_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let good = loaded(&sandbox, turncoat(Version::Good, 1)).await;
    let (generation, records) = recorded(&good, channel("desk", short()), 1 << 20).await;
    generation.receive(&request("POST", "one", b"one"), false).await.expect("it answers");
    assert_eq!(differences(&good, &records).await, []);
    for (other, is_ending) in [(Version::Good, false), (Version::Trapping, true)] {
        let other = loaded(&sandbox, turncoat(other, 2)).await;
        let found = differences(&other, &records).await;
        assert!(!found.is_empty(), "another version says so");
        assert_eq!(found.iter().any(|found| matches!(found, Difference::Ending { .. })), is_ending || found.len() == 1);
    }
}

/// A driver in the place of quite another one: nothing panics, and the differences are told.
#[tokio::test]
async fn a_driver_that_asks_for_other_things_is_answered_what_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let telegraph = loaded(&sandbox, std::fs::read(guest("telegraph")).expect("built")).await;
    let keeper = loaded(&sandbox, std::fs::read(guest("keeper")).expect("built")).await;
    let (generation, records) = recorded(&telegraph, channel("desk", short()), 1 << 20).await;
    generation.receive(&request("POST", "names", b"+1555 hello"), false).await.expect("it answers");
    let found = differences(&keeper, &records).await;
    let is_unanswered =
        |found: &Difference| matches!(found, Difference::Unanswered { function, .. } if function == "secrets.names");
    assert!(found.iter().any(is_unanswered), "{found:?}");
    let is_missing =
        |found: &Difference| matches!(found, Difference::Missing { function, .. } if function == "server.push");
    assert!(found.iter().any(is_missing), "{found:?}");
}

#[tokio::test]
async fn no_secret_stands_in_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let keeper = loaded(&sandbox, std::fs::read(guest("keeper")).expect("built")).await;
    let mut config = channel("desk", short());
    config.secrets.add("inbound", b"inbound-token-of-a-peer".to_vec());
    config.secrets.add("token", b"outbound-credential".to_vec());
    let (generation, records) = recorded(&keeper, config.clone(), 1 << 20).await;
    let bodies = ["inbound\ninbound-token-of-a-peer", "token\noutbound-credential", "token\nguess"];
    for (body, answer) in bodies.into_iter().zip(["true", "true", "false"]) {
        let called = generation.receive(&request("POST", "equals", body.as_bytes()), false).await.expect("answered");
        let response = called.output.expect("a response");
        assert_eq!(response.body, Body::Bytes(bytes::Bytes::from(answer)));
    }
    generation.receive(&request("POST", "hmac", b"token\ndata"), false).await.expect("answered");
    generation.receive(&request("POST", "compose", b"user:{token}\nbase64"), false).await.expect("answered");
    let text = serde_json::to_string(&*records.lock()).expect("JSON");
    for secret in ["inbound-token-of-a-peer", "outbound-credential"] {
        assert!(!text.contains(secret), "{secret} stands in a record");
    }
    assert_eq!(differences(&keeper, &records).await, [], "the mask is the same all over the call");

    config.grants.reveal.insert("token".to_owned());
    let (generation, records) = recorded(&keeper, config, 1 << 20).await;
    generation.receive(&request("POST", "names", b""), false).await.expect("answered");
    assert!(records.lock().is_empty(), "a driver that is shown a secret is not recorded");
}

#[tokio::test]
async fn a_call_that_is_too_large_is_dropped_and_the_next_one_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let good = loaded(&sandbox, turncoat(Version::Good, 1)).await;
    let dropped = Arc::new(Mutex::new((0, 0)));
    let counts = dropped.clone();
    let recorder = Recorder::new(20_000, move |record, _| match record {
        Some(_) => counts.lock().0 += 1,
        None => counts.lock().1 += 1,
    });
    let generation =
        good.serve_recorded(channel("desk", short()), Arc::new(Nobody), recorder).await.expect("it serves");
    generation.receive(&request("POST", "one", &[b'a'; 30_000]), false).await.expect("it answers all the same");
    generation.receive(&request("POST", "two", b"small"), false).await.expect("it answers");
    drop(generation);
    assert_eq!(*dropped.lock(), (2, 1), "its serving and the small one are kept");
}

#[tokio::test]
async fn a_record_with_a_gap_is_not_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let good = loaded(&sandbox, turncoat(Version::Good, 1)).await;
    let (generation, records) = recorded(&good, channel("desk", short()), 1 << 20).await;
    generation.receive(&request("POST", "one", b"one"), false).await.expect("it answers");
    let mut record = records.lock().last().cloned().expect("a record");
    assert!(good.replay(&[]).await.is_err());
    record.first = 1;
    assert!(good.replay(std::slice::from_ref(&record)).await.is_err());
    record.first = 0;
    record.calls[1].input = serde_json::json!({ "no": "request" });
    assert!(good.replay(&[record]).await.is_err());
}
