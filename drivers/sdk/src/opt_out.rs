//! Customers who want no more messages: recorded in the channel's store, and told to the server.

use crate::interactions::OptOut;
use crate::{Message, Result, WorkItem, host};

/// Records that an address is out, or in again. Nobody's message is lost because this can't be kept: the service
/// behind the channel refuses what is sent all the same.
pub fn record(address: &str, out: bool) {
    let key = key(address);
    let done = if out { host::store::set(&key, b"out", None) } else { host::store::delete(&key) };
    if let Err(error) = done {
        host::warn(&format!("an opt-out can't be recorded: {}", error.text));
    }
}

/// Whether an address is out.
///
/// # Errors
/// The host's.
pub fn is_out(address: &str) -> Result<bool> {
    Ok(host::store::get(&key(address))?.is_some())
}

/// The notification of it; `about` is the channel's id of the event that says so, and its event id is made of that.
pub fn notification(media_type: &str, work_item: WorkItem, out: bool, about: &str) -> Message {
    let address = work_item.customer.address.clone();
    Message::new(media_type, &OptOut { address, scope: "channel".into(), out })
        .with_work_item(work_item)
        .with_event_id(format!("{about}/opt-out"))
        .with_external_id(about)
}

fn key(address: &str) -> String {
    format!("opt-out/{address}")
}
