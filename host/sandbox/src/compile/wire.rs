//! What goes over the pipes between the server and the compiler's process: a line of JSON, then bytes.

use crate::error::Refusal;
use crate::inspect::ComponentLimits;
use serde::{Deserialize, Serialize};

/// What is to be done; the component follows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// Limits of the component.
    pub(super) component: ComponentLimits,
    /// Seconds of the processor's time.
    pub(super) seconds: u64,
    /// Bytes of memory.
    pub(super) memory: u64,
}

/// What came of it; the code follows, if there is any.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is compiled.
    Compiled,
    /// It is refused.
    Refused(Refusal),
}

/// One line before the bytes.
pub(super) fn head(value: &impl Serialize) -> Vec<u8> {
    // These types have no maps and no numbers that JSON can't write.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

/// The line, and the bytes after it.
pub(super) fn split<'a, T: Deserialize<'a>>(whole: &'a [u8]) -> Option<(T, &'a [u8])> {
    let end = whole.iter().position(|byte| *byte == b'\n')?;
    Some((serde_json::from_slice(&whole[..end]).ok()?, &whole[end + 1..]))
}
