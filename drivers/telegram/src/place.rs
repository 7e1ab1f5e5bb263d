//! Where things are said: chats, topics in them, direct messages to a channel, and chats of a business that the bot
//! serves. Also Telegram's ids,
//! which need 64 bits and are kept as they are written.

use jackfield_sdk::json::Value;
use jackfield_sdk::{Result, host};

/// A place that messages come from and go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The chat; negative for groups.
    pub chat: i64,
    /// The topic of a forum.
    pub topic: Option<i64>,
    /// The topic of the customer who writes to a channel directly: all of them share one chat.
    pub direct: Option<i64>,
    /// The business connection, for customers who write to a person whose bot this is.
    pub business: Option<String>,
}

impl Place {
    /// Where a message of Telegram's is.
    pub fn of(message: &Value<'_>) -> Option<Self> {
        let is_topic = message.get("is_topic_message").and_then(Value::as_bool) == Some(true);
        let business = message.get("business_connection_id").and_then(Value::as_str);
        Some(Self {
            chat: number(message.pointer("/chat/id"))?,
            topic: if is_topic { number(message.get("message_thread_id")) } else { None },
            direct: number(message.pointer("/direct_messages_topic/topic_id")),
            business: business.filter(|id| is_plain(id)).map(String::from),
        })
    }

    /// A chat as a whole.
    pub fn chat(chat: i64) -> Self {
        Self { chat, topic: None, direct: None, business: None }
    }

    /// The conversation's key: `CHAT`, `CHAT/TOPIC`, `CHAT/direct/TOPIC`, `business/CONNECTION/CHAT`.
    pub fn conversation(&self) -> String {
        match (&self.business, self.direct, self.topic) {
            (Some(business), ..) => format!("business/{business}/{}", self.chat),
            (None, Some(topic), _) => format!("{}/direct/{topic}", self.chat),
            (None, None, Some(topic)) => format!("{}/{topic}", self.chat),
            (None, None, None) => self.chat.to_string(),
        }
    }

    /// The place of a conversation's key.
    pub fn parse(conversation: &str) -> Option<Self> {
        let id = |text: &str| text.parse::<i64>().ok();
        let pieces: Vec<&str> = conversation.split('/').collect();
        match *pieces.as_slice() {
            ["business", business, chat] => Some(Self { business: Some(business.into()), ..Self::chat(id(chat)?) }),
            [chat, "direct", topic] => Some(Self { direct: Some(id(topic)?), ..Self::chat(id(chat)?) }),
            [chat, topic] => Some(Self { topic: Some(id(topic)?), ..Self::chat(id(chat)?) }),
            [chat] => Some(Self::chat(id(chat)?)),
            _ => None,
        }
    }

    /// The external id of a message here.
    pub fn message(&self, id: i64) -> String {
        match &self.business {
            Some(business) => format!("business/{business}/{}/{id}", self.chat),
            None => format!("{}/{id}", self.chat),
        }
    }

    /// What who wants no more messages here is known by: a block is of the chat as a whole.
    pub fn opt_out_key(&self) -> String {
        Self { topic: None, ..self.clone() }.conversation()
    }

    /// Whether several people write here.
    pub fn is_group(&self) -> bool {
        self.chat < 0 && self.direct.is_none()
    }

    /// The same place, after its group has become a supergroup with another id.
    ///
    /// # Errors
    /// The host's.
    pub fn today(mut self) -> Result<Self> {
        // Telegram migrates a group once.
        if self.is_group()
            && let Some(chat) = host::store::get(&migrated_key(self.chat))?
            && let Some(chat) = core::str::from_utf8(&chat).ok().and_then(|chat| chat.parse().ok())
        {
            self.chat = chat;
        }
        Ok(self)
    }
}

/// Remembers that a group has another id now.
///
/// # Errors
/// The host's.
pub fn migrated(from: i64, to: i64) -> Result<()> {
    host::store::set(&migrated_key(from), to.to_string().as_bytes(), None)
}

fn migrated_key(chat: i64) -> String {
    format!("migrated/{chat}")
}

/// The message's own number in an external id of [`Place::message`].
pub fn message_number(external_id: &str) -> Option<i64> {
    external_id.rsplit('/').next()?.parse().ok()
}

/// A whole number.
pub fn number(value: Option<&Value<'_>>) -> Option<i64> {
    match value {
        Some(Value::Number(text)) => text.parse().ok(),
        _ => None,
    }
}

/// An id that can stand in keys.
fn is_plain(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
