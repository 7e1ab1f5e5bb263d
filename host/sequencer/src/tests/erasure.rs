//! A customer is erased, and only this one.

use super::*;
use jackfield_journal::{ChannelLog, LogLine, verify};

fn log_of(dir: &Path) -> ChannelLog {
    let log = ChannelLog::open(dir).expect("opens");
    let line = |text: &str| LogLine {
        channel: "line".to_owned(),
        at: 0,
        level: "info".to_owned(),
        text: text.to_owned(),
        fields: "{}".to_owned(),
    };
    log.append(&[line("heard from +15550100"), line("heard from +15550101")]).expect("writes");
    log
}

#[tokio::test]
async fn content_goes_and_the_journal_says_who_wanted_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let log = log_of(dir.path());
    let item = work_item(&rig.receive("e1", "+15550100").await);
    let other = work_item(&rig.receive("e2", "+15550101").await);
    let mut commit = rig.commit_of(Vec::new());
    for key in ["opt-out/+15550100", "opt-out/+15550101"] {
        commit.writes.insert(key.to_owned(), Some(StoreWrite { value: b"out".to_vec(), expires_at: None }));
    }
    rig.sequencer.commit(commit).await.expect("commits");

    let customer = rig.sequencer.keys().customer("line", "+15550100");
    let erased = rig.sequencer.erase(customer, "ops", &log).await.expect("erases").expect("is known");
    assert_eq!(erased, Erased { messages: 1, store: 1 });
    let of_item = |item: &Id| rig.sequencer.messages().of_item(item, None, 10).expect("reads").len();
    assert_eq!((of_item(&item), of_item(&other)), (0, 1));
    let open: Vec<_> = rig.items().await.into_iter().map(|item| item.id).collect();
    assert_eq!(open, [other], "the open item was closed");
    let id = uuid::Uuid::parse_str(&item).expect("an id").into_bytes();
    let row = rig.sequencer.reader().work_item(&id).expect("reads").expect("is listed");
    assert!(String::from_utf8_lossy(&row.json).contains("\"code\":\"erased\""));
    assert_eq!(rig.sequencer.reader().store_entries("line", "", None, 10, 0).expect("reads").len(), 1);
    let lines: Vec<_> = log.read("line", 0, 10).expect("reads").into_iter().map(|entry| entry.line.text).collect();
    assert_eq!(lines, ["heard from +15550101"]);
    let records = rig.sequencer.reader().records(1, 100).expect("reads");
    let entry =
        |record: &jackfield_journal::Record| serde_json::from_slice::<Entry>(&record.payload).expect("an entry");
    let said: Vec<_> = records.iter().filter_map(|record| entry(record).erased).collect();
    assert_eq!(said, [ErasureEntry { customer: hex::encode(customer), by: "ops".to_owned() }]);
    for record in &records {
        let text = String::from_utf8_lossy(&record.payload);
        assert!(!text.contains("+15550100"), "the records know hashes only: {text}");
    }
    assert_eq!(verify(dir.path()).expect("reads").problems, [""; 0]);

    // Sent again by the channel it is known; a new message is a new contact.
    assert_eq!(rig.receive("e1", "+15550100").await, Landed::Duplicate);
    let anew = work_item(&rig.receive("e3", "+15550100").await);
    assert_eq!(of_item(&anew), 1);
    let nobody = rig.sequencer.keys().customer("line", "+1");
    assert_eq!(rig.sequencer.erase(nobody, "ops", &log).await.expect("reads"), None);
}

#[tokio::test]
async fn an_erasure_that_was_cut_short_is_taken_up_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let log = log_of(dir.path());
    let item = work_item(&rig.receive("e1", "+15550100").await);
    let customer = rig.sequencer.keys().customer("line", "+15550100");
    // As far as a crash behind the record leaves it.
    let by = "ops".to_owned();
    let begun = rig.sequencer.ask(|answer| job::Job::Erasure { customer, items: Vec::new(), by, answer });
    begun.await.expect("commits");
    rig.sequencer.stop().await;
    drop(rig);
    let rig = open(dir.path()).await;
    let later = rig.receive("e2", "+15550100").await;
    rig.sequencer.finish_erasures(&log).await.expect("erases");
    let left = rig.sequencer.messages().of_item(&item, None, 10).expect("reads");
    let ids: Vec<_> = left.iter().map(|message| message.event_id.as_deref()).collect();
    assert_eq!(ids, [Some("e2")], "{later:?} came after the word was given");
    assert_eq!(rig.sequencer.reader().erasures().expect("reads"), []);
    assert_eq!(log.read("line", 0, 10).expect("reads").len(), 1);
}
