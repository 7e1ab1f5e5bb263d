use super::*;
use std::collections::BTreeSet;

/// All references in a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(members) => members.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [openapi(), asyncapi()] {
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}

#[test]
fn every_operation_is_named_once_and_every_command_is_understood() {
    let ids: Vec<_> = operations::all().into_iter().map(|operation| operation.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for (name, message) in frames::commands() {
        let properties = message["payload"]["properties"].as_object().unwrap();
        assert!(properties.contains_key("id") && properties.contains_key("type"), "{name}");
    }
}
