//! Which parts of the store the recorded pages show whole: there a key that isn't known isn't there.

use crate::capability::store::{BEFORE_ALL, ENTRIES};
use serde_json::Value;

/// A page that is asked for: keys that begin with `prefix`, from `from` on, at most `limit`.
pub(super) struct Asked<'a> {
    pub(super) prefix: &'a str,
    pub(super) from: String,
    pub(super) limit: usize,
}

impl<'a> Asked<'a> {
    /// Of the arguments of `store.entries`.
    pub(super) fn of(arguments: &'a Value) -> Option<Self> {
        let prefix = arguments.get(0)?.as_str()?;
        let after = arguments.get(1)?.as_str().filter(|after| *after > BEFORE_ALL).unwrap_or(BEFORE_ALL);
        let limit = u32::try_from(arguments.get(2)?.as_u64()?).unwrap_or(ENTRIES).clamp(1, ENTRIES);
        let from = format!("{after}\0").max(prefix.to_owned());
        Some(Self { prefix, from, limit: limit as usize })
    }

    /// Whether a key is one of those that it could show.
    pub(super) fn may_have(&self, key: &str) -> bool {
        key.starts_with(self.prefix) && key >= self.from.as_str()
    }
}

/// Stretches of keys: the first one, and the first one behind; none: there is no end.
#[derive(Default)]
pub(super) struct Known(Vec<(String, Option<String>)>);

impl Known {
    /// A page was seen, with `last` as its last key if it was full.
    pub(super) fn saw(&mut self, page: &Asked<'_>, last: Option<&str>) {
        let end = last.map_or_else(|| behind(page.prefix), |last| Some(format!("{last}\0")));
        self.0.push((page.from.clone(), end));
    }

    /// Whether all is known of a page that ends with this key, or with its prefix.
    pub(super) fn has(&self, page: &Asked<'_>, last: Option<&str>) -> bool {
        let end = last.map_or_else(|| behind(page.prefix), |last| Some(format!("{last}\0")));
        let mut at = page.from.clone();
        loop {
            if end.as_ref().is_some_and(|end| at >= *end) {
                return true;
            }
            let holds = |(from, to): &&(String, Option<String>)| *from <= at && to.as_ref().is_none_or(|to| *to > at);
            match self.0.iter().find(holds) {
                Some((_, Some(to))) => at.clone_from(to),
                Some((_, None)) => return true,
                None => return false,
            }
        }
    }
}

/// The first text behind all that begin with this one; none: there is none.
fn behind(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // Between these two there are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests;
