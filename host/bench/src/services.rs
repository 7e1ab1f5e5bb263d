//! A server that is nothing but its interface: what a sandbox asks of it costs next to nothing.

use jackfield_sandbox::{BlobSpool, LogLevel, Services, StoreRead, Waiting};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use std::collections::BTreeSet;

/// Knows nobody and keeps nothing, as the drivers' host in memory does.
pub struct NoServer;

fn nothing() -> ErrorInfo {
    ErrorInfo::new("not-found", "there is no server behind this bench")
}

impl Services for NoServer {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn message_id(&self, _: &str, event_id: Option<&str>) -> String {
        format!("id-of-{}", event_id.unwrap_or_default())
    }

    fn store_get(&self, _: &str, _: &str) -> Result<StoreRead, ErrorInfo> {
        Ok(StoreRead::default())
    }

    fn store_entries(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<Vec<(String, StoreRead)>, ErrorInfo> {
        Ok(Vec::new())
    }

    fn store_keys(&self, _: &str, _: &str) -> Result<Vec<String>, ErrorInfo> {
        Ok(Vec::new())
    }

    fn store_usage(&self, _: &str) -> Result<(u64, u64), ErrorInfo> {
        Ok((0, 0))
    }

    fn blob_put(&self, _: &[u8]) -> Result<Digest, ErrorInfo> {
        Err(nothing())
    }

    fn blob_begin(&self, _: u64) -> Result<Box<dyn BlobSpool>, ErrorInfo> {
        Err(nothing())
    }

    fn blob_granted(&self, _: &str, _: &Digest) -> Result<bool, ErrorInfo> {
        Ok(false)
    }

    fn blob_size(&self, _: &Digest) -> Result<u64, ErrorInfo> {
        Err(nothing())
    }

    fn blob_read(&self, _: &Digest, _: u64, _: u32) -> Result<Vec<u8>, ErrorInfo> {
        Err(nothing())
    }

    fn messages(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<(Vec<Message>, Option<String>), ErrorInfo> {
        Ok((Vec::new(), None))
    }

    fn timers<'a>(&'a self, _: &'a str) -> Waiting<'a, Result<BTreeSet<String>, ErrorInfo>> {
        Box::pin(async { Ok(BTreeSet::new()) })
    }

    fn query<'a>(&'a self, _: &'a str, _: Message) -> Waiting<'a, Result<Message, ErrorInfo>> {
        Box::pin(async { Err(nothing()) })
    }

    fn find_customer(&self, _: &str, _: &str) -> Result<Option<Customer>, ErrorInfo> {
        Ok(None)
    }

    fn find_agent(&self, _: &str, _: &str, _: &str) -> Result<Option<AgentInfo>, ErrorInfo> {
        Ok(None)
    }

    fn log(&self, _: &str, _: LogLevel, _: &str, _: &Attributes) {}
}
