//! Captured secrets: kept in the channel's store under keys that no guest can name, encrypted.
//!
//! So they are durable with the call's commit, survive restarts and swaps, and expire, by the store's own means; the
//! record has only the digest of the encrypted value. Reading one is no read of the store in the sense of conflicts: a
//! token that another call has renewed meanwhile must not undo this one.

use crate::bindings::jackfield::channel::http::Capture;
use crate::bindings::jackfield::channel::message::Error;
use crate::call::{State, info, refuse};
use crate::capability::store::RESERVED;
use crate::channel::Channel;
use crate::limits::Limit;
use crate::transaction::StoreWrite;
use jackfield_spec::Timestamp;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

fn key(name: &str) -> String {
    format!("{RESERVED}secret/{name}")
}

impl State {
    /// The value of a captured secret, as this call sees it.
    pub(super) fn captured_value(&self, channel: &Channel, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = key(name);
        let sealed = match self.call.transaction.writes.get(&key) {
            Some(written) => written.as_ref().map(|write| write.value.clone()),
            None if name.len() > 128 => None,
            None => channel.services.store_get(&channel.config.id, &key).map_err(info)?.value,
        };
        let Some(sealed) = sealed else { return Ok(None) };
        let value = channel.config.secrets.unseal(name, &sealed);
        match &value {
            Some(value) => channel.scrubber.learn(value),
            None => tracing::warn!(
                channel = channel.config.id,
                secret = name,
                "a captured secret can't be decrypted: the data folder's key is another; it counts as missing"
            ),
        }
        Ok(value)
    }

    /// The names of captured secrets, as this call sees them.
    pub(super) fn captured_names(&self, channel: &Channel) -> Result<Vec<String>, Error> {
        let prefix = key("");
        let found = channel.services.store_keys(&channel.config.id, &prefix).map_err(info)?;
        let mut there: BTreeMap<String, bool> = found.into_iter().map(|key| (key, true)).collect();
        for (key, write) in &self.call.transaction.writes {
            if key.starts_with(&prefix) {
                there.insert(key.clone(), write.is_some());
            }
        }
        let names = there.into_iter().filter(|(_, there)| *there);
        Ok(names.map(|(key, _)| key[prefix.len()..].to_owned()).collect())
    }

    /// Whether these captures can be made; before anything is sent.
    pub(crate) fn check_captures(&self, channel: &Channel, captures: &[Capture]) -> Result<(), Error> {
        let limits = &channel.config.limits;
        if captures.len() > limits.captures {
            channel.usage.hit(Limit::Captures);
            let text = format!("more than {} captures of one answer; raise limits.captures", limits.captures);
            return Err(refuse("quota", text));
        }
        for capture in captures {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
            let name = &capture.name;
            if !(1..=128).contains(&name.len()) || !name.bytes().all(allowed) {
                return Err(refuse("invalid", "a captured secret's name is 1 to 128 bytes of `[a-z0-9._-]`"));
            }
            if channel.config.secrets.values(name).is_some() {
                return Err(refuse("invalid", format!("`{name}` is a configured secret; capture under another name")));
            }
            if !capture.pointer.is_empty() && !capture.pointer.starts_with('/') {
                return Err(refuse(
                    "invalid",
                    format!("the pointer for `{name}` is none (RFC 6901): it begins with /"),
                ));
            }
        }
        if !captures.is_empty() {
            let mut names = self.captured_names(channel)?;
            names.extend(captures.iter().map(|capture| capture.name.clone()));
            names.sort();
            names.dedup();
            let most = limits.captured;
            if names.len() > most as usize {
                channel.usage.hit(Limit::Captured);
                let text =
                    format!("a channel keeps at most {most} captured secrets; `forget` some, or raise limits.captured");
                return Err(refuse("quota", text));
            }
        }
        Ok(())
    }

    /// Keeps what is to be captured of an answer, and blanks it. The names that were kept.
    pub(crate) fn capture(
        &mut self,
        channel: &Channel,
        captures: &[Capture],
        body: &mut Vec<u8>,
    ) -> Result<Vec<String>, Error> {
        let mut kept = Vec::new();
        for capture in captures {
            let Some(found) = find(body, &capture.pointer) else { continue };
            let most = channel.config.limits.captured_bytes;
            if found.value.len() > most {
                channel.usage.hit(Limit::CapturedBytes);
                let name = &capture.name;
                let text = format!("the value for `{name}` has more than {most} bytes; raise limits.captured-bytes");
                return Err(refuse("too-large", text));
            }
            let now = channel.services.now().millis();
            let expires_at = match capture.lifetime_ms {
                Some(lifetime) => Some(
                    Timestamp::from_millis(now.saturating_add(lifetime))
                        .map_err(|error| refuse("invalid", error.to_string()))?,
                ),
                None => None,
            };
            let sealed = channel.config.secrets.seal(&capture.name, found.value.as_bytes());
            let value = sealed.ok_or_else(|| refuse("unavailable", "the server has no key to keep secrets with"))?;
            self.call.transaction.writes.insert(key(&capture.name), Some(StoreWrite { value, expires_at }));
            channel.scrubber.learn(found.value.as_bytes());
            kept.push((capture.name.clone(), found.place, found.blank));
        }
        // From behind, so that the places before stay right. Two pointers may lead to one place.
        kept.sort_by_key(|(_, place, _)| std::cmp::Reverse(place.start));
        kept.dedup_by_key(|(_, place, _)| place.start);
        for (_, place, blank) in &kept {
            body.splice(place.clone(), blank.bytes());
        }
        Ok(kept.into_iter().map(|(name, _, _)| name).collect())
    }

    pub(super) fn forget_captured(&mut self, channel: &Channel, name: &str) -> Result<bool, Error> {
        if !self.captured_names(channel)?.iter().any(|known| known == name) {
            return Ok(false);
        }
        self.call.transaction.writes.insert(key(name), None);
        Ok(true)
    }
}

/// A text or number in a JSON document.
struct Found {
    value: String,
    /// Where it stands, quotes included.
    place: Range<usize>,
    /// What may stand there instead.
    blank: &'static str,
}

/// Follows a JSON Pointer without changing a byte of the document.
fn find(body: &[u8], pointer: &str) -> Option<Found> {
    let mut at: &RawValue = serde_json::from_slice(body).ok()?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = if at.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(at.get()).ok()?;
            items.get(token.parse::<usize>().ok()?).copied()?
        } else {
            let mut fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(at.get()).ok()?;
            fields.remove(token.as_str())?
        };
    }
    let start = (at.get().as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    let place = start..start + at.get().len();
    let (value, blank) = match serde_json::from_str(at.get()).ok()? {
        serde_json::Value::String(text) => (text, "\"\""),
        serde_json::Value::Number(_) => (at.get().to_owned(), "null"),
        _ => return None,
    };
    (!value.is_empty()).then_some(Found { value, place, blank })
}

#[cfg(test)]
mod tests;
