use super::*;
use crate::record::{Call, Ending};
use serde_json::Value;
use std::time::UNIX_EPOCH;

const KEY: [u8; 32] = [1; 32];
const KEEP: Keep = Keep { bytes: 1 << 20, calls: 1_000, time: Duration::from_secs(3_600), call_bytes: 1 << 20 };

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64
}

fn record(at: u64, text: &str) -> Record {
    let mut record = Record::new("desk", "webhook@0.1.0", "sha256:00", Value::Null);
    let ending = Ending::Returned { answer: Value::Null };
    record.calls.push(Call { handler: "Receive".to_owned(), at, input: text.into(), steps: Vec::new(), ending });
    record
}

fn inputs(keeper: &Keeper, keep: &Keep) -> Vec<String> {
    keeper.settle();
    let mut found = Vec::new();
    let each = |record: Record| found.push(record.calls[0].input.as_str().unwrap_or_default().to_owned());
    folder::read_channel(keeper.root(), "desk", &KEY, keep.time, each).expect("read");
    found
}

fn keeper(root: &Path, keep: Keep) -> (Keeper, Recorder) {
    let keeper = Keeper::start(root.join("records")).expect("a thread");
    keeper.keep(BTreeMap::from([("desk".to_owned(), (keep, KEY))]));
    let recorder = keeper.recorder("desk", &keep);
    (keeper, recorder)
}

#[test]
fn records_outlive_the_server_and_new_ones_follow() {
    let dir = tempfile::tempdir().expect("a folder");
    let (first, recorder) = keeper(dir.path(), KEEP);
    recorder.take(record(now(), "one"), 10);
    assert_eq!(inputs(&first, &KEEP), ["one"]);
    drop((first, recorder));
    let (second, recorder) = keeper(dir.path(), KEEP);
    recorder.take(record(now(), "two"), 10);
    assert_eq!(inputs(&second, &KEEP), ["one", "two"]);
    let counts = second.counts("desk");
    assert_eq!((counts.written, counts.dropped, counts.kept), (1, 0, 2));
    assert!(counts.bytes > 100);
    let newest = folder::summaries(second.root(), "desk", &KEY, KEEP.time, None, 1).expect("read").remove(0);
    let before = folder::summaries(second.root(), "desk", &KEY, KEEP.time, Some(&newest.id), 5).expect("read");
    assert_eq!(before.len(), 1, "a page goes on where the one before ended");
}

#[test]
fn the_oldest_go_when_there_are_too_many_or_too_large_ones() {
    for keep in [Keep { calls: 16, ..KEEP }, Keep { bytes: 6_000, ..KEEP }] {
        let dir = tempfile::tempdir().expect("a folder");
        let (keeper, recorder) = keeper(dir.path(), keep);
        (0..100).for_each(|index| recorder.take(record(now(), &index.to_string()), 10));
        let left = inputs(&keeper, &keep);
        assert_eq!(left.last().map(String::as_str), Some("99"));
        assert!((8..=16).contains(&left.len()), "{} are left of {keep:?}", left.len());
        let counts = keeper.counts("desk");
        assert_eq!((counts.written, counts.kept), (100, left.len() as u64));
        assert!(counts.bytes <= keep.bytes);
    }
}

#[test]
fn what_is_too_old_is_not_shown_and_goes() {
    let dir = tempfile::tempdir().expect("a folder");
    let (before, recorder) = keeper(dir.path(), KEEP);
    recorder.take(record(now() - 4_000_000, "old"), 10);
    recorder.take(record(now(), "new"), 10);
    assert_eq!(inputs(&before, &KEEP), ["new"]);
    drop((before, recorder));
    let none = Keep { time: Duration::ZERO, ..KEEP };
    let (after, _recorder) = keeper(dir.path(), none);
    after.settle();
    assert_eq!(after.counts("desk").kept, 0);
    assert!(folder::files(&dir.path().join("records/desk")).expect("a folder").is_empty(), "gone from the disk");
}

#[test]
fn records_go_with_their_channel_and_when_a_customer_is_erased() {
    let dir = tempfile::tempdir().expect("a folder");
    let (keeper, recorder) = keeper(dir.path(), KEEP);
    recorder.take(record(now(), "one"), 10);
    keeper.forget("desk").expect("removed");
    assert!(!dir.path().join("records/desk").exists());
    recorder.take(record(now(), "two"), 10);
    assert_eq!(inputs(&keeper, &KEEP), ["two"], "it goes on");
    keeper.keep(BTreeMap::new());
    keeper.settle();
    assert!(!dir.path().join("records/desk").exists(), "its channel is gone");
    recorder.take(record(now(), "three"), 10);
    keeper.settle();
    assert!(!dir.path().join("records/desk").exists(), "and nothing comes after it");
}

#[test]
fn too_many_that_wait_are_dropped_and_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let (keeper, recorder) = keeper(dir.path(), KEEP);
    recorder.take(record(now(), "huge"), QUEUE_BYTES + 1);
    recorder.dropped();
    recorder.take(record(now(), "small"), 10);
    assert_eq!(inputs(&keeper, &KEEP), ["small"]);
    assert_eq!(keeper.counts("desk").dropped, 2);
}
