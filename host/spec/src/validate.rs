//! What a message must carry and keep.
//!
//! Read in this order: `crm` (what a message must carry), `fields` (what its fields may hold), `json`
//! (the same for arguments and other JSON), `arguments` (what the catalogue asks for).

mod arguments;
mod at;
mod crm;
mod fields;
mod json;
mod text;

use crate::{Message, canonical, limits};
use at::At;
use std::fmt;

pub use text::is_content_type;

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// `missing-crm-information`, `missing-interaction`, `crm-in-interaction`, `limit` or `invalid`.
    pub code: &'static str,
    /// JSON Pointer to what is at fault; empty for the message as a whole.
    pub pointer: String,
    /// What is wrong and what to do.
    pub text: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the message" } else { &self.pointer };
        write!(f, "{place}: {}", self.text)
    }
}

impl std::error::Error for Invalid {}

/// Checks a message that a driver pushes or replies with.
///
/// What the server stamps (`id`, `channel`, `driver`, `direction`, `received-at`, `digest`, `work-item.id`) is not
/// looked at: it is dropped, whatever it is.
///
/// # Errors
/// The first thing that is wrong.
pub fn validate(message: &Message) -> Result<(), Invalid> {
    crm::carried(message)?;
    let bytes = fields::check(message)?;
    crm::apart(message)?;
    arguments::check(&message.interaction)?;
    whole(message, bytes)
}

/// Refuses a message over the limit. Text is at most six times as long in JSON (`\u0001`), so the bytes of all
/// texts tell enough about almost every message, and only a large one is written to be measured.
fn whole(message: &Message, bytes: Bytes) -> Result<(), Invalid> {
    if bytes.most() <= limits::MESSAGE {
        return Ok(());
    }
    let found = if bytes.text > limits::MESSAGE { bytes.text } else { length(message) };
    if found <= limits::MESSAGE {
        return Ok(());
    }
    Err(At::Root.limit(format_args!(
        "the message has {found} bytes or more in canonical JSON, at most {} are allowed; \
         put large content into blobs and refer to them as attachments",
        limits::MESSAGE
    )))
}

/// The length of a value in canonical JSON; what JSON cannot hold counts as too long.
fn length<T: serde::Serialize>(value: &T) -> usize {
    canonical::to_json(value).map_or(usize::MAX, |text| text.len())
}

/// What is known of a length in canonical JSON without writing it.
#[derive(Debug, Clone, Copy, Default)]
struct Bytes {
    /// Bytes of all texts and keys, as they are.
    text: usize,
    /// At least what stands around them: names of members, quotes, commas, numbers.
    rest: usize,
}

impl Bytes {
    fn most(self) -> usize {
        self.text.saturating_mul(6).saturating_add(self.rest)
    }

    fn add(&mut self, text: usize, rest: usize) {
        self.text = self.text.saturating_add(text);
        self.rest = self.rest.saturating_add(rest);
    }
}

#[cfg(test)]
mod tests;
