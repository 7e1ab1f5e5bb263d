//! Which mail an answer becomes, and what is known of it afterwards.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::{AttachmentPart, Delivery, Direction, Error, Message, Outcome, Receipt, Result, host};

use super::compose::{self, Draft};
use super::relay;
use crate::settings::EmailSettings;
use crate::{address, inbound, tokens};

/// Pages of a conversation that are read, 100 messages each.
const MAX_PAGES: usize = 20;
/// Attachments of one mail, in bytes together.
const MAX_FILES: u64 = 25 << 20;

/// Sends an answer.
pub fn deliver(settings: &EmailSettings, delivery: &Delivery) -> Outcome {
    let name = delivery.message.interaction.name.as_str();
    if name != "message.send" {
        return Error::new(code::NOT_SUPPORTED, format!("mail has nothing for `{name}`")).into();
    }
    send(settings, delivery).map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn send(settings: &EmailSettings, delivery: &Delivery) -> Result<Receipt> {
    let message = &delivery.message;
    let Some(work_item) = &message.work_item else {
        return Err(Error::new(code::INVALID, "the message has no work item, so nobody to send it to"));
    };
    let Some(relay) = &settings.relay else {
        return Err(Error::new(code::NOT_SUPPORTED, "this channel has no relay: set `relay` to `smtp://host:port`"));
    };
    if delivery.previous == "unknown" {
        return Err(Error::new(
            code::MAYBE_SENT,
            "an earlier try may have reached the customer, and the relay can't be asked; it isn't sent again",
        ));
    }
    let text = message.text();
    let files = files(message)?;
    if text.is_empty() && files.is_empty() {
        return Err(Error::new(code::INVALID, "the mail is empty"));
    }
    let conversation = work_item.conversation.as_str();
    let answered = answered(conversation, message)?;
    let of_answered = |name: &str| answered.as_ref().and_then(|message| attribute(message, name));

    let to = of_answered(inbound::REPLY_TO).unwrap_or(&work_item.customer.address);
    if !address::is_address(to) {
        let text = format!("`{to}` is no address that mail can go to");
        return Err(Error::new(code::REJECTED_BY_RECIPIENT, text));
    }
    let ours = settings.return_address(of_answered(inbound::TO));
    let send = tokens::send(&delivery.idempotency_key)?;
    let message_id = tokens::message_id(conversation, &send, settings.domain())?;
    let subject = answered.as_ref().and_then(|message| message.work_item.as_ref()?.subject.clone());
    let subject = compose::subject(subject.or_else(|| work_item.subject.clone()).as_deref());
    let is_automatic = attribute(message, "automatic") == Some("true");
    let pieces = compose::mail(&Draft {
        from: (settings.from.name.as_deref(), &settings.from.address),
        to: (work_item.customer.name.as_deref(), to),
        reply_to: &tokens::reply_address(&ours, conversation)?,
        subject: &subject,
        message_id: &message_id,
        in_reply_to: of_answered(inbound::MESSAGE_ID),
        references: of_answered(inbound::REFERENCES).unwrap_or_default(),
        date: host::clock::now(),
        is_automatic,
        text: &text,
        files,
    });
    // What a machine wrote asks for no answer of a machine (RFC 3834, 3.3): no bounce of it comes back.
    let envelope_from = if is_automatic { String::new() } else { tokens::bounce_address(&ours, conversation, &send)? };
    let said = relay::send(settings, relay, &envelope_from, to, &pieces)?;
    let mut receipt = Receipt::sent(vec![message_id]);
    receipt.attributes = vec![("email.relay".into(), said)];
    Ok(receipt)
}

fn files(message: &Message) -> Result<Vec<&AttachmentPart>> {
    let files: Vec<&AttachmentPart> = message.attachments().collect();
    if let Some(missing) = files.iter().find(|file| file.blob.is_none() || file.size.is_none()) {
        let name = missing.name.as_deref().unwrap_or("a file");
        return Err(Error::new(code::INVALID, format!("{name} has no bytes")));
    }
    let sum: u64 = files.iter().filter_map(|file| file.size).map(u64::from).sum();
    if sum > MAX_FILES {
        let text = format!("the files have {sum} bytes together, and a mail takes {MAX_FILES}");
        return Err(Error::new(code::TOO_LARGE, text));
    }
    Ok(files)
}

/// The customer's mail that is answered: the one that the agent chose, else the newest that a person wrote, else the
/// newest.
fn answered(conversation: &str, message: &Message) -> Result<Option<Message>> {
    let arguments = parse(message.interaction.arguments.as_bytes()).unwrap_or(Value::Null);
    let chosen = arguments.get("replyTo").and_then(Value::as_str);
    let mut found: Option<Message> = None;
    let mut after: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = host::server::messages(conversation, after.as_deref(), 100)?;
        for message in page.messages {
            let said = message.interaction.name == "support-request" && message.direction != Some(Direction::Outbound);
            if !said {
                continue;
            }
            if chosen.is_some() && message.external_id.as_deref() == chosen {
                return Ok(Some(message));
            }
            let is_automatic = attribute(&message, "automatic") == Some("true");
            if !is_automatic || found.as_ref().is_none_or(|found| attribute(found, "automatic") == Some("true")) {
                found = Some(message);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}
