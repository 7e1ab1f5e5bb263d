//! Keeping house: orphans, and what was kept long enough.

use super::*;
use std::time::Duration;

const HOUR: u64 = 3_600_000;

#[tokio::test]
async fn blobs_that_nothing_needs_go_after_an_hour() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let blobs = rig.sequencer.blobs();
    let put = |bytes: &[u8]| jackfield_spec::Digest(blobs.put(bytes).expect("writes"));
    let (needed, orphan, under_way) = (put(b"needed"), put(b"orphan"), put(b"under way"));
    let mut commit = rig.commit_of(vec![rig.push("e1", "+1")]);
    commit.blobs = vec![needed];
    rig.sequencer.commit(commit).await.expect("commits");
    // The files have the machine's time, the sequencer the test's, which is later by far.
    let at = |millis: u64| std::time::UNIX_EPOCH + Duration::from_millis(millis);
    let now = rig.sequencer.now();
    for blob in [orphan, under_way] {
        blobs.renew(&blob.0, at(now)).expect("renews");
    }
    assert_eq!(rig.sequencer.collect_orphans().await.expect("collects"), 0, "all are young");
    rig.time.fetch_add(HOUR + 60_000, Ordering::Relaxed);
    blobs.renew(&under_way.0, at(rig.sequencer.now())).expect("renews");
    assert_eq!(rig.sequencer.collect_orphans().await.expect("collects"), 1);
    let there = |blob: jackfield_spec::Digest| blobs.size(&blob.0).expect("looks").is_some();
    assert_eq!((there(needed), there(orphan), there(under_way)), (true, false, true));
    rig.time.fetch_add(HOUR + 60_000, Ordering::Relaxed);
    assert_eq!(rig.sequencer.collect_orphans().await.expect("collects"), 1);
    assert_eq!((there(needed), there(under_way)), (true, false));
    assert_eq!(rig.sequencer.counters().orphans.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn retention_spares_what_is_open_and_ids_within_their_window() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    let closed = work_item(&rig.receive("e1", "+1").await);
    let open_item = work_item(&rig.receive("e2", "+2").await);
    let close = jackfield_router::OperatorAction::Close { code: None };
    let command = Command::Operator { name: "ops".into(), item: closed.clone(), if_version: None, action: close };
    rig.sequencer.command(command).await.expect("commits");
    let day = Duration::from_secs(24 * 3600);
    let keep = Keep { retention: 10 * day, ids: 20 * day };
    let messages = |item: &Id| rig.sequencer.messages().of_item(item, None, 10).expect("reads").len();
    rig.time.fetch_add(9 * 24 * HOUR, Ordering::Relaxed);
    assert_eq!(rig.sequencer.retain(keep).await.expect("writes"), 0);
    rig.time.fetch_add(2 * 24 * HOUR, Ordering::Relaxed);
    assert!(rig.sequencer.retain(keep).await.expect("writes") > 0);
    assert_eq!((messages(&closed), messages(&open_item)), (0, 1));
    assert_eq!(rig.receive("e1", "+1").await, Landed::Duplicate, "its id is within the window");
    assert_eq!(rig.sequencer.reader().records(1, 1).expect("reads")[0].seq, 1, "no snapshot, no record goes");
    rig.time.fetch_add(10 * 24 * HOUR, Ordering::Relaxed);
    rig.sequencer.retain(keep).await.expect("writes");
    assert_ne!(rig.receive("e1", "+1").await, Landed::Duplicate, "after it, it is forgotten");
    assert_eq!(rig.receive("e2", "+2").await, Landed::Duplicate, "but not what is still open");
}
