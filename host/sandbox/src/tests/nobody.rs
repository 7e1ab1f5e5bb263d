//! A server that isn't there.

use crate::services::{BlobSpool, LogLevel, Services, StoreRead, Unkept, Waiting};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use std::collections::BTreeSet;

/// Knows nothing and keeps nothing.
pub(crate) struct Nobody;

fn nothing<T>() -> Result<T, ErrorInfo> {
    Err(ErrorInfo::new("not-found", "there is nobody"))
}

impl Services for Nobody {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn message_id(&self, _: &str, event_id: Option<&str>) -> String {
        event_id.unwrap_or_default().to_owned()
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

    fn blob_put(&self, data: &[u8]) -> Result<Digest, ErrorInfo> {
        Ok(Digest::of(data))
    }

    fn blob_begin(&self, _: u64) -> Result<Box<dyn BlobSpool>, ErrorInfo> {
        Ok(Box::new(Unkept::default()))
    }

    fn blob_granted(&self, _: &str, _: &Digest) -> Result<bool, ErrorInfo> {
        Ok(false)
    }

    fn blob_size(&self, _: &Digest) -> Result<u64, ErrorInfo> {
        nothing()
    }

    fn blob_read(&self, _: &Digest, _: u64, _: u32) -> Result<Vec<u8>, ErrorInfo> {
        nothing()
    }

    fn messages(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<(Vec<Message>, Option<String>), ErrorInfo> {
        nothing()
    }

    fn timers<'a>(&'a self, _: &'a str) -> Waiting<'a, Result<BTreeSet<String>, ErrorInfo>> {
        Box::pin(async { Ok(BTreeSet::new()) })
    }

    fn query<'a>(&'a self, _: &'a str, _: Message) -> Waiting<'a, Result<Message, ErrorInfo>> {
        Box::pin(async { nothing() })
    }

    fn find_customer(&self, _: &str, _: &str) -> Result<Option<Customer>, ErrorInfo> {
        nothing()
    }

    fn find_agent(&self, _: &str, _: &str, _: &str) -> Result<Option<AgentInfo>, ErrorInfo> {
        nothing()
    }

    fn log(&self, _: &str, _: LogLevel, _: &str, _: &Attributes) {}
}
