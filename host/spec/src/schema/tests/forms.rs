//! That no field of the specification is without a form by oversight.

use super::super::forms::FORMS;
use super::super::generate::camel;
use super::*;
use crate::vocabulary;
use wit_parser::{Type, TypeDefKind};

/// Texts that may be anything: stamped by the server, or with no rule but the limit of what they stand in.
const FREE: &[(&str, &str)] = &[
    ("message", "id"),
    ("message", "channel"),
    ("message", "driver"),
    ("work-item-info", "id"),
    ("command-state", "command"),
    ("invoke", "name"),
    ("customer-find-reply", "customer-id"),
    ("customer-find-reply", "preferred-agent"),
    ("error", "found-state"),
    ("work-item-queued", "reason"),
];

/// Record and field of every text that a message or an interaction has.
fn texts() -> Vec<(String, String)> {
    let resolve = wit::resolve();
    let text = |ty: &Type| match ty {
        Type::String => true,
        Type::Id(id) => matches!(resolve.types[*id].kind, TypeDefKind::Option(Type::String)),
        _ => false,
    };
    let mut found = Vec::new();
    for interface in ["message", "interactions"].iter().filter_map(|name| wit::interface(name)) {
        for (name, id) in &interface.types {
            if let TypeDefKind::Record(record) = &resolve.types[*id].kind {
                let fields = record.fields.iter().filter(|field| text(&field.ty));
                found.extend(fields.map(|field| (name.clone(), field.name.clone())));
            }
        }
    }
    found
}

#[test]
fn every_text_has_a_form_a_list_of_words_or_is_free_on_purpose() {
    let texts = texts();
    assert!(texts.len() > 80, "{}", texts.len());
    for (record, field) in &texts {
        let formed = FORMS.iter().any(|(r, f, _)| r == record && f == field);
        let listed = vocabulary::words(record, field).is_some();
        let free = FREE.contains(&(record.as_str(), field.as_str()));
        assert_eq!(usize::from(formed) + usize::from(listed) + usize::from(free), 1, "{record}.{field}");
    }
    for (record, field) in FREE {
        assert!(texts.iter().any(|(r, f)| r == record && f == field), "there is no {record}.{field}");
    }
}

#[test]
fn every_form_stands_in_the_schema() {
    let schema = json_schema();
    for (record, field, _) in FORMS {
        let places = [camel(record), format!("interactions.{}", camel(record))];
        let found = places.iter().any(|key| {
            let narrowed = &schema["$defs"][key]["properties"][camel(field)];
            ["maxLength", "maximum", "maxItems", "pattern"].iter().any(|keyword| narrowed.get(keyword).is_some())
        });
        assert!(found, "{record}.{field}");
    }
}

#[test]
fn a_limit_counts_bytes_in_arguments_too() {
    let mut message = sample();
    message["interaction"] = json!({
        "kind": "command", "name": "work-item.cancel", "arguments": {"reason": "é".repeat(limits::LINE / 2)},
        "trackingId": null, "inReplyTo": null,
    });
    let check = |message: &Value| crate::validate::validate(&serde_json::from_value(message.clone()).unwrap());
    assert_eq!(check(&message), Ok(()));
    message["interaction"]["arguments"]["reason"] = json!("é".repeat(limits::LINE / 2 + 1));
    let refusal = check(&message).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), ("limit", "/interaction/arguments/reason"));
    assert!(refusal.text.starts_with("1026 bytes, at most 1024"), "{refusal}");
    assert!(MESSAGE.is_valid(&message), "JSON Schema counts characters");
}
