//! `blobs`: attachments, named by their content. A channel reads what it wrote or was handed.

use crate::bindings::jackfield::channel::blobs::{Host, HostWriter};
use crate::bindings::jackfield::channel::message::Error;
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use crate::limits::Limit;
use crate::services::BlobSpool;
use crate::usage::Usage;
use bytes::Bytes;
use jackfield_spec::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::Resource;

/// Most bytes of one read.
const READ: u32 = 1 << 20;

/// A blob that is being written. Its bytes are with the server's disk, not in memory.
pub struct Writer {
    /// None while a write is under way, and after one that was cut off.
    spool: Option<Box<dyn BlobSpool>>,
    size: usize,
    usage: Arc<Usage>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.usage.give_spooled(self.size);
    }
}

/// The blobs that an instance is writing. They outlive the call: an instance of a lane that still has some after its call is
/// let go, one that belongs to a connection goes on.
#[derive(Default)]
pub(crate) struct Writers {
    open: BTreeMap<u32, Writer>,
    next: u32,
}

impl Writers {
    /// Whether none is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Gives it a number, which is not used again.
    fn add(&mut self, writer: Writer) -> Resource<Writer> {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(number, writer);
        Resource::new_own(number)
    }
}

fn parse(blob: &str) -> Result<Digest, Error> {
    blob.parse().map_err(|error: jackfield_spec::DigestError| refuse("invalid", error.to_string()))
}

fn too_many(channel: &Channel) -> Error {
    channel.usage.hit(Limit::Blobs);
    refuse("quota", format!("one call may write {} blobs; raise limits.blobs", channel.config.limits.blobs))
}

fn too_many_open(channel: &Channel) -> Error {
    channel.usage.hit(Limit::Blobs);
    let limit = channel.config.limits.blobs;
    refuse("quota", format!("{limit} writers are open; finish or drop some, or raise limits.blobs"))
}

fn gone() -> Error {
    refuse("invalid", "this writer was finished or dropped, or a write to it failed")
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
    /// Does something with the disk, which can take long for it: that is nothing that the guest computes, and none of its
    /// threads waits.
    async fn at_disk<T: Send + 'static>(
        &mut self,
        channel: &Channel,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let clock = self.clock.clone();
        clock.pause();
        let done = tokio::task::spawn_blocking(work).await;
        clock.resume();
        done.map_err(|error| lost(channel, &error))
    }

    /// Keeps a blob.
    pub(crate) async fn put_blob(&mut self, channel: &Channel, data: Bytes) -> Result<Digest, Error> {
        if data.len() > channel.config.limits.blob {
            return Err(too_large(channel));
        }
        let services = channel.services.clone();
        let digest = self.at_disk(channel, move || services.blob_put(&data)).await?.map_err(info)?;
        self.wrote(channel, digest)
    }

    /// Counts a blob as one of this call's.
    fn wrote(&mut self, channel: &Channel, digest: Digest) -> Result<Digest, Error> {
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
    async fn write(&mut self, writer: Resource<Writer>, data: Vec<u8>) -> Result<(), Error> {
        let channel = self.act()?;
        let open = self.writers.open.get_mut(&writer.rep()).ok_or_else(gone)?;
        let limits = &channel.config.limits;
        if open.size + data.len() > limits.blob {
            return Err(too_large(&channel));
        }
        if !channel.usage.take_spooled(data.len(), limits.spooled) {
            channel.usage.hit(Limit::Spooled);
            let limit = limits.spooled;
            return Err(refuse(
                "quota",
                format!("the channel's blobs that are being written have {limit} bytes; raise limits.spooled"),
            ));
        }
        open.size += data.len();
        let mut spool = open.spool.take().ok_or_else(gone)?;
        let written = self.at_disk(&channel, move || {
            let written = spool.write(&data);
            (spool, written)
        });
        let (spool, written) = written.await?;
        written.map_err(info)?;
        // Without what could not be written it is none that can be finished.
        if let Some(open) = self.writers.open.get_mut(&writer.rep()) {
            open.spool = Some(spool);
        }
        Ok(())
    }

    fn size(&mut self, writer: Resource<Writer>) -> u32 {
        self.writers.open.get(&writer.rep()).map_or(0, |writer| u32::try_from(writer.size).unwrap_or(u32::MAX))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        // A writer that is gone already is nothing to trap for.
        self.writers.open.remove(&writer.rep());
        Ok(())
    }
}

impl Host for State {
    async fn create(&mut self) -> Result<Resource<Writer>, Error> {
        let channel = self.act()?;
        let limits = &channel.config.limits;
        if self.writers.open.len() >= limits.blobs {
            return Err(too_many_open(&channel));
        }
        let (services, limit) = (channel.services.clone(), limits.blob as u64);
        let spool = self.at_disk(&channel, move || services.blob_begin(limit)).await?.map_err(info)?;
        Ok(self.writers.add(Writer { spool: Some(spool), size: 0, usage: channel.usage.clone() }))
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Result<String, Error> {
        let channel = self.act()?;
        let mut writer = self.writers.open.remove(&writer.rep()).ok_or_else(gone)?;
        let spool = writer.spool.take().ok_or_else(gone)?;
        let digest = self.at_disk(&channel, move || spool.finish()).await?.map_err(info)?;
        self.wrote(&channel, digest).map(|digest| digest.to_string())
    }

    async fn put(&mut self, data: Vec<u8>) -> Result<String, Error> {
        let channel = self.act()?;
        self.put_blob(&channel, data.into()).await.map(|digest| digest.to_string())
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
