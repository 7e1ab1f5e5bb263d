//! What customers write and do.

use jackfield_sdk::interactions::{MessageChanged, MessageRemoved, Reaction, SupportRequest};
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, WorkItem, host, media, push_all};
use meta_common::{Trouble, attributes, cut, id, millis, said, text, window};

use crate::settings::MessengerSettings;
use crate::{MEDIA_TYPE, content, profile};

/// How long a customer may be answered freely.
pub const WINDOW_MS: u64 = 86_400_000;
/// How long a person may answer.
pub const HUMAN_AGENT_MS: u64 = 7 * WINDOW_MS;

/// Handles what a customer wrote.
///
/// # Errors
/// What is to become of it.
pub fn message(settings: &MessengerSettings, messaging: &Value<'_>, message: &Value<'_>) -> Result<(), Trouble> {
    let Some(mid) = id(message, "mid") else { return Err(Trouble::Bad("a message without a mid".into())) };
    let work_item = customer(messaging, "sender")?;
    if message.get("is_deleted").and_then(Value::as_bool) == Some(true) {
        let removed = Message::new(MEDIA_TYPE, &MessageRemoved { external_id: mid.into() });
        return Ok(push_all(&[removed
            .with_work_item(work_item)
            .with_event_id(format!("{mid}/removed"))
            .with_external_id(mid)])?);
    }
    let chosen = message.get("quick_reply").and_then(|reply| id(reply, "payload"));
    let reply_to = message.get("reply_to").and_then(|reply| id(reply, "mid")).map(String::from);
    let mut asked = Message::new(MEDIA_TYPE, &SupportRequest { intent: content::intent(chosen), reply_to })
        .with_work_item(work_item)
        .with_event_id(mid)
        .with_external_id(mid)
        .with_occurred_at(millis(messaging, "timestamp"));
    asked.parts = content::of(message);
    if asked.parts.is_empty() {
        asked = asked.with_text("A message of a kind that Messenger doesn't pass on.");
    }
    request(settings, asked, message.get("referral"))
}

/// Handles that a customer pressed a button.
///
/// # Errors
/// What is to become of it.
pub fn postback(settings: &MessengerSettings, messaging: &Value<'_>, postback: &Value<'_>) -> Result<(), Trouble> {
    let work_item = customer(messaging, "sender")?;
    let payload = id(postback, "payload");
    let Some(title) = text(postback, "title").or(payload) else {
        return Err(Trouble::Bad("a postback without title and payload".into()));
    };
    let at = millis(messaging, "timestamp");
    // Older versions of the API give it no id.
    let event_id = match id(postback, "mid") {
        Some(mid) => mid.to_owned(),
        None => format!("postback/{}/{}", work_item.conversation, at.unwrap_or_default()),
    };
    let asked = Message::new(MEDIA_TYPE, &SupportRequest { intent: content::intent(payload), reply_to: None })
        .with_work_item(work_item)
        .with_external_id(event_id.as_str())
        .with_event_id(event_id)
        .with_occurred_at(at)
        .with_part(content::choice(payload.unwrap_or(title), title));
    request(settings, asked, postback.get("referral"))
}

/// Handles that a customer edited a message.
///
/// # Errors
/// What is to become of it.
pub fn edit(messaging: &Value<'_>, edit: &Value<'_>) -> Result<(), Trouble> {
    let Some(mid) = id(edit, "mid") else { return Err(Trouble::Bad("an edit without a mid".into())) };
    let number =
        id(edit, "num_edit").map(String::from).or_else(|| millis(messaging, "timestamp").map(|at| at.to_string()));
    let changed = Message::new(MEDIA_TYPE, &MessageChanged { external_id: mid.into() })
        .with_work_item(customer(messaging, "sender")?)
        .with_event_id(format!("{mid}/edit/{}", number.unwrap_or_default()))
        .with_external_id(mid)
        .with_occurred_at(millis(messaging, "timestamp"))
        .with_part(content::text_part(&said(edit, "text").unwrap_or_default()));
    Ok(push_all(&[changed])?)
}

/// Handles that a customer put an emoji to a message, or took it back.
///
/// # Errors
/// What is to become of it.
pub fn reaction(messaging: &Value<'_>, reaction: &Value<'_>) -> Result<(), Trouble> {
    let Some(mid) = id(reaction, "mid") else { return Err(Trouble::Bad("a reaction that doesn't say to what".into())) };
    let work_item = customer(messaging, "sender")?;
    let at = millis(messaging, "timestamp");
    let taken_back = text(reaction, "action") == Some("unreact");
    let emoji = text(reaction, "emoji").or(text(reaction, "reaction")).filter(|_| !taken_back);
    let event_id =
        format!("reaction/{}/{}/{}", cut(mid, 300), cut(&work_item.conversation, 100), at.unwrap_or_default());
    let emoji = emoji.map(|emoji| cut(emoji, 128).to_owned());
    let told = Message::new(MEDIA_TYPE, &Reaction { external_id: mid.into(), emoji })
        .with_work_item(work_item)
        .with_event_id(event_id)
        .with_occurred_at(at);
    Ok(push_all(&[told])?)
}

/// The conversation with the customer who is the `sender`, or for what was sent the `recipient`.
///
/// # Errors
/// It doesn't say who that is.
pub fn customer(messaging: &Value<'_>, side: &str) -> Result<WorkItem, Trouble> {
    let Some(psid) = messaging.get(side).and_then(|side| id(side, "id")) else {
        return Err(Trouble::Bad(format!("an event that doesn't say who the {side} is")));
    };
    let mut work_item = WorkItem::new(psid, psid);
    work_item.customer.name = profile::name_of(psid);
    Ok(work_item)
}

fn request(settings: &MessengerSettings, mut asked: Message, referral: Option<&Value<'_>>) -> Result<(), Trouble> {
    if let Some(referral) = referral {
        asked.attributes = attributes("messenger.referral", referral, 20);
    }
    push_all(core::slice::from_ref(&asked))?;
    media::later(&asked)?;
    let (Some(work_item), Some(event_id)) = (asked.work_item, asked.external_id) else { return Ok(()) };
    if settings.profile_names {
        profile::later(&work_item.customer)?;
    }
    open_window(settings, work_item, &event_id, asked.occurred_at)
}

/// The customer may be answered for a day from now on, by a person for a week.
fn open_window(settings: &MessengerSettings, work_item: WorkItem, mid: &str, at: Option<u64>) -> Result<(), Trouble> {
    let now = host::clock::now();
    let at = at.unwrap_or(now).min(now);
    let last = window::Last { external_id: mid.into(), at };
    if window::note(&work_item.conversation, &last, HUMAN_AGENT_MS) {
        let tooltip = if settings.human_agent {
            "Messenger passes on answers for 24 hours after the customer's last message; up to 7 days they go out as a person's (HUMAN_AGENT)."
        } else {
            "Messenger passes on answers for 24 hours after the customer's last message."
        };
        push_all(&[window::status(MEDIA_TYPE, work_item, at + WINDOW_MS, tooltip, cut(mid, 500))])?;
    }
    Ok(())
}
