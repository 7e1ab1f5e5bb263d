//! What the drivers of Meta's channels (WhatsApp, Messenger) share: the webhook with its verification and signature
//! ([`webhook`]), batches of events ([`batch`]), the Graph API and its errors ([`graph`]), and the time in which a customer may
//! be answered ([`window`]).

pub mod batch;
pub mod graph;
pub mod settings;
mod signature;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod webhook;
pub mod window;

#[cfg(test)]
mod tests;

pub use batch::{Events, Found, Trouble};
pub use settings::MetaSettings;

use std::borrow::Cow;

use jackfield_sdk::Message;
use jackfield_sdk::json::{Value, parse};

/// The text of a field, where it is a text that isn't empty.
pub fn text<'v>(value: &'v Value<'_>, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An id in a field, that a message may bear: 1 to 512 bytes without control characters. Meta writes ids as texts, some
/// as numbers.
pub fn id<'v>(value: &'v Value<'_>, name: &str) -> Option<&'v str> {
    let id = value.get(name).and_then(Value::scalar)?;
    ((1..=512).contains(&id.len()) && !id.contains(char::is_control)).then_some(id)
}

/// The items of a list in a field; none where there is no list.
pub fn items<'v>(value: &'v Value<'v>, name: &str) -> &'v [Value<'v>] {
    value.get(name).and_then(Value::as_array).unwrap_or_default()
}

/// Whether a field has something that is no list, where one should be.
pub fn is_no_list(value: &Value<'_>, name: &str) -> bool {
    !matches!(value.get(name), None | Some(Value::Null | Value::Array(_)))
}

/// What somebody wrote. Meta sends it as a text; what is none was said all the same, and is shown as it stands there.
pub fn said<'v>(value: &'v Value<'_>, name: &str) -> Option<Cow<'v, str>> {
    match value.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_json())),
    }
}

/// The beginning of a text, of at most `bytes` bytes, no character cut in two.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The fields of an object that are texts, numbers or booleans, as attributes `PREFIX.NAME`: at most `count`, none long.
pub fn attributes(prefix: &str, value: &Value<'_>, count: usize) -> Vec<(String, String)> {
    const MAX_NAME: usize = 64;
    const MAX_VALUE: usize = 1024;
    let fields = value.as_object().unwrap_or_default().iter();
    let scalars = fields.filter_map(|(name, value)| Some((name, value.scalar()?)));
    scalars
        .filter(|(name, value)| {
            (1..=MAX_NAME).contains(&name.len())
                && !name.contains(|letter: char| !letter.is_ascii_graphic())
                && (1..=MAX_VALUE).contains(&value.len())
        })
        .map(|(name, value)| (format!("{prefix}.{name}"), value.to_owned()))
        .take(count)
        .collect()
}

/// A time that Meta writes, in seconds or milliseconds since 1970, as milliseconds; none where it is no time.
pub fn millis(value: &Value<'_>, name: &str) -> Option<u64> {
    /// As seconds the year 5138, as milliseconds the year 1973: before Meta.
    const SECONDS_END: u64 = 100_000_000_000;
    const AFTER_9999: u64 = 253_402_300_800_000;
    let number: u64 = value.get(name)?.scalar()?.parse().ok()?;
    let millis = if number < SECONDS_END { number * 1000 } else { number };
    (0 < millis && millis < AFTER_9999).then_some(millis)
}

/// Whether a `typing` says that somebody stopped writing.
pub fn stops_typing(message: &Message) -> bool {
    let arguments = parse(message.interaction.arguments.as_bytes()).unwrap_or(Value::Null);
    arguments.get("on").and_then(Value::as_bool) == Some(false)
}
