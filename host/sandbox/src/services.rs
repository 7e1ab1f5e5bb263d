//! What a sandbox needs of the server around it. All reads are of committed state.

use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use sha2::Digest as _;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

/// A future of a service.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A key of a channel's store as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreRead {
    /// The value, if there is one.
    pub value: Option<Vec<u8>>,
    /// The version of the key; 0 if it was never written.
    pub version: u64,
}

/// How important a line of a driver's log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For the driver's author.
    Trace,
    /// For finding a fault.
    Debug,
    /// Normal.
    Info,
    /// Somebody may have to look.
    Warn,
    /// Something failed.
    Error,
}

/// A blob that is being written. Its bytes are kept outside of memory; dropped without [`finish`](Self::finish) nothing of
/// it is left. Both functions wait for the disk.
pub trait BlobSpool: Send {
    /// Adds bytes.
    fn write(&mut self, data: &[u8]) -> Result<(), ErrorInfo>;
    /// Makes it durable under its digest.
    fn finish(self: Box<Self>) -> Result<Digest, ErrorInfo>;
}

/// A blob that is kept nowhere: only its digest is made.
#[derive(Default)]
pub(crate) struct Unkept(sha2::Sha256);

impl BlobSpool for Unkept {
    fn write(&mut self, data: &[u8]) -> Result<(), ErrorInfo> {
        self.0.update(data);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Digest, ErrorInfo> {
        Ok(Digest(self.0.finalize().into()))
    }
}

/// The server as its drivers see it. Called on guest threads: may block for a disk read, never for the network.
pub trait Services: Send + Sync + 'static {
    /// The server's clock.
    fn now(&self) -> Timestamp;
    /// The id of the message for this event of this channel; a fresh one without an event id.
    fn message_id(&self, channel: &str, event_id: Option<&str>) -> String;
    /// Reads a key of the channel's store.
    fn store_get(&self, channel: &str, key: &str) -> Result<StoreRead, ErrorInfo>;
    /// Reads keys that begin with `prefix`, in order, after `after`.
    fn store_entries(
        &self,
        channel: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StoreRead)>, ErrorInfo>;
    /// The keys that begin with `prefix`, in order, without their values.
    fn store_keys(&self, channel: &str, prefix: &str) -> Result<Vec<String>, ErrorInfo>;
    /// How many keys and bytes the channel's store holds.
    fn store_usage(&self, channel: &str) -> Result<(u64, u64), ErrorInfo>;
    /// Writes and syncs a blob.
    fn blob_put(&self, data: &[u8]) -> Result<Digest, ErrorInfo>;
    /// Begins a blob of at most `limit` bytes.
    fn blob_begin(&self, limit: u64) -> Result<Box<dyn BlobSpool>, ErrorInfo>;
    /// Whether the channel wrote this blob or was handed it.
    fn blob_granted(&self, channel: &str, blob: &Digest) -> Result<bool, ErrorInfo>;
    /// Size of a blob in bytes.
    fn blob_size(&self, blob: &Digest) -> Result<u64, ErrorInfo>;
    /// Part of a blob.
    fn blob_read(&self, blob: &Digest, offset: u64, length: u32) -> Result<Vec<u8>, ErrorInfo>;
    /// Messages of a conversation after a message id, and the id to go on after.
    fn messages(
        &self,
        channel: &str,
        conversation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Message>, Option<String>), ErrorInfo>;
    /// The names of the channel's durable timers that wait.
    fn timers<'a>(&'a self, channel: &'a str) -> Waiting<'a, Result<BTreeSet<String>, ErrorInfo>>;
    /// Answers a request of the driver at once.
    fn query<'a>(&'a self, channel: &'a str, message: Message) -> Waiting<'a, Result<Message, ErrorInfo>>;
    /// The customer with this address on the channel.
    fn find_customer(&self, channel: &str, address: &str) -> Result<Option<Customer>, ErrorInfo>;
    /// The agent whose `by` (`id`, `name`, `address`) is `value`.
    fn find_agent(&self, channel: &str, by: &str, value: &str) -> Result<Option<AgentInfo>, ErrorInfo>;
    /// Notes, durably and at once, that a part of a delivery is out under this id. `delivery`: its idempotency key.
    fn progress<'a>(
        &'a self,
        _channel: &'a str,
        _delivery: &'a str,
        _external_id: &'a str,
    ) -> Waiting<'a, Result<(), ErrorInfo>> {
        Box::pin(std::future::ready(Err(ErrorInfo::new("not-supported", "progress is not kept here"))))
    }
    /// A line for the channel's log.
    fn log(&self, channel: &str, level: LogLevel, text: &str, fields: &Attributes);
}
