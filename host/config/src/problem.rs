//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;

use crate::Place;

/// One mistake (or warning). Prints `FILE:LINE:COL: KEY: problem; remedy`, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The key's path, such as `channel[1].settings.account-sid`; indices count from 0 in the file's order.
    pub key: String,
    /// What is wrong. Never holds a secret's value.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { place, key, problem, remedy } = self;
        write!(f, "{place}: {key}: {problem}; {remedy}")
    }
}

/// Everything that is wrong with a configuration, in the file's order; never empty. Prints one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Errors(pub Vec<Problem>);

/// The longest piece of the file that is repeated in a problem.
const QUOTE: usize = 60;

/// A piece of the file as it may stand in a problem: escaped, on one line, not too long.
pub(crate) fn quote(text: &str) -> String {
    let short: String = text.chars().take(QUOTE).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{rest}`", short.escape_debug())
}

/// Names the candidate nearest to `word`, if one is near enough to be a slip of the fingers.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Beyond this length nothing that was meant is near, and the comparison grows with the square.
    if word.len() > 128 {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The remedy for a name that doesn't exist: the nearest one that does, or the list of all.
pub(crate) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => {
            let mut once: Vec<&str> = Vec::with_capacity(known.len());
            for name in known {
                if !once.contains(name) {
                    once.push(name);
                }
            }
            format!("known here: {}", once.join(", "))
        }
    }
}
