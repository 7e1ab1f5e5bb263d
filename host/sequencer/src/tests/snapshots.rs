//! Snapshots are made beside the sequencer, from the journal, and a start begins with them.

use super::*;
use jackfield_journal::{Snapshots, newest_snapshot};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;

#[tokio::test]
async fn it_is_the_state_that_the_sequencer_has() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    rig.receive("e1", "+1").await;
    let made = make_snapshot(dir.path()).expect("makes one").expect("there is something new");
    assert_eq!(made.seq, made.replayed, "the first one is made from all records");
    assert_eq!(make_snapshot(dir.path()).expect("reads"), None, "nothing has happened since");
    rig.receive("e2", "+2").await;
    let next = make_snapshot(dir.path()).expect("makes one").expect("there is something new");
    assert_eq!((next.seq, next.replayed), (made.seq + 1, 1));
    let kept = newest_snapshot(dir.path()).expect("reads").expect("is there");
    assert_eq!(kept.seq, next.seq);
    assert_eq!(String::from_utf8(kept.payload.to_vec()).expect("JSON"), rig.state().await);
}

#[tokio::test]
async fn a_start_after_one_replays_only_what_came_later() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = {
        let rig = open(dir.path()).await;
        for number in 0..20 {
            rig.receive(&format!("e{number}"), &format!("+{number}")).await;
        }
        make_snapshot(dir.path()).expect("makes one");
        rig.receive("last", "+1").await;
        rig.state().await
    };
    // Killed: the old one is still there and holds the folder, so a copy is what a new one starts with.
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["journal.db", "journal.db-wal", "head", "key", "snapshots"] {
        let copied = std::process::Command::new("cp").arg("-r").arg(dir.path().join(name)).arg(copy.path()).status();
        assert!(copied.expect("cp runs").success());
    }
    let (notices, _notices) = mpsc::unbounded_channel();
    let (effects, _effects) = mpsc::unbounded_channel();
    let settings = Settings { clock: system_clock(), running: running_clock(), outputs: Outputs { notices, effects } };
    let (sequencer, started) = start(copy.path(), settings).expect("starts");
    assert_eq!(started.replayed, 1);
    let again = sequencer.read(|state| serde_json::to_string(state).expect("plain data")).await.expect("reads");
    assert_eq!(again, state);
}

#[tokio::test]
async fn the_sequencer_goes_on_while_one_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let rig = open(dir.path()).await;
    // It never ends by itself.
    let (begun, begins) = sync_channel(1);
    let (end, ends) = sync_channel::<()>(0);
    let ends = std::sync::Mutex::new(ends);
    let ended = Arc::new(AtomicBool::new(false));
    let ending = ended.clone();
    rig.sequencer.make_snapshots_by(Arc::new(move || {
        begun.send(()).map_err(|error| error.to_string())?;
        ends.lock().expect("no panic").recv().map_err(|error| error.to_string())?;
        ending.store(true, Ordering::Relaxed);
        Ok(())
    }));
    rig.receive("e1", "+1").await;
    rig.sequencer.snapshot().await.expect("runs");
    tokio::task::spawn_blocking(move || begins.recv()).await.expect("no panic").expect("it is begun");
    for number in 2..50 {
        rig.receive(&format!("e{number}"), "+1").await;
        // Asked for again, it isn't made twice at a time.
        rig.sequencer.snapshot().await.expect("runs");
    }
    assert!(!ended.load(Ordering::Relaxed));
    end.send(()).expect("it waits");
    let made = || rig.sequencer.counters().snapshots.load(Ordering::Relaxed);
    while made() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(made(), 1);
}

#[tokio::test]
async fn what_retention_took_is_missed_when_the_snapshots_are_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    {
        let rig = open(dir.path()).await;
        rig.receive("e1", "+1").await;
        make_snapshot(dir.path()).expect("makes one");
        rig.receive("e2", "+2").await;
        make_snapshot(dir.path()).expect("makes one");
        rig.time.fetch_add(86_400_000, Ordering::Relaxed);
        let keep = Keep { retention: std::time::Duration::from_secs(3_600), ids: std::time::Duration::ZERO };
        assert!(rig.sequencer.retain(keep).await.expect("writes") > 0);
        rig.sequencer.stop().await;
    }
    assert!(Snapshots::of(dir.path()).expect("reads").oldest_sound().expect("reads").is_some());
    drop(open(dir.path()).await);
    for snapshot in std::fs::read_dir(dir.path().join("snapshots")).expect("is there") {
        std::fs::remove_file(snapshot.expect("is there").path()).expect("can be removed");
    }
    let error = make_snapshot(dir.path()).expect_err("there is nothing to begin with");
    assert!(error.to_string().contains("restore the newest backup"), "{error}");
}
