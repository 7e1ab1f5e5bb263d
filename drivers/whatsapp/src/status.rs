//! How far something that was sent has come.

use jackfield_sdk::interactions::MessageStatus;
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, host, push_all};
use meta_common::graph::Refusal;
use meta_common::{Trouble, attributes, id, items, millis, text};

use crate::MEDIA_TYPE;
use crate::catalogue::{self, CATALOGUE};
use crate::person::Person;

/// Pushes a status. They come in any order; the server lets none go back.
///
/// # Errors
/// What is to become of it.
pub fn status(value: &Value<'_>, status: &Value<'_>) -> Result<(), Trouble> {
    let (Some(wamid), Some(word)) = (id(status, "id"), text(status, "status")) else {
        return Err(Trouble::Bad("a status without id or status".into()));
    };
    let Some(mut work_item) = Person::written_to(value, status).work_item() else {
        return Err(Trouble::Bad("a status that doesn't say whom the message went to".into()));
    };
    if text(status, "recipient_type") == Some("group")
        && let Some(group) = id(status, "recipient_id")
    {
        work_item.conversation = group.into();
    }
    let known = match word {
        "sent" | "delivered" | "read" | "failed" => word,
        // A voice message that was listened to.
        "played" => "read",
        other => {
            host::debug(&format!("a status that isn't known here: {}", meta_common::cut(other, 64)));
            return Ok(());
        }
    };
    let refusal = items(status, "errors").first().map(|error| Refusal::of(error, 0)).filter(|_| known == "failed");
    let arguments = MessageStatus {
        external_id: Some(wamid.into()),
        up_to: None,
        status: known.into(),
        code: refusal.as_ref().map(|refusal| format!("whatsapp/{}", refusal.code)),
        text: refusal.as_ref().map(|refusal| CATALOGUE.text(refusal)),
        at: millis(status, "timestamp").unwrap_or_else(host::clock::now),
    };
    let mut message = Message::new(MEDIA_TYPE, &arguments)
        .with_work_item(work_item.clone())
        .with_event_id(format!("{wamid}/{word}"))
        .with_external_id(wamid)
        .with_occurred_at(millis(status, "timestamp"));
    // What we gave with the message: our own id of it, should the answer that told us WhatsApp's have been lost.
    message.cause = id(status, "biz_opaque_callback_data").map(String::from);
    for part in ["pricing", "conversation"] {
        if let Some(object) = status.get(part) {
            message.attributes.extend(attributes(&format!("whatsapp.{part}"), object, 8));
        }
    }
    push_all(&[message])?;
    if let Some(refusal) = refusal {
        CATALOGUE.tell_operator(&refusal);
        push_all(&catalogue::consequences(&refusal, work_item, wamid))?;
    }
    Ok(())
}
