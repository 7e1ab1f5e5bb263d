//! Who the bot itself is, and what people are called: learnt by timers, kept in the store.

use jackfield_sdk::error::code;
use jackfield_sdk::interactions::CustomerChanged;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::{Error, Expiry, Message, Result, TimerOptions, WorkItem, health, host, push_all};

use crate::place::is_id;
use crate::settings::SlackSettings;
use crate::{MEDIA_TYPE, api};

/// The timer that asks who the bot is, where that failed at the start.
pub const WHO_AM_I: &str = "who-am-i";
/// How the names of the timers begin that ask for people's names.
pub const TIMER: &str = "name/";
/// Where the bot's own ids stand.
const SELF: &str = "self";
/// How long a name is taken for true, and how long it isn't asked for again where Slack doesn't tell.
const KEPT_MS: u64 = 7 * 86_400_000;
/// How long to wait before Slack is asked again who the bot is.
const AGAIN_MS: u64 = 60_000;

/// The bot's own ids, as far as they are known.
#[derive(Default)]
pub struct Own {
    pub user: Option<String>,
    pub bot: Option<String>,
}

impl Own {
    /// What `auth.test` told.
    pub fn known() -> Result<Self> {
        let kept = host::store::get(SELF)?.unwrap_or_default();
        let kept = parse(&kept).unwrap_or(Value::Null);
        let text = |key: &str| kept.get(key).and_then(Value::as_str).map(String::from);
        Ok(Self { user: text("user"), bot: text("bot") })
    }
}

/// Asks Slack who the bot is, at the start of the channel and until it is known.
///
/// # Errors
/// The host's.
pub fn learn_self(settings: &SlackSettings, _expiry: &Expiry) -> Result<()> {
    match api::call(settings, "auth.test", &[]) {
        Ok(answer) => {
            let answer = parse(&answer).unwrap_or(Value::Null);
            let text = |key: &str| answer.get(key).and_then(Value::as_str);
            let own = Object::new().optional("user", text("user_id")).optional("bot", text("bot_id")).finish();
            if host::store::get(SELF)?.as_deref() != Some(own.as_bytes()) {
                host::store::set(SELF, own.as_bytes(), None)?;
            }
            Ok(())
        }
        Err(error) => {
            host::warn(&format!("Slack doesn't say who the bot is: {}", error.text));
            if error.code != code::BAD_CREDENTIALS {
                health::note(MEDIA_TYPE, health::TRANSIENT, Some(&error.text));
            }
            let delay = error.retry_after_ms.map_or(AGAIN_MS, u64::from);
            set_timer(WHO_AM_I, delay, &[])
        }
    }
}

/// A user's name, if it is known.
pub fn name_of(user: &str) -> Option<String> {
    let kept = is_id(user).then(|| host::store::get(&key(user)).ok().flatten())??;
    String::from_utf8(kept).ok().filter(|name| !name.is_empty())
}

/// Has the name of who wrote asked for, unless it is known or Slack didn't tell it lately.
///
/// # Errors
/// The host's.
pub fn ask_name(work_item: &WorkItem) -> Result<()> {
    let user = work_item.customer.address.as_str();
    if !user.starts_with(['U', 'W']) || !is_id(user) || host::store::get(&key(user))?.is_some() {
        return Ok(());
    }
    set_timer(&format!("{TIMER}{user}"), 0, work_item.conversation.as_bytes())
}

/// Asks for a user's name, keeps it, and tells it.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn learn_name(settings: &SlackSettings, expiry: &Expiry) -> Result<()> {
    let user = &expiry.name[TIMER.len()..];
    let conversation = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    let name = match api::call(settings, "users.info", &[("user", user)]) {
        Ok(answer) => name_in(&parse(&answer).unwrap_or(Value::Null)),
        Err(error) if error.is_temporary() && expiry.attempt < 4 => return Err(error),
        Err(error) => {
            host::debug(&format!("the name of a user can't be had: {}", error.text));
            None
        }
    };
    host::store::set(&key(user), name.as_deref().unwrap_or_default().as_bytes(), Some(KEPT_MS))?;
    let Some(name) = name else { return Ok(()) };
    let mut work_item = WorkItem::new(conversation, user);
    work_item.customer.name = Some(name);
    let changed =
        Message::new(MEDIA_TYPE, &CustomerChanged { old_address: None, new_address: None }).with_work_item(work_item);
    push_all(&[changed]).map_err(|refused| Error::new(&refused.code, refused.text))
}

fn name_in(answer: &Value<'_>) -> Option<String> {
    let pointers = ["/user/profile/display_name", "/user/real_name", "/user/profile/real_name", "/user/name"];
    let mut names = pointers.iter().filter_map(|pointer| answer.pointer(pointer)?.as_str());
    names.find(|name| !name.is_empty()).map(|name| name.chars().take(250).collect())
}

fn key(user: &str) -> String {
    format!("name/{user}")
}

fn set_timer(name: &str, delay_ms: u64, payload: &[u8]) -> Result<()> {
    host::timers::set(name, delay_ms, payload, &TimerOptions::durable())
}
