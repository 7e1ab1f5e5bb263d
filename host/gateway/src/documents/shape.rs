//! JSON Schema (2020-12) in few words.

use serde_json::{Map, Value, json};

/// A member of an object.
pub(super) struct Field {
    name: &'static str,
    schema: Value,
    required: bool,
}

/// A member that is always there.
pub(super) fn field(name: &'static str, schema: Value, about: &str) -> Field {
    Field { name, schema: described(schema, about), required: true }
}

/// A member that may be missing.
pub(super) fn maybe(name: &'static str, schema: Value, about: &str) -> Field {
    Field { name, schema: described(schema, about), required: false }
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}

/// An object.
pub(super) fn record(about: &str, fields: impl IntoIterator<Item = Field>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        if field.required {
            required.push(field.name);
        }
        properties.insert(field.name.to_owned(), field.schema);
    }
    json!({ "type": "object", "description": about, "properties": properties, "required": required })
}

/// A schema that stands among the components.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The value or null.
pub(super) fn nullable(mut schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(kind) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

/// A text of at most so many characters, and at least one.
pub(super) fn key() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 128 })
}

/// A whole number from 0.
pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(super) fn number() -> Value {
    json!({ "type": "number" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// RFC 3339, UTC, milliseconds.
pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// `sha256-` and 64 hex digits.
pub(super) fn digest() -> Value {
    json!({ "type": "string", "pattern": "^sha256-[0-9a-f]{64}$" })
}

/// One of some words.
pub(super) fn word(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// An object with values of one kind, under names that are not known before.
pub(super) fn map(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// Any JSON.
pub(super) fn any() -> Value {
    json!({})
}
