//! Customers' names, which Messenger doesn't send with what they write: asked for once, after the answer.

use jackfield_sdk::interactions::CustomerChanged;
use jackfield_sdk::{Customer, Error, Expiry, Message, Result, TimerOptions, WorkItem, error::code, host, push_all};
use meta_common::{cut, graph};

use crate::MEDIA_TYPE;
use crate::catalogue::CATALOGUE;
use crate::settings::MessengerSettings;

/// How the timers' names begin.
const TIMER: &str = "profile/";
/// How long a name, or that there is none, is kept.
const KEPT_MS: u64 = 30 * 86_400_000;
/// How often it is asked for.
const MAX_ATTEMPTS: u32 = 3;

/// The name of a customer, where it is known.
pub fn name_of(psid: &str) -> Option<String> {
    let kept = host::store::get(&key(psid)).ok().flatten()?;
    String::from_utf8(kept).ok().filter(|name| !name.is_empty())
}

/// Asks for a customer's name soon, unless that was done.
///
/// # Errors
/// The host's.
pub fn later(customer: &Customer) -> Result<()> {
    let psid = cut(&customer.address, 100);
    if host::store::get(&key(psid))?.is_some() {
        return Ok(());
    }
    host::timers::set(&format!("{TIMER}{psid}"), 0, psid.as_bytes(), &TimerOptions::durable())
}

/// Asks for the name that a timer is for; does nothing for other timers.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn look_up(settings: &MessengerSettings, expiry: &Expiry) -> Result<()> {
    let psid = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    if !expiry.name.starts_with(TIMER) || psid.is_empty() || host::store::get(&key(psid))?.is_some() {
        return Ok(());
    }
    let path = format!("{}?fields=name,first_name,last_name", jackfield_sdk::encoding::to_percent(psid));
    let name = match graph::send(&settings.meta.request("GET", &path), &CATALOGUE) {
        Ok(answer) => graph::field(&answer, "/name").or_else(|| {
            let names = [graph::field(&answer, "/first_name"), graph::field(&answer, "/last_name")];
            Some(names.into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
        }),
        Err(error) if matches!(error.code.as_str(), code::PERMANENT | code::BAD_CREDENTIALS | code::DENIED) => {
            host::warn(&format!("a customer's name can't be had: {}", error.text));
            None
        }
        Err(_) if expiry.attempt >= MAX_ATTEMPTS => None,
        Err(error) => return Err(Error { code: code::TEMPORARY.into(), ..error }),
    };
    let name = name.map(|name| cut(&name, 1000).to_owned());
    host::store::set(&key(psid), name.as_deref().unwrap_or_default().as_bytes(), Some(KEPT_MS))?;
    let Some(name) = name else { return Ok(()) };
    let mut work_item = WorkItem::new(psid, psid);
    work_item.customer.name = Some(name.clone());
    let changed = CustomerChanged { old_address: None, new_address: None };
    let event_id = format!("profile/{psid}/{}", host::clock::now());
    let told = Message::new(MEDIA_TYPE, &changed).with_work_item(work_item).with_event_id(event_id);
    push_all(&[told]).map_err(|refused| Error::new(code::TEMPORARY, refused.text))
}

fn key(psid: &str) -> String {
    format!("name/{}", cut(psid, 240))
}
