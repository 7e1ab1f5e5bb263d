//! A channel driver of many versions. Tests write another version into the component's bytes; what it does stands in the
//! minor number: 1 is good, 2 slow, 3 traps on each request. A request's path asks all of them for more.

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Error, Message, Outcome, Receipt, Request, Response, Result, SettingsError,
    WorkItem, host, media_type, supported,
};
use std::hint::black_box;

/// Replaced, byte for byte, by tests.
static VERSION: &str = "1.1.10000";

/// Rounds of a slow version: some milliseconds.
const ROUNDS: u64 = 1_000_000;

fn version() -> &'static str {
    black_box(VERSION)
}

fn kind() -> &'static str {
    version().split('.').nth(1).unwrap_or_default()
}

/// The driver.
pub struct Turncoat;

impl Driver for Turncoat {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("turncoat", version(), "Turncoat");
        descriptor.vendor = "Jackfield's tests".into();
        descriptor.media_types = vec![media_type("word")];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.settings_schema = r#"{"type":"object"}"#.into();
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        // A version that doesn't take the settings that the others take.
        if kind() == "4" {
            return Err(SettingsError::new("", "this version wants other settings", "write them"));
        }
        let _ = settings;
        Ok(Self)
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        match &*delivery.message.text() {
            "in parts" => in_parts(&delivery),
            text => Outcome::Receipt(Receipt::sent(vec![format!("out-{text}")])),
        }
    }
}

/// The first part is out, then it traps; the next attempt sends only the second.
fn in_parts(delivery: &Delivery) -> Outcome {
    match delivery.progress.as_slice() {
        [] => {
            if let Err(error) = host::server::progress("part-1") {
                return Outcome::Failure(Error::new(&error.code, error.text));
            }
            panic!("between two parts")
        }
        parts => {
            let mut ids = parts.to_vec();
            ids.push("part-2".into());
            Outcome::Receipt(Receipt::sent(ids))
        }
    }
}

impl jackfield_sdk::Webhook for Turncoat {
    fn receive(&self, request: Request) -> Result<Response> {
        let path = request.url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let body = request.body_bytes(64 << 10)?;
        match (path, kind()) {
            ("die", _) => die(&body),
            ("aside", _) => {
                host::server::set_aside(&body, "no driver can read this")?;
                return Ok(Response::new(200, "text/plain", "set aside"));
            }
            (_, "2") => drop((0..ROUNDS).fold(1u64, |sum, round| black_box(sum.wrapping_mul(round | 1)))),
            (_, "3") => panic!("this version traps"),
            _ => {}
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        let message = Message::support_request("word", WorkItem::new("line", "+15550100"))
            .with_event_id(text.clone())
            .with_text(&text);
        Ok(match host::server::push(&message) {
            // What the caller sees: which version answered to which word.
            Ok(_) => Response::new(200, "text/plain", format!("{} {text}", version())),
            Err(refused) => Response::refused(&refused),
        })
    }
}

#[inline(never)]
fn die(body: &[u8]) -> ! {
    host::warn("these are my last words");
    panic!("a deadly message of {} bytes", body.len())
}

jackfield_sdk::export!(Turncoat: driver, webhook);
