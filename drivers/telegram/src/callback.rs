//! Buttons that customers press.

use jackfield_sdk::interactions::SupportRequest;
use jackfield_sdk::json::{Object, Value};
use jackfield_sdk::{Expiry, Message, Part, Result, StructuredPart, TimerOptions, host};

use crate::api;
use crate::place::{Place, number};
use crate::settings::TelegramSettings;
use crate::update::work_item;
use crate::{MEDIA_TYPE, PREFIX};

/// How the timers' names begin.
pub const TIMER: &str = "callback/";
/// The longest id that is answered.
const LONGEST_ID: usize = 100;

/// What was chosen, as a message; Telegram is told after the answer, so that the button stops waiting.
///
/// # Errors
/// The host's.
pub fn chosen(id: &str, event: &Value<'_>) -> Result<Option<Vec<Message>>> {
    let Some(query) = event.get("id").and_then(Value::as_str) else { return Ok(None) };
    let message = event.get("message");
    // Without a message (an inline one) the chat is the customer's own.
    let place = match message.and_then(Place::of) {
        Some(place) => Some(place),
        None => number(event.pointer("/from/id")).map(Place::chat),
    };
    let Some(place) = place else { return Ok(None) };
    let Some(work_item) = work_item(&place, event) else { return Ok(Some(Vec::new())) };
    if query.len() <= LONGEST_ID && !query.chars().any(char::is_control) {
        host::timers::set(&format!("{TIMER}{query}"), 0, query.as_bytes(), &TimerOptions::durable())?;
    }
    // A button of a game has no data.
    let data = ["data", "game_short_name"].iter().find_map(|key| event.get(key)?.as_str()).unwrap_or_default();
    let title = message.and_then(|message| title(message, data)).unwrap_or(data);
    let choice = Object::new().string("id", data).string("title", title).finish();
    let reply_to = message.and_then(|message| number(message.get("message_id"))).map(|number| place.message(number));
    let message = Message::new(MEDIA_TYPE, &SupportRequest { reply_to, ..SupportRequest::default() })
        .with_work_item(work_item)
        .with_event_id(id)
        .with_external_id(format!("callback/{id}"))
        .with_part(Part::Structured(StructuredPart::new("choice", choice, title)))
        .with_attribute(&format!("{PREFIX}callback-data"), data.chars().take(256).collect::<String>());
    Ok(Some(vec![message]))
}

/// What stands on the button.
fn title<'a>(message: &'a Value<'_>, data: &str) -> Option<&'a str> {
    let rows = message.pointer("/reply_markup/inline_keyboard")?.as_array()?;
    let mut buttons = rows.iter().filter_map(Value::as_array).flatten();
    let button = buttons.find(|button| button.get("callback_data").and_then(Value::as_str) == Some(data))?;
    button.get("text")?.as_str()
}

/// Tells Telegram that a button's press has arrived.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn answer(settings: &TelegramSettings, expiry: &Expiry) -> Result<()> {
    let query = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    let body = Object::new().string("callback_query_id", query).finish();
    match api::call(settings, "answerCallbackQuery", body) {
        Ok(_) => Ok(()),
        // It waits for a minute or so; the customer's choice has come in all the same.
        Err(error) if error.is_temporary() && expiry.attempt < 3 => Err(error),
        Err(error) => {
            host::debug(&format!("a button's press can't be answered: {}", error.text));
            Ok(())
        }
    }
}
