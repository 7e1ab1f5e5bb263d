//! What Meta tells besides messages and statuses.

use jackfield_sdk::interactions::OptOut;
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, health, host, push_all};
use meta_common::graph::Refusal;
use meta_common::{Trouble, id, millis, text};

use crate::MEDIA_TYPE;
use crate::catalogue::CATALOGUE;
use crate::person::{self, Person};

/// A fault of Meta's or of the account's, which is about no single message.
pub fn fault(error: &Value<'_>) {
    let refusal = Refusal::of(error, 0);
    let line = format!("Meta tells of a fault, {}: {}", refusal.code, CATALOGUE.text(&refusal));
    host::warn(&line);
    health::note(MEDIA_TYPE, health::TRANSIENT, Some(&line));
    CATALOGUE.tell_operator(&refusal);
}

/// A customer's id changed, since the phone number did.
///
/// # Errors
/// What is to become of it.
pub fn user_id(value: &Value<'_>, update: &Value<'_>) -> Result<(), Trouble> {
    let ids = update.get("user_id");
    let of = |name: &str| ids.and_then(|ids| id(ids, name));
    let previous = of("previous").or(id(update, "previous_user_id"));
    let current = of("current").or(id(update, "current_user_id")).or(id(update, "user_id"));
    let (Some(previous), Some(current)) = (previous, current) else {
        return Err(Trouble::Bad("a changed id without the one before or the one now".into()));
    };
    let person = Person::named(value, id(update, "wa_id"), Some(current), None);
    let Some(mut work_item) = person.work_item() else {
        return Err(Trouble::Bad("a changed id that says nobody's".into()));
    };
    work_item.customer.aliases.push(previous.into());
    if let Some(number) = &person.from {
        person::remember(number, current);
    }
    // The same change comes again after an error of ours, with the same two ids.
    Ok(push_all(&person::moved(previous, work_item, &format!("{previous}/{current}")))?)
}

/// A customer does or doesn't want advertising.
///
/// # Errors
/// What is to become of it.
pub fn preference(value: &Value<'_>, preference: &Value<'_>) -> Result<(), Trouble> {
    let person = Person::named(value, id(preference, "wa_id"), id(preference, "user_id"), None);
    let (Some(work_item), Some(word)) = (person.work_item(), text(preference, "value")) else {
        return Err(Trouble::Bad("a preference without whose or which".into()));
    };
    let at = millis(preference, "timestamp");
    let about = format!("preference/{}/{}", work_item.conversation, at.unwrap_or_default());
    let out = match word {
        "stop" => true,
        "resume" | "signup" => false,
        _ => return Ok(()),
    };
    Ok(push_all(&[marketing(work_item, out, &about).with_occurred_at(at)])?)
}

/// The notification that a customer is out of advertising, or in again.
pub fn marketing(work_item: jackfield_sdk::WorkItem, out: bool, about: &str) -> Message {
    let address = work_item.customer.address.clone();
    Message::new(MEDIA_TYPE, &OptOut { address, scope: "marketing".into(), out })
        .with_work_item(work_item)
        .with_event_id(meta_common::cut(&format!("{about}/opt-out"), 512))
}
