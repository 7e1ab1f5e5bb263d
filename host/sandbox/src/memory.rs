//! Limits an instance's memories and tables as one sum, and those of all instances of a channel.

use crate::limits::Limit;
use crate::usage::Usage;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// Bytes that one table element costs the host.
const ELEMENT: usize = 8;

/// What an instance holds and may hold.
pub(crate) struct MemoryMeter {
    limit: usize,
    used: usize,
    /// Of the channel, with the limit there; none while a component is only probed.
    channel: Option<(Arc<Usage>, usize)>,
    refused: Option<Limit>,
}

impl MemoryMeter {
    pub(crate) fn new(limit: usize, channel: Option<(Arc<Usage>, usize)>) -> Self {
        Self { limit, used: 0, channel, refused: None }
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Which limit the guest met when it asked for more, since the last call of this.
    pub(crate) fn take_refused(&mut self) -> Option<Limit> {
        self.refused.take()
    }

    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let added = desired.saturating_sub(current);
        let used = self.used.saturating_add(added);
        self.refused = match &self.channel {
            _ if used > self.limit => Some(Limit::Memory),
            Some((usage, limit)) if !usage.take_memory(added, *limit) => Some(Limit::ChannelMemory),
            _ => {
                self.used = used;
                return true;
            }
        };
        false
    }
}

impl Drop for MemoryMeter {
    fn drop(&mut self) {
        if let Some((usage, _)) = &self.channel {
            usage.give_memory(self.used);
        }
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current.saturating_mul(ELEMENT), desired.saturating_mul(ELEMENT)))
    }
}

#[cfg(test)]
mod tests;
