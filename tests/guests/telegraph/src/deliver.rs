//! What the server says to the telegraph.

use jackfield_sdk::bindings::driver::exports::jackfield::channel::driver::Command;
use jackfield_sdk::interactions::Own;
use jackfield_sdk::json::Object;
use jackfield_sdk::{Delivery, Error, Kind, Message, Outcome, Receipt, Result, host};

use crate::{MEDIA_TYPE, wire};

/// What is understood: commands, a request, notifications.
pub const INTERACTIONS: [&str; 10] = [
    "message.send",
    "contact.start",
    "invoke",
    "channel.health",
    "work-item.assigned",
    "work-item.closed",
    "work-item.cancelled",
    "typing",
    "queue.position",
    "support-request",
];

/// The one command of its own: it flashes the lamp at the other end.
pub fn flash() -> Command {
    let schema = r#"{"type":"object","required":["times"],"additionalProperties":false,"properties":{"times":{"type":"integer","minimum":1,"maximum":9}}}"#;
    Command {
        name: "telegraph.flash".into(),
        title: "Flash the lamp".into(),
        arguments_schema: schema.into(),
        attributes: Vec::new(),
    }
}

/// Notes what was delivered, then answers as the text's first word says:
///
/// - `REFUSE`: it fails for good;
/// - `AGAIN`: the first try fails for now;
/// - `DOUBT`: it may have been sent;
/// - `THREAD NAME`: sent, and what is answered to it comes in as the conversation NAME;
/// - `SLOWLY`: taken, what comes of it follows;
/// - anything else: sent, as `T-` and the idempotency key.
pub fn deliver(delivery: &Delivery) -> Outcome {
    if delivery.message.interaction.name == "channel.health" {
        return Outcome::Reply(health(&delivery.message));
    }
    if let Err(error) = note(delivery) {
        return error.into();
    }
    if delivery.message.interaction.name == "invoke" {
        return Outcome::Reply(flashed(&delivery.message));
    }
    let text = delivery.message.text();
    let answer = match text.split(' ').next().unwrap_or_default() {
        "REFUSE" => Err(Error::new("rejected-by-recipient", "the recipient takes no telegrams")),
        "AGAIN" if delivery.attempt == 1 => Err(Error::new("temporary", "the wire is down for a moment")),
        "DOUBT" => Err(Error::new("maybe-sent", "the line broke after the last word")),
        "SLOWLY" => return Outcome::Later,
        "THREAD" => Ok(Receipt {
            conversation: text.split(' ').nth(1).map(str::to_owned),
            ..Receipt::sent(vec![format!("T-{}", delivery.idempotency_key)])
        }),
        _ => Ok(Receipt::sent(vec![format!("T-{}", delivery.idempotency_key)])),
    };
    answer.map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn note(delivery: &Delivery) -> Result<()> {
    let entry = Object::new()
        .string("name", &delivery.message.interaction.name)
        .string("idempotencyKey", &delivery.idempotency_key)
        .number("attempt", delivery.attempt)
        .string("previous", &delivery.previous)
        .raw("message", &host::server::to_json(&delivery.message)?)
        .finish();
    let key = format!("delivery/{:016}/{}/{}", host::clock::now(), delivery.idempotency_key, delivery.attempt);
    host::store::set(&key, entry.as_bytes(), None)
}

/// What the lamp did: its arguments, as they came.
fn flashed(command: &Message) -> Message {
    let arguments = format!(r#"{{"outcome":{}}}"#, command.interaction.arguments);
    let interaction = Own { kind: Kind::Notification, name: "invoke".into(), arguments };
    Message::new(MEDIA_TYPE, &interaction)
}

fn health(request: &Message) -> Message {
    let interaction = Own { kind: Kind::Notification, name: request.interaction.name.clone(), arguments: "{}".into() };
    let mut reply = Message::new(MEDIA_TYPE, &interaction);
    reply.interaction.in_reply_to = request.interaction.tracking_id.clone();
    reply.connection = Some(wire::connection("connected"));
    reply
}
