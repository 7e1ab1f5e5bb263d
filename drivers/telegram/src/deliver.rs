//! What the server asks for: an agent's answer, above all.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::{
    Delivery, Error, Outcome, Receipt, Result, WorkItem, health, host, opt_out, pieces, push_all, reply_to,
};

use crate::MEDIA_TYPE;
use crate::api::{self, MIGRATED_TO};
use crate::outgoing::{self, Step, steps};
use crate::place::{self, Place, message_number};
use crate::settings::TelegramSettings;
use crate::update::last_key;

/// So many ways there are to send otherwise what was refused.
const MAX_REMEDIES: usize = 3;
/// Why Telegram doesn't take a file as a photo (too wide, too high, broken), or a customer not as a voice message.
const NO_SUCH_KIND: [&str; 4] =
    ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", "PHOTO_SAVE_FILE_INVALID", "VOICE_MESSAGES_FORBIDDEN"];
/// What it says where the customer has left; other refusals are about what the bot may do.
const LEFT: [&str; 4] = ["blocked", "kicked", "deactivated", "not a member"];

/// Does it.
pub fn deliver(settings: &TelegramSettings, delivery: &Delivery) -> Outcome {
    match delivery.message.interaction.name.as_str() {
        "message.send" => send(settings, delivery).map_or_else(Outcome::Failure, Outcome::Receipt),
        "typing" => typing(settings, delivery).map_or_else(Outcome::Failure, Outcome::Receipt),
        "channel.health" => health::reply(delivery),
        other => Error::new(code::NOT_SUPPORTED, format!("Telegram has nothing for `{other}`")).into(),
    }
}

fn place_of(delivery: &Delivery) -> Result<(&WorkItem, Place)> {
    let work_item = delivery.work_item()?;
    let Some(place) = Place::parse(&work_item.conversation) else {
        return Err(Error::new(code::INVALID, "the conversation is no chat of Telegram's"));
    };
    Ok((work_item, place.today()?))
}

fn send(settings: &TelegramSettings, delivery: &Delivery) -> Result<Receipt> {
    let (work_item, place) = place_of(delivery)?;
    if opt_out::is_out(&place.opt_out_key())? {
        let text = "the customer has blocked the bot or written /stop; only /start or unblocking allows more";
        return Err(Error::new(code::REJECTED_BY_RECIPIENT, text));
    }
    let message = &delivery.message;
    let text = message.text();
    let steps = steps(message, &text)?;
    let quoted = if delivery.progress.is_empty() { quoted(delivery)? } else { None };
    let mut sending = Sending { settings, place, quoted, as_document: false };
    let ids = pieces::send(delivery, "Telegram", &steps, |step, _| {
        let sent = sending.send(step);
        sent.inspect_err(|error| note_opt_out(error, work_item, &sending.place, message.id.as_deref()))
    })?;
    // A group that has another id now is another conversation.
    let conversation = Some(sending.place.conversation()).filter(|now| *now != work_item.conversation);
    Ok(Receipt { conversation, ..Receipt::sent(ids) })
}

/// Which message is quoted: the one that the agent answers; in a group, where others write too, the last one.
fn quoted(delivery: &Delivery) -> Result<Option<i64>> {
    if let Some(named) = reply_to(&delivery.message) {
        return Ok(message_number(&named));
    }
    let (_, place) = place_of(delivery)?;
    if !place.is_group() {
        return Ok(None);
    }
    let last = host::store::get(&last_key(&place))?;
    Ok(last.and_then(|last| core::str::from_utf8(&last).ok()?.parse().ok()))
}

struct Sending<'a> {
    settings: &'a TelegramSettings,
    place: Place,
    /// Only the first part quotes.
    quoted: Option<i64>,
    /// Telegram won't show this part's file as what it is.
    as_document: bool,
}

impl Sending<'_> {
    /// Sends one part; its external id.
    fn send(&mut self, step: &Step<'_>) -> Result<String> {
        self.as_document = false;
        let mut answer = self.try_send(step);
        for _ in 0..MAX_REMEDIES {
            match &answer {
                Err(error) if self.can_be_helped(error)? => answer = self.try_send(step),
                _ => break,
            }
        }
        let answer = answer?;
        self.quoted = None;
        let answer = parse(&answer).unwrap_or(Value::Null);
        let Some(number) = place::number(answer.pointer("/result/message_id")) else {
            return Err(Error::new(code::MAYBE_SENT, "Telegram took it, but its answer has no message_id"));
        };
        Ok(self.place.message(number))
    }

    fn try_send(&self, step: &Step<'_>) -> Result<Vec<u8>> {
        api::send(outgoing::request(self.settings, &self.place, step, self.quoted, self.as_document)?)
    }

    /// Whether what was refused can be sent otherwise: to the group's new id, without the quoted message that is gone, or
    /// as a document.
    fn can_be_helped(&mut self, error: &Error) -> Result<bool> {
        let migrated = error.attributes.iter().find(|(name, _)| name == MIGRATED_TO);
        if let Some(chat) = migrated.and_then(|(_, chat)| chat.parse().ok()) {
            place::migrated(self.place.chat, chat)?;
            self.place.chat = chat;
            // Its messages have other numbers.
            self.quoted = None;
            return Ok(true);
        }
        if !self.as_document && NO_SUCH_KIND.iter().any(|reason| error.text.contains(reason)) {
            self.as_document = true;
            return Ok(true);
        }
        let is_gone = error.text.contains("message to be replied not found") || error.text.contains("REPLY_MESSAGE_ID");
        Ok(self.quoted.take_if(|_| is_gone).is_some())
    }
}

/// Telegram knew that the customer is out, and we didn't.
fn note_opt_out(error: &Error, work_item: &WorkItem, place: &Place, id: Option<&str>) {
    let has_left = error.code == code::REJECTED_BY_RECIPIENT && LEFT.iter().any(|reason| error.text.contains(reason));
    let Some(id) = id.filter(|_| has_left) else { return };
    opt_out::record(&place.opt_out_key(), true);
    let about = WorkItem::new(work_item.conversation.as_str(), work_item.customer.address.as_str());
    if let Err(refused) = push_all(&[opt_out::notification(MEDIA_TYPE, about, true, id)]) {
        host::warn(&format!("the opt-out notification was refused: {}", refused.text));
    }
}

/// Shows that somebody writes; it lasts for five seconds or until a message comes.
fn typing(settings: &TelegramSettings, delivery: &Delivery) -> Result<Receipt> {
    let (_, place) = place_of(delivery)?;
    let arguments = parse(delivery.message.interaction.arguments.as_bytes()).unwrap_or(Value::Null);
    if arguments.get("on").and_then(Value::as_bool) != Some(false) {
        let mut body = Object::new().raw("chat_id", &place.chat.to_string()).string("action", "typing");
        if let Some(business) = &place.business {
            body = body.string("business_connection_id", business);
        }
        if let Some(topic) = place.topic {
            body = body.raw("message_thread_id", &topic.to_string());
        }
        api::call(settings, "sendChatAction", body.finish())?;
    }
    Ok(Receipt::sent(Vec::new()))
}
