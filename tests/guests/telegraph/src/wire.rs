//! What a telegram's line says.

use jackfield_sdk::encoding::to_hex;
use jackfield_sdk::interactions::{Arguments, MessageStatus, Own, Typing, WorkItemEnd, WorkItemEnding};
use jackfield_sdk::json::Object;
use jackfield_sdk::{Error, Kind, Message, Piece, Refused, Result, TimerOptions, WorkItem, host};

use crate::MEDIA_TYPE;

/// Does what a line says; its answer in JSON.
///
/// - `STOP`, `DONE`, `MOVE`: the commands `work-item.cancel`, `.complete`, `.requeue`;
/// - `STATE`: the request `work-item.state`, answered at once;
/// - `RECEIVED ID`, `READ ID`: the notification `message.status` about the telegram ID;
/// - `LINE STATE`: the notification `channel.health-changed`;
/// - `TYPES`, `PAUSES`: the notification `typing`;
/// - `LATER MS TEXT`: a durable timer that hands the text in;
/// - `FOR AGENT TEXT`: the request `support-request`, for that agent;
/// - `MACHINE TEXT`: the same, not written by a person;
/// - anything else: the request `support-request`.
pub fn hand_in(line: &str, number: &str) -> Result<String> {
    let (from, text) = line.split_once(' ').unwrap_or((line, ""));
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "STOP" => push(number, from, &ending(WorkItemEnding::Cancel, rest)),
        "DONE" => push(number, from, &ending(WorkItemEnding::Complete, rest)),
        "MOVE" => push(number, from, &ending(WorkItemEnding::Requeue, rest)),
        "STATE" => ask(from, number, "work-item.state", "{}".into()),
        "WHO" => ask(from, number, "customer.find", Object::new().string("address", from).finish()),
        "RECEIVED" => push(number, from, &status(rest, "delivered")),
        "READ" => push(number, from, &status(rest, "read")),
        "LINE" => line_changed(number, rest),
        "TYPES" | "PAUSES" => push(number, from, &Typing { on: word == "TYPES" }),
        "LATER" => later(from, rest, number),
        "FOR" => request_for(number, from, rest),
        "MACHINE" => push_message(&support_request(number, from, rest).with_attribute("automatic", "true")),
        _ => request(number, from, text),
    }
}

/// The message of a customer's request.
pub fn support_request(number: &str, from: &str, text: &str) -> Message {
    let mut message = Message::support_request(MEDIA_TYPE, WorkItem::new(from, from))
        .with_event_id(number)
        .with_external_id(number)
        .with_text(text);
    message.interaction.tracking_id = Some(format!("track-{number}"));
    message
}

/// Pushes a message; its id, and its digest as the driver makes it.
pub fn push_message(message: &Message) -> Result<String> {
    let canonical = host::server::to_json(message)?;
    let digest = host::secrets::hash("sha256", &[Piece::Text(canonical)])?;
    let id = host::server::push(message).map_err(error)?;
    Ok(Object::new().string("id", &id).string("digest", &format!("sha256-{}", to_hex(&digest))).finish())
}

fn request(number: &str, from: &str, text: &str) -> Result<String> {
    push_message(&support_request(number, from, text))
}

fn request_for(number: &str, from: &str, rest: &str) -> Result<String> {
    let (agent, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut message = support_request(number, from, text);
    message.agent = host::crm::find_agent("id", agent)?;
    push_message(&message)
}

fn push(number: &str, from: &str, arguments: &impl Arguments) -> Result<String> {
    let message = Message::new(MEDIA_TYPE, arguments).with_work_item(WorkItem::new(from, from)).with_event_id(number);
    push_message(&message)
}

fn ending(how: WorkItemEnding, reason: &str) -> WorkItemEnd {
    WorkItemEnd { how, reason: reason.into(), code: None }
}

fn status(external_id: &str, status: &str) -> MessageStatus {
    MessageStatus {
        external_id: Some(external_id.into()),
        up_to: None,
        status: status.into(),
        code: None,
        text: None,
        at: host::clock::now(),
    }
}

fn ask(from: &str, number: &str, name: &str, arguments: String) -> Result<String> {
    let request = Own { kind: Kind::Request, name: name.into(), arguments };
    let mut question = Message::new(MEDIA_TYPE, &request).with_work_item(WorkItem::new(from, from));
    question.interaction.tracking_id = Some(number.into());
    host::server::to_json(&host::server::query(&question)?)
}

fn line_changed(number: &str, state: &str) -> Result<String> {
    let mut message = Message::new(
        MEDIA_TYPE,
        &Own { kind: Kind::Notification, name: "channel.health-changed".into(), arguments: "{}".into() },
    )
    .with_event_id(number);
    message.connection = Some(connection(state));
    push_message(&message)
}

/// How the line stands.
pub fn connection(state: &str) -> jackfield_sdk::bindings::imports::jackfield::channel::message::ConnectionInfo {
    jackfield_sdk::bindings::imports::jackfield::channel::message::ConnectionInfo {
        state: state.into(),
        since: Some(host::clock::now()),
        detail: Some("the line hums".into()),
        user_action: false,
        attributes: Vec::new(),
    }
}

fn later(from: &str, rest: &str, number: &str) -> Result<String> {
    let (delay, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let delay: u64 = delay.parse().map_err(|_| Error::new("invalid", "LATER needs milliseconds"))?;
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    host::timers::set(number, delay, format!("{from} {text}").as_bytes(), &options)?;
    Ok("{}".into())
}

fn error(refused: Refused) -> Error {
    let at = refused.pointer.map(|pointer| format!(" (at {pointer})")).unwrap_or_default();
    Error::new(&refused.code, format!("{}{at}", refused.text))
}
