//! Limits that a single driver in text meets exactly.

use super::drivers::{SOUND, Text};
use super::nobody::Nobody;
use super::zoo::{channel, sandbox, short, timer};
use crate::bindings::jackfield::channel::http::Capture;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::bindings::jackfield::channel::{connections, secrets, server, store};
use crate::call::{self, Call, CallKind, State};
use crate::connections::{Connections, LineChange, LineDeed, Listener};
use crate::{CallError, Generation, Limit, Limits};
use std::sync::Arc;
use std::time::Duration;

pub(crate) async fn serving(text: Text, limits: Limits) -> (tempfile::TempDir, Generation) {
    let folder = tempfile::tempdir().expect("a folder");
    let driver = sandbox(&folder).load(text.component()).await.expect("it loads");
    let generation = driver.serve(channel("text", limits), Arc::new(Nobody)).await.expect("it serves");
    (folder, generation)
}

pub(crate) fn hits(generation: &Generation, limit: Limit) -> u64 {
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

/// One connection that takes all.
struct OneLine;

impl Connections for OneLine {
    fn listeners(&self) -> Vec<Listener> {
        Vec::new()
    }

    fn unsent(&self, _: &str) -> Option<usize> {
        Some(0)
    }

    fn most_unsent(&self) -> usize {
        1_000
    }

    fn refused(&self, _: &str) {}

    fn bound(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn new_id(&self) -> String {
        "line".to_owned()
    }
}

/// A request to the server.
fn message() -> crate::bindings::jackfield::channel::message::Message {
    crate::convert::message_out(jackfield_spec::Message::new("text", jackfield_spec::Kind::Request, "queue.statistics"))
}

/// What one call may do of this and that: two of each, and the third is refused with the key, and counted.
#[tokio::test]
async fn what_a_call_may_do_of_each_is_counted_by_its_key() {
    let limits = Limits {
        store_writes: 2,
        connection_changes: 2,
        queries: 2,
        set_asides: 2,
        composed: 2,
        composed_bytes: 40,
        derivation_rounds: 1_000,
        captures: 2,
        captured: 2,
        captured_bytes: 10,
        ..short()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    let driver = sandbox.load(SOUND.component()).await.expect("it loads");
    let mut config = channel("text", limits);
    config.connections = Some(Arc::new(OneLine));
    config.secrets.add("token", b"0123456789".to_vec());
    config.secrets.seal_with([7; 32]);
    let generation = driver.serve(config, Arc::new(Nobody)).await.expect("it serves");
    let channel = generation.inner.channel.clone();
    let mut store = call::store(&sandbox, Some(channel.clone()));
    call::begin(&mut store, Call::new(CallKind::Handler, Duration::from_secs(1)));
    let state = store.data_mut();
    let mut refused = Vec::new();
    for number in 0..3 {
        refused.push(store::Host::set(state, number.to_string(), Vec::new(), None).map_err(|error| error.text));
    }
    for number in 0..3 {
        refused.push(connections::Host::bind(state, "line".into(), number.to_string()).map_err(|error| error.text));
    }
    for number in 0..3 {
        // Nobody answers; the third isn't even asked.
        let asked = server::Host::query(state, message()).await.expect_err("nobody answers").text;
        refused.push(if number < 2 && !asked.contains("limits.") { Ok(()) } else { Err(asked) });
    }
    for _ in 0..3 {
        refused.push(server::Host::set_aside(state, Vec::new(), "why".into()).map_err(|error| error.text));
    }
    for _ in 0..3 {
        let piece = || vec![Piece::Secret("token".into())];
        let composed = secrets::Host::compose(state, piece(), "identity".into()).await;
        refused.push(composed.map(drop).map_err(|error| error.text));
    }
    // What is composed goes with what is written, so that it is known when the peer repeats it.
    let pieces = vec![Piece::Secret("composed:1".into())];
    connections::Host::write_template(state, "line".into(), pieces).expect("it is written");
    connections::Host::write(state, "line".into(), b"plain".to_vec()).expect("it is written");
    let written = state.call.transaction.lines.split_off(2).into_iter().map(|line| match line {
        LineChange::Of { deed: LineDeed::Write { secrets, .. }, .. } => secrets,
        other => panic!("{other:?}"),
    });
    assert_eq!(written.collect::<Vec<_>>(), [Some(vec![b"0123456789".to_vec(); 2]), None]);
    assert!(refused.iter().enumerate().all(|(index, done)| done.is_err() == (index % 3 == 2)), "{refused:?}");

    call::begin(&mut store, Call::new(CallKind::Handler, Duration::from_secs(1)));
    let state = store.data_mut();
    let compose = async |state: &mut State, pieces: usize, transform: &str| {
        let pieces = (0..pieces).map(|_| Piece::Secret("token".into())).collect();
        secrets::Host::compose(state, pieces, transform.into()).await.map(drop).map_err(|error| error.text)
    };
    assert_eq!(compose(state, 1, "pbkdf2-sha256;c2FsdA==;1000").await, Ok(()));
    refused.push(compose(state, 1, "pbkdf2-sha256;c2FsdA==;1001").await);
    refused.push(compose(state, 3, "identity").await);
    let capture = |name: &str| {
        let (name, pointer) = (name.to_owned(), "/t".to_owned());
        Capture { name, pointer, lifetime_ms: None, attributes: Vec::new() }
    };
    let three = [capture("a"), capture("b"), capture("c")];
    refused.push(state.check_captures(&channel, &three).map_err(|error| error.text));
    for (number, value) in ["short", "short", "much-too-long"].into_iter().enumerate() {
        let mut body = format!("{{\"t\": \"{value}\"}}").into_bytes();
        let kept = state.capture(&channel, &[capture(&number.to_string())], &mut body).map(drop);
        assert_eq!(kept.is_err(), number == 2);
        refused.push(kept.map_err(|error| error.text));
    }
    refused.push(state.check_captures(&channel, &three[2..]).map_err(|error| error.text));
    let texts: Vec<String> = refused.into_iter().filter_map(Result::err).collect();
    for limit in [
        Limit::StoreWrites,
        Limit::ConnectionChanges,
        Limit::Queries,
        Limit::SetAsides,
        Limit::Composed,
        Limit::ComposedBytes,
        Limit::DerivationRounds,
        Limit::Captures,
        Limit::Captured,
        Limit::CapturedBytes,
    ] {
        let key = format!("limits.{}", limit.name());
        let says = |text: &&String| text.ends_with(&key) || text.contains(&format!("{key} "));
        assert_eq!((hits(&generation, limit), texts.iter().filter(says).count()), (1, 1), "{key}: {texts:?}");
    }
}
