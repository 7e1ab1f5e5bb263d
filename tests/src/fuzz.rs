//! Fuzzing on stable Rust: kept inputs, mutated by chance that can be had again.
//!
//! A target takes bytes and says what kind of outcome they had; an input with an outcome that was not seen before is
//! kept and mutated further, so that the search goes deeper than the kept inputs. A panic ends the run and writes the
//! input to `target/fuzz`, from where it belongs into `tests/corpus`.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::files::{root, target};
use crate::random::Random;

/// Seconds that a target runs for, unless `JACKFIELD_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 10;
/// Inputs with new outcomes that are kept while running.
const KEPT: usize = 4_096;
/// An input grows no further.
const LONGEST: usize = 256 * 1024;
/// What takes the place of numbers.
const NUMBERS: [&str; 7] = ["0", "-1", "1e999", "18446744073709551616", "9223372036854775807", "4294967296", "0.1"];
/// What takes the place of bytes.
const BYTES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'"', b'\n'];

/// How long each target runs.
pub fn fuzz_time() -> Duration {
    let seconds = std::env::var("JACKFIELD_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(SECONDS))
}

/// The kept inputs of a target: the files in `tests/corpus/NAME`.
///
/// # Panics
/// There are none.
pub fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = root().join("tests/corpus").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| std::fs::read(file).expect("a kept input")).collect()
}

/// Makes inputs of others.
#[derive(Debug)]
pub struct Mutator {
    random: Random,
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    seen: HashSet<u64>,
    /// So many of the inputs were given out as they are.
    given: usize,
    /// What chance began with; the same seed makes the same inputs.
    pub seed: u64,
}

impl Mutator {
    /// Begins with kept inputs; `words` are what the format is made of. Short runs begin with the same seed each time,
    /// long ones with another, unless `JACKFIELD_FUZZ_SEED` gives one.
    pub fn new(inputs: Vec<Vec<u8>>, words: &[&str]) -> Self {
        let given = std::env::var("JACKFIELD_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
        let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let long = fuzz_time() > Duration::from_secs(SECONDS);
        let seed = given.unwrap_or_else(|| if long { fresh() } else { 1 });
        let words = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        Self { random: Random::new(seed), inputs, words, seen: HashSet::new(), given: 0, seed }
    }

    /// The next input: first each kept one as it is, then mutations.
    pub fn next_input(&mut self) -> Vec<u8> {
        if let Some(input) = self.inputs.get(self.given) {
            self.given += 1;
            return input.clone();
        }
        let mut input = self.any_input().to_vec();
        for _ in 0..=self.random.below(4) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    /// Keeps an input if its outcome is of a new kind.
    pub fn outcome(&mut self, input: &[u8], outcome: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        outcome.hash(&mut hasher);
        // The kept ones have their turn first, so what is added stands behind what was given out.
        if self.seen.insert(hasher.finish()) && self.given == self.inputs.len() && self.inputs.len() < KEPT {
            self.inputs.push(input.to_vec());
            self.given += 1;
        }
    }

    fn any_input(&mut self) -> &[u8] {
        let at = self.below(self.inputs.len().max(1));
        self.inputs.get(at).map_or(&[], Vec::as_slice)
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end as u64) as usize
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let length = input.len();
        let at = self.below(length + 1);
        let end = (at + 1 + self.below(16)).min(length);
        match self.below(11) {
            0 if at < length => input[at] ^= 1 << self.below(8),
            1 if at < length => input[at] = self.random.number() as u8,
            2 if at < length => input[at] = BYTES[self.below(BYTES.len())],
            3 => {
                let bytes = self.random.number().to_le_bytes();
                input.splice(at..at, bytes.into_iter().take(1 + at % 8));
            }
            4 if at < length => drop(input.drain(at..end)),
            5 if at < length => {
                let piece = input[at..end].to_vec();
                let place = self.below(length + 1);
                input.splice(place..place, piece);
            }
            6 => input.truncate(at),
            7 | 8 if !self.words.is_empty() => {
                let word = self.below(self.words.len());
                let word = self.words[word].clone();
                // Between what is there, or in its place.
                let until = if self.below(2) == 0 { at } else { (at + word.len()).min(length) };
                input.splice(at..until, word);
            }
            9 => {
                let other = self.any_input().to_vec();
                let (one, two) = (self.below(other.len() + 1), self.below(other.len() + 1));
                let until = at + self.below(length - at + 1);
                input.splice(at..until, other[one.min(two)..one.max(two)].to_vec());
            }
            _ => self.another_number(input, at),
        }
    }

    /// Puts another number in the place of the first one behind `at`.
    fn another_number(&mut self, input: &mut Vec<u8>, at: usize) {
        let Some(start) = input.iter().skip(at).position(u8::is_ascii_digit).map(|start| start + at) else { return };
        let length = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = NUMBERS[self.below(NUMBERS.len())];
        input.splice(start..start + length, number.bytes());
    }
}

/// Runs a target on kept inputs and mutations of them for [`fuzz_time`], and returns how many inputs it took. What `run`
/// returns is the kind of its outcome.
///
/// # Panics
/// The target panicked; the message says with which seed, and where the input is now.
pub fn fuzz<T: Hash>(name: &str, inputs: Vec<Vec<u8>>, words: &[&str], mut run: impl FnMut(&[u8]) -> T) -> u64 {
    let mut mutator = Mutator::new(inputs, words);
    let end = Instant::now() + fuzz_time();
    let mut count = 0;
    while Instant::now() < end {
        let input = mutator.next_input();
        count += 1;
        match catch_unwind(AssertUnwindSafe(|| run(&input))) {
            Ok(outcome) => mutator.outcome(&input, &outcome),
            Err(_) => {
                let path = keep(name, &input);
                panic!("{name}: input {count} of seed {} panics; it is in {}", mutator.seed, path.display());
            }
        }
    }
    count
}

/// Writes an input that shows a fault to `target/fuzz`, and returns where.
///
/// # Panics
/// The disk fails.
pub fn keep(name: &str, input: &[u8]) -> PathBuf {
    let folder = target().join("fuzz").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = folder.join(format!("{:016x}", hasher.finish()));
    std::fs::write(&path, input).expect("a file");
    path
}

/// An outcome of which only the words count: numbers and what stands in quotes differ from input to input.
pub fn kind_of(text: &str) -> String {
    let mut quoted = false;
    let keep = |letter: &char| {
        if matches!(letter, '`' | '"') {
            quoted = !quoted;
        }
        !quoted && !letter.is_ascii_digit()
    };
    text.chars().filter(keep).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_fault_is_found() {
        // Three conditions deep, none of them in the kept input: only with what was new on the way is it reached.
        let fault = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let depth = ["alpha", "beta", "gamma"].iter().take_while(|word| text.contains(**word)).count();
            assert!(depth < 3, "planted");
            depth
        };
        let found = catch_unwind(|| fuzz("planted", vec![b"nothing".to_vec()], &["alpha", "beta", "gamma"], fault));
        let said = found.expect_err("it is found").downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(said.contains("of seed") && said.contains("target/fuzz/planted"), "{said}");
    }
}
