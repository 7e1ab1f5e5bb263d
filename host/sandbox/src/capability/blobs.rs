//! `blobs`: attachments, named by their content. A channel reads what it wrote or was handed.

use crate::bindings::jackfield::channel::blobs::{Host, HostWriter};
use crate::bindings::jackfield::channel::message::Error;
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use crate::limits::Limit;
use crate::usage::Usage;
use jackfield_spec::Digest;
use std::sync::Arc;
use wasmtime::component::Resource;

/// Most bytes of one read.
const READ: u32 = 1 << 20;

/// A blob that is being written. What it holds is memory of its channel, as that of an instance is.
pub struct Writer {
    bytes: Vec<u8>,
    usage: Arc<Usage>,
}

impl AsRef<[u8]> for Writer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.usage.give_memory(self.bytes.len());
    }
}

fn parse(blob: &str) -> Result<Digest, Error> {
    blob.parse().map_err(|error: jackfield_spec::DigestError| refuse("invalid", error.to_string()))
}

fn too_many(channel: &Channel) -> Error {
    channel.usage.hit(Limit::Blobs);
    refuse("quota", format!("one call may write {} blobs; raise limits.blobs", channel.config.limits.blobs))
}

fn gone() -> Error {
    refuse("invalid", "this writer was finished or dropped")
}

fn too_large(channel: &Channel) -> Error {
    channel.usage.hit(Limit::Blob);
    refuse("too-large", format!("a blob has at most {} bytes; raise limits.blob", channel.config.limits.blob))
}

/// Why nobody knows whether a blob was written. A panic is the server's own fault: its log says so.
fn lost(channel: &Channel, error: &tokio::task::JoinError) -> Error {
    if !error.is_panic() {
        return refuse("unavailable", "the server goes down");
    }
    tracing::error!(channel = channel.config.id, "writing a blob panicked; this is a mistake of the server's");
    refuse("unavailable", "the blob could not be written; the server's log has the reason")
}

impl State {
    /// Keeps a blob. A disk can take long for it: that is nothing that the guest computes, and none of its threads waits.
    pub(crate) async fn put_blob(
        &mut self,
        channel: &Channel,
        data: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Digest, Error> {
        if data.as_ref().len() > channel.config.limits.blob {
            return Err(too_large(channel));
        }
        let (clock, services) = (self.clock.clone(), channel.services.clone());
        clock.pause();
        let written = tokio::task::spawn_blocking(move || services.blob_put(data.as_ref())).await;
        clock.resume();
        let digest = written.map_err(|error| lost(channel, &error))?.map_err(info)?;
        let blobs = &mut self.call.transaction.blobs;
        if !blobs.contains(&digest) {
            if blobs.len() >= channel.config.limits.blobs {
                return Err(too_many(channel));
            }
            blobs.push(digest);
        }
        Ok(digest)
    }

    /// A blob that this channel may read.
    pub(crate) fn readable(&mut self, channel: &Channel, blob: &str) -> Result<Digest, Error> {
        let digest = parse(blob)?;
        let own = self.call.transaction.blobs.contains(&digest);
        if own || channel.services.blob_granted(&channel.config.id, &digest).map_err(info)? {
            return Ok(digest);
        }
        // The same answer for one that isn't there: what others have can't be probed.
        Err(refuse("not-found", "no blob of this channel has this digest"))
    }
}

impl HostWriter for State {
    fn write(&mut self, writer: Resource<Writer>, data: Vec<u8>) -> Result<(), Error> {
        let channel = self.act()?;
        let writer = self.table.get_mut(&writer).map_err(|_| gone())?;
        // The limit is for all writers of the call together: each holds its bytes in the host's memory.
        if self.call.writing + data.len() > channel.config.limits.blob {
            return Err(too_large(&channel));
        }
        let limit = channel.config.limits.channel_memory;
        if !channel.usage.take_memory(data.len(), limit) {
            channel.usage.hit(Limit::ChannelMemory);
            return Err(refuse(
                "quota",
                format!("all calls of the channel together hold more than {limit} bytes; raise limits.channel-memory"),
            ));
        }
        self.call.writing += data.len();
        writer.bytes.extend_from_slice(&data);
        Ok(())
    }

    fn size(&mut self, writer: Resource<Writer>) -> u32 {
        self.table.get(&writer).map_or(0, |writer| u32::try_from(writer.bytes.len()).unwrap_or(u32::MAX))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        // A writer that is gone already is nothing to trap for.
        if let Ok(writer) = self.table.delete(writer) {
            self.call.writing = self.call.writing.saturating_sub(writer.bytes.len());
        }
        Ok(())
    }
}

impl Host for State {
    fn create(&mut self) -> Result<Resource<Writer>, Error> {
        let channel = self.act()?;
        self.call.writers += 1;
        if self.call.writers > channel.config.limits.blobs {
            return Err(too_many(&channel));
        }
        self.table
            .push(Writer { bytes: Vec::new(), usage: channel.usage.clone() })
            .map_err(|_| refuse("quota", "too many writers are open; finish or drop some"))
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Result<String, Error> {
        let channel = self.act()?;
        let writer = self.table.delete(writer).map_err(|_| gone())?;
        self.call.writing = self.call.writing.saturating_sub(writer.bytes.len());
        self.put_blob(&channel, writer).await.map(|digest| digest.to_string())
    }

    async fn put(&mut self, data: Vec<u8>) -> Result<String, Error> {
        let channel = self.act()?;
        self.put_blob(&channel, data).await.map(|digest| digest.to_string())
    }

    fn size(&mut self, blob: String) -> Result<u32, Error> {
        let channel = self.look()?;
        let digest = self.readable(&channel, &blob)?;
        let size = channel.services.blob_size(&digest).map_err(info)?;
        Ok(u32::try_from(size).unwrap_or(u32::MAX))
    }

    fn read(&mut self, blob: String, offset: u32, length: u32) -> Result<Vec<u8>, Error> {
        let channel = self.look()?;
        let digest = self.readable(&channel, &blob)?;
        channel.services.blob_read(&digest, u64::from(offset), length.min(READ)).map_err(info)
    }
}

#[cfg(test)]
mod tests;
