//! The server as a replayed call can know it: what stands in the record, and what the call itself has written.

use super::pages::{self, Asked};
use crate::services::{BlobSpool, LogLevel, Services, StoreRead, Unkept, Waiting};
use jackfield_records::{Call, facts, unfold};
use jackfield_spec::{AgentInfo, Attributes, Customer, Digest, ErrorInfo, Message, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is known.
#[derive(Default)]
pub(crate) struct Model(Mutex<Known>);

#[derive(Default)]
struct Known {
    now: u64,
    /// Keys of the store as the recorded call found them.
    found: BTreeMap<String, Option<Vec<u8>>>,
    /// What the replayed call has written, as it stands in a record; null: deleted.
    written: BTreeMap<String, Value>,
    /// What the replayed call has written so large that only the digest is known.
    unclear: BTreeSet<String>,
    /// Where the recorded pages show all that there is.
    pages: pages::Known,
    /// Ids of messages by event id.
    ids: BTreeMap<String, String>,
    made: u64,
}

fn nothing<T>() -> Result<T, ErrorInfo> {
    Err(ErrorInfo::new("unavailable", "the record has no answer to this"))
}

fn key_of(arguments: &Value) -> Option<&str> {
    arguments.get(0)?.as_str()
}

impl Known {
    /// As `store.entries` makes it: what is committed, and over that what the call has written.
    fn page(&self, asked: &Asked<'_>) -> Option<Value> {
        let there = self.found.range(asked.from.clone()..).take_while(|(key, _)| key.starts_with(asked.prefix));
        let there = there.filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let mut page: BTreeMap<&String, Value> =
            there.take(asked.limit).map(|(key, value)| (key, facts(value))).collect();
        let last = page.keys().next_back().filter(|_| page.len() == asked.limit).map(|last| (*last).clone());
        if !self.pages.has(asked, last.as_deref()) {
            return None;
        }
        let on_it = |key: &str| asked.may_have(key) && last.as_ref().is_none_or(|last| key <= last.as_str());
        if self.unclear.iter().any(|key| on_it(key)) {
            return None;
        }
        page.extend(self.written.iter().filter(|(key, _)| on_it(key)).map(|(key, value)| (key, value.clone())));
        let entries = page.into_iter().filter(|(_, value)| !value.is_null());
        let entries = entries.map(|(key, value)| json!({ "key": key, "value": value, "attributes": [] }));
        Some(json!({ "Ok": entries.take(asked.limit).collect::<Vec<_>>() }))
    }
}

impl Model {
    /// Takes over what a recorded call learnt.
    pub(crate) fn learn(&self, call: &Call) {
        let mut known = Known { now: call.at, ..Known::default() };
        let mut written = BTreeSet::new();
        for step in &call.steps {
            let answer = step.answer.as_ref().and_then(|answer| answer.get("Ok"));
            match (step.function.as_str(), key_of(&step.arguments), answer) {
                ("store.set" | "store.delete", Some(key), Some(_)) => {
                    written.insert(key.to_owned());
                }
                ("store.get", Some(key), Some(value)) if !written.contains(key) => {
                    known.found.insert(key.to_owned(), unfold(value).unwrap_or_default());
                }
                ("store.entries", _, Some(Value::Array(entries))) => {
                    // What the recorded call wrote itself hides what was there.
                    let page = Asked::of(&step.arguments);
                    if let Some(page) = page.filter(|page| !written.iter().any(|key| page.may_have(key))) {
                        let last = entries.last().filter(|_| entries.len() >= page.limit);
                        known.pages.saw(&page, last.and_then(|entry| entry.get("key")?.as_str()));
                    }
                    for entry in entries {
                        let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
                        if !written.contains(key) {
                            known.found.insert(key.to_owned(), entry.get("value").and_then(unfold));
                        }
                    }
                }
                ("server.push", _, Some(Value::String(id))) => {
                    let event_id = step.arguments.pointer("/0/eventId").and_then(Value::as_str);
                    event_id.map(|event_id| known.ids.insert(event_id.to_owned(), id.clone()));
                }
                _ => {}
            }
        }
        *self.0.lock() = known;
    }

    /// What the replayed call reads of what it has written itself.
    pub(crate) fn written(&self, function: &str, arguments: &Value) -> Option<Value> {
        let known = self.0.lock();
        match function {
            "store.get" => known.written.get(key_of(arguments)?).map(|value| json!({ "Ok": value })),
            "store.entries" => {
                let asked = Asked::of(arguments)?;
                known.written.keys().any(|key| asked.may_have(key)).then(|| known.page(&asked))?
            }
            _ => None,
        }
    }

    /// A page of the store, if the record shows all of it, with what the replayed call has written over it.
    pub(crate) fn page(&self, arguments: &Value) -> Option<Value> {
        self.0.lock().page(&Asked::of(arguments)?)
    }

    /// Notes what a call to the host has done.
    pub(crate) fn settled(&self, function: &str, arguments: &Value, answer: &Value) {
        let Some(key) = key_of(arguments).filter(|_| answer.get("Ok").is_some()) else { return };
        let value = match function {
            "store.set" => arguments.get(1).cloned().unwrap_or_default(),
            "store.delete" => Value::Null,
            _ => return,
        };
        let mut known = self.0.lock();
        // Of a long value only the digest is there: then the record's own answer has to do.
        if value.get("$sha256").is_some() {
            known.written.remove(key);
            known.unclear.insert(key.to_owned());
        } else {
            known.unclear.remove(key);
            known.written.insert(key.to_owned(), value);
        }
    }

    /// Whether a function can be answered by the host itself: all but reads of what the record doesn't have.
    pub(crate) fn can_know(&self, function: &str, arguments: &Value) -> bool {
        match function {
            "store.get" => key_of(arguments).is_some_and(|key| self.0.lock().found.contains_key(key)),
            "store.entries" | "blobs.read" | "blobs.size" => false,
            _ => true,
        }
    }
}

impl Services for Model {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.lock().now).unwrap_or_default()
    }

    fn message_id(&self, _: &str, event_id: Option<&str>) -> String {
        let mut known = self.0.lock();
        if let Some(id) = event_id.and_then(|event_id| known.ids.get(event_id)) {
            return id.clone();
        }
        known.made += 1;
        format!("00000000-0000-8000-8000-{:012x}", known.made)
    }

    fn store_get(&self, _: &str, key: &str) -> Result<StoreRead, ErrorInfo> {
        let value = self.0.lock().found.get(key).cloned().flatten();
        Ok(StoreRead { value, version: 0 })
    }

    fn store_entries(
        &self,
        _: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StoreRead)>, ErrorInfo> {
        let known = self.0.lock();
        let of = |(key, value): (&String, &Option<Vec<u8>>)| {
            let fits = key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after);
            value.clone().filter(|_| fits).map(|value| (key.clone(), StoreRead { value: Some(value), version: 0 }))
        };
        Ok(known.found.iter().filter_map(of).take(limit as usize).collect())
    }

    fn store_keys(&self, _: &str, prefix: &str) -> Result<Vec<String>, ErrorInfo> {
        let known = self.0.lock();
        let found = known.found.iter().filter(|(key, value)| value.is_some() && key.starts_with(prefix));
        Ok(found.map(|(key, _)| key.clone()).collect())
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
        // Whether a channel may read a blob was checked when it was recorded; what it holds is not here.
        Ok(true)
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
        Box::pin(std::future::ready(Ok(BTreeSet::new())))
    }

    fn query<'a>(&'a self, _: &'a str, _: Message) -> Waiting<'a, Result<Message, ErrorInfo>> {
        Box::pin(std::future::ready(nothing()))
    }

    fn find_customer(&self, _: &str, _: &str) -> Result<Option<Customer>, ErrorInfo> {
        nothing()
    }

    fn find_agent(&self, _: &str, _: &str, _: &str) -> Result<Option<AgentInfo>, ErrorInfo> {
        nothing()
    }

    fn progress<'a>(&'a self, _: &'a str, _: &'a str, _: &'a str) -> Waiting<'a, Result<(), ErrorInfo>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn log(&self, _: &str, _: LogLevel, _: &str, _: &Attributes) {}
}
