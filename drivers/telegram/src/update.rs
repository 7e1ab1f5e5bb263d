//! From one update to messages.

use jackfield_sdk::interactions::{MessageChanged, MessageEchoed, Reaction, SupportRequest, WorkItemMerge};
use jackfield_sdk::json::Value;
use jackfield_sdk::media::later;
use jackfield_sdk::time::from_unix;
use jackfield_sdk::{Message, Refused, Result, WorkItem, host, opt_out, push_all};

use crate::place::{self, Place, number};
use crate::{MEDIA_TYPE, PREFIX, callback, content};

/// What became of an update.
pub enum Taken {
    /// Pushed, or nothing to push.
    Done,
    /// It is none of Telegram's.
    Malformed(&'static str),
    /// The server refused a message.
    Refused(Refused),
}

/// What the driver understands, for `getUpdates` and `setWebhook`.
pub const UNDERSTOOD: [&str; 8] = [
    "message",
    "edited_message",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "callback_query",
    "message_reaction",
    "my_chat_member",
];

/// Pushes what an update says.
///
/// # Errors
/// The host's.
pub fn take(update: &Value<'_>) -> Result<Taken> {
    let Some(id) = number(update.get("update_id")) else {
        return Ok(Taken::Malformed("there is no update_id"));
    };
    let id = id.to_string();
    let Some((kind, event)) = UNDERSTOOD.iter().find_map(|kind| Some((*kind, update.get(kind)?))) else {
        // Of some other kind: a channel's posts, polls, payments.
        return Ok(Taken::Done);
    };
    let messages = match kind {
        "message" | "business_message" => said(&id, event)?,
        "edited_message" | "edited_business_message" => edited(&id, event),
        "deleted_business_messages" => Some(deleted(&id, event)),
        "callback_query" => callback::chosen(&id, event)?,
        "message_reaction" => reaction(&id, event),
        _ => membership(&id, event)?,
    };
    let Some(messages) = messages else {
        return Ok(Taken::Malformed("the update lacks what it can't be without"));
    };
    if let Err(refused) = push_all(&messages) {
        return Ok(Taken::Refused(refused));
    }
    // Files belong to what was said or edited.
    messages.iter().filter(|message| message.attachments().next().is_some()).try_for_each(later)?;
    Ok(Taken::Done)
}

/// Somebody wrote.
fn said(id: &str, event: &Value<'_>) -> Result<Option<Vec<Message>>> {
    let (Some(place), Some(number)) = (Place::of(event), number(event.get("message_id"))) else {
        return Ok(None);
    };
    if let Some(to) = place::number(event.get("migrate_to_chat_id")) {
        return moved(id, &place, to).map(Some);
    }
    let Some(work_item) = work_item(&place, event) else {
        return Ok(Some(Vec::new()));
    };
    let mut content = content::of(event, &place.message(number));
    if content.parts.is_empty() {
        content.parts.extend(content::unknown(event));
    }
    if content.parts.is_empty() || is_true(event, "is_automatic_forward") {
        // Something about the chat (a title, a member, a pinned message), or a post of the channel that it belongs to.
        return Ok(Some(Vec::new()));
    }
    let mut message = if is_ours(&place, event) {
        Message::new(MEDIA_TYPE, &MessageEchoed { by: name(event.get("from")) })
    } else {
        let quoted = place::number(event.pointer("/reply_to_message/message_id"));
        let reply_to = quoted.map(|number| place.message(number));
        Message::new(MEDIA_TYPE, &SupportRequest { reply_to, ..SupportRequest::default() })
    };
    message = message
        .with_work_item(work_item)
        .with_event_id(id)
        .with_external_id(place.message(number))
        .with_occurred_at(event.get("date").and_then(Value::as_f64).and_then(from_unix));
    message.parts = content.parts;
    message.attributes = content.attributes;
    if place.is_group() {
        // In a group an answer quotes what it answers.
        host::store::set(&last_key(&place), number.to_string().as_bytes(), Some(LAST_KEPT_MS))?;
    }
    let wish = command(event).and_then(|(command, argument)| match command {
        "/start" => {
            message
                .attributes
                .extend(argument.map(|payload| (format!("{PREFIX}start"), payload.chars().take(512).collect())));
            Some(false)
        }
        "/stop" => Some(true),
        _ => None,
    });
    // One member of a group doesn't speak for all, and the command may be another bot's.
    let wish = wish.filter(|_| !place.is_group());
    let mut messages = vec![message];
    if let Some(out) = wish {
        messages.extend(opted(&place, &messages[0], out, id)?);
    }
    Ok(Some(messages))
}

/// How long it is known what was said last.
const LAST_KEPT_MS: u64 = 30 * 86_400_000;

/// Where the number of a group's last message stands.
pub fn last_key(place: &Place) -> String {
    format!("last/{}", place.conversation())
}

/// The notification that the customer wants no more, or wants them again where it was otherwise before.
fn opted(place: &Place, message: &Message, out: bool, id: &str) -> Result<Option<Message>> {
    let Some(work_item) = &message.work_item else { return Ok(None) };
    if opt_out::is_out(&place.opt_out_key())? == out {
        return Ok(None);
    }
    opt_out::record(&place.opt_out_key(), out);
    Ok(Some(opt_out::notification(MEDIA_TYPE, work_item.clone(), out, id)))
}

/// Somebody changed what they had written.
fn edited(id: &str, event: &Value<'_>) -> Option<Vec<Message>> {
    let place = Place::of(event)?;
    let external_id = place.message(number(event.get("message_id"))?);
    let content = content::of(event, &external_id);
    let Some(work_item) = work_item(&place, event).filter(|_| !content.parts.is_empty()) else {
        return Some(Vec::new());
    };
    let mut message = Message::new(MEDIA_TYPE, &MessageChanged { external_id: external_id.clone() })
        .with_work_item(work_item)
        .with_event_id(id)
        .with_external_id(external_id)
        .with_occurred_at(event.get("edit_date").and_then(Value::as_f64).and_then(from_unix));
    message.parts = content.parts;
    message.attributes = content.attributes;
    Some(vec![message])
}

/// Messages of a business chat are gone.
fn deleted(id: &str, event: &Value<'_>) -> Vec<Message> {
    let Some(place) = Place::of(event) else { return Vec::new() };
    let numbers = event.get("message_ids").and_then(Value::as_array).unwrap_or_default();
    let removed = numbers.iter().filter_map(|value| number(Some(value))).map(|number| {
        let external_id = place.message(number);
        Message::new(MEDIA_TYPE, &jackfield_sdk::interactions::MessageRemoved { external_id: external_id.clone() })
            .with_work_item(WorkItem::new(place.conversation(), place.chat.to_string()))
            .with_event_id(format!("{id}/{number}"))
            .with_external_id(external_id)
    });
    removed.take(100).collect()
}

/// Somebody put an emoji to a message, or took it back.
fn reaction(id: &str, event: &Value<'_>) -> Option<Vec<Message>> {
    let place = Place::of(event)?;
    let external_id = place.message(number(event.get("message_id"))?);
    let new = event.get("new_reaction").and_then(Value::as_array).unwrap_or_default();
    let emoji = new.last().map(|reaction| {
        let emoji = reaction.get("emoji").or_else(|| reaction.get("custom_emoji_id")).and_then(Value::as_str);
        emoji.unwrap_or("⭐").chars().take(32).collect::<String>()
    });
    let address = number(event.pointer("/user/id")).unwrap_or(place.chat).to_string();
    let message = Message::new(MEDIA_TYPE, &Reaction { external_id: external_id.clone(), emoji })
        .with_work_item(WorkItem::new(place.conversation(), address))
        .with_event_id(id)
        .with_external_id(external_id)
        .with_occurred_at(event.get("date").and_then(Value::as_f64).and_then(from_unix));
    Some(vec![message])
}

/// The customer blocked the bot, or a group threw it out; or it may write again.
fn membership(id: &str, event: &Value<'_>) -> Result<Option<Vec<Message>>> {
    let (Some(place), Some(status)) = (Place::of(event), event.pointer("/new_chat_member/status")) else {
        return Ok(None);
    };
    let out = matches!(status.as_str(), Some("kicked" | "left"));
    let Some(work_item) = work_item(&place, event) else {
        return Ok(Some(Vec::new()));
    };
    let about = Message::support_request(MEDIA_TYPE, work_item);
    Ok(Some(opted(&place, &about, out, id)?.into_iter().collect()))
}

/// A group has become a supergroup, which has another id.
fn moved(id: &str, place: &Place, to: i64) -> Result<Vec<Message>> {
    place::migrated(place.chat, to)?;
    let new = Place { chat: to, ..place.clone() }.conversation();
    let merge = WorkItemMerge { from_conversation: place.conversation(), to_conversation: new.clone() };
    let work_item = WorkItem::new(new, to.to_string());
    Ok(vec![Message::new(MEDIA_TYPE, &merge).with_work_item(work_item).with_event_id(id)])
}

/// Who wrote, and where; none for other bots, with which ours would talk without end.
pub fn work_item(place: &Place, event: &Value<'_>) -> Option<WorkItem> {
    // Who writes for a group or a channel has only its name.
    let sender = event.get("sender_chat").or_else(|| event.get("from"));
    let is_bot = sender.is_some_and(|sender| is_true(sender, "is_bot"));
    // What a bot writes for its person in a business chat names that bot.
    if is_bot || event.get("sender_business_bot").is_some() {
        return None;
    }
    let sender = match event.pointer(DIRECT_USER).filter(|_| place.direct.is_some()) {
        // Whoever of the two wrote.
        Some(customer) => Some(customer),
        None if is_ours(place, event) => event.get("chat"),
        None => sender,
    };
    let address = match number(sender.and_then(|sender| sender.get("id"))) {
        Some(id) if place.is_group() || place.direct.is_some() => id,
        // In a private chat the customer is the chat.
        _ => place.chat,
    };
    let mut work_item = WorkItem::new(place.conversation(), address.to_string());
    work_item.customer.name = name(sender);
    if let Some(username) = sender.and_then(|sender| sender.get("username")).and_then(Value::as_str) {
        work_item.customer.aliases.extend((1..=64).contains(&username.len()).then(|| format!("@{username}")));
    }
    let language = sender.and_then(|sender| sender.get("language_code")).and_then(Value::as_str);
    let is_language = |tag: &&str| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    work_item.language = language.filter(is_language).map(String::from);
    if let Some(title) = event.pointer("/chat/title").and_then(Value::as_str).filter(|_| place.chat < 0) {
        work_item.attributes.push((format!("{PREFIX}chat-title"), title.chars().take(256).collect()));
    }
    if let Some(kind) = event.pointer("/chat/type").and_then(Value::as_str) {
        work_item.attributes.push((format!("{PREFIX}chat-type"), kind.chars().take(32).collect()));
    }
    Some(work_item)
}

/// Who writes to a channel directly, in what is said there by both sides.
const DIRECT_USER: &str = "/direct_messages_topic/user";

/// Whether our side wrote it: the person whose bot this is, in a chat of theirs with a customer, or who runs the channel
/// that the customer writes to.
fn is_ours(place: &Place, event: &Value<'_>) -> bool {
    let customer = match place.direct {
        Some(_) => number(event.pointer(DIRECT_USER).and_then(|user| user.get("id"))),
        None => place.business.is_some().then_some(place.chat),
    };
    let from = number(event.pointer("/from/id"));
    let by_other = customer.is_some() && from.is_some() && from != customer;
    by_other || (place.direct.is_some() && event.get("sender_chat").is_some())
}

fn is_true(value: &Value<'_>, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

/// First and last name, or a title.
fn name(sender: Option<&Value<'_>>) -> Option<String> {
    let text = |key: &str| sender?.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let names: Vec<&str> = [text("first_name"), text("last_name")].into_iter().flatten().collect();
    let name = if names.is_empty() { text("title").map(String::from) } else { Some(names.join(" ")) };
    name.map(|name| name.chars().take(250).collect())
}

/// The command that a text begins with, without the bot's name, and what stands behind it.
fn command<'a>(event: &'a Value<'_>) -> Option<(&'a str, Option<&'a str>)> {
    let text = event.get("text")?.as_str()?.trim_start();
    let (word, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let command = word.split('@').next().unwrap_or(word);
    let argument = argument.trim();
    command.starts_with('/').then_some((command, (!argument.is_empty()).then_some(argument)))
}
