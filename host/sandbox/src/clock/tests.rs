use super::*;

fn turns(channel: &Arc<Semaphore>, threads: &Arc<Semaphore>) -> Turns {
    Turns { channel: channel.clone(), threads: threads.clone() }
}

#[test]
fn only_what_runs_is_counted() {
    let clock = CpuClock::new();
    assert_eq!(clock.used(), Duration::ZERO);
    clock.reset();
    clock.pause();
    let (used, paused) = (clock.used(), Instant::now());
    while paused.elapsed() < Duration::from_millis(2) {
        std::thread::yield_now();
    }
    assert_eq!(clock.used(), used, "a clock that is paused stands still");
}

#[tokio::test]
async fn a_long_call_waits_for_its_turn_and_gives_it_back() {
    let (channel, threads) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
    let (one, two) = (CpuClock::new(), CpuClock::new());
    one.clone().take_turn(turns(&channel, &threads)).await;
    assert_eq!((channel.available_permits(), threads.available_permits()), (0, 0));
    let waiting = tokio::spawn(two.clone().take_turn(turns(&channel, &threads)));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    // It ends, or waits in a host call.
    one.pause();
    waiting.await.expect("its turn came");
    two.pause();
    assert_eq!((channel.available_permits(), threads.available_permits()), (1, 1));
}

#[tokio::test]
async fn a_channel_with_many_long_calls_has_one_turn_of_many() {
    let threads = Arc::new(Semaphore::new(1));
    let (greedy, modest) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
    let order = Arc::new(Mutex::new(Vec::new()));
    let call = |name: &'static str, channel: &Arc<Semaphore>| {
        let (turns, order) = (turns(channel, &threads), order.clone());
        // Each gives its turn back as soon as it has had it: its clock is dropped.
        tokio::spawn(async move {
            CpuClock::new().take_turn(turns).await;
            order.lock().push(name);
        })
    };
    let first = CpuClock::new();
    first.clone().take_turn(turns(&greedy, &threads)).await;
    let mut calls: Vec<_> = (0..10).map(|_| call("greedy", &greedy)).collect();
    tokio::task::yield_now().await;
    calls.push(call("modest", &modest));
    tokio::task::yield_now().await;
    first.pause();
    for call in calls {
        call.await.expect("all come to their turn");
    }
    let at = order.lock().iter().position(|name| *name == "modest");
    assert!(at.is_some_and(|at| at <= 1), "the neighbour stood behind those of one channel: {:?}", order.lock());
}
