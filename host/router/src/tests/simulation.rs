//! A seeded scheduler drives random commands, clock steps both ways, crashes between append and effect, duplicate and
//! reordered inputs, agents that vanish. Every invariant is checked after every step. A failing run is shrunk to few
//! steps and printed with its seed.

mod actions;
mod configs;
mod fairness;
mod mutations;
pub(crate) mod random;
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

/// What went wrong, and after how many steps.
struct Broken {
    steps: usize,
    problem: String,
}

fn run(seed: u64, steps: &[u64]) -> Result<World, Broken> {
    let mut world = World::new(seed);
    for (number, step) in steps.iter().enumerate() {
        if let Err(problem) = world.step(*step) {
            let problem = format!("at step {number}: {problem}\n{}", world.last_commands());
            return Err(Broken { steps: number + 1, problem });
        }
    }
    match world.finish() {
        Ok(()) => Ok(world),
        Err(problem) => Err(Broken { steps: steps.len(), problem: format!("at the end: {problem}") }),
    }
}

fn simulate(part: u64) {
    let seeds = STEPS / STEPS_PER_SEED / PARTS;
    let mut seen = watch::Seen::default();
    for seed in part * seeds..(part + 1) * seeds {
        let steps = steps_of(seed);
        match run(seed, &steps) {
            Ok(world) => seen.add(world.seen()),
            Err(broken) => fail(seed, steps, broken),
        }
    }
    // A simulation that never gets anywhere would hold every invariant.
    seen.assert_everything_happened();
}

/// Leaves out as many steps as the failure allows, and says what remains.
fn fail(seed: u64, mut steps: Vec<u64>, mut broken: Broken) {
    println!("seed {seed} breaks: {}", broken.problem.lines().next().unwrap_or_default());
    steps.truncate(broken.steps);
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + chunk).min(steps.len()));
            match run(seed, &fewer) {
                Err(still) => {
                    fewer.truncate(still.steps);
                    (steps, broken) = (fewer, still);
                }
                Ok(_) => start += chunk,
            }
        }
        chunk /= 2;
    }
    panic!("seed {seed}, shrunk to {} steps: {}", steps.len(), broken.problem);
}
