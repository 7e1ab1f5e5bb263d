//! What customers write.

use jackfield_sdk::interactions::{
    CustomerChanged, MessageChanged, MessageEchoed, MessageRemoved, Reaction, SupportRequest,
};
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, WorkItem, host, media, push_all};
use meta_common::{Trouble, attributes, cut, id, millis, text, window};

use crate::person::{self, GROUP, Person};
use crate::{MEDIA_TYPE, content};

/// How long a customer may be answered freely.
pub const WINDOW_MS: u64 = 86_400_000;

/// Handles what a customer wrote or did.
///
/// # Errors
/// What is to become of it.
pub fn message(value: &Value<'_>, message: &Value<'_>) -> Result<(), Trouble> {
    let Some(wamid) = id(message, "id") else {
        return Err(Trouble::Bad("a message without an id".into()));
    };
    let person = Person::who_wrote(value, message);
    let Some(mut work_item) = person.work_item() else {
        return Err(Trouble::Bad("a message that doesn't say who wrote it".into()));
    };
    push_all(&person.recognise(wamid))?;
    if let Some(number) = value.get("metadata").and_then(|metadata| text(metadata, "display_phone_number")) {
        work_item.attributes.push(("whatsapp.number".into(), cut(number, 64).into()));
    }
    if let Some(group) = id(message, "group_id") {
        work_item.conversation = group.into();
        work_item.attributes.push((GROUP.into(), group.into()));
    }
    let at = millis(message, "timestamp");
    let event = |arguments: &dyn Fn() -> Message| {
        arguments().with_work_item(work_item.clone()).with_event_id(wamid).with_external_id(wamid).with_occurred_at(at)
    };
    let original = |of: &str| message.get(of).and_then(|object| id(object, "original_message_id"));
    match text(message, "type") {
        Some("system") => return system(&person, work_item, message, wamid),
        Some("reaction") => {
            let reaction = message.get("reaction").unwrap_or(&Value::Null);
            let Some(about) = id(reaction, "message_id") else {
                return Err(Trouble::Bad("a reaction that doesn't say to what".into()));
            };
            let emoji = text(reaction, "emoji").map(|emoji| cut(emoji, 128).to_owned());
            let reaction = Reaction { external_id: about.into(), emoji };
            push_all(&[event(&|| Message::new(MEDIA_TYPE, &reaction))])?;
        }
        Some("edit") if original("edit").is_some() => {
            let about = original("edit").unwrap_or_default();
            let changed = MessageChanged { external_id: about.into() };
            let mut changed = event(&|| Message::new(MEDIA_TYPE, &changed)).with_external_id(about);
            let new = message.get("edit").and_then(|edit| edit.get("message")).unwrap_or(&Value::Null);
            changed.parts = content::of(new).parts;
            push_all(core::slice::from_ref(&changed))?;
            media::later(&changed)?;
        }
        Some("revoke" | "deleted") if original("revoke").or(original("deleted")).is_some() => {
            let about = original("revoke").or(original("deleted")).unwrap_or_default();
            let removed = MessageRemoved { external_id: about.into() };
            push_all(&[event(&|| Message::new(MEDIA_TYPE, &removed)).with_external_id(about)])?;
        }
        _ => {
            let content = content::of(message);
            let context = message.get("context");
            let reply_to = context.and_then(|context| id(context, "id")).map(String::from);
            let request = SupportRequest { intent: content.intent, reply_to };
            let mut asked = event(&|| Message::new(MEDIA_TYPE, &request));
            asked.parts = content.parts;
            asked.attributes = details(message);
            push_all(core::slice::from_ref(&asked))?;
            media::later(&asked)?;
        }
    }
    open_window(work_item, wamid, at)
}

/// Where a message came from (an advertisement, another chat) and what it was about.
fn details(message: &Value<'_>) -> Vec<(String, String)> {
    let mut details = Vec::new();
    if let Some(referral) = message.get("referral") {
        details.extend(attributes("whatsapp.referral", referral, 20));
    }
    if let Some(context) = message.get("context") {
        details.extend(attributes("whatsapp.context", context, 8));
        if let Some(product) = context.get("referred_product") {
            details.extend(attributes("whatsapp.product", product, 8));
        }
    }
    details
}

/// The customer may be answered for a day from now on.
fn open_window(work_item: WorkItem, wamid: &str, at: Option<u64>) -> Result<(), Trouble> {
    let now = host::clock::now();
    let at = at.unwrap_or(now).min(now);
    let last = window::Last { external_id: wamid.into(), at };
    if window::note(&work_item.conversation, &last, WINDOW_MS) {
        let tooltip =
            "WhatsApp passes on free answers for 24 hours after the customer's last message; then only templates.";
        push_all(&[window::status(MEDIA_TYPE, work_item, at + WINDOW_MS, tooltip, wamid)])?;
    }
    Ok(())
}

/// WhatsApp itself says something of the customer: a new number, a new id, new keys.
fn system(person: &Person, work_item: WorkItem, message: &Value<'_>, wamid: &str) -> Result<(), Trouble> {
    let system = message.get("system").unwrap_or(&Value::Null);
    let number = id(system, "wa_id").or(id(system, "new_wa_id"));
    let user_id = id(system, "user_id");
    let old = work_item.conversation.clone();
    let now = Person {
        user_id: user_id.map(String::from).or_else(|| person.user_id.clone().filter(|_| number.is_none())),
        wa_id: None,
        from: number.map(String::from).or_else(|| person.from.clone()),
        ..person.clone()
    };
    let Some(mut new) = now.work_item() else {
        return Err(Trouble::Bad("a change of a customer that doesn't say to what".into()));
    };
    if new.conversation != old {
        new.customer.aliases.extend([&person.from, &person.wa_id].into_iter().flatten().take(1).cloned());
    }
    new.customer.aliases.retain(|alias| *alias != old);
    new.customer.aliases.dedup();
    let told = if new.conversation == old {
        let changed = CustomerChanged { old_address: None, new_address: None };
        vec![Message::new(MEDIA_TYPE, &changed).with_work_item(new.clone()).with_event_id(format!("{wamid}/customer"))]
    } else {
        person::moved(&old, new.clone(), wamid)
    };
    let said = text(system, "body").map(|body| cut(body, 4000)).unwrap_or_default();
    let told: Vec<Message> = told
        .into_iter()
        .map(|message| {
            if said.is_empty() || message.interaction.name == "work-item.merge" {
                message
            } else {
                message.with_text(said)
            }
        })
        .collect();
    if let Some(number) = number {
        person::remember(number, &new.customer.address);
    }
    Ok(push_all(&told)?)
}

/// Handles what the business wrote with the phone's own app.
///
/// # Errors
/// What is to become of it.
pub fn echo(value: &Value<'_>, message: &Value<'_>) -> Result<(), Trouble> {
    let (Some(wamid), Some(work_item)) = (id(message, "id"), Person::written_to(value, message).work_item()) else {
        return Err(Trouble::Bad("an echo without an id, or without whom it went to".into()));
    };
    let echoed = MessageEchoed { by: Some("WhatsApp Business app".into()) };
    let mut echoed = Message::new(MEDIA_TYPE, &echoed)
        .with_work_item(work_item)
        .with_event_id(wamid)
        .with_external_id(wamid)
        .with_occurred_at(millis(message, "timestamp"));
    echoed.parts = content::of(message).parts;
    push_all(core::slice::from_ref(&echoed))?;
    Ok(media::later(&echoed)?)
}
