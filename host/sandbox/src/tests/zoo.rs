//! Misdeeds that no compiler of a language would make: at the start, in what the host calls besides handlers, and with
//! pointers. None of them serves, each says why, and a neighbour is called all the while.

use super::drivers::{SOUND, Text};
use super::nobody::Nobody;
use crate::{ChannelConfig, Expiry, Generation, Grants, Limits, Sandbox, SandboxConfig, Secrets};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOP: &str = "(loop br 0) unreachable";
/// Asks for a page until there is none.
const GROW: &str = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
/// The same with elements.
const GROW_TABLE: &str =
    "(loop (br_if 0 (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1)))) unreachable";
/// Grows one memory, then another by as much, which together are more than the limit.
const GROW_BOTH: &str = "(if (i32.eq (memory.grow (i32.const 150)) (i32.const -1)) (then (return (i32.const 3000))))
    (if (i32.ne (memory.grow $more (i32.const 150)) (i32.const -1)) (then (return (i32.const 3000)))) unreachable";
const DEEP: &str = "call $deep i32.const 3000";
const DEEPER: &str = "(func $deep call $deep call $deep)";

pub(crate) fn sandbox(folder: &tempfile::TempDir) -> Sandbox {
    let config = SandboxConfig { instances: 64, threads: 2, ..SandboxConfig::new(folder.path()) };
    Sandbox::start(config).expect("it starts")
}

pub(crate) fn channel(id: &str, limits: Limits) -> ChannelConfig {
    ChannelConfig {
        id: id.to_owned(),
        public_url: String::new(),
        settings: "{}".to_owned(),
        secrets: Secrets::default(),
        grants: Grants::default(),
        limits,
        connections: None,
    }
}

pub(crate) fn timer(name: &str) -> Expiry {
    Expiry { name: name.to_owned(), payload: Vec::new(), due: Default::default(), attempt: 1 }
}

pub(crate) fn short() -> Limits {
    Limits {
        receive_cpu: Duration::from_millis(200),
        receive_wall: Duration::from_secs(2),
        timer_wall: Duration::from_millis(500),
        memory: 16 << 20,
        ..Limits::default()
    }
}

/// Loads it, serves a channel with it, fires a timer of it.
async fn attempt(sandbox: &Sandbox, name: &str, text: &Text) -> Result<(), String> {
    let driver = sandbox.load(text.component()).await.map_err(|error| error.to_string())?;
    let generation = driver.serve(channel(name, short()), Arc::new(Nobody)).await.map_err(|error| error.to_string())?;
    let called = generation.fired(timer(name), false).await.map_err(|error| error.to_string())?;
    called.output.map_err(|error| error.text)
}

