//! The server as sandboxes see it: committed state, blobs, the channel's log.

use crate::logs::Logs;
use arc_swap::ArcSwap;
use jackfield_config::Config;
use jackfield_journal::{BlobWriter, LogLine};
use jackfield_router::Id;
use jackfield_sandbox::{BlobSpool, LogLevel, Services, StoreRead, Waiting};
use jackfield_sequencer::Sequencer;
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What sandboxes ask.
pub(crate) struct Server {
    pub(crate) sequencer: Sequencer,
    pub(crate) logs: Logs,
    pub(crate) config: ArcSwap<Config>,
}

pub(crate) fn unavailable(error: jackfield_journal::Error) -> ErrorInfo {
    tracing::error!("a driver's read failed: {error}");
    ErrorInfo::new("unavailable", "the server's storage can't be read now")
}

/// A blob that is being written, in a file of its own.
struct Spool(BlobWriter);

impl BlobSpool for Spool {
    fn write(&mut self, data: &[u8]) -> Result<(), ErrorInfo> {
        // A peer decides when more of it comes, and in how many at once.
        let written = self.0.write(data);
        self.0.rest();
        written.map_err(unavailable)
    }

    fn finish(self: Box<Self>) -> Result<Digest, ErrorInfo> {
        self.0.finish().map(Digest).map_err(unavailable)
    }
}

fn no_blob() -> ErrorInfo {
    ErrorInfo::new("not-found", "no blob of this channel has this digest")
}

