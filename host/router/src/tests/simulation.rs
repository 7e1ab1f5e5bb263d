//! A seeded scheduler drives random commands, clock steps both ways, crashes between append and effect, duplicate and
//! reordered inputs, agents that vanish. Every invariant is checked after every step. A failing run is shrunk to few
//! steps and printed with its seed.

mod actions;
mod random;
mod watch;
mod world;

use random::Random;
use world::World;

/// All steps together; four tests share them, so that the cores do.
const STEPS: u64 = 1_000_000;
/// Steps of one seed: long enough for items to live and end many times over.
const STEPS_PER_SEED: u64 = 2_000;
/// Tests that share the seeds.
const PARTS: u64 = 4;

#[test]
fn invariants_hold_in_simulation_part_1() {
    simulate(0);
}

#[test]
fn invariants_hold_in_simulation_part_2() {
    simulate(1);
}

#[test]
fn invariants_hold_in_simulation_part_3() {
    simulate(2);
}

#[test]
fn invariants_hold_in_simulation_part_4() {
    simulate(3);
}

/// A step is a number that the world makes a command of, so that steps can be left out when shrinking.
fn steps_of(seed: u64) -> Vec<u64> {
    let mut random = Random::new(seed);
    (0..STEPS_PER_SEED).map(|_| random.next()).collect()
}

fn run(seed: u64, steps: &[u64]) -> Result<World, String> {
    let mut world = World::new(seed);
    for (number, step) in steps.iter().enumerate() {
        world.step(*step).map_err(|problem| format!("at step {number}: {problem}\n{}", world.last_commands()))?;
    }
    world.finish().map_err(|problem| format!("at the end: {problem}"))?;
    Ok(world)
}

fn simulate(part: u64) {
    let seeds = STEPS / STEPS_PER_SEED / PARTS;
    let mut seen = watch::Seen::default();
    for seed in part * seeds..(part + 1) * seeds {
        let steps = steps_of(seed);
        match run(seed, &steps) {
            Ok(world) => seen.add(world.seen()),
            Err(problem) => fail(seed, steps, problem),
        }
    }
    // A simulation that never gets anywhere would hold every invariant.
    seen.assert_everything_happened();
}

/// Leaves out as many steps as the failure allows, and says what remains.
fn fail(seed: u64, mut steps: Vec<u64>, mut problem: String) {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + chunk).min(steps.len()));
            match run(seed, &fewer) {
                Err(still) => (steps, problem) = (fewer, still),
                Ok(_) => start += chunk,
            }
        }
        chunk /= 2;
    }
    panic!("seed {seed}, shrunk to {} steps: {problem}", steps.len());
}
