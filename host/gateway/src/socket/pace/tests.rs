use super::*;
use std::time::Duration;

#[test]
fn a_burst_is_taken_and_then_a_steady_flow() {
    let begin = Instant::now();
    let mut pace = Pace::new(begin);
    assert_eq!((0..300).filter(|_| pace.take(begin)).count(), 200);
    let later = begin + Duration::from_millis(500);
    assert_eq!((0..300).filter(|_| pace.take(later)).count(), 100);
}

#[test]
fn patience_is_not_saved_up() {
    let begin = Instant::now();
    let mut pace = Pace::new(begin);
    let later = begin + Duration::from_secs(3600);
    assert_eq!((0..1_000).filter(|_| pace.take(later)).count(), 200);
    assert!(!pace.take(begin), "a clock that goes back gives nothing");
}
