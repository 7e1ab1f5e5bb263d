use super::*;
use std::sync::Arc;

fn shell(script: &str) -> Compiler {
    Compiler::Child { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
}

async fn compiled(compiler: &Compiler, bytes: &[u8], limits: CompileLimits) -> Result<Vec<u8>, String> {
    let bytes: Arc<[u8]> = bytes.into();
    compile(compiler, crate::versions::SERVED, &bytes, &ComponentLimits::default(), &limits)
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_compiler_that_never_ends_is_stopped_and_said_to_have_taken_too_long() {
    let limits = CompileLimits { time: Duration::from_millis(20), ..CompileLimits::default() };
    let error = compiled(&shell("while true; do :; done"), b"", limits).await.expect_err("it has no answer");
    assert!(error.contains("took more than 20ms to compile"), "{error}");
    assert!(error.contains("compile-time"), "{error}");
}

#[tokio::test]
async fn a_compiler_that_takes_more_memory_than_it_may_is_stopped() {
    // It begins with less than this, and doubles a text for as long as it is let.
    let limits = CompileLimits { memory: 64 << 20, ..CompileLimits::default() };
    let error =
        compiled(&shell("x=0123456789; while :; do x=$x$x; done"), b"", limits).await.expect_err("it is stopped");
    assert!(error.contains("took more than 67108864 bytes of memory"), "{error}");
}

#[tokio::test]
async fn how_a_compiler_ended_is_told_in_words() {
    let cases = [
        ("kill -XCPU $$", "took more than 120s to compile"),
        ("echo 'memory allocation of 99 bytes failed' >&2; kill -ABRT $$", "took more than 2147483648 bytes of memory"),
        ("echo 'has overflowed its stack' >&2; kill -ABRT $$", "broke down over the component (signal: 6"),
        ("exit 3", "exit status: 3: it said nothing"),
        ("echo hello", "answered nonsense"),
    ];
    for (script, expected) in cases {
        let error = compiled(&shell(script), b"component", CompileLimits::default()).await.expect_err(script);
        assert!(error.contains(expected), "{script}\n  said:     {error}\n  expected: {expected}");
    }
}

/// A large component isn't held up by a process that doesn't read it.
#[tokio::test]
async fn a_compiler_that_reads_nothing_holds_up_nobody() {
    let large = vec![0; 8 << 20];
    let error = compiled(&shell("exec 0<&-; exit 1"), &large, CompileLimits::default()).await.expect_err("it failed");
    assert!(error.contains("exit status: 1"), "{error}");
}

#[tokio::test]
async fn nothing_of_the_servers_environment_reaches_the_compiler() {
    let error =
        compiled(&shell("env >&2; pwd >&2; exit 1"), b"", CompileLimits::default()).await.expect_err("it failed");
    assert!(!error.contains("CARGO"), "{error}");
}

#[test]
fn both_ends_understand_each_other() {
    let job = wire::Job { component: ComponentLimits::default(), seconds: 7, memory: 1 << 30 };
    let mut whole = wire::head(&job);
    whole.extend_from_slice(b"\0asm\n\n");
    let (read, rest) = wire::split::<wire::Job>(&whole).expect("it is a job");
    assert_eq!((read.component, read.seconds, read.memory, rest), (job.component, 7, 1 << 30, &b"\0asm\n\n"[..]));
    let refused = wire::Answer::Refused(Refusal::CompileTime(Duration::from_secs(1)));
    let whole = wire::head(&refused);
    let (answer, _) = wire::split::<wire::Answer>(&whole).expect("it is an answer");
    assert!(matches!(answer, wire::Answer::Refused(Refusal::CompileTime(_))));
    assert!(wire::split::<wire::Job>(b"no line").is_none());
}

/// The pool of instances is the server's affair alone: code made without it runs with it.
#[test]
fn code_is_made_for_the_engine_that_runs_it() {
    use std::hash::{Hash, Hasher};
    let hash = |config| {
        let mut hasher = std::hash::DefaultHasher::new();
        Engine::new(&config).expect("an engine").precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash(compiler_config()), hash(crate::engine::engine_config(8)));
}
