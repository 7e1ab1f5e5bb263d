//! A mail made thin while it comes: what is large in it goes to blobs, and the rest, the skeleton, stays in memory.
//!
//! The skeleton is taken apart as any mail is. Where a body was taken out of it nothing stands; which one it was is told
//! by where the body of its part begins, so there is nothing that a sender could forge.

mod decode;
mod keep;
mod spool;
#[cfg(test)]
pub mod tests;
mod trace;
mod walk;

use core::ops::Range;
use std::collections::BTreeSet;

use jackfield_sdk::Result;
use jackfield_sdk::host::blobs;

use super::mime::{self, Mail};
use decode::Text;
use keep::Keeper;
pub use spool::Spool;
use trace::TraceDigest;
use walk::Walker;

/// What of a mail stays in memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of a file, or a mail within, as it is encoded.
    pub file: usize,
    /// Of all plain texts that are shown, as they are encoded.
    pub text: usize,
    /// Of all HTML that is shown, as it is encoded.
    pub html: usize,
    /// Of it all; a mail that has more isn't taken apart.
    pub all: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { file: 64 << 10, text: 1 << 20, html: 6 << 20, all: 8 << 20 }
    }
}

/// A part's body that was taken out of the skeleton.
pub struct Cut {
    /// Where in the skeleton it would begin.
    pub start: usize,
    pub content: Content,
}

/// Where that is.
pub enum Content {
    /// In a file of its own.
    File(Spool),
    /// A piece of the mail, as a text where it is one.
    Raw { range: Range<usize>, text: Option<Text> },
    /// Nowhere: nobody sees it.
    Nowhere,
    /// Only its beginning is there: it is longer than a text that is shown.
    Text { is_html: bool },
}

/// A mail made thin.
pub struct Thinned {
    /// What is in memory: all where nothing was taken out; the headers alone where it isn't to be taken apart.
    pub skeleton: Vec<u8>,
    pub cuts: Vec<Cut>,
    /// The mail as it came, where that is more than the skeleton.
    pub whole: Option<Spool>,
    /// SHA-256 in hexadecimal of what the sender wrote, without the headers that servers put before it.
    pub digest: String,
    /// It isn't to be taken apart.
    pub is_too_much: bool,
}

#[cfg(test)]
impl Thinned {
    /// Of a mail that is in memory as a whole.
    pub fn whole(raw: Vec<u8>) -> Self {
        let mut digest = TraceDigest::new();
        digest.take(&raw);
        Self { skeleton: raw, cuts: Vec::new(), whole: None, digest: digest.finish(), is_too_much: false }
    }
}

/// Whether a skeleton, taken apart, has each file in the place that it was taken out of, and shows no text as a file
/// that has only its beginning.
pub fn fits(skeleton: &Mail<'_>, cuts: &[Cut]) -> bool {
    let starts: BTreeSet<usize> = skeleton.files().map(|file| file.start).collect();
    cuts.iter().all(|cut| starts.contains(&cut.start) != matches!(cut.content, Content::Text { .. }))
}

/// Makes a mail thin.
pub struct Thinner {
    walker: Walker,
    keeper: Keeper,
    digest: TraceDigest,
}

impl Thinner {
    /// Of a mail that begins.
    pub fn new(bounds: Bounds) -> Self {
        Self { walker: Walker::new(mime::parser()), keeper: Keeper::new(bounds), digest: TraceDigest::new() }
    }

    /// Takes the next bytes, cut anywhere.
    pub fn take(&mut self, bytes: &[u8]) {
        if self.keeper.failed.is_none() {
            self.digest.take(bytes);
            self.walker.take(bytes, &mut self.keeper);
        }
    }

    /// At the mail's end.
    ///
    /// # Errors
    /// The host has no room for it: `quota`, `unavailable`, `too-large`.
    pub fn finish(self) -> Result<Thinned> {
        let Self { walker, mut keeper, digest } = self;
        walker.finish(&mut keeper);
        let Keeper { skeleton, cuts, whole, is_too_much, failed, .. } = keeper;
        match failed {
            Some(error) => Err(error),
            None => Ok(Thinned { skeleton, cuts, whole, digest: digest.finish(), is_too_much }),
        }
    }
}

/// A piece of a blob as a blob of its own.
///
/// # Errors
/// Those of the host.
pub fn piece(blob: &str, range: &Range<usize>, text: Option<Text>) -> Result<(String, u32)> {
    const STEP: usize = 256 << 10;
    let mut file = spool::File::new(decode::Encoding::None, text)?;
    let mut at = range.start;
    while at < range.end {
        let bytes = blobs::read(blob, at as u32, (range.end - at).min(STEP) as u32)?;
        if bytes.is_empty() {
            break;
        }
        at += bytes.len();
        file.write(&bytes).map_err(spool::Problem::into_error)?;
    }
    file.end(spool::End::Mail).map_err(spool::Problem::into_error)?.finish()
}
