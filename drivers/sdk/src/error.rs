//! Errors: the catalogue's codes and short ways to make an [`Error`] or a [`SettingsError`].

use crate::{Error, Outcome, SettingsError};

/// The codes of the catalogue that a driver may meet or give. A driver's own carry its name as prefix.
pub mod code {
    /// The channel's credentials are wrong: an operator must act.
    pub const BAD_CREDENTIALS: &str = "bad-credentials";
    /// It is there already, or somebody else changed it.
    pub const CONFLICT: &str = "conflict";
    /// No grant for it; the text has the config line that would give it.
    pub const DENIED: &str = "denied";
    /// The caller's own mistake in form.
    pub const INVALID: &str = "invalid";
    /// It was sent, but no answer came: it may have arrived. Becomes the status `unknown`; not sent again.
    pub const MAYBE_SENT: &str = "maybe-sent";
    /// There is no such thing.
    pub const NOT_FOUND: &str = "not-found";
    /// The driver doesn't know the interaction, or the medium has nothing like it.
    pub const NOT_SUPPORTED: &str = "not-supported";
    /// Won't work later either.
    pub const PERMANENT: &str = "permanent";
    /// Over a limit of number or sum; the text has the limit.
    pub const QUOTA: &str = "quota";
    /// Too many, too fast; `retry-after-ms` says when again. Doesn't count as a try.
    pub const RATE_LIMITED: &str = "rate-limited";
    /// The customer can't or won't get it (opted out, blocked, no such number).
    pub const REJECTED_BY_RECIPIENT: &str = "rejected-by-recipient";
    /// May work later; retried.
    pub const TEMPORARY: &str = "temporary";
    /// No answer in time, and it is certain that nothing was done; retried.
    pub const TIMEOUT: &str = "timeout";
    /// Over a size limit; the text has the limit.
    pub const TOO_LARGE: &str = "too-large";
    /// The far end can't be reached; retried.
    pub const UNAVAILABLE: &str = "unavailable";
    /// Not now: the state found is another.
    pub const WRONG_STATE: &str = "wrong-state";
}

impl Error {
    /// An error with a code of [`code`] and a sentence.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into(), retry_after_ms: None, attributes: Vec::new() }
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: Option<u32>) -> Self {
        self.retry_after_ms = milliseconds;
        self
    }

    /// Whether it may go better later with nothing changed.
    pub fn is_temporary(&self) -> bool {
        matches!(self.code.as_str(), code::TEMPORARY | code::TIMEOUT | code::UNAVAILABLE | code::RATE_LIMITED)
    }

    /// Adds a detail, such as the vendor's own code.
    #[must_use]
    pub fn with_attribute(mut self, key: &str, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Failure(error)
    }
}

impl SettingsError {
    /// `key`: a JSON Pointer into the settings, or `secrets/NAME`; `text`: what is wrong; `remedy`: what to do.
    pub fn new(key: impl Into<String>, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key: key.into(), text: text.into(), remedy: remedy.into(), attributes: Vec::new() }
    }
}
