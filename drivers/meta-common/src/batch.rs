//! Batches: a body has many entries, and each entry many events. Each is handled by itself, so that a bad one takes no
//! other along: it is set aside, where the operator sees it.
//!
//! A handler call has limits (200 messages, 100 timers), so what is beyond the first events of a large batch is handled
//! by durable timers, from the body as it was signed.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse, repaired};
use jackfield_sdk::{Error, Expiry, Refused, Response, Result, TimerOptions, host, set_aside};

use crate::{cut, text};

/// Events of one handler call: of each come up to four messages and a timer.
pub const EVENTS: usize = 45;
/// How the timers' names begin.
pub const TIMER: &str = "batch/";

/// What a driver makes of a batch.
pub trait Events {
    /// What `object` says in a body for this driver.
    const OBJECT: &'static str;
    /// One event, in the body that it is borrowed from.
    type Event<'v>;

    /// All that is in a body, in order.
    fn split<'v>(&self, body: &'v Value<'v>) -> Vec<Found<'v, Self::Event<'v>>>;

    /// Handles one.
    ///
    /// # Errors
    /// What is to become of it.
    fn handle(&self, event: &Self::Event<'_>) -> Result<(), Trouble>;

    /// An event as JSON, for the operator who looks at a bad one.
    fn raw(event: &Self::Event<'_>) -> String;
}

/// What is found in a body.
pub enum Found<'v, E> {
    /// Something for this channel.
    Event(E),
    /// Nothing for this channel; the line of the log that says so.
    Ignored(String),
    /// It isn't what Meta sends, and why.
    Unreadable(&'v Value<'v>, &'static str),
}

/// Why an event wasn't handled.
#[derive(Debug)]
pub enum Trouble {
    /// It can't be read.
    Bad(String),
    /// The server refused what was made of it.
    Refused(Refused),
    /// The host failed.
    Host(Error),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

/// Answers a body whose signature is right.
///
/// # Errors
/// The host's.
pub fn receive<E: Events>(events: &E, body: &[u8]) -> Result<Response> {
    let body = repaired(body);
    let value = match parse(&body) {
        Ok(value) => value,
        Err(error) => return Ok(Response::problem(400, code::INVALID, &format!("the body is no JSON: {error}"))),
    };
    let Some(object) = text(&value, "object") else {
        return Ok(Response::problem(400, code::INVALID, "the body doesn't say what `object` it is about"));
    };
    if object != E::OBJECT {
        let line = format!("ignored: a webhook about `{}`, not `{}`", cut(object, 64), E::OBJECT);
        host::log::write(host::Level::Info, &line, &[]);
        return Ok(Response::empty(200));
    }
    if value.get("entry").and_then(Value::as_array).is_none() {
        return Ok(Response::problem(400, code::INVALID, "the body has no `entry`"));
    }
    match handle_from(events, &value, 0) {
        Ok(Some(next)) => {
            let digest = host::blobs::put(&body)?;
            schedule(&digest, next)?;
            Ok(Response::empty(200))
        }
        Ok(None) => Ok(Response::empty(200)),
        Err(Trouble::Refused(refused)) => Ok(Response::refused(&refused)),
        Err(Trouble::Host(error)) => Err(error),
        Err(Trouble::Bad(reason)) => Ok(Response::problem(400, code::INVALID, &reason)),
    }
}

/// Goes on with a large batch; does nothing for other timers.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn go_on<E: Events>(events: &E, expiry: &Expiry) -> Result<()> {
    let payload = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    let Some((digest, from)) = payload.split_once(' ').filter(|_| expiry.name.starts_with(TIMER)) else {
        return Ok(());
    };
    let body = jackfield_sdk::Body::Blob(digest.into());
    let body = body.read(u32::MAX)?;
    let (Ok(value), Ok(from)) = (parse(&body), from.parse()) else {
        return Err(Error::new(code::INVALID, "what is left of the batch can't be read"));
    };
    match handle_from(events, &value, from) {
        Ok(Some(next)) => schedule(digest, next),
        Ok(None) => Ok(()),
        Err(Trouble::Refused(refused)) => Err(Error::new(code::TEMPORARY, refused.text)),
        Err(Trouble::Host(error)) => Err(error),
        Err(Trouble::Bad(reason)) => Err(Error::new(code::INVALID, reason)),
    }
}

/// Handles events from the `from`th on; where the next call has to go on, if there are more.
fn handle_from<E: Events>(events: &E, body: &Value<'_>, from: usize) -> Result<Option<usize>, Trouble> {
    let all = events.split(body);
    for (at, event) in all.iter().enumerate().skip(from).take(EVENTS) {
        let event = match event {
            Found::Event(event) => event,
            Found::Ignored(line) => {
                host::log::write(host::Level::Info, line, &[]);
                continue;
            }
            Found::Unreadable(value, reason) => {
                set_aside(value.to_json().as_bytes(), reason)?;
                continue;
            }
        };
        match events.handle(event) {
            Ok(()) => {}
            Err(Trouble::Bad(reason)) => set_aside(E::raw(event).as_bytes(), &reason)?,
            Err(Trouble::Refused(refused)) if refused.is_for_good() => {
                set_aside(E::raw(event).as_bytes(), &refused.text)?;
            }
            // So much is in this call that no more goes into it; the next call has room of its own.
            Err(Trouble::Refused(refused)) if refused.code == code::QUOTA && at > from => return Ok(Some(at)),
            Err(trouble) => return Err(trouble),
        }
    }
    let next = from.saturating_add(EVENTS);
    Ok((next < all.len()).then_some(next))
}

fn schedule(digest: &str, next: usize) -> Result<()> {
    let name = format!("{TIMER}{digest}/{next}");
    host::timers::set(&name, 0, format!("{digest} {next}").as_bytes(), &TimerOptions::durable())
}
