//! From what stands in a record back to typed values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The value that [`facts`](crate::facts) was made of; none if it is not of this type.
pub fn unfold<T: DeserializeOwned>(facts: &Value) -> Option<T> {
    serde_json::from_value(plain(facts)).ok()
}

/// `eventId` as `event_id`. The name of a case begins with a capital letter and stays.
fn snake(name: &str) -> String {
    if name.starts_with(|letter: char| letter.is_uppercase()) {
        return name.to_owned();
    }
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The bytes of an object that stands for a list of them.
pub(crate) fn bytes(fields: &Map<String, Value>) -> Option<Vec<u8>> {
    if fields.len() != 1 {
        return None;
    }
    match fields.iter().next()? {
        (key, Value::String(text)) if key == "$text" => Some(text.clone().into_bytes()),
        (key, Value::String(text)) if key == "$base64" => STANDARD.decode(text).ok(),
        _ => None,
    }
}

fn plain(facts: &Value) -> Value {
    match facts {
        Value::Object(fields) => match bytes(fields) {
            Some(bytes) => bytes.into_iter().map(Value::from).collect(),
            None => fields.iter().map(|(name, value)| (snake(name), plain(value))).collect(),
        },
        Value::Array(values) => values.iter().map(plain).collect(),
        other => other.clone(),
    }
}
