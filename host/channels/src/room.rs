//! Room for the bodies of webhook requests: what a channel's requests may hold of the server's memory together.

use crate::asked;
use crate::channels::Channels;
use crate::error::ReceiveError;
use crate::serving::Serving;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a request's body holds; given back when this is dropped.
pub struct BodyRoom {
    serving: Arc<Serving>,
    bytes: usize,
    largest: usize,
}

impl Channels {
    /// Room for a request's body of this channel, empty at first; none: there is no such channel.
    pub fn body_room(&self, channel: &str) -> Option<BodyRoom> {
        let serving = self.serving(channel)?;
        let generation = serving.generation();
        let descriptor = generation.as_ref().map(|generation| generation.driver().descriptor());
        let limits = &serving.config.limits;
        // One that is longer than all may be together would never be taken: it is said to be too large.
        let largest = asked::body(limits.body, descriptor).to_usize().min(limits.bodies.to_usize());
        Some(BodyRoom { serving, bytes: 0, largest })
    }
}

impl BodyRoom {
    /// Bytes that the body may have at most.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// Holds that many bytes more, which have come.
    ///
    /// # Errors
    /// [`ReceiveError::Full`]: the channel's requests hold too many together (`limits.bodies`). The refusal is counted.
    pub fn take(&mut self, bytes: usize) -> Result<(), ReceiveError> {
        let most = self.serving.config.limits.bodies.to_usize();
        if hold(&self.serving.kept.bodies, bytes, most) {
            self.bytes += bytes;
            return Ok(());
        }
        self.serving.counters().refused.fetch_add(1, Ordering::Relaxed);
        Err(ReceiveError::Full)
    }
}

impl Drop for BodyRoom {
    fn drop(&mut self) {
        self.serving.kept.bodies.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Adds to what is held, if no more than `most` are held then.
fn hold(held: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let sum = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= most);
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
}

#[cfg(test)]
mod tests;
