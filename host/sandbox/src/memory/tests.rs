use super::*;

#[test]
fn memories_and_tables_count_together() {
    let mut meter = MemoryMeter::new(1_000);
    assert!(meter.memory_growing(0, 600, None).expect("no error"));
    assert!(meter.table_growing(0, 50, None).expect("no error"), "50 elements are 400 bytes");
    assert!(!meter.memory_growing(600, 601, None).expect("no error"), "the sum is at its limit");
    assert!(meter.take_refused());
    assert!(!meter.take_refused(), "it is told once");
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    let mut meter = MemoryMeter::new(usize::MAX - 1);
    assert!(!meter.table_growing(0, usize::MAX, None).expect("no error"));
}
