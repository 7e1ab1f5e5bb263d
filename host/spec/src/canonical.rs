//! The canonical JSON (RFC 8785) of a message and the digest over it.

use crate::{Direction, Message};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

mod writer;

/// A SHA-256, written `sha256-` and 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest is `sha256-` and 64 lowercase hex digits")]
pub struct DigestError;

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256-{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("sha256-").ok_or(DigestError)?;
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DigestError);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What the server stamps onto a message, taken off while its digest is made.
struct Stamps {
    id: Option<String>,
    channel: Option<String>,
    driver: Option<String>,
    direction: Option<Direction>,
    received_at: Option<crate::Timestamp>,
    digest: Option<Digest>,
    work_item_id: Option<String>,
    agent: Option<crate::AgentInfo>,
    encoded_agent: Option<crate::AgentInfo>,
}

impl Stamps {
    fn take(message: &mut Message, delivered: bool) -> Self {
        let stamps = Self {
            id: message.id.take(),
            channel: message.channel.take(),
            driver: message.driver.take(),
            direction: message.direction.take(),
            received_at: message.received_at.take(),
            digest: message.digest.take(),
            work_item_id: message.work_item.as_mut().and_then(|item| item.id.take()),
            agent: message.agent.clone(),
            encoded_agent: message.encoded_agent.take(),
        };
        if delivered {
            message.agent = stamps.encoded_agent.clone();
        }
        stamps
    }

    fn put_back(self, message: &mut Message) {
        message.id = self.id;
        message.channel = self.channel;
        message.driver = self.driver;
        message.direction = self.direction;
        message.received_at = self.received_at;
        message.digest = self.digest;
        if let Some(item) = &mut message.work_item {
            item.id = self.work_item_id;
        }
        message.agent = self.agent;
        message.encoded_agent = self.encoded_agent;
    }
}

/// The canonical JSON of any value of the specification: sorted keys, no white space (RFC 8785).
///
/// # Errors
/// An object with a key twice, or raw JSON. Nothing that [`validate`](crate::validate::validate) lets through has
/// either. (Numbers that are not finite are no JSON at all; no type of the specification holds one.)
pub fn to_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    String::from_utf8(writer::write(value)?).map_err(serde::ser::Error::custom)
}

/// The digest of a message as its driver encoded it: over the canonical JSON with every stamped field null.
///
/// # Errors
/// As [`to_json`].
pub fn digest(message: &mut Message) -> Result<Digest, serde_json::Error> {
    digest_of(message, false)
}

/// The same for a message on its way to an agent, where `agent` is the receiving one and the driver's stands in `encodedAgent`.
///
/// # Errors
/// As [`to_json`].
pub fn digest_delivered(message: &mut Message) -> Result<Digest, serde_json::Error> {
    digest_of(message, true)
}

fn digest_of(message: &mut Message, delivered: bool) -> Result<Digest, serde_json::Error> {
    let stamps = Stamps::take(message, delivered);
    let json = to_json(message);
    stamps.put_back(message);
    Ok(Digest::of(json?.as_bytes()))
}

/// The members of a message that the server stamps, as they are written.
const STAMPED: [&[u8]; 6] = [b"channel", b"digest", b"direction", b"driver", b"id", b"receivedAt"];
const NULL: &[u8] = b"null";

/// Sets a message's digest and gives its canonical JSON: the same as [`digest`] and then [`to_json`], but the message
/// is written only once. It has its stamps, but for the work item's id, and isn't on its way to an agent.
///
/// # Errors
/// As [`to_json`].
pub fn seal(message: &mut Message) -> Result<String, serde_json::Error> {
    if message.encoded_agent.is_some() || message.work_item.as_ref().is_some_and(|item| item.id.is_some()) {
        message.digest = Some(digest(message)?);
        return to_json(message);
    }
    message.digest = None;
    let (mut json, members) = writer::write_with_members(message)?;
    let mut hasher = Sha256::new();
    let mut hashed = 0;
    let mut place = None;
    for member in members {
        let (key, value) = (member.key(&json), member.value());
        if STAMPED.contains(&key) {
            hasher.update(json.get(hashed..value.start).unwrap_or_default());
            hasher.update(NULL);
            hashed = value.end;
        }
        if key == b"digest" {
            place = Some(value);
        }
    }
    hasher.update(json.get(hashed..).unwrap_or_default());
    let digest = Digest(hasher.finalize().into());
    message.digest = Some(digest);
    if let Some(place) = place {
        json.splice(place, format!("\"{digest}\"").into_bytes());
    }
    String::from_utf8(json).map_err(serde::ser::Error::custom)
}

#[cfg(test)]
mod tests;
