//! Asking for updates, where Telegram can't call us: one long poll after the other, each a durable timer.
//!
//! What came, the offset behind it and the next timer are one commit: Telegram forgets an update only when the next
//! poll names a later one.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, Value, parse, push_string};
use jackfield_sdk::{Error, Expiry, Result, TimerOptions, health, host, set_aside};

use crate::place::number;
use crate::settings::TelegramSettings;
use crate::update::{self, Taken, UNDERSTOOD};
use crate::{MEDIA_TYPE, api};

/// The timer's name.
pub const TIMER: &str = "poll";
/// Where the next update's number stands.
const OFFSET: &str = "poll/offset";
/// Seconds that Telegram waits for something to come.
const WAIT_SECONDS: u32 = 25;
/// Updates at once: what they become fits into one commit.
const LIMIT: u32 = 50;
/// The least time between two polls that bring nothing.
const PAUSE_MS: u64 = 1_000;
/// The longest pause after failures.
const LONGEST_PAUSE_MS: u64 = 60_000;

/// Polls, and sets the next timer. At `start` it only begins.
///
/// # Errors
/// The host's, and what the server could not take now: nothing is kept, and the timer is fired again.
pub fn fired(settings: &TelegramSettings, expiry: &Expiry) -> Result<()> {
    if !settings.polling {
        return Ok(());
    }
    if expiry.name != TIMER {
        return again(0, 0);
    }
    let failures: u32 = core::str::from_utf8(&expiry.payload).ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let began = host::clock::monotonic_ms();
    match poll(settings) {
        Ok(0) => again(PAUSE_MS.saturating_sub(host::clock::monotonic_ms().saturating_sub(began)), 0),
        Ok(_) => again(0, 0),
        Err(Failed::Server(error)) => Err(error),
        Err(Failed::Telegram(error)) => {
            host::warn(&format!("Telegram can't be asked for updates: {}", error.text));
            if error.code != code::BAD_CREDENTIALS {
                health::note(MEDIA_TYPE, health::TRANSIENT, Some(&error.text));
            }
            let growing = (PAUSE_MS << failures.min(6)).min(LONGEST_PAUSE_MS);
            again(error.retry_after_ms.map_or(growing, u64::from), failures.saturating_add(1))
        }
    }
}

enum Failed {
    /// Asked again after a pause of ours: the server's own would grow to an hour.
    Telegram(Error),
    /// Nothing of the poll is kept.
    Server(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Server(error)
    }
}

/// One poll; how many updates came.
fn poll(settings: &TelegramSettings) -> Result<usize, Failed> {
    let offset = host::store::get(OFFSET)?;
    let offset: i64 = offset.and_then(|offset| core::str::from_utf8(&offset).ok()?.parse().ok()).unwrap_or(0);
    let mut understood = String::from("[");
    for (at, kind) in UNDERSTOOD.iter().enumerate() {
        understood.push_str(if at == 0 { "" } else { "," });
        push_string(&mut understood, kind);
    }
    understood.push(']');
    let body = Object::new()
        .raw("offset", &offset.to_string())
        .number("limit", LIMIT)
        .number("timeout", WAIT_SECONDS)
        .raw("allowed_updates", &understood)
        .finish();
    let mut request = api::request(settings, "getUpdates").with_body("application/json", body);
    request.options.timeout_ms = Some((WAIT_SECONDS + 10) * 1000);
    let answer = api::send(request).map_err(Failed::Telegram)?;
    let answer = parse(&answer)
        .map_err(|error| Failed::Telegram(Error::new(code::TEMPORARY, format!("its answer isn't JSON: {error}"))))?;
    let updates = answer.get("result").and_then(Value::as_array).unwrap_or_default();
    let mut next = offset;
    for update in updates {
        match update::take(update)? {
            Taken::Done => {}
            Taken::Malformed(what) => set_aside(update.to_json().as_bytes(), what)?,
            Taken::Refused(refused) if refused.is_for_good() => set_aside(update.to_json().as_bytes(), &refused.text)?,
            // So much is in this call that no more goes into it; the next poll begins with this one.
            Taken::Refused(refused) if refused.code == code::QUOTA && next > offset => break,
            Taken::Refused(refused) => return Err(Error::new(code::TEMPORARY, refused.text).into()),
        }
        next = next.max(number(update.get("update_id")).unwrap_or(0).saturating_add(1));
    }
    if next != offset {
        host::store::set(OFFSET, next.to_string().as_bytes(), None)?;
    }
    Ok(updates.len())
}

fn again(delay_ms: u64, failures: u32) -> Result<()> {
    host::timers::set(TIMER, delay_ms, failures.to_string().as_bytes(), &TimerOptions::durable())
}
