//! What a driver might try to get round the host.

use super::told;
use jackfield_sdk::interactions::SupportRequest;
use jackfield_sdk::{Message, Outgoing, Response, Result, TimerOptions, WorkItem, host};

/// Makes resources and never lets go of them.
pub fn leak() -> Result<Response> {
    let mut made = 0;
    while let Ok(writer) = host::blobs::create() {
        std::mem::forget(writer);
        made += 1;
    }
    told(made)
}

/// Writes into a blob that was given away.
pub fn use_after() -> Result<Response> {
    let writer = host::blobs::create()?;
    let handle = writer.handle();
    host::blobs::finish(writer)?;
    #[allow(unsafe_code, reason = "safe Rust can't use what was given away; the host must notice")]
    // SAFETY: there is no such writer any more, which is the point; the handle is the host's to check.
    let gone = unsafe { host::blobs::Writer::from_handle(handle) };
    told(gone.write(b"more").is_ok())
}

/// The error's code and text as the answer, where the host doesn't let it.
pub fn outside(target: &str) -> Result<Response> {
    match Outgoing::new("GET", target).send() {
        Ok(answer) => told(answer.status),
        Err(error) => told(format!("{}: {}", error.code, error.text)),
    }
}

pub fn others_blob(digest: &str) -> Result<Response> {
    match host::blobs::read(digest, 0, 1 << 20) {
        Ok(bytes) => told(format!("read {} bytes", bytes.len())),
        Err(error) => told(error.code),
    }
}

/// A message that says it comes from elsewhere and is somebody else's; the id that the host gave it.
pub fn made_up() -> Result<Response> {
    let mut item = WorkItem::new("made-up", "+15550177");
    item.id = Some("00000000-0000-0000-0000-000000000001".into());
    item.state = Some("closed".into());
    let mut message = Message::support_request("noise", item).with_event_id("made-up").with_text("made up");
    message.id = Some("00000000-0000-0000-0000-000000000002".into());
    message.channel = Some("forms".into());
    message.driver = Some("webhook@9.9.9".into());
    message.received_at = Some(1);
    match host::server::push(&message) {
        Ok(id) => told(id),
        Err(refused) => told(refused.code),
    }
}

fn bomb() -> Message {
    let mut message =
        Message::new("noise", &SupportRequest::default()).with_work_item(WorkItem::new("bomb", "+15550178"));
    message.interaction.arguments = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    message.with_event_id("bomb").with_text("bomb")
}

/// Arguments nested deeper than any parser likes.
pub fn nested() -> Result<Response> {
    match host::server::push(&bomb()) {
        Ok(_) => told("taken"),
        Err(refused) => told(refused.code),
    }
}

pub fn nested_json() -> Result<Response> {
    let written = host::server::to_json(&bomb()).map_or_else(|error| error.code, |_| "taken".into());
    let asked = host::server::query(&bomb()).map_or_else(|error| error.code, |_| "taken".into());
    told(format!("{written} {asked}"))
}

/// Names of a megabyte each, wherever a name is taken; how many were.
pub fn long_names() -> Result<Response> {
    let name = "n".repeat(1 << 20);
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    let message = |media: &str, conversation: &str, event: &str| {
        Message::support_request(media, WorkItem::new(conversation, "+15550179")).with_event_id(event).with_text("long")
    };
    let taken = [
        host::server::push(&message(&name, "long", "long")).is_ok(),
        host::server::push(&message("noise", &name, "long")).is_ok(),
        host::server::push(&message("noise", "long", &name)).is_ok(),
        host::server::push(&message("noise", "long", "long").with_attribute(&name, "x")).is_ok(),
        host::store::set(&name, b"", None).is_ok(),
        host::timers::set(&name, 1, b"", &options).is_ok(),
        host::blobs::size(&name).is_ok(),
        host::crm::find_agent(&name, &name).is_ok(),
        Outgoing::new(&name, &name).send().is_ok(),
    ];
    told(taken.iter().filter(|taken| **taken).count())
}

/// The host's own timer.
pub fn start_timer() -> Result<Response> {
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    match host::timers::set("start", 1, b"loop", &options) {
        Ok(()) => told("taken"),
        Err(error) => told(error.code),
    }
}

pub fn timer(deed: &str) -> Result<Response> {
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    host::timers::set("deed", 1, deed.as_bytes(), &options)?;
    Ok(Response::empty(200))
}
