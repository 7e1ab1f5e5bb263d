//! How far what was sent has come: message by message, or all up to a time.

use jackfield_sdk::interactions::MessageStatus;
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, host, push_all};
use meta_common::{Trouble, millis};

use crate::MEDIA_TYPE;
use crate::inbound::customer;

/// A watermark: all that was sent up to then was delivered or read.
///
/// # Errors
/// What is to become of it.
pub fn up_to(messaging: &Value<'_>, event: &Value<'_>, status: &str) -> Result<(), Trouble> {
    let Some(up_to) = millis(event, "watermark") else {
        return Err(Trouble::Bad(format!("that messages were {status}, without a watermark")));
    };
    let work_item = customer(messaging, "sender")?;
    let event_id = format!("{status}/{}/{up_to}", work_item.conversation);
    let arguments = arguments(None, Some(up_to), status, millis(messaging, "timestamp").unwrap_or(up_to));
    Ok(push_all(&[Message::new(MEDIA_TYPE, &arguments).with_work_item(work_item).with_event_id(event_id)])?)
}

/// A message that the customer's device has.
///
/// # Errors
/// What is to become of it.
pub fn delivered(messaging: &Value<'_>, mid: &Value<'_>) -> Result<(), Trouble> {
    let Some(mid) = mid.as_str().filter(|mid| (1..=500).contains(&mid.len()) && !mid.contains(char::is_control)) else {
        return Err(Trouble::Bad("a delivered message whose mid is none".into()));
    };
    let at = millis(messaging, "timestamp").unwrap_or_else(host::clock::now);
    let told = Message::new(MEDIA_TYPE, &arguments(Some(mid), None, "delivered", at))
        .with_work_item(customer(messaging, "sender")?)
        .with_event_id(format!("{mid}/delivered"))
        .with_external_id(mid);
    Ok(push_all(&[told])?)
}

fn arguments(external_id: Option<&str>, up_to: Option<u64>, status: &str, at: u64) -> MessageStatus {
    MessageStatus {
        external_id: external_id.map(String::from),
        up_to,
        status: status.into(),
        code: None,
        text: None,
        at,
    }
}
