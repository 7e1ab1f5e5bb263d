//! Customers' files, which services keep for us to fetch.
//!
//! A handler that answers a service fetches nothing: it pushes the message with parts that are `pending`, each with
//! what the driver needs to find it (an id, a URL) in an attribute, and calls [`later`]. A durable timer then calls
//! [`fetch_next`] for one part after the other; after each the whole message is pushed again as `message.changed`.
//! What is still to do stands in the store.

use crate::error::code;
use crate::interactions::{Arguments, MessageChanged};
use crate::{
    AttachmentPart, Body, Error, Expiry, Interaction, Message, Outgoing, Part, Response, Result, TimerOptions,
    header_of, host, push_all,
};

/// How the timers' names, and the keys of what is still to do, begin.
pub const TIMER: &str = "media/";
/// How long what is still to do is kept: longer than all tries together.
const KEPT_MS: u64 = 7 * 86_400_000;
/// How often one is tried.
const MAX_ATTEMPTS: u32 = 6;
/// Longer ids stand as their hash in names of timers.
const LONGEST_ID: usize = 100;
/// A value of the store has at most so many bytes; a longer note has several.
const CHUNK: usize = 60 << 10;

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its blob.
    pub blob: String,
    /// Its size in bytes.
    pub size: u32,
    /// What the service says that it is; none: what the message said.
    pub media_type: Option<String>,
    /// Its name, where the service tells only now.
    pub name: Option<String>,
}

/// Notes that the pending attachments of a message, which has external id and event id, are to be fetched, and sets
/// the timer for the first. Nothing where it has none.
///
/// # Errors
/// The host's.
pub fn later(message: &Message) -> Result<()> {
    let Some(external_id) = message.external_id.clone() else {
        return Err(Error::new(code::INVALID, "files belong to a message with an external id"));
    };
    let Some(at) = pending(message) else {
        return Ok(());
    };
    let key = key_of(&external_id)?;
    let arguments = MessageChanged { external_id };
    let interaction = Interaction {
        kind: arguments.kind(),
        name: arguments.name().into(),
        arguments: arguments.to_json(),
        tracking_id: None,
        in_reply_to: None,
    };
    // What the customer said has been told; what changes is its parts.
    let changed = Message { interaction, attributes: Vec::new(), occurred_at: None, ..message.clone() };
    note(&key, &changed)?;
    schedule(&key, at)
}

/// Fetches the file that a timer is for, pushes the message as it is now, and sets the timer for the next one. Does
/// nothing for other timers than those of [`later`].
///
/// What `fetch` fails with is tried again while it may go better later, up to six times; then the part is `failed`.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn fetch_next(expiry: &Expiry, fetch: impl FnOnce(&AttachmentPart) -> Result<File>) -> Result<()> {
    let key = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    if !expiry.name.starts_with(TIMER) || !key.starts_with(TIMER) {
        return Ok(());
    }
    // None: done already, since timers fire at least once.
    let Some(mut message) = noted(key)? else {
        return Ok(());
    };
    let Some(at) = pending(&message) else {
        return forget(key);
    };
    let Some(part) = attachments(&mut message).nth(at) else {
        return forget(key);
    };
    match fetch(part) {
        Ok(file) => {
            let media_type = file.media_type.unwrap_or_else(|| part.media_type.clone());
            let name = part.name.take().or(file.name);
            let attributes = core::mem::take(&mut part.attributes);
            let disposition = core::mem::take(&mut part.disposition);
            *part = AttachmentPart {
                attributes,
                disposition,
                ..AttachmentPart::ready(name, media_type, file.blob, file.size)
            };
        }
        // A GET can be repeated, whatever became of it.
        Err(error) if (error.is_temporary() || error.code == code::MAYBE_SENT) && expiry.attempt < MAX_ATTEMPTS => {
            return Err(Error { code: code::TEMPORARY.into(), ..error });
        }
        Err(error) => {
            host::warn(&format!("the file {at} of {} can't be fetched: {}", &key[TIMER.len()..], error.text));
            part.state = "failed".into();
        }
    }
    let event_id = format!("{}/media/{at}", message.event_id.as_deref().unwrap_or(&key[TIMER.len()..]));
    if let Err(refused) = push_all(&[message.clone().with_event_id(event_id)]) {
        return Err(Error::new(&refused.code, refused.text));
    }
    match pending(&message) {
        Some(next) => {
            note(key, &message)?;
            schedule(key, next)
        }
        None => forget(key),
    }
}

