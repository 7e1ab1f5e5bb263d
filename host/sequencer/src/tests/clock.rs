//! A machine's clock that is set forth and back.

use super::*;
use crate::clock::steady;

/// A steady clock, what the machine's says, and how long it has been running.
fn clock(from: u64) -> (Clock, Arc<AtomicU64>, Arc<AtomicU64>) {
    let (told, running) = (Arc::new(AtomicU64::new(START)), Arc::new(AtomicU64::new(0)));
    let of = |number: &Arc<AtomicU64>| -> Clock {
        let number = number.clone();
        Arc::new(move || number.load(Ordering::Relaxed))
    };
    (steady(of(&told), from, of(&running)), told, running)
}

#[test]
fn time_never_goes_back_and_never_stands_still() {
    let (now, told, running) = clock(0);
    let pass = |millis: u64, set: i64| {
        running.fetch_add(millis, Ordering::Relaxed);
        told.fetch_add(millis.wrapping_add_signed(set), Ordering::Relaxed);
    };
    assert_eq!(now(), START);
    pass(1_000, 0);
    assert_eq!(now(), START + 1_000);
    // An hour back: a little slower, until the machine's clock has caught up.
    pass(1_000, -3_600_000);
    assert_eq!(now(), START + 1_900);
    assert_eq!(now(), START + 1_900);
    for _ in 0..1_000 {
        pass(1, 0);
        now();
    }
    assert!((START + 2_700..START + 3_000).contains(&now()), "what is asked often runs as fast: {}", now() - START);
    pass(36_000_000, 0);
    assert_eq!(now(), told.load(Ordering::Relaxed), "after ten hours they agree");
    // A day forth.
    pass(1_000, 86_400_000);
    assert_eq!(now(), told.load(Ordering::Relaxed));
}

#[test]
fn a_start_goes_on_from_the_journals_time() {
    let (now, _, running) = clock(START + 60_000);
    assert_eq!(now(), START + 60_000);
    running.store(10_000, Ordering::Relaxed);
    assert_eq!(now(), START + 69_000);
}

#[tokio::test]
async fn a_clock_that_jumps_leaves_times_in_order_and_nothing_stuck() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rig = open(dir.path()).await;
    let day = 86_400_000;
    rig.receive("e1", "+1").await;
    rig.time.store(START + day, Ordering::Relaxed);
    rig.receive("e2", "+2").await;
    rig.time.store(START - day, Ordering::Relaxed);
    rig.receive("e3", "+3").await;
    // What comes due after a jump back comes due, though the machine's clock says that it is tomorrow.
    let mut commit = rig.commit_of(Vec::new());
    let due = Timestamp::from_millis(rig.sequencer.now() + 50).expect("in range");
    commit.timers = vec![TimerChange::Set { name: "poll".to_owned(), due, payload: String::new() }];
    rig.sequencer.commit(commit).await.expect("commits");
    rig.running.fetch_add(100, Ordering::Relaxed);
    let fired = tokio::time::timeout(std::time::Duration::from_secs(30), rig.effects.recv()).await;
    assert!(matches!(fired, Ok(Some(Effect::FireTimer { name, .. })) if &*name == "poll"));
    let records = rig.sequencer.reader().records(1, 100).expect("reads");
    assert!(records.is_sorted_by_key(|record| record.at), "records' times never go back");
    assert_eq!(rig.receive("e2", "+2").await, Landed::Duplicate);
    // Nor after a restart.
    let last = records.last().map_or(0, |record| record.at.unsigned_abs());
    rig.sequencer.stop().await;
    drop(rig);
    let rig = open(dir.path()).await;
    assert!(rig.time.load(Ordering::Relaxed) < last && rig.sequencer.now() >= last);
}
