//! As much as the host lets it, of everything; each tells how much that was.

use super::{push as push_one, told};
use jackfield_sdk::{Message, Outgoing, Piece, Response, Result, TimerOptions, WorkItem, host};

fn taken(results: impl Iterator<Item = bool>) -> Result<Response> {
    told(results.filter(|taken| *taken).count())
}

pub fn log() -> Result<Response> {
    let line = "noise ".repeat(10_000);
    for _ in 0..5_000 {
        host::warn(&line);
    }
    Ok(Response::empty(200))
}

pub fn push() -> Result<Response> {
    taken((0..2_000).map(|number| push_one(number, "flood")))
}

pub fn duplicates() -> Result<Response> {
    taken((0..2_000).map(|_| push_one(0, "the-same")))
}

/// Messages of 200 KB each.
pub fn push_bytes() -> Result<Response> {
    let text = "noise ".repeat(33_000);
    taken((0..100).map(|number| {
        let message = Message::support_request("noise", WorkItem::new("flood", "+15550199"))
            .with_event_id(format!("bytes-{number}"))
            .with_text(&text);
        host::server::push(&message).is_ok()
    }))
}

pub fn store() -> Result<Response> {
    let value = vec![b'x'; 64 << 10];
    taken((0..1_000).map(|number| host::store::set(&format!("flood/{number}"), &value, None).is_ok()))
}

pub fn keys() -> Result<Response> {
    taken((0..5_000).map(|number| host::store::set(&format!("key/{number}"), b"", None).is_ok()))
}

pub fn blobs() -> Result<Response> {
    taken((0..1_000u32).map(|number| host::blobs::put(&number.to_le_bytes()).is_ok()))
}

/// One blob that never ends; the megabytes that were taken.
pub fn huge_blob() -> Result<Response> {
    let writer = host::blobs::create()?;
    let chunk = vec![0u8; 1 << 20];
    taken((0..200).map(|_| writer.write(&chunk).is_ok()))
}

pub fn timers() -> Result<Response> {
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    taken((0..2_000).map(|number| {
        // Far away: they are never to fire.
        host::timers::set(&format!("flood-{number}"), 86_400_000 * 365, b"", &options).is_ok()
    }))
}

pub fn calls() -> Result<Response> {
    taken((0..30_000).map(|_| host::store::get("nothing").is_ok()))
}

/// Work that the host does: 2 MB hashed in every call.
pub fn hashes() -> Result<Response> {
    let data = vec![0u8; 1 << 20];
    taken((0..10_000).map(|_| host::secrets::hash("sha512", &[Piece::Bytes(data.clone())]).is_ok()))
}

pub fn compose() -> Result<Response> {
    let data = vec![0u8; 256 << 10];
    taken((0..1_000).map(|_| host::secrets::compose(&[Piece::Bytes(data.clone())], "base64").is_ok()))
}

pub fn random() -> Result<Response> {
    taken((0..30_000).map(|_| !host::random::bytes(u32::MAX).is_empty()))
}

pub fn reads() -> Result<Response> {
    taken((0..10_000).map(|number| match number % 3 {
        0 => host::store::entries("", None, u32::MAX).is_ok(),
        1 => host::server::messages("flood", None, u32::MAX).is_ok(),
        _ => host::crm::find_customer("+15550199").is_ok(),
    }))
}

pub fn http(target: &str) -> Result<Response> {
    taken((0..1_000).map(|_| Outgoing::new("GET", target).send().is_ok()))
}