/// Sends a GET whose answer is a file of at most `max_bytes`, and keeps that as a blob. Redirects are followed, without
/// the headers that have secrets where they lead elsewhere.
///
/// # Errors
/// What became of the request, or what the service answered: `bad-credentials`, `temporary`, `permanent`.
pub fn download(mut request: Outgoing, max_bytes: u32) -> Result<(File, Response)> {
    request.options.redirects = 3;
    request.options.to_blob = true;
    request.options.max_bytes = Some(max_bytes);
    request.options.timeout_ms = Some(30_000);
    let response = request.send()?;
    if !response.is_success() {
        return Err(refusal(&response));
    }
    let blob = match &response.body {
        Body::Blob(digest) => digest.clone(),
        Body::Bytes(bytes) => host::blobs::put(bytes)?,
    };
    let size = host::blobs::size(&blob)?;
    Ok((File { blob, size, media_type: None, name: None }, response))
}

fn refusal(response: &Response) -> Error {
    let code = match response.status {
        401 | 403 => code::BAD_CREDENTIALS,
        // Fresh files are sometimes not there yet.
        404 | 408 | 425 | 429 | 500.. => code::TEMPORARY,
        _ => code::PERMANENT,
    };
    let location = header_of(&response.headers, "location").next().map(|_| ", a redirect that isn't followed");
    Error::new(code, format!("it was answered {}{}", response.status, location.unwrap_or_default()))
}

fn attachments(message: &mut Message) -> impl Iterator<Item = &mut AttachmentPart> {
    message.parts.iter_mut().filter_map(|part| match part {
        Part::Attachment(part) => Some(part),
        _ => None,
    })
}

/// Which of the attachments is the first that is still to be fetched.
fn pending(message: &Message) -> Option<usize> {
    message.attachments().position(|part| part.state == "pending")
}

fn schedule(key: &str, at: usize) -> Result<()> {
    host::timers::set(&format!("{key}/{at}"), 0, key.as_bytes(), &TimerOptions::durable())
}

fn key_of(external_id: &str) -> Result<String> {
    if external_id.len() <= LONGEST_ID {
        return Ok(format!("{TIMER}{external_id}"));
    }
    let hash = host::secrets::hash("sha256", &[crate::Piece::Text(external_id.into())])?;
    Ok(format!("{TIMER}{}", crate::encoding::to_hex(&hash)))
}

fn note(key: &str, message: &Message) -> Result<()> {
    let json = host::server::to_json(message)?;
    for (at, chunk) in json.as_bytes().chunks(CHUNK).enumerate() {
        host::store::set(&chunk_key(key, at), chunk, Some(KEPT_MS))?;
    }
    // A note that was longer before leaves nothing of it behind.
    forget_from(key, json.len().div_ceil(CHUNK))
}

fn noted(key: &str) -> Result<Option<Message>> {
    let mut json = Vec::new();
    let mut at = 0;
    while let Some(chunk) = host::store::get(&chunk_key(key, at))? {
        json.extend_from_slice(&chunk);
        at += 1;
    }
    Ok(Message::from_json(&json))
}

fn forget(key: &str) -> Result<()> {
    forget_from(key, 0)
}

fn forget_from(key: &str, mut at: usize) -> Result<()> {
    while host::store::get(&chunk_key(key, at))?.is_some() {
        host::store::delete(&chunk_key(key, at))?;
        at += 1;
    }
    Ok(())
}

fn chunk_key(key: &str, at: usize) -> String {
    if at == 0 { key.into() } else { format!("{key}#{at}") }
}

#[cfg(test)]
mod tests;
