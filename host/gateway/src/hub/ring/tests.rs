use super::*;
use proptest::prelude::*;

fn filled(from: u64, to: u64) -> Ring {
    let mut ring = Ring::default();
    for sequence in from..=to {
        ring.push(sequence, sequence.to_string().into());
    }
    ring
}

fn numbers(next: Next) -> Vec<u64> {
    match next {
        Next::Events(events, last) => {
            let numbers: Vec<u64> = events.iter().map(|event| event.as_str().parse().unwrap()).collect();
            assert_eq!(numbers.last(), Some(&last));
            numbers
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_goes_on_where_it_was() {
    let ring = filled(10, 14);
    assert!(ring.covers(9) && ring.covers(12) && ring.covers(14));
    assert_eq!(numbers(ring.after(9, 100, 1_000)), [10, 11, 12, 13, 14]);
    assert_eq!(numbers(ring.after(12, 100, 1_000)), [13, 14]);
    assert_eq!(ring.after(14, 100, 1_000), Next::Nothing);
}

#[test]
fn what_is_no_longer_there_is_a_gap() {
    let ring = filled(10, 14);
    assert!(!ring.covers(8));
    assert_eq!(ring.after(8, 100, 1_000), Next::Gap);
}

#[test]
fn a_number_from_the_future_is_not_covered() {
    let ring = filled(10, 14);
    assert!(!ring.covers(15) && !ring.covers(u64::MAX));
    assert_eq!(ring.after(u64::MAX, 100, 1_000), Next::Nothing);
}

#[test]
fn an_empty_ring_covers_nothing() {
    let ring = Ring::default();
    assert!(!ring.covers(0));
    assert_eq!(ring.after(0, 100, 1_000), Next::Nothing);
}

#[test]
fn a_slow_reader_takes_bounded_pieces_and_then_finds_a_gap() {
    let mut ring = filled(1, 100);
    assert_eq!(numbers(ring.after(0, 3, 1_000)), [1, 2, 3]);
    assert_eq!(numbers(ring.after(3, 100, 2)), [4, 5]);
    for sequence in 101..=EVENTS as u64 + 10 {
        ring.push(sequence, "x".into());
    }
    assert_eq!(ring.after(5, 100, 1_000), Next::Gap);
}

#[test]
fn large_events_do_not_add_up() {
    let mut ring = Ring::default();
    let large = "x".repeat(BYTES / 2 + 1);
    for sequence in 1..=3 {
        ring.push(sequence, large.clone().into());
    }
    assert!(ring.covers(2));
    assert!(!ring.covers(1));
    ring.push(4, "x".repeat(2 * BYTES).into());
    assert!(ring.covers(3), "the newest always stays");
}

#[test]
fn numbers_that_do_not_follow_empty_the_ring() {
    let mut ring = filled(1, 5);
    ring.push(9, "9".into());
    assert_eq!(ring.after(5, 100, 1_000), Next::Gap);
    assert_eq!(numbers(ring.after(8, 100, 1_000)), [9]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However pushes and reads are mixed, a reader sees every number once and in order, or is told of a gap.
    #[test]
    fn nobody_misses_or_repeats_an_event(steps in proptest::collection::vec((0usize..3_000, 1usize..50), 1..40)) {
        let mut ring = Ring::default();
        let (mut pushed, mut seen) = (0u64, 0u64);
        for (pushes, reads) in steps {
            for _ in 0..pushes {
                pushed += 1;
                ring.push(pushed, pushed.to_string().into());
            }
            match ring.after(seen, reads, usize::MAX) {
                Next::Nothing => prop_assert_eq!(seen, pushed),
                Next::Gap => {
                    prop_assert!(pushed - seen > EVENTS as u64);
                    seen = pushed;
                }
                Next::Events(events, last) => {
                    for event in events {
                        seen += 1;
                        prop_assert_eq!(event.as_str(), seen.to_string());
                    }
                    prop_assert_eq!(seen, last);
                }
            }
        }
    }
}
