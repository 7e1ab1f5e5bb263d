//! What the server asks of the channel, done by the Graph API.

use jackfield_sdk::error::code;
use jackfield_sdk::json::Object;
use jackfield_sdk::{
    AttachmentPart, Delivery, Error, Outcome, Receipt, Result, health, host, push_all, reply_to, text,
};
use meta_common::graph::VENDOR_SUBCODE;
use meta_common::{graph, stops_typing, window};

use crate::MEDIA_TYPE;
use crate::catalogue::{CATALOGUE, WINDOW_CLOSED};
use crate::echo::MARK;
use crate::inbound::{HUMAN_AGENT_MS, WINDOW_MS};
use crate::media;
use crate::settings::MessengerSettings;

/// The longest text, in UTF-16 units.
const MAX_TEXT: usize = 2000;

/// One message of Messenger's.
enum Piece<'a> {
    Text(&'a str),
    File(&'a AttachmentPart),
}

/// Does what the server asks.
pub fn deliver(settings: &MessengerSettings, delivery: &Delivery) -> Outcome {
    let done = match delivery.message.interaction.name.as_str() {
        "message.send" => answer(settings, delivery),
        "typing" if stops_typing(&delivery.message) => act(settings, delivery, "typing_off"),
        "typing" => act(settings, delivery, "typing_on"),
        "work-item.accept" if settings.mark_read => act(settings, delivery, "mark_seen"),
        "work-item.accept" => Ok(Receipt::sent(Vec::new())),
        "channel.health" => return health::reply(delivery),
        name => Err(Error::new(code::NOT_SUPPORTED, format!("Messenger has nothing for `{name}`"))),
    };
    done.map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn answer(settings: &MessengerSettings, delivery: &Delivery) -> Result<Receipt> {
    let said = delivery.message.text();
    let texts = text::split(&said, MAX_TEXT, char::len_utf16).into_iter().map(Piece::Text);
    let all: Vec<Piece<'_>> = texts.chain(delivery.message.attachments().map(Piece::File)).collect();
    if all.is_empty() {
        return Err(Error::new(code::INVALID, "the message is empty"));
    }
    let psid = recipient(delivery)?;
    let tagged = is_persons(settings, delivery);
    let quoted = reply_to(&delivery.message);
    let mut first = delivery.progress.is_empty();
    graph::send_pieces(delivery, "/message_id", &all, |piece| {
        let quoted = quoted.as_deref().filter(|_| core::mem::take(&mut first));
        let message = match piece {
            Piece::Text(text) => Object::new().string("text", text),
            Piece::File(part) => {
                let payload = Object::new().string("attachment_id", &media::upload(&settings.meta, part)?).finish();
                let attachment = Object::new().string("type", media::kind(part)).raw("payload", &payload);
                Object::new().raw("attachment", &attachment.finish())
            }
        };
        let message = message.string("metadata", &format!("{MARK}{}", delivery.idempotency_key));
        let mut body = Object::new().raw("recipient", &Object::new().string("id", psid).finish());
        body = match tagged {
            true => body.string("messaging_type", "MESSAGE_TAG").string("tag", "HUMAN_AGENT"),
            false => body.string("messaging_type", "RESPONSE"),
        };
        body = body.raw("message", &message.finish());
        if let Some(quoted) = quoted {
            body = body.raw("reply_to", &Object::new().string("mid", quoted).finish());
        }
        post(settings, body.finish()).inspect_err(|error| note_closed(delivery, error))
    })
}

/// Tells the agent where Meta says that the time to answer is over.
fn note_closed(delivery: &Delivery, error: &Error) {
    let is_closed = error.attributes.iter().any(|(name, code)| name == VENDOR_SUBCODE && code == WINDOW_CLOSED);
    let Some(work_item) = delivery.message.work_item.as_ref().filter(|_| is_closed) else { return };
    let about = format!("{}/{}", delivery.idempotency_key, delivery.attempt);
    if let Err(refused) = push_all(&[window::closed(MEDIA_TYPE, window::about_whom(work_item), &error.text, &about)]) {
        host::warn(&format!("a notification was refused: {}", refused.text));
    }
}

/// Whether an answer comes after the day in which anything may be sent, but in the week in which a person may write. Of
/// what is older, or not known any more, Meta says itself whether it is too late.
fn is_persons(settings: &MessengerSettings, delivery: &Delivery) -> bool {
    let conversation = delivery.message.work_item.as_ref().map(|work_item| work_item.conversation.as_str());
    let Some(last) = conversation.and_then(window::last_of) else { return false };
    let age = host::clock::now().saturating_sub(last.at);
    settings.human_agent && (WINDOW_MS..HUMAN_AGENT_MS).contains(&age)
}

fn act(settings: &MessengerSettings, delivery: &Delivery, action: &str) -> Result<Receipt> {
    let recipient = Object::new().string("id", recipient(delivery)?).finish();
    post(settings, Object::new().raw("recipient", &recipient).string("sender_action", action).finish())?;
    Ok(Receipt::sent(Vec::new()))
}

fn post(settings: &MessengerSettings, body: String) -> Result<Vec<u8>> {
    let request = settings.meta.request("POST", &format!("{}/messages", settings.meta.account));
    graph::send(&request.with_body("application/json", body), &CATALOGUE)
}

fn recipient(delivery: &Delivery) -> Result<&str> {
    Ok(&delivery.work_item()?.customer.address)
}
