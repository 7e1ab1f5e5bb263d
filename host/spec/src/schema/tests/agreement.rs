//! Whatever the validator accepts, the schema accepts; and the other way round but for what JSON Schema cannot say.

use super::*;
use crate::Kind;
use crate::validate::validate;

/// Values at which a rule may be missed by one of the two.
fn edge() -> impl Strategy<Value = Value> {
    let lengths: Vec<usize> = [0, 35, 64, 127, 512, 1024, 4096].iter().flat_map(|most| [*most, most + 1]).collect();
    let text = prop_oneof![
        proptest::sample::select(lengths).prop_map(|length| json!("x".repeat(length))),
        "[a-zA-Z0-9!#$&^_.+/; -]{0,12}".prop_map(Value::from),
        "[a-zA-Z]{0,9}(-[a-zA-Z0-9]{0,9}){0,3}".prop_map(Value::from),
        "[a-z]{1,4}/[a-z+.]{0,4} ?(; ?[a-z=]{0,4})?".prop_map(Value::from),
        "\\PC{0,3}[\u{0}-\u{a0}\u{2028}\u{feff}]{0,2}\\PC{0,3}".prop_map(Value::from),
    ];
    let number = prop_oneof![
        proptest::sample::select(vec![0_i64, 1, 1000, 1001, -1, (1 << 53) - 1, 1 << 53, 1 - (1 << 53), -(1 << 53)])
            .prop_map(Value::from),
        proptest::sample::select(vec![1e20, 1e21, -1e21, 9e15, 9.1e15, 1e300]).prop_map(Value::from),
    ];
    let key =
        proptest::sample::select(vec!["agent", "work-Item_id", "agents", "customer", "PRIORITY", "", "k\n", "outcome"]);
    let object = (key, strategies::value()).prop_map(|(key, value)| json!({key: value}));
    let deep = (30_usize..35).prop_map(|depth| (0..depth).fold(json!({}), |inner, _| json!({"a": inner})));
    prop_oneof![4 => text, 2 => number, 2 => object, 1 => deep, 1 => Just(Value::Null), 2 => strategies::value()]
}

/// Of the limits those that the schema's `$comment` names.
fn unsaid(message: &Message, code: &str) -> bool {
    let ascii = serde_json::to_string(message).is_ok_and(|json| json.is_ascii() && !json.contains("\\u"));
    code == "limit" && !ascii
}

fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            places(member, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| places(item, format!("{at}/{i}"), found)),
        _ => {}
    }
    found.push(at);
}

fn agree(message: &Message) -> Result<(), TestCaseError> {
    let json = serde_json::to_value(message)?;
    let errors: Vec<String> = MESSAGE.iter_errors(&json).map(|error| error.to_string()).collect();
    match validate(message) {
        Ok(()) => prop_assert_eq!(errors, Vec::<String>::new(), "only the schema refuses {}", json),
        Err(refusal) if errors.is_empty() => {
            prop_assert!(unsaid(message, refusal.code), "only the validator refuses: {} in {}", refusal, json);
        }
        Err(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..strategies::config() })]

    #[test]
    fn schema_and_validator_agree_on_messages_with_a_change(
        mut message in strategies::message(),
        edges in proptest::collection::vec((edge(), any::<prop::sample::Index>()), 0..3),
    ) {
        // A driver does not say which way a message goes.
        message.direction = None;
        let mut json = serde_json::to_value(&message)?;
        for (value, at) in edges {
            let mut pointers = Vec::new();
            places(&json, String::new(), &mut pointers);
            let pointer: &String = at.get(&pointers);
            if let Some(place) = json.pointer_mut(pointer) {
                *place = value;
            }
        }
        if let Ok(message) = serde_json::from_value::<Message>(json) {
            agree(&message)?;
        }
    }

    #[test]
    fn schema_and_validator_agree_on_the_catalogue(
        mut message in strategies::message(),
        name in proptest::sample::select(CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>()),
        kind in proptest::sample::select(vec![Kind::Command, Kind::Request, Kind::Notification]),
        member in "status|at|reason|code|text|on|ready|address|externalId|mode|name|arguments|outcome|agent|opened",
        (first, second) in (edge(), edge()),
        fitting in proptest::option::of(proptest::sample::select(vec![
            json!({"status": "read", "at": "2026-11-22T16:04:05.123Z"}), json!({"reason": ""}), json!({"on": true}),
            json!({"externalId": "SM1"}), json!({"address": "a", "scope": "b", "out": false}), json!({"ready": true}),
            json!({"name": "n", "arguments": {}}), json!({"outcome": null}), json!({"code": "a", "text": "b"}),
        ])),
    ) {
        message.interaction.kind = kind;
        message.interaction.name = name.to_owned();
        message.interaction.arguments = fitting.unwrap_or_else(|| first.clone());
        agree(&message)?;
        if let Some(members) = message.interaction.arguments.as_object_mut() {
            members.insert(member, second);
        }
        agree(&message)?;
    }
}

/// Texts near the edge of a form: mostly right, wrong in one place at most.
fn nearly(right: &'static str, stray: &'static str) -> impl Strategy<Value = String> {
    let strayed = (right, stray, any::<prop::sample::Index>()).prop_map(|(text, stray, at)| {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (before, after) = text.split_at(*at.get(&places));
        format!("{before}{stray}{after}")
    });
    prop_oneof![right, strayed]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..strategies::config() })]

    #[test]
    fn schema_and_validator_agree_on_forms(
        language in nearly("([xXiI]|[A-Za-z]{1,9})(-[A-Za-z0-9]{1,9}){0,3}", "[-_ é\n1]"),
        media in nearly("[a-zA-Z0-9!#$&^_.+-]{1,3}/[a-zA-Z0-9!#$&^_.+-]{1,3} {0,2}(; ?[a-z=]{0,3})?", "[ -/:-@\n\u{a0}]"),
        name in nearly("[a-z0-9._-]{1,4}", "[ -/:-@A-Z\n\u{a0}é]"),
        id in nearly("\\PC{1,3}", "[\u{0}-\u{1f}\u{7f}-\u{a0}\u{2028}]"),
        key in "(agent|workItem|WORK-ITEM|customer|priority)(-|_|s|Id|_id|info|\n| )?",
    ) {
        let agree_with = |pointer: &str, value: &str| {
            let mut json = sample();
            match (json.pointer_mut(pointer), pointer) {
                (Some(arguments), "/interaction/arguments") => *arguments = json!({value: {"in": {value: 1}}}),
                (Some(attributes), "/attributes") => *attributes = json!({value: value}),
                (Some(place), _) => *place = value.into(),
                (None, _) => return Err(TestCaseError::fail(format!("no {pointer}"))),
            }
            agree(&serde_json::from_value(json)?)
        };
        agree_with("/workItem/language", &language)?;
        agree_with("/parts/0/language", &language)?;
        agree_with("/parts/1/mediaType", &media)?;
        agree_with("/mediaType", &name)?;
        agree_with("/interaction/name", &name)?;
        agree_with("/parts/2/name", &name)?;
        agree_with("/eventId", &id)?;
        agree_with("/workItem/customer/aliases/0", &id)?;
        agree_with("/attributes", &id)?;
        agree_with("/interaction/arguments", &key)?;
    }
}
