//! What hurts the machine: time, memory, the stack.

use jackfield_sdk::{Response, Result, host};
use std::hint::black_box;

pub fn endless() -> ! {
    let mut number = 0u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

pub fn grow() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1u8; 1 << 20]));
    }
}

/// Takes what it gets and keeps it for as long as the instance lives.
pub fn hoard() -> Result<Response> {
    let mut kept = vec![1u8; 24 << 20];
    black_box(kept.as_mut_slice());
    std::mem::forget(kept);
    super::told("kept")
}

pub fn deep() -> Result<Response> {
    super::told(down(u64::MAX))
}

fn down(left: u64) -> u64 {
    if black_box(left) == 0 { 0 } else { black_box(down(left - 1)) + black_box(1) }
}

/// Looks at the clock until an hour has gone by.
pub fn wait() -> Result<Response> {
    let start = host::clock::now();
    while host::clock::now() < start + 3_600_000 {}
    super::told("waited")
}

/// The same without ever doing anything with what the clock says.
pub fn wait_blind() -> ! {
    loop {
        black_box(host::clock::monotonic_ms());
    }
}
