//! `store`: small durable state of a channel. A call sees its own writes; others see them after the commit.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::store::{Entry, Host};
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use crate::limits::Limit;
use crate::transaction::StoreWrite;
use jackfield_spec::Timestamp;
use std::collections::BTreeMap;

/// What the host's own keys begin with. A guest's keys have no control characters, and so all come after it.
pub(crate) const RESERVED: char = '\u{1}';
/// Before every key that a guest can have, and after all of the host's own.
pub(crate) const BEFORE_ALL: &str = "\u{1f}";
/// Most bytes of a key.
const KEY: usize = 256;
/// Most entries of one answer.
pub(crate) const ENTRIES: u32 = 1_000;

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY || key.chars().any(char::is_control) {
        return Err(refuse(
            "invalid",
            format!("a store key has 1 to {KEY} bytes and no control characters, this one has {} bytes", key.len()),
        ));
    }
    Ok(())
}

impl State {
    fn writes_left(&self, channel: &Channel) -> Result<(), Error> {
        let most = channel.config.limits.store_writes;
        if self.call.transaction.writes.len() >= most {
            channel.usage.hit(Limit::StoreWrites);
            let text = format!("one call may write {most} store keys; raise limits.store-writes or do less at once");
            return Err(refuse("quota", text));
        }
        Ok(())
    }
}

impl Host for State {
    fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let channel = self.look()?;
        check_key(&key)?;
        if let Some(written) = self.call.transaction.writes.get(&key) {
            return Ok(written.as_ref().map(|write| write.value.clone()));
        }
        let read = channel.services.store_get(&channel.config.id, &key).map_err(info)?;
        self.call.transaction.reads.entry(key).or_insert(read.version);
        Ok(read.value)
    }

    fn set(&mut self, key: String, value: Vec<u8>, expires_in_ms: Option<u64>) -> Result<(), Error> {
        let channel = self.act()?;
        check_key(&key)?;
        let limits = &channel.config.limits;
        if value.len() > limits.store_value {
            channel.usage.hit(Limit::StoreValue);
            return Err(refuse(
                "too-large",
                format!(
                    "a store value has at most {} bytes, this one {}; use `blobs`",
                    limits.store_value,
                    value.len()
                ),
            ));
        }
        let (keys, bytes) = channel.services.store_usage(&channel.config.id).map_err(info)?;
        let added = (key.len() + value.len()) as u64;
        let is_new = match self.call.transaction.writes.get(&key) {
            Some(written) => written.is_none(),
            None => channel.services.store_get(&channel.config.id, &key).map_err(info)?.value.is_none(),
        };
        let full = is_new && keys + self.call.store_keys >= limits.store_keys;
        if full || bytes + self.call.store_added + added > limits.store_bytes {
            channel.usage.hit(if full { Limit::StoreKeys } else { Limit::StoreBytes });
            return Err(refuse(
                "quota",
                format!(
                    "the channel's store is full ({} keys, {} bytes); delete what is old, or raise limits.store-keys and limits.store-bytes",
                    limits.store_keys, limits.store_bytes
                ),
            ));
        }
        self.writes_left(&channel)?;
        self.call.store_added += added;
        self.call.store_keys += u64::from(is_new);
        let expires_at = match expires_in_ms {
            Some(delay) => Some(
                Timestamp::from_millis(channel.services.now().millis().saturating_add(delay))
                    .map_err(|error| refuse("invalid", error.to_string()))?,
            ),
            None => None,
        };
        self.call.transaction.writes.insert(key, Some(StoreWrite { value, expires_at }));
        Ok(())
    }

    fn delete(&mut self, key: String) -> Result<(), Error> {
        let channel = self.act()?;
        check_key(&key)?;
        self.writes_left(&channel)?;
        self.call.transaction.writes.insert(key, None);
        Ok(())
    }

    fn entries(&mut self, prefix: String, after: Option<String>, limit: u32) -> Result<Vec<Entry>, Error> {
        let channel = self.look()?;
        let limit = limit.clamp(1, ENTRIES);
        let after = after.filter(|after| after.as_str() > BEFORE_ALL).or_else(|| Some(BEFORE_ALL.to_owned()));
        let found =
            channel.services.store_entries(&channel.config.id, &prefix, after.as_deref(), limit).map_err(info)?;
        let mut merged = BTreeMap::new();
        for (key, read) in found {
            self.call.transaction.reads.entry(key.clone()).or_insert(read.version);
            merged.insert(key, read.value);
        }
        // What the call itself wrote lies over what is committed.
        let last = merged.keys().next_back().cloned();
        let full = merged.len() as u32 == limit;
        for (key, write) in &self.call.transaction.writes {
            let in_page = key.starts_with(&prefix)
                && after.as_ref().is_none_or(|after| key > after)
                && (!full || last.as_ref().is_some_and(|last| key <= last));
            if in_page {
                merged.insert(key.clone(), write.as_ref().map(|write| write.value.clone()));
            }
        }
        let live = merged.into_iter().filter_map(|(key, value)| Some((key, value?)));
        Ok(live.take(limit as usize).map(|(key, value)| Entry { key, value, attributes: Vec::new() }).collect())
    }
}
