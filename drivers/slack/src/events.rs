//! Events: what was written, changed, removed, and what people think of it.

use jackfield_sdk::interactions::{MessageChanged, MessageRemoved, Reaction, SupportRequest};
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, Result, WorkItem, health, host};

use crate::people::{Own, name_of};
use crate::place::{Place, time_of};
use crate::settings::SlackSettings;
use crate::{MEDIA_TYPE, PREFIX, content};

/// What is said by somebody; other subtypes tell about the channel.
const SAID: [&str; 6] = ["", "file_share", "thread_broadcast", "me_message", "bot_message", "reply_broadcast"];
/// How long it is known which event told of a mention.
const MENTION_KEPT_MS: u64 = 3_600_000;

/// The messages that an event becomes; none at all where it lacks what it can't be without.
///
/// # Errors
/// The host's.
pub fn messages(settings: &SlackSettings, json: &Value<'_>) -> Result<Option<Vec<Message>>> {
    let text = |key: &str| json.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    // An app of a whole organization may be told of something in none of its workspaces.
    let team = text("team_id").or_else(|| text("enterprise_id"));
    let (Some(id), Some(team), Some(event)) = (text("event_id"), team, json.get("event")) else {
        return Ok(None);
    };
    let about = About { settings, json, id, team, event, own: Own::known()? };
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let subtype = event.get("subtype").and_then(Value::as_str).unwrap_or_default();
    let message = match (kind, subtype) {
        ("message", "message_changed") => about.changed(),
        ("message", "message_deleted") => about.removed(),
        ("message" | "app_mention", subtype) if SAID.contains(&subtype) => return about.said(),
        ("reaction_added" | "reaction_removed", _) => about.reaction(kind == "reaction_added"),
        ("tokens_revoked", _) if event.pointer("/tokens/bot/0").is_none() => return Ok(Some(Vec::new())),
        ("tokens_revoked" | "app_uninstalled", _) => {
            health::note(MEDIA_TYPE, health::BAD_CREDENTIALS, Some("the app was removed from the workspace"));
            return Ok(Some(Vec::new()));
        }
        // Somebody joined, a topic changed: nothing that anybody said.
        _ => return Ok(Some(Vec::new())),
    };
    Ok(message)
}

/// The customer as a work item has them.
pub fn work_item(place: &Place, address: &str, name: Option<String>) -> WorkItem {
    let mut work_item = WorkItem::new(place.conversation(), address);
    work_item.customer.name = name;
    work_item.attributes.push((format!("{PREFIX}team"), place.team.clone()));
    work_item.attributes.push((format!("{PREFIX}channel"), place.channel.clone()));
    work_item
}

/// One event and what is known with it.
struct About<'a> {
    settings: &'a SlackSettings,
    json: &'a Value<'a>,
    id: &'a str,
    team: &'a str,
    event: &'a Value<'a>,
    own: Own,
}

