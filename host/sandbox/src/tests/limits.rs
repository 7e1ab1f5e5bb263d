//! Limits that a single driver in text meets exactly.

use super::drivers::{SOUND, Text};
use super::nobody::Nobody;
use super::zoo::{channel, sandbox, short, timer};
use crate::{CallError, Generation, Limit, Limits};
use std::sync::Arc;
use std::time::Duration;

async fn serving(text: Text, limits: Limits) -> (tempfile::TempDir, Generation) {
    let folder = tempfile::tempdir().expect("a folder");
    let driver = sandbox(&folder).load(text.component()).await.expect("it loads");
    let generation = driver.serve(channel("text", limits), Arc::new(Nobody)).await.expect("it serves");
    (folder, generation)
}

fn hits(generation: &Generation, limit: Limit) -> u64 {
    generation.usage().hits().find(|(name, _)| *name == limit.name()).map_or(0, |(_, hits)| hits)
}

/// Makes this many resources and leaves them.
fn makes(count: &'static str) -> Text {
    Text {
        fields: count,
        fired: "(local $n i32)
            (loop (call $create (i32.const 4000)) (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (global.get $count))))
            (i32.const 3100)",
        ..SOUND
    }
}

#[tokio::test]
async fn handles_that_are_never_dropped_come_to_an_end() {
    let limits = Limits { handles: 20, blobs: 1_000, ..short() };
    let (_folder, generation) = serving(makes("(global $count i32 (i32.const 100))"), limits).await;
    let error = generation.fired(timer("t"), false).await.expect_err("it traps").to_string();
    assert!(error.contains("handle limit exceeded"), "{error}");
    assert_eq!(hits(&generation, Limit::Handles), 1);
}

#[tokio::test]
async fn an_instance_that_keeps_resources_is_not_used_again() {
    let (_folder, generation) = serving(makes("(global $count i32 (i32.const 1))"), short()).await;
    generation.fired(timer("t"), false).await.expect("it does its work");
    assert_eq!((generation.idle_instances(), generation.usage().instances()), (0, 0));
    let (_folder, generation) = serving(SOUND, short()).await;
    generation.fired(timer("t"), false).await.expect("it does its work");
    assert_eq!((generation.idle_instances(), generation.usage().instances()), (1, 1), "one that keeps none is");
}

#[tokio::test]
async fn what_one_host_call_brings_is_bounded() {
    let log =
        "(call $log (i32.const 3) (i32.const 65536) (i32.const 190000) (i32.const 8) (i32.const 0)) (i32.const 3100)";
    let limits = Limits { host_call_bytes: 100_000, ..short() };
    let (_folder, generation) = serving(Text { fired: log, ..SOUND }, limits).await;
    let error = generation.fired(timer("t"), false).await.expect_err("it traps").to_string();
    assert!(error.contains("too much data"), "{error}");
    assert_eq!(hits(&generation, Limit::HostCallBytes), 1);
    let (_folder, generation) = serving(Text { fired: log, ..SOUND }, short()).await;
    generation.fired(timer("t"), false).await.expect("it is below the default");
}

/// 10 MiB each: the second one has no room while the first one runs, and has when it has ended.
#[tokio::test]
async fn instances_of_a_channel_share_its_memory() {
    let limits = Limits { channel_memory: 16 << 20, ..short() };
    let (_folder, generation) = serving(Text { pages: 160, fired: "(loop br 0) unreachable", ..SOUND }, limits).await;
    let (one, two) = (timer("one"), timer("two"));
    let (one, two) = tokio::join!(generation.fired(one, false), generation.fired(two, false));
    let errors = [one.expect_err("it loops"), two.expect_err("it has no room or loops")];
    let full =
        errors.iter().filter(|error| matches!(error.error, CallError::Memory { key: "channel-memory", .. })).count();
    assert_eq!(full, 1, "{errors:?}");
    assert_eq!(hits(&generation, Limit::ChannelMemory), 2, "once before idle instances were let go and once after");
    assert_eq!(generation.usage().memory(), 0);
    let again = generation.fired(timer("three"), false).await.expect_err("it loops");
    assert!(again.error.is_timeout(), "{again}");
}

#[tokio::test]
async fn a_call_waits_for_an_instance_no_longer_than_it_may_take() {
    let limits = Limits { instances: 1, timer_wall: Duration::from_millis(200), ..short() };
    let (_folder, generation) = serving(Text { fired: "(loop br 0) unreachable", ..SOUND }, limits).await;
    let mut errors = Vec::new();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let generation = generation.clone();
        running.spawn(async move { generation.fired(timer("t"), false).await.expect_err("it loops") });
    }
    while let Some(error) = running.join_next().await {
        errors.push(error.expect("no panic"));
    }
    let busy = errors.iter().filter(|error| matches!(error.error, CallError::Busy(_))).count();
    assert!(busy >= 1, "{errors:?}");
    assert_eq!(hits(&generation, Limit::Instances), busy as u64);
}

#[tokio::test]
async fn instances_that_wait_too_long_are_let_go() {
    let limits = Limits { idle: Duration::ZERO, ..short() };
    let (_folder, generation) = serving(SOUND, limits).await;
    generation.fired(timer("t"), false).await.expect("it does its work");
    let sandbox = generation.driver().inner.sandbox.clone();
    sandbox.let_go(Duration::from_secs(3_600), None);
    assert_eq!(generation.idle_instances(), 1, "it has not waited for an hour");
    tokio::time::timeout(Duration::from_secs(60), async {
        while generation.idle_instances() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the sandbox looks every few seconds");
    assert_eq!(generation.usage().instances(), 0);
}
