//! What the server asks of the channel, done by the Graph API.

use jackfield_sdk::error::code;
use jackfield_sdk::interactions::Own;
use jackfield_sdk::json::{Object, parse};
use jackfield_sdk::{Delivery, Error, Kind, Message, Outcome, Receipt, Result, health, host, push_all, reply_to};
use meta_common::graph::{self, Refusal, VENDOR_CODE};
use meta_common::{MetaSettings, stops_typing, text, window};

use crate::MEDIA_TYPE;
use crate::catalogue::{self, CATALOGUE};
use crate::outgoing::{self, Piece};
use crate::settings::WhatsAppSettings;

/// The command that sends a template.
pub const TEMPLATE: &str = "send-template";

/// Does what the server asks.
pub fn deliver(settings: &WhatsAppSettings, delivery: &Delivery) -> Outcome {
    let done = match delivery.message.interaction.name.as_str() {
        "message.send" => answer(&settings.meta, delivery),
        "invoke" => invoke(&settings.meta, delivery),
        "typing" => seen(&settings.meta, delivery, true),
        "work-item.accept" if settings.mark_read => seen(&settings.meta, delivery, false),
        "work-item.accept" => Ok(Receipt::sent(Vec::new())),
        "channel.health" => return health::reply(delivery),
        name => Err(Error::new(code::NOT_SUPPORTED, format!("WhatsApp has nothing for `{name}`"))),
    };
    done.map_or_else(Outcome::Failure, Outcome::Receipt)
}

fn answer(settings: &MetaSettings, delivery: &Delivery) -> Result<Receipt> {
    let said = outgoing::said(delivery);
    let pieces = outgoing::pieces(delivery, &said);
    if pieces.is_empty() {
        return Err(Error::new(code::INVALID, "the message is empty"));
    }
    send(settings, delivery, &pieces)
}

/// Sends a template, and answers who asked for it.
fn invoke(settings: &MetaSettings, delivery: &Delivery) -> Result<Receipt> {
    let interaction = &delivery.message.interaction;
    let invoked = parse(interaction.arguments.as_bytes())
        .map_err(|error| Error::new(code::INVALID, format!("the arguments aren't JSON: {error}")))?;
    match text(&invoked, "name") {
        Some(TEMPLATE) => {}
        name => {
            return Err(Error::new(code::NOT_SUPPORTED, format!("there is no command `{}`", name.unwrap_or_default())));
        }
    }
    let Some(template) = invoked.get("arguments").and_then(outgoing::template) else {
        return Err(Error::new(code::INVALID, "a template has a name and a language"));
    };
    let receipt = send(settings, delivery, &[Piece::Template(template)])?;
    if let (Some(asked), Some(work_item)) = (&interaction.tracking_id, &delivery.message.work_item) {
        let outcome = Object::new().optional("externalId", receipt.external_ids.first().map(String::as_str)).finish();
        let arguments = Object::new().raw("outcome", &outcome).finish();
        let own = Own { kind: Kind::Notification, name: "invoke".into(), arguments };
        let mut reply = Message::new(MEDIA_TYPE, &own)
            .with_work_item(work_item.clone())
            .with_event_id(format!("{}/reply", delivery.idempotency_key));
        reply.interaction.in_reply_to = Some(asked.clone());
        tell(&[reply]);
    }
    Ok(receipt)
}

fn send(settings: &MetaSettings, delivery: &Delivery, all: &[Piece<'_>]) -> Result<Receipt> {
    let work_item = delivery.work_item()?;
    let quoted = reply_to(&delivery.message);
    let mut first = delivery.progress.is_empty();
    graph::send_pieces(delivery, "/messages/0/id", all, |piece| {
        let quoted = quoted.as_deref().filter(|_| core::mem::take(&mut first));
        let body = piece.body(settings, work_item, quoted, &delivery.idempotency_key)?;
        let path = format!("{}/messages", settings.account);
        let request = settings.request("POST", &path).with_body("application/json", body);
        graph::send(&request, &CATALOGUE).inspect_err(|error| {
            let vendor_code = error.attributes.iter().find(|(name, _)| name == VENDOR_CODE);
            let code = vendor_code.and_then(|(_, code)| code.parse().ok()).unwrap_or(0);
            let refusal = Refusal { code, ..Refusal::default() };
            let about = format!("{}/{}", delivery.idempotency_key, delivery.attempt);
            tell(&catalogue::consequences(&refusal, window::about_whom(work_item), &about));
        })
    })
}

/// Marks the customer's last message as read, and shows that somebody writes. There is nothing to mark after a day.
fn seen(settings: &MetaSettings, delivery: &Delivery, typing: bool) -> Result<Receipt> {
    let nothing = Ok(Receipt::sent(Vec::new()));
    let stopped = typing && stops_typing(&delivery.message);
    let Some(last) = window::last_of(&delivery.work_item()?.conversation).filter(|_| !stopped) else {
        return nothing;
    };
    let mut body = Object::new()
        .string("messaging_product", "whatsapp")
        .string("status", "read")
        .string("message_id", &last.external_id);
    if typing {
        body = body.raw("typing_indicator", r#"{"type":"text"}"#);
    }
    let request = settings.request("POST", &format!("{}/messages", settings.account));
    graph::send(&request.with_body("application/json", body.finish()), &CATALOGUE)?;
    nothing
}

fn tell(messages: &[Message]) {
    if let Err(refused) = push_all(messages) {
        host::warn(&format!("a notification was refused: {}", refused.text));
    }
}