impl About<'_> {
    /// Somebody wrote.
    fn said(&self) -> Result<Option<Vec<Message>>> {
        if self.is_own(self.event) {
            return Ok(Some(Vec::new()));
        }
        let (Some(ts), Some((place, work_item))) = (self.text("/ts"), self.from(self.event)) else {
            return Ok(None);
        };
        if self.is_told_twice(&place, ts)? {
            return Ok(Some(Vec::new()));
        }
        let parts = content::parts(self.event);
        if parts.is_empty() {
            return Ok(Some(Vec::new()));
        }
        place.remember(ts);
        let mut message = Message::support_request(MEDIA_TYPE, work_item);
        message = self.stamped(message, &place, ts);
        message.parts = parts;
        for (name, pointer) in
            [("channel-type", "/channel_type"), ("subtype", "/subtype"), ("client-msg-id", "/client_msg_id")]
        {
            if let Some(value) = self.text(pointer) {
                message =
                    message.with_attribute(&format!("{PREFIX}{name}"), value.chars().take(256).collect::<String>());
            }
        }
        Ok(Some(vec![message]))
    }

    /// An app that is mentioned where it also reads along is told twice, in two events.
    fn is_told_twice(&self, place: &Place, ts: &str) -> Result<bool> {
        if !self.text("/text").is_some_and(|text| text.contains("<@")) {
            return Ok(false);
        }
        let key = format!("mention/{}/{ts}", place.channel);
        match host::store::get(&key)? {
            Some(first) => Ok(first != self.id.as_bytes()),
            None => {
                host::store::set(&key, self.id.as_bytes(), Some(MENTION_KEPT_MS))?;
                Ok(false)
            }
        }
    }

    /// Somebody changed what they had written.
    fn changed(&self) -> Option<Vec<Message>> {
        let (new, old) = (self.event.get("message")?, self.event.get("previous_message"));
        let ts = new.get("ts")?.as_str()?;
        if self.is_own(new) {
            return Some(Vec::new());
        }
        if new.get("subtype").and_then(Value::as_str) == Some("tombstone") {
            // A thread's first message is gone, and the thread stays.
            return self.gone(ts, old.unwrap_or(new));
        }
        let (place, work_item) = self.from(new)?;
        let parts = content::parts(new);
        if old.is_some_and(|old| content::parts(old) == parts) {
            // Slack has shown a link's page.
            return Some(Vec::new());
        }
        let changed = Message::new(MEDIA_TYPE, &MessageChanged { external_id: place.message(ts) });
        let mut message = self.stamped(changed.with_work_item(work_item), &place, ts);
        message.parts = parts;
        message.occurred_at = self.text("/message/edited/ts").or_else(|| self.text("/event_ts")).and_then(time_of);
        Some(vec![message])
    }

    /// Somebody took back what they had written.
    fn removed(&self) -> Option<Vec<Message>> {
        let old = self.event.get("previous_message").unwrap_or(self.event);
        if self.is_own(old) {
            return Some(Vec::new());
        }
        self.gone(self.text("/deleted_ts")?, old)
    }

    fn gone(&self, ts: &str, old: &Value<'_>) -> Option<Vec<Message>> {
        let thread = old.get("thread_ts").and_then(Value::as_str);
        let channel = self.text("/channel")?;
        let place = match thread {
            Some(thread) => self.place(channel, Some(thread), ts)?,
            None => self.place(channel, None, ts)?,
        };
        let address = sender(old).unwrap_or_else(|| place.channel.clone());
        let name = name_of(&address);
        let removed = Message::new(MEDIA_TYPE, &MessageRemoved { external_id: place.message(ts) });
        let message = self.stamped(removed.with_work_item(work_item(&place, &address, name)), &place, ts);
        Some(vec![message.with_occurred_at(self.text("/event_ts").and_then(time_of))])
    }

    /// Somebody put an emoji to a message, or took it back.
    fn reaction(&self, added: bool) -> Option<Vec<Message>> {
        let (Some(channel), Some(ts)) = (self.text("/item/channel"), self.text("/item/ts")) else {
            // To a file.
            return Some(Vec::new());
        };
        let user = self.text("/user")?;
        if self.is_own(self.event) {
            return Some(Vec::new());
        }
        let emoji = self.text("/reaction")?.chars().take(100).collect();
        let place = if self.settings.direct_chat && channel.starts_with('D') {
            Place::new(self.team, channel, None)?
        } else {
            Place::of_message(self.team, channel, ts)?
        };
        let arguments = Reaction { external_id: place.message(ts), emoji: added.then_some(emoji) };
        let item = work_item(&place, user, name_of(user));
        let message = self.stamped(Message::new(MEDIA_TYPE, &arguments).with_work_item(item), &place, ts);
        Some(vec![message.with_occurred_at(self.text("/event_ts").and_then(time_of))])
    }

    fn stamped(&self, message: Message, place: &Place, ts: &str) -> Message {
        message.with_event_id(self.id).with_external_id(place.message(ts)).with_occurred_at(time_of(ts))
    }

    /// Where a message was written, and by whom.
    fn from(&self, message: &Value<'_>) -> Option<(Place, WorkItem)> {
        let ts = message.get("ts")?.as_str()?;
        let thread = message.get("thread_ts").and_then(Value::as_str);
        let place = self.place(self.text("/channel")?, thread, ts)?;
        let address = sender(message)?;
        let name = name_of(&address).or_else(|| {
            let told = message.get("username").or_else(|| message.pointer("/user_profile/display_name"));
            told.and_then(Value::as_str).filter(|name| !name.is_empty()).map(|name| name.chars().take(250).collect())
        });
        Some((place.clone(), work_item(&place, &address, name)))
    }

    /// The thread of a message, which it may begin itself.
    fn place(&self, channel: &str, thread: Option<&str>, ts: &str) -> Option<Place> {
        let is_chat = self.settings.direct_chat && channel.starts_with('D');
        let begun = if is_chat { None } else { Some(ts) };
        Place::new(self.team, channel, thread.or(begun))
    }

    /// Whether the bot wrote it itself: answering that would go on without end.
    fn is_own(&self, message: &Value<'_>) -> bool {
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        let app = self.json.get("api_app_id").and_then(Value::as_str);
        let by_app = text("/app_id").or_else(|| text("/bot_profile/app_id"));
        let is_bot = text("/bot_id").is_some();
        let is_ours = |ours: &Option<String>, id: Option<&str>| id.is_some() && ours.as_deref() == id;
        let installed = self.json.get("authorizations").and_then(Value::as_array).unwrap_or_default();
        let is_authorized = installed.iter().any(|authorization| {
            authorization.get("is_bot").and_then(Value::as_bool) == Some(true)
                && text("/user").is_some()
                && authorization.get("user_id").and_then(Value::as_str) == text("/user")
        });
        (is_bot && app.is_some() && app == by_app)
            || is_ours(&self.own.bot, text("/bot_id"))
            || is_ours(&self.own.user, text("/user"))
            || is_authorized
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// Who wrote: a user, or another bot.
fn sender(message: &Value<'_>) -> Option<String> {
    let text = |key: &str| message.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("user").or_else(|| text("bot_id")).map(|id| id.chars().take(64).collect())
}

/// A message that quotes another.
pub fn quoting(reply_to: Option<String>) -> Message {
    Message::new(MEDIA_TYPE, &SupportRequest { reply_to, ..SupportRequest::default() })
}
