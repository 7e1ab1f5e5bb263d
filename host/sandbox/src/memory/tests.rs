use super::*;

#[test]
fn memories_and_tables_count_together() {
    let mut meter = MemoryMeter::new(1_000, None);
    assert!(meter.memory_growing(0, 600, None).expect("no error"));
    assert!(meter.table_growing(0, 50, None).expect("no error"), "50 elements are 400 bytes");
    assert!(!meter.memory_growing(600, 601, None).expect("no error"), "the sum is at its limit");
    assert_eq!(meter.take_refused(), Some(Limit::Memory));
    assert_eq!(meter.take_refused(), None, "it is told once");
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    let mut meter = MemoryMeter::new(usize::MAX - 1, None);
    assert!(!meter.table_growing(0, usize::MAX, None).expect("no error"));
}

#[test]
fn instances_of_a_channel_share_its_memory() {
    let usage = Arc::new(Usage::default());
    let meter = || MemoryMeter::new(800, Some((usage.clone(), 1_000)));
    let (mut one, mut two) = (meter(), meter());
    assert!(one.memory_growing(0, 700, None).expect("no error"));
    assert!(!two.memory_growing(0, 400, None).expect("no error"));
    assert_eq!(two.take_refused(), Some(Limit::ChannelMemory));
    assert!(two.memory_growing(0, 300, None).expect("no error"));
    drop(one);
    assert_eq!(usage.memory(), 300, "what an instance had is the channel's again");
    assert!(two.memory_growing(300, 800, None).expect("no error"));
}
