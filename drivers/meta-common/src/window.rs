//! The time in which a customer may be answered: it begins with each word of the customer's, and agents see when it
//! ends. What was said last is kept, since some calls of the API want its id.

use jackfield_sdk::interactions::CommandStatusChanged;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::{Message, WorkItem, host};

/// What a customer said last.
#[derive(Debug, Clone, PartialEq)]
pub struct Last {
    /// The channel's id of it.
    pub external_id: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// Keeps what a customer said, for `keep_ms`; older than what is kept already, it changes nothing. Nobody's message is
/// lost because this can't be kept. Whether it is the newest.
pub fn note(conversation: &str, last: &Last, keep_ms: u64) -> bool {
    if last_of(conversation).is_some_and(|known| known.at > last.at) {
        return false;
    }
    let json = Object::new().string("id", &last.external_id).string("at", &last.at.to_string()).finish();
    if let Err(error) = host::store::set(&key(conversation), json.as_bytes(), Some(keep_ms)) {
        host::warn(&format!("what the customer said last can't be kept: {}", error.text));
    }
    true
}

/// What the customer of a conversation said last, if that was not too long ago.
pub fn last_of(conversation: &str) -> Option<Last> {
    let kept = host::store::get(&key(conversation)).ok().flatten()?;
    let value = parse(&kept).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Some(Last { external_id: text("id")?.into(), at: text("at")?.parse().ok()? })
}

/// Tells the agent until when `message.send` is possible; `event_id` is the event that says so.
pub fn status(media_type: &str, work_item: WorkItem, until: u64, tooltip: &str, event_id: &str) -> Message {
    let enabled = until > host::clock::now();
    let arguments = CommandStatusChanged {
        command: "message.send".into(),
        enabled,
        tooltip: Some(tooltip.into()),
        until: Some(until),
    };
    Message::new(media_type, &arguments).with_work_item(work_item).with_event_id(format!("{event_id}/window"))
}

/// Tells the agent that `message.send` isn't possible now, after Meta refused one; `about` names that message.
pub fn closed(media_type: &str, work_item: WorkItem, tooltip: &str, about: &str) -> Message {
    let arguments = CommandStatusChanged {
        command: "message.send".into(),
        enabled: false,
        tooltip: Some(tooltip.into()),
        until: None,
    };
    Message::new(media_type, &arguments)
        .with_work_item(work_item)
        .with_event_id(crate::cut(&format!("{about}/window"), 512))
}

/// The conversation and customer of a work item, without what the server wrote into it.
pub fn about_whom(work_item: &WorkItem) -> WorkItem {
    WorkItem { customer: work_item.customer.clone(), ..WorkItem::new(&*work_item.conversation, "") }
}

fn key(conversation: &str) -> String {
    // Keys have up to 256 bytes; no id of Meta's is as long.
    format!("last/{}", crate::cut(conversation, 240))
}
