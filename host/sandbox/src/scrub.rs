//! Keeps known secret values out of what a guest shows.
//!
//! A guest has outbound secrets in its memory only where `reveal` gave them, or where a peer repeats what it was sent.
//! Both are cut off here: what the guest logs, fails with or answers to a peer, and what peers answer it, is searched.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// Shorter values are not searched for: they would be found in ordinary text.
pub(crate) const LEAST: usize = 6;
/// Longer values are not searched for in other forms, only as they are.
const LONGEST_ENCODED: usize = 8 << 10;
/// Captured values that are searched for; the oldest gives way.
const LEARNED: usize = 200;
/// Composed values that are searched for in what one peer says; the oldest gives way.
const COMPOSED: usize = 64;

/// What stands in a secret's place.
const STARS: &[u8] = b"******";

/// The values that a channel's guests must not show.
pub(crate) struct Scrubber {
    known: ArcSwap<Option<AhoCorasick>>,
    patterns: Mutex<Patterns>,
}

#[derive(Default)]
struct Patterns {
    configured: Vec<Vec<u8>>,
    learned: Vec<Vec<u8>>,
}

/// A value in the forms that it may be written in.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    if value.len() < LEAST {
        return Vec::new();
    }
    let mut forms = vec![value.to_vec()];
    if value.len() <= LONGEST_ENCODED {
        let percent = percent_encode(value, &crate::capability::PERCENT).to_string();
        let strict = percent_encode(value, NON_ALPHANUMERIC).to_string();
        let texts = [
            STANDARD.encode(value),
            STANDARD_NO_PAD.encode(value),
            URL_SAFE.encode(value),
            URL_SAFE_NO_PAD.encode(value),
            hex::encode(value),
            hex::encode_upper(value),
            percent.replace("%20", "+"),
            percent,
            strict,
        ];
        forms.extend(texts.into_iter().map(String::into_bytes));
        if let Ok(text) = std::str::from_utf8(value) {
            let quoted = serde_json::Value::from(text).to_string();
            forms.push(quoted.trim_matches('"').as_bytes().to_vec());
        }
    }
    forms.retain(|form| form.len() >= LEAST);
    forms.sort();
    forms.dedup();
    forms
}

fn automaton(patterns: &[&Vec<u8>]) -> Option<AhoCorasick> {
    if patterns.is_empty() {
        return None;
    }
    // Leftmost longest, so that no rest of a longer form stays behind a shorter one. A DFA, which it would be by itself, takes
    // 170 KB a channel.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    match AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostLongest).build(patterns) {
        Ok(automaton) => Some(automaton),
        Err(error) => {
            tracing::error!("secrets can't be searched for: {error}");
            None
        }
    }
}

fn replace<'a>(automaton: &AhoCorasick, bytes: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    if !automaton.is_match(bytes.as_ref()) {
        return bytes;
    }
    let stars = vec![STARS; automaton.patterns_len()];
    Cow::Owned(automaton.replace_all_bytes(&bytes, &stars))
}

/// Secrets that were composed and written to one peer. They are searched for as they are in what it says, as long as it
/// is connected.
#[derive(Default)]
pub struct Composed {
    values: VecDeque<Vec<u8>>,
    known: Option<AhoCorasick>,
}

impl Composed {
    /// Searches for these values from now on; the oldest give way to them.
    pub fn learn(&mut self, values: Vec<Vec<u8>>) {
        let before = self.values.len();
        for value in values {
            let is_searched_for = (LEAST..=LONGEST_ENCODED).contains(&value.len());
            if is_searched_for && !self.values.contains(&value) {
                self.values.push_back(value);
            }
        }
        if self.values.len() == before {
            return;
        }
        self.values.drain(..self.values.len().saturating_sub(COMPOSED));
        self.known = automaton(&self.values.iter().collect::<Vec<_>>());
    }

    /// Puts stars in their place.
    pub(crate) fn replaced<'a>(&self, bytes: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        match &self.known {
            Some(known) => replace(known, bytes),
            None => bytes,
        }
    }
}

impl Scrubber {
    /// One that searches for these values.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let configured: Vec<_> = values.flat_map(forms).collect();
        let known = automaton(&configured.iter().collect::<Vec<_>>());
        let patterns = Mutex::new(Patterns { configured, learned: Vec::new() });
        Self { known: ArcSwap::from_pointee(known), patterns }
    }

    /// Searches for this value from now on: one that was captured.
    pub(crate) fn learn(&self, value: &[u8]) {
        if value.len() < LEAST {
            return;
        }
        let mut patterns = self.patterns.lock();
        if patterns.learned.iter().any(|known| known == value) {
            return;
        }
        if patterns.learned.len() >= LEARNED {
            patterns.learned.remove(0);
        }
        patterns.learned.push(value.to_vec());
        let learned: Vec<_> = patterns.learned.iter().flat_map(|value| forms(value)).collect();
        let all: Vec<_> = patterns.configured.iter().chain(&learned).collect();
        self.known.store(Arc::new(automaton(&all)));
    }

    /// Puts stars in the place of every known value, and of those in `more` as they are.
    pub(crate) fn bytes<'a>(&self, bytes: &'a [u8], more: &[Vec<u8>]) -> Cow<'a, [u8]> {
        let mut clean = Cow::Borrowed(bytes);
        if bytes.len() < LEAST {
            return clean;
        }
        if let Some(known) = &**self.known.load() {
            clean = replace(known, clean);
        }
        let more: Vec<_> = more.iter().filter(|value| (LEAST..=LONGEST_ENCODED).contains(&value.len())).collect();
        if let Some(more) = automaton(&more) {
            clean = replace(&more, clean);
        }
        clean
    }

    /// The same with as many `0` as the value has bytes: what is kept of a call has to be read by the driver as before,
    /// and `0` stands in hex, base64 and numbers alike. None: there is nothing to mask.
    pub(crate) fn masked(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let known = self.known.load();
        let found: Vec<_> = (**known).as_ref()?.find_iter(bytes).map(|found| found.range()).collect();
        if found.is_empty() {
            return None;
        }
        let mut masked = bytes.to_vec();
        found.into_iter().for_each(|range| masked[range].fill(b'0'));
        Some(masked)
    }

    /// The same for a text.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes(), &[]) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
