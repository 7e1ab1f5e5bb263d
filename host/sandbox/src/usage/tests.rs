use super::*;

#[test]
fn memory_is_given_up_to_the_limit_and_taken_back() {
    let usage = Usage::default();
    assert!(usage.take_memory(600, 1_000));
    assert!(!usage.take_memory(401, 1_000));
    assert!(usage.take_memory(400, 1_000));
    assert!(!usage.take_memory(usize::MAX, usize::MAX), "a sum beyond all bounds is refused");
    usage.give_memory(600);
    assert_eq!(usage.memory(), 400);
}

#[test]
fn pushes_are_counted_anew_in_each_second() {
    let usage = Usage::default();
    let at = |millis| Duration::from_millis(millis);
    let taken = (0..10).filter(|_| usage.may_push(at(5_100), 3)).count();
    assert_eq!(taken, 3);
    assert!(usage.may_push(at(6_000), 3), "the next second begins at none");
    assert!(!usage.may_push(at(6_999), 1));
}

#[test]
fn a_channel_has_one_usage_while_anything_of_it_lives() {
    let usages = Usages::default();
    let first = usages.of("a");
    assert!(Arc::ptr_eq(&first, &usages.of("a")));
    assert!(!Arc::ptr_eq(&first, &usages.of("b")));
    first.hit(Limit::Pushes);
    drop(first);
    let anew = usages.of("a");
    assert_eq!(anew.hits().map(|(_, hits)| hits).sum::<u64>(), 0);
    assert_eq!(usages.0.lock().len(), 1, "those of channels that are gone are forgotten");
}

/// The array of counters is indexed by the limit.
#[test]
fn every_limit_has_its_own_counter_and_name() {
    let usage = Usage::default();
    for (index, limit) in Limit::ALL.into_iter().enumerate() {
        assert_eq!(limit as usize, index);
        usage.hit(limit);
    }
    let names: std::collections::BTreeSet<_> =
        usage.hits().inspect(|(name, hits)| assert_eq!(*hits, 1, "{name}")).collect();
    assert_eq!(names.len(), Limit::ALL.len());
}
