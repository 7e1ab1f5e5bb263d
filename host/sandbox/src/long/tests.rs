use super::*;
use std::sync::Arc;
use tokio::sync::Notify;

fn here() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

/// Lets others run, as a call does at its ticks.
async fn tick() {
    is_long();
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn a_call_moves_at_its_first_tick_and_a_short_one_never() {
    let there = runtime(1).expect("a runtime");
    let begun = here();
    let short = async {
        tokio::task::yield_now().await;
        here()
    };
    assert_eq!(run(short, there.handle()).await.expect("no panic"), begun);
    let long = async {
        let before = here();
        tick().await;
        let then = (here(), rustix::process::getpriority_process(None).expect("a priority"));
        tick().await;
        (before, then, here())
    };
    let (before, (then, priority), last) = run(long, there.handle()).await.expect("no panic");
    assert_eq!(before, begun);
    assert_eq!((then.as_deref(), last.as_deref()), (Some("guest-long"), Some("guest-long")));
    let own = rustix::process::getpriority_process(None).expect("a priority");
    assert_eq!(priority, (own + NICE).min(19), "only those threads have it");
    there.shutdown_background();
}

#[tokio::test]
async fn one_call_says_nothing_of_another() {
    let there = runtime(1).expect("a runtime");
    let begun = here();
    let quiet = async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        here()
    };
    let (long, quiet) = tokio::join!(run(tick(), there.handle()), run(quiet, there.handle()));
    long.expect("no panic");
    assert_eq!(quiet.expect("no panic"), begun);
    there.shutdown_background();
}

#[tokio::test]
async fn a_call_that_moved_ends_with_who_asked_for_it_and_a_panic_is_an_error() {
    struct Gone(Arc<Notify>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let there = runtime(1).expect("a runtime");
    let (moved, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let call = {
        let (moved, gone) = (moved.clone(), Gone(gone.clone()));
        async move {
            let _gone = gone;
            tick().await;
            moved.notify_one();
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = run(call, there.handle()) => panic!("it never ends by itself"),
        () = moved.notified() => {}
    }
    gone.notified().await;
    let panics = async {
        tick().await;
        panic!("on purpose");
    };
    let failed: Result<(), _> = run(panics, there.handle()).await;
    assert!(failed.expect_err("it panicked").is_panic());
    there.shutdown_background();
}
