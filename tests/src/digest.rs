//! Digests, made again from what a socket brought.

use jackfield_spec::canonical;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `sha256-` and 64 hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256-{}", hex::encode(Sha256::digest(bytes)))
}

/// The digest of the message as its driver encoded it, made from what an agent was sent: the server's stamps null, the
/// agent that the driver encoded in its place, canonical JSON.
///
/// # Panics
/// It is no message.
pub fn digest_at_socket(message: &Value) -> String {
    let mut encoded = message.clone();
    for stamp in ["id", "channel", "driver", "direction", "receivedAt", "digest"] {
        assert!(encoded.get(stamp).is_some(), "a message without `{stamp}`: {message}");
        encoded[stamp] = Value::Null;
    }
    if encoded["workItem"].is_object() {
        encoded["workItem"]["id"] = Value::Null;
    }
    let fields = encoded.as_object_mut().expect("a message is an object");
    let agent = fields.remove("encodedAgent").unwrap_or(Value::Null);
    fields.insert("agent".to_owned(), agent);
    sha256(canonical::to_json(&encoded).expect("what came as JSON goes as JSON").as_bytes())
}
