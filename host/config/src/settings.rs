//! A channel's settings: any TOML, as the JSON that the driver gets, with the place of each value.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use toml::de::DeValue;

use crate::Place;
use crate::problem::quote;
use crate::reader::Node;

/// JSON Pointer -> where the value stands.
pub(crate) type Places = BTreeMap<String, Place>;

/// The value as JSON, and the place of it and everything in it, below `pointer`.
pub(crate) fn to_json(node: &Node<'_>, pointer: &str, places: &mut Places) -> Value {
    places.insert(pointer.to_owned(), node.place());
    match node.value() {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            if parsed.is_err() {
                node.error(
                    format!("{} does not fit 64 bits", quote(&number.to_string())),
                    "write it in quotes if the driver takes text",
                );
            }
            parsed.map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse().ok().and_then(Number::from_f64);
            if parsed.is_none() {
                node.error(format!("{} has no form in JSON", quote(number.as_str())), "write a finite number");
            }
            parsed.map_or(Value::Null, Value::Number)
        }
        DeValue::Array(_) => node
            .items("[]")
            .iter()
            .enumerate()
            .map(|(index, item)| to_json(item, &format!("{pointer}/{index}"), places))
            .collect(),
        DeValue::Table(_) => node
            .entries("{}")
            .into_iter()
            .map(|(key, value)| {
                let pointer = format!("{pointer}/{}", escape(&key));
                let value = to_json(&value, &pointer, places);
                (key, value)
            })
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// The place of a pointer, or of the nearest value around it that exists.
pub(crate) fn place_of<'p>(places: &'p Places, pointer: &str) -> Option<&'p Place> {
    let mut pointer = pointer;
    loop {
        if let Some(place) = places.get(pointer) {
            return Some(place);
        }
        pointer = &pointer[..pointer.rfind('/')?];
    }
}

/// A key as a piece of a JSON Pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A piece of a JSON Pointer as the key.
pub(crate) fn unescape(piece: &str) -> String {
    piece.replace("~1", "/").replace("~0", "~")
}