/// Name, driver, and what is said of it.
fn zoo() -> Vec<(&'static str, Text, &'static str)> {
    let start = |fields| Text { fields, ..SOUND };
    let describe = |describe| Text { describe, ..SOUND };
    let overlay = |at, bytes| Text { overlay: (at, bytes), ..SOUND };
    let configure = |configure| Text { configure, ..SOUND };
    let realloc = |realloc| Text { realloc, ..SOUND };
    let fired = |fired| Text { fired, ..SOUND };
    vec![
        ("start never ends", start("(func $s (loop br 0)) (start $s)"), "failed in `its start`"),
        ("start traps", start("(func $s unreachable) (start $s)"), "failed in `its start`"),
        (
            "start grows",
            start(
                "(func $s (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable) (start $s)",
            ),
            "refused memory beyond",
        ),
        ("begins with 4 GiB", Text { pages: 65_536, ..SOUND }, "memory"),
        ("begins with more than a channel may", Text { pages: 1_000, ..SOUND }, "limits.memory"),
        ("describe never ends", describe(LOOP), "failed in `describe`"),
        ("describe traps", describe("unreachable"), "failed in `describe`: the driver trapped"),
        ("describe grows", describe(GROW), "refused memory beyond"),
        ("describe recurses", Text { fields: DEEPER, ..describe(DEEP) }, "call stack exhausted"),
        ("describe points outside", describe("(i32.const 0x7ffffff0)"), "failed in `describe`"),
        ("describe points between", describe("(i32.const 1025)"), "failed in `describe`"),
        ("a list of four billion", overlay(1_024 + 36, &[0xff; 4]), "failed in `describe`"),
        ("a text that ends outside", overlay(1_024 + 4, &[0xff, 0xff, 0xff, 0x7f]), "failed in `describe`"),
        ("a text that is none", overlay(2_000, &[0xff, 0xfe]), "failed in `describe`"),
        ("a name that is none", overlay(2_000, b"T X\n"), "is not 1 to 64 of a-z"),
        ("a case that there isn't", overlay(1_212, &[9]), "failed in `describe`"),
        ("a schema that is no JSON", overlay(2_016, b"}{"), "descriptor is wrong"),
        ("configure never ends", configure(LOOP), "200ms of guest time"),
        ("configure traps", configure("unreachable"), "the driver trapped"),
        ("configure grows", configure(GROW), "limits.memory"),
        ("two memories grow", Text { fields: "(memory $more 1)", ..configure(GROW_BOTH) }, "limits.memory"),
        ("configure grows a table", configure(GROW_TABLE), "the driver trapped"),
        ("configure recurses", Text { fields: DEEPER, ..configure(DEEP) }, "call stack exhausted"),
        (
            "configure answers a case that there isn't",
            configure("(i32.store8 (i32.const 3000) (i32.const 7)) (i32.const 3000)"),
            "trapped",
        ),
        ("realloc never ends", realloc(LOOP), "200ms of guest time"),
        ("realloc traps", realloc("unreachable"), "the driver trapped"),
        ("realloc points outside", realloc("(i32.const 0x7ffffff0)"), "the driver trapped"),
        (
            "realloc calls the host",
            realloc(
                "(call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 0)) (i32.const 65536)",
            ),
            "cannot leave component instance",
        ),
        ("what follows an answer never ends", Text { after_configure: "(loop br 0)", ..SOUND }, "200ms of guest time"),
        ("what follows an answer traps", Text { after_configure: "unreachable", ..SOUND }, "the driver trapped"),
        (
            "what follows an answer calls the host",
            Text {
                after_configure: "(call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 0))",
                ..SOUND
            },
            "cannot leave component instance",
        ),
        ("fired never ends", fired(LOOP), "500ms"),
        (
            "fired logs without an end",
            fired(
                "(loop (call $log (i32.const 3) (i32.const 2000) (i32.const 5) (i32.const 8) (i32.const 0)) (br 0)) unreachable",
            ),
            "500ms",
        ),
        (
            "fired logs what isn't there",
            fired(
                "(call $log (i32.const 3) (i32.const 2000) (i32.const 0x7fffffff) (i32.const 8) (i32.const 0)) unreachable",
            ),
            "the driver trapped",
        ),
        (
            "fired logs at a level that there isn't",
            fired("(call $log (i32.const 77) (i32.const 2000) (i32.const 5) (i32.const 8) (i32.const 0)) unreachable"),
            "the driver trapped",
        ),
        (
            "fired makes resources without an end",
            fired("(loop (call $create (i32.const 4000)) (br 0)) unreachable"),
            "500ms",
        ),
    ]
}

async fn neighbour(generation: &Generation) -> Duration {
    let started = Instant::now();
    let called = generation.fired(timer("good"), false).await.expect("the neighbour is called");
    assert_eq!(called.output, Ok(()));
    started.elapsed()
}

#[tokio::test]
async fn none_serves_each_says_why_and_the_neighbour_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = sandbox(&folder);
    attempt(&sandbox, "sound", &SOUND).await.expect("what is changed is what is wrong");
    let two = Text { fields: "(memory $more 1) (table $other 1 funcref)", ..SOUND };
    attempt(&sandbox, "two", &two).await.expect("a module may have two memories and tables");
    let good = sandbox.load(SOUND.component()).await.expect("it loads");
    let good = good.serve(channel("good", Limits::default()), Arc::new(Nobody)).await.expect("it serves");
    let attacks: Vec<_> = zoo()
        .into_iter()
        .map(|(name, text, expected)| {
            let sandbox = sandbox.clone();
            (name, expected, tokio::spawn(async move { attempt(&sandbox, name, &text).await }))
        })
        .collect();
    let mut calls = 0;
    while calls < 100 || !attacks.iter().all(|(_, _, attack)| attack.is_finished()) {
        let took = neighbour(&good).await;
        // Far above what a call takes: the machine is shared with tests that compile.
        assert!(took < Duration::from_secs(3), "the neighbour waited {took:?}");
        calls += 1;
    }
    for (name, expected, attack) in attacks {
        let why = attack.await.expect("no misdeed is a panic of the host").expect_err(name);
        assert!(why.contains(expected), "{name}\n  said:     {why}\n  expected: {expected}");
    }
    sandbox.let_go(Duration::ZERO, None);
    assert_eq!((good.usage().instances(), good.usage().memory()), (0, 0));
}
