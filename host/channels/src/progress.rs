//! What a driver has brought out of a message that goes in several parts: durable at once, so that no later attempt sends
//! a part again.

use crate::own;
use jackfield_sequencer::{Sequencer, StoreWrite};
use jackfield_spec::{ErrorInfo, Timestamp};

/// Where it is kept, by the delivery's idempotency key.
const PROGRESS: &str = "progress/";
/// Parts of one delivery.
const PARTS: usize = 1_000;
/// A delivery is tried for less; what a crash left behind goes after this, in milliseconds.
const KEPT: u64 = 30 * 24 * 3_600_000;

/// The ids noted in earlier attempts, in order.
pub(crate) fn read(sequencer: &Sequencer, delivery: &str) -> Vec<String> {
    match own::get(sequencer, &format!("{PROGRESS}{delivery}")) {
        Ok(value) => value.and_then(|value| serde_json::from_slice(&value).ok()).unwrap_or_default(),
        Err(error) => {
            tracing::error!(delivery, "what is out of a message can't be read: {error}");
            Vec::new()
        }
    }
}

/// Notes one more.
pub(crate) async fn note(sequencer: &Sequencer, delivery: &str, external_id: &str) -> Result<(), ErrorInfo> {
    let mut parts = read(sequencer, delivery);
    if parts.iter().any(|part| part == external_id) {
        return Ok(());
    }
    if parts.len() >= PARTS {
        return Err(ErrorInfo::new("quota", format!("one delivery goes in {PARTS} parts at most")));
    }
    parts.push(external_id.to_owned());
    let expires_at = Timestamp::from_millis(sequencer.now().saturating_add(KEPT)).ok();
    let Some(value) = own::json(&parts) else { return Ok(()) };
    let written = own::write_until(sequencer, format!("{PROGRESS}{delivery}"), StoreWrite { value, expires_at }).await;
    written.map_err(|error| ErrorInfo::new("unavailable", error.to_string()))
}

/// The message is out as a whole.
pub(crate) async fn forget(sequencer: &Sequencer, delivery: &str) {
    let key = format!("{PROGRESS}{delivery}");
    if !matches!(own::get(sequencer, &key), Ok(Some(_))) {
        return;
    }
    // What stays is collected when it expires.
    if let Err(error) = own::write(sequencer, own::Writes::from([(key, None)]), Vec::new()).await {
        tracing::warn!(delivery, "what was noted of a message that is out stays for a while: {error}");
    }
}
