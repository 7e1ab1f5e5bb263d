//! The writer.

use super::Value;

/// Builds the text of an object, field by field. Who writes a key twice gets it twice.
///
/// ```
/// use jackfield_sdk::json::Object;
/// let json = Object::new().string("name", "Ana").optional("team", None).finish();
/// assert_eq!(json, r#"{"name":"Ana","team":null}"#);
/// ```
#[derive(Debug, Clone)]
pub struct Object {
    json: String,
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl Object {
    /// An object without fields.
    pub fn new() -> Self {
        Self { json: "{".into() }
    }

    /// A string.
    #[must_use]
    pub fn string(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        push_string(&mut self.json, value);
        self
    }

    /// A string, or `null`.
    #[must_use]
    pub fn optional(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// A boolean.
    #[must_use]
    pub fn boolean(self, key: &str, value: bool) -> Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    /// A number.
    #[must_use]
    pub fn number(self, key: &str, value: u32) -> Self {
        self.raw(key, &value.to_string())
    }

    /// Any value that is JSON already.
    #[must_use]
    pub fn raw(mut self, key: &str, json: &str) -> Self {
        self.key(key);
        self.json.push_str(json);
        self
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.json.push('}');
        self.json
    }

    fn key(&mut self, key: &str) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        push_string(&mut self.json, key);
        self.json.push(':');
    }
}

/// Appends a string in quotes, escaping only what must be (as RFC 8785 does).
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "\\u00",
            _ => continue,
        };
        json.push_str(&text[start..at]);
        json.push_str(escape);
        if escape == "\\u00" {
            json.push_str(&crate::encoding::to_hex(&[byte]));
        }
        start = at + 1;
    }
    json.push_str(&text[start..]);
    json.push('"');
}

/// Appends a value, fields in the order they are in.
pub fn push_value(json: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Value::Number(text) => json.push_str(text),
        Value::String(text) => push_string(json, text),
        Value::Array(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                push_value(json, item);
            }
            json.push(']');
        }
        Value::Object(fields) => {
            json.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                push_string(json, key);
                json.push(':');
                push_value(json, value);
            }
            json.push('}');
        }
    }
}
