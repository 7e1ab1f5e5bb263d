use super::*;

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    assert!(median(std::iter::empty()).is_nan());
}

#[test]
fn one_slow_round_changes_nothing() {
    let compared = compare(&[(2.0, 1.0), (2.0, 1.0), (90.0, 1.0), (2.0, 80.0), (2.0, 1.0)]);
    assert_eq!((compared.this, compared.reference, compared.ratio()), (2.0, 1.0, 2.0));
}

#[test]
fn one_of_a_hundred_may_be_slower_than_the_p99() {
    let values = |slow: u64| (0..100).map(|i| Duration::from_millis(if i < slow { 50 } else { 1 })).collect();
    assert_eq!(p99_ms(values(1)), 1.0);
    assert_eq!(p99_ms(values(2)), 50.0);
    assert!(p99_ms(Vec::new()).is_nan());
}
