//! What holds for all messages.

use super::super::{crm, fields};
use super::*;
use crate::{Kind, strategies};
use proptest::prelude::*;

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn what_a_driver_may_push_is_accepted(message in strategies::message()) {
        // Keys that any text may be by chance.
        let clash = crm::apart(&message).is_err();
        prop_assert_eq!(validate(&message).is_ok(), !clash);
    }

    #[test]
    fn the_estimate_of_a_length_is_never_too_small(message in strategies::stamped()) {
        let estimate = fields::check(&message);
        prop_assert!(estimate.is_ok(), "{:?}", estimate);
        prop_assert!(estimate.unwrap_or_default().most() >= length(&message));
    }

    #[test]
    fn no_json_panics(
        message in strategies::message(),
        value in strategies::value(),
        path in any::<prop::sample::Index>(),
    ) {
        let mut json = serde_json::to_value(&message)?;
        let mut pointers = Vec::new();
        places(&json, String::new(), &mut pointers);
        let pointer: &String = path.get(&pointers);
        if let Some(place) = json.pointer_mut(pointer) {
            *place = value.clone();
        }
        for json in [json, value] {
            if let Ok(message) = serde_json::from_value::<Message>(json) {
                let first = validate(&message);
                prop_assert_eq!(validate(&message), first);
            }
        }
    }

    #[test]
    fn no_name_kind_and_arguments_panic(
        name in prop::sample::select(crate::interaction::CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>()),
        kind in prop::sample::select(vec![Kind::Command, Kind::Request, Kind::Notification]),
        arguments in strategies::value(),
        mut message in strategies::message(),
    ) {
        message.interaction.kind = kind;
        message.interaction.name = name.to_owned();
        message.interaction.arguments = arguments;
        if let Err(invalid) = validate(&message) {
            prop_assert!(invalid.pointer.starts_with("/interaction"), "{}", invalid);
        }
    }
}

fn places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            places(member, format!("{at}/{key}"), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| places(item, format!("{at}/{i}"), found)),
        _ => {}
    }
    found.push(at);
}