impl Server {
    pub(crate) fn say(&self, channel: &str, level: LogLevel, text: &str, fields: &Attributes) {
        let level = match level {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        self.logs.line(LogLine {
            channel: channel.to_owned(),
            at: i64::try_from(self.sequencer.now()).unwrap_or(i64::MAX),
            level: level.to_owned(),
            text: text.to_owned(),
            fields: serde_json::to_string(fields).unwrap_or_default(),
        });
    }
}

impl Services for Server {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.sequencer.now()).unwrap_or_default()
    }

    fn message_id(&self, channel: &str, event_id: Option<&str>) -> String {
        match event_id {
            Some(event_id) => self.sequencer.keys().message_id(channel, event_id).to_string(),
            None => Uuid::now_v7().to_string(),
        }
    }

    fn store_get(&self, channel: &str, key: &str) -> Result<StoreRead, ErrorInfo> {
        let now = i64::try_from(self.sequencer.now()).unwrap_or(i64::MAX);
        let read = self.sequencer.reader().store_get(channel, key, now).map_err(unavailable)?;
        Ok(StoreRead { value: read.value, version: read.version })
    }

    fn store_entries(
        &self,
        channel: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StoreRead)>, ErrorInfo> {
        let now = i64::try_from(self.sequencer.now()).unwrap_or(i64::MAX);
        let found =
            self.sequencer.reader().store_entries(channel, prefix, after, limit as usize, now).map_err(unavailable)?;
        Ok(found
            .into_iter()
            .map(|entry| (entry.key, StoreRead { value: Some(entry.value), version: entry.version }))
            .collect())
    }

    fn store_keys(&self, channel: &str, prefix: &str) -> Result<Vec<String>, ErrorInfo> {
        let now = i64::try_from(self.sequencer.now()).unwrap_or(i64::MAX);
        self.sequencer.reader().store_keys(channel, prefix, now).map_err(unavailable)
    }

    fn store_usage(&self, channel: &str) -> Result<(u64, u64), ErrorInfo> {
        let usage = self.sequencer.reader().store_usage(channel).map_err(unavailable)?;
        Ok((usage.keys, usage.bytes))
    }

    fn blob_put(&self, data: &[u8]) -> Result<Digest, ErrorInfo> {
        let write = || {
            let mut writer = self.sequencer.blobs().writer(data.len() as u64)?;
            writer.write(data)?;
            BlobWriter::finish(writer)
        };
        write().map(Digest).map_err(unavailable)
    }

    fn blob_begin(&self, limit: u64) -> Result<Box<dyn BlobSpool>, ErrorInfo> {
        let mut writer = self.sequencer.blobs().writer(limit).map_err(unavailable)?;
        writer.rest();
        Ok(Box::new(Spool(writer)))
    }

    fn blob_granted(&self, channel: &str, blob: &Digest) -> Result<bool, ErrorInfo> {
        self.sequencer.reader().blob_granted(channel, &blob.0).map_err(unavailable)
    }

    fn blob_size(&self, blob: &Digest) -> Result<u64, ErrorInfo> {
        self.sequencer.blobs().size(&blob.0).map_err(unavailable)?.ok_or_else(no_blob)
    }

    fn blob_read(&self, blob: &Digest, offset: u64, length: u32) -> Result<Vec<u8>, ErrorInfo> {
        self.sequencer.blobs().read(&blob.0, offset, u64::from(length)).map_err(unavailable)?.ok_or_else(no_blob)
    }

    fn messages(
        &self,
        channel: &str,
        conversation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Message>, Option<String>), ErrorInfo> {
        let key = self.sequencer.keys().conversation(channel, conversation);
        let found =
            self.sequencer.messages().of_conversation(channel, &key, after, limit as usize).map_err(unavailable)?;
        let full = found.len() == limit as usize;
        let next = if full { found.last().and_then(|message| message.id.clone()) } else { None };
        Ok((found, next))
    }

    fn timers<'a>(&'a self, channel: &'a str) -> Waiting<'a, Result<BTreeSet<String>, ErrorInfo>> {
        let channel = Id::from(channel);
        let look = move |state: &jackfield_router::State| {
            let of = state.timers().range((channel.clone(), Id::from(""))..);
            of.take_while(|((of, _), _)| *of == channel).map(|((_, name), _)| name.to_string()).collect()
        };
        Box::pin(async move {
            let stopping = |_| ErrorInfo::new("unavailable", "the server is stopping");
            self.sequencer.read(look).await.map_err(stopping)
        })
    }

    fn query<'a>(&'a self, channel: &'a str, message: Message) -> Waiting<'a, Result<Message, ErrorInfo>> {
        Box::pin(crate::query::answer(self, channel, message))
    }

    fn progress<'a>(
        &'a self,
        _: &'a str,
        delivery: &'a str,
        external_id: &'a str,
    ) -> Waiting<'a, Result<(), ErrorInfo>> {
        Box::pin(crate::progress::note(&self.sequencer, delivery, external_id))
    }

    fn find_customer(&self, channel: &str, address: &str) -> Result<Option<Customer>, ErrorInfo> {
        // A customer is known by the conversations that are keyed by the address, as those of numbers and addresses are.
        let key = self.sequencer.keys().conversation(channel, address);
        let found = self.sequencer.messages().of_conversation(channel, &key, None, 1).map_err(unavailable)?;
        let customer = found.into_iter().next().and_then(|message| message.work_item).map(|item| item.customer);
        Ok(customer.filter(|customer| customer.address == address).map(|customer| Customer {
            id: Some(hex::encode(self.sequencer.keys().customer(channel, address))),
            ..customer
        }))
    }

    fn find_agent(&self, _channel: &str, by: &str, value: &str) -> Result<Option<AgentInfo>, ErrorInfo> {
        let fits = |agent: &&jackfield_config::Agent| match by {
            "id" => agent.id == value,
            "name" => agent.name == value,
            _ => agent.addresses.values().any(|address| address == value),
        };
        Ok(self
            .config
            .load()
            .agents
            .iter()
            .find(fits)
            .map(|agent| AgentInfo { name: Some(agent.name.clone()), ..AgentInfo::new(&agent.id) }))
    }

    fn log(&self, channel: &str, level: LogLevel, text: &str, fields: &Attributes) {
        self.say(channel, level, text, fields);
    }
}
