//! Time is given: nothing waits here.

use super::*;

const NOW: u64 = 1_800_000_000_000;

#[test]
fn within_the_budget_nothing_waits() {
    let mut supervisor = Supervisor::default();
    assert_eq!(supervisor.wait(NOW), None);
    for crash in 0..3 {
        assert_eq!(supervisor.crashed(3, NOW + crash), None);
    }
    assert_eq!(supervisor.wait(NOW + 3), None);
    assert_eq!(supervisor.crashed(3, NOW + 4), Some(Duration::from_secs(1)));
    assert_eq!(supervisor.wait(NOW + 504), Some(Duration::from_millis(500)));
    assert_eq!(supervisor.wait(NOW + 1_004), None);
}

#[test]
fn pauses_grow_to_a_minute_and_crashes_within_one_do_not_make_it_longer() {
    let mut supervisor = Supervisor::default();
    let mut now = NOW;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let pause = supervisor.crashed(0, now).expect("a pause");
        pauses.push(pause.as_secs());
        assert_eq!(supervisor.crashed(0, now + 1), None, "it was under way");
        now += pause.as_millis() as u64;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(supervisor.pauses(), 9);
}

#[test]
fn a_healthy_minute_makes_it_forgotten() {
    let mut supervisor = Supervisor::default();
    for _ in 0..5 {
        supervisor.crashed(0, NOW);
    }
    assert_eq!(supervisor.crashes(), 5);
    // The minute begins when the pause is over.
    assert_eq!(supervisor.crashed(0, NOW + 60_999), Some(Duration::from_secs(2)));
    assert_eq!(supervisor.wait(NOW + 60_999 + 2_000 + 60_000), None);
    assert_eq!(supervisor.crashes(), 0);
    assert_eq!(supervisor.crashed(1, NOW + 200_000), None, "the budget is whole again");
}

#[test]
fn a_clock_that_goes_back_stops_nothing() {
    let mut supervisor = Supervisor::default();
    supervisor.crashed(0, NOW);
    assert_eq!(supervisor.wait(NOW - 3_600_000), None);
    assert_eq!(supervisor.wait(NOW - 3_599_000), None);
}

#[test]
fn another_driver_starts_with_a_clean_slate() {
    let mut supervisor = Supervisor::default();
    supervisor.crashed(0, NOW);
    supervisor.reset();
    assert_eq!((supervisor.wait(NOW), supervisor.crashes(), supervisor.pauses()), (None, 0, 1));
}
