//! JSON as the specification wants it (I-JSON, RFC 7493): a strict reader that borrows from its input, JSON
//! Pointers, and a writer.
//!
//! Own code, because what it refuses matters here (repeated keys, lone surrogates, numbers that no double
//! holds, deep nesting, a byte order mark), and because a driver's size and speed do.

mod parse;
mod repair;
mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use parse::{ParseError, parse};
pub use repair::repaired;
pub use write::{Object, push_string, push_value};

/// A JSON value, borrowed from the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A string without its escapes.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object: its fields in order, no key twice.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The field of an object.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Value::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What a JSON Pointer (RFC 6901) points at; the empty pointer at the value itself.
    pub fn pointer(&self, pointer: &str) -> Option<&Value<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value {
            Value::Object(_) if token.contains('~') => value.get(&token.replace("~1", "/").replace("~0", "~")),
            Value::Object(_) => value.get(token),
            Value::Array(items) if token == "0" || !token.starts_with(['0', '+']) => {
                items.get(token.parse::<usize>().ok()?)
            }
            _ => None,
        })
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, number or boolean.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// A number as a double.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The fields of an object, in the order they were written.
    pub fn as_object(&self) -> Option<&[(Cow<'a, str>, Value<'a>)]> {
        match self {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// What kind of value it is, for sentences: `an object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// As the values of a structured part, which have limits: an object, not too large and not too deep. What doesn't fit is
    /// `{}`.
    pub fn to_values(&self) -> String {
        const MAX_SIZE: usize = 60 << 10;
        const MAX_DEPTH: usize = 30;
        let json = if self.as_object().is_some() && self.depth() <= MAX_DEPTH { self.to_json() } else { "{}".into() };
        if json.len() > MAX_SIZE { "{}".into() } else { json }
    }

    /// How many arrays and objects are nested in it: 0 for a text, 1 for `{}`.
    pub fn depth(&self) -> usize {
        match self {
            Value::Array(items) => 1 + items.iter().map(Value::depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The value as JSON text, fields in the order they are in.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        push_value(&mut json, self);
        json
    }
}
