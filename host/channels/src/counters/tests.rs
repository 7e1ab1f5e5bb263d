use super::*;

#[test]
fn calls_are_counted_by_kind_outcome_and_time() {
    let counters = Counters::default();
    counters.call(CallKind::Receive, "ok", Duration::from_micros(700));
    counters.call(CallKind::Receive, "trap", Duration::from_secs(60));
    counters.call(CallKind::Timer, "ok", Duration::ZERO);
    assert_eq!(counters.all(), 3);
    assert_eq!(counters.total(&["trap", "memory"]), 1);
    let read = counters.read("line");
    assert!(read.calls.contains(&("receive", "trap", 1)));
    let (_, receive) = read.latency.iter().find(|(kind, _)| *kind == "receive").expect("each kind has one");
    assert_eq!(receive.buckets[1], 1, "700 µs are within a millisecond");
    assert_eq!(receive.buckets.last(), Some(&1), "a minute is beyond the last bound");
}

/// The names of outcomes stand in two crates; a new one must not be counted as something else.
#[test]
fn every_error_of_a_call_has_a_counter() {
    use jackfield_sandbox::CallError;
    let errors = [
        CallError::Trap { trap: String::new() },
        CallError::Memory { limit: 0, key: "memory", trap: String::new() },
        CallError::GuestTime(Duration::ZERO),
        CallError::WallTime(Duration::ZERO),
        CallError::Busy(String::new()),
        CallError::NotExported("webhook"),
        CallError::Answer(String::new()),
    ];
    for error in errors {
        assert!(OUTCOMES.contains(&error.label()), "{}", error.label());
    }
}
