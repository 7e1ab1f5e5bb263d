//! The checker bites: each deliberate fault of the router is found by the simulation.

use super::{run, steps_of};
use crate::fault::{self, Fault};

/// Worlds that a fault may hide in before the checker counts as blind to it.
const WORLDS: u64 = 60;

#[test]
fn each_deliberate_fault_is_found() {
    for fault in Fault::ALL {
        fault::put(Some(fault));
        let found = (0..WORLDS).find_map(|seed| run(seed, &steps_of(seed)).err());
        fault::put(None);
        let broken = found.unwrap_or_else(|| panic!("nobody notices that the router {fault:?}"));
        println!("{fault:?}: {}", broken.problem.lines().next().unwrap_or_default());
    }
}
