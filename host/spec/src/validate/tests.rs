use super::*;
use crate::interaction::{Reply, find};
use crate::{Kind, schema, strategies};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A support request that is as it should be.
fn request() -> Value {
    json!({
        "eventId": "SM1", "mediaType": "telegraph", "parts": [{"type": "text", "text": "hello", "attributes": {}}],
        "workItem": {"conversation": "c", "customer": {"address": "a"}, "attributes": {}},
        "interaction": {"kind": "request", "name": "support-request", "arguments": {}},
        "attributes": {},
    })
}

fn other(kind: &str, name: &str, arguments: Value) -> Value {
    let mut message = request();
    message["interaction"] = json!({"kind": kind, "name": name, "arguments": arguments});
    message
}

fn with(pointer: &str, value: Value) -> Value {
    let mut message = request();
    let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
    let place = message
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no {parent}"));
    match place {
        Value::Array(items) => items.push(value),
        place => place[key] = value,
    }
    message
}

fn check(message: Value) -> Result<(), Invalid> {
    validate(
        &serde_json::from_value(message.clone())
            .unwrap_or_else(|error| panic!("{error}: {message:#}")),
    )
}

/// Code and pointer of the refusal; its text is there and ends as a sentence part, not in a full stop.
fn refused(message: Value) -> (&'static str, String) {
    match check(message.clone()) {
        Ok(()) => panic!("accepted: {message:#}"),
        Err(invalid) => {
            assert!(
                invalid.text.len() > 20 && !invalid.text.ends_with('.'),
                "{invalid}"
            );
            assert!(invalid.text.len() < 400, "{invalid}");
            (invalid.code, invalid.pointer)
        }
    }
}

fn invalid(pointer: &str) -> (&'static str, String) {
    ("invalid", pointer.to_owned())
}

fn limit(pointer: &str) -> (&'static str, String) {
    ("limit", pointer.to_owned())
}

#[test]
fn a_support_request_with_work_item_and_interaction_is_accepted() {
    assert_eq!(check(request()), Ok(()));
    assert_eq!(check(with("/agent", json!({"id": "ana"}))), Ok(()));
    assert_eq!(
        check(other(
            "request",
            "support-request",
            json!({"intent": "billing", "later": 1})
        )),
        Ok(())
    );
}

#[test]
fn a_support_request_needs_work_item_or_agent() {
    let missing = ("missing-crm-information", "/workItem".to_owned());
    assert_eq!(refused(with("/workItem", Value::Null)), missing);
    let mut queue_only = with("/workItem", Value::Null);
    queue_only["queue"] = json!({"id": "support"});
    assert_eq!(refused(queue_only), missing);
    let mut agent_only = with("/workItem", Value::Null);
    agent_only["agent"] = json!({"id": "ana"});
    assert_eq!(
        refused(agent_only),
        invalid("/workItem"),
        "there is no conversation to open or join"
    );
}

#[test]
fn a_support_request_is_a_request_with_event_id_and_conversation() {
    for kind in ["command", "notification"] {
        assert_eq!(
            refused(other(kind, "support-request", json!({}))),
            invalid("/interaction/kind")
        );
    }
    assert_eq!(refused(with("/eventId", Value::Null)), invalid("/eventId"));
    assert_eq!(refused(with("/eventId", json!(""))), invalid("/eventId"));
    assert_eq!(
        refused(with("/workItem/conversation", json!(""))),
        invalid("/workItem/conversation")
    );
}

#[test]
fn any_other_message_needs_one_piece_of_crm_information() {
    let bare = |arguments: Value| {
        let mut message = other("notification", "typing", arguments);
        message["workItem"] = Value::Null;
        message
    };
    assert_eq!(
        refused(bare(json!({"on": true}))),
        ("missing-crm-information", String::new())
    );
    let pieces = [
        ("workItem", request()["workItem"].clone()),
        ("agent", json!({"id": "ana"})),
        ("queue", json!({"id": "support"})),
        ("statistics", json!({"name": "waiting", "values": {}})),
        (
            "connection",
            json!({"state": "connected", "userAction": false}),
        ),
        ("rule", json!({"name": "hours"})),
    ];
    for (name, piece) in pieces {
        let mut message = bare(json!({"on": true}));
        message[name] = piece;
        assert_eq!(check(message), Ok(()), "{name}");
    }
}

#[test]
fn a_message_without_an_interaction_is_refused() {
    for name in ["", " "] {
        let refusal = refused(other("request", name, json!({})));
        assert_eq!(
            refusal,
            ("missing-interaction", "/interaction/name".to_owned())
        );
    }
}

#[test]
fn fields_of_work_item_and_agent_are_refused_inside_the_interaction() {
    for key in [
        "workItem",
        "work-item",
        "work_item_id",
        "WORKITEMINFO",
        "agent",
        "agentId",
        "agent-info",
    ] {
        let inside = (
            "crm-in-interaction",
            format!("/interaction/arguments/{key}"),
        );
        assert_eq!(
            refused(other("request", "support-request", json!({key: null}))),
            inside
        );
        assert_eq!(
            refused(other("notification", "telegraph.stop", json!({key: {}}))),
            inside
        );
        let deep = other(
            "notification",
            "telegraph.stop",
            json!({"a/b": [1, {"c": {key: 1}}]}),
        );
        assert_eq!(
            refused(deep).1,
            format!("/interaction/arguments/a~1b/1/c/{key}")
        );
    }
    for key in [
        "customer",
        "Conversation",
        "subject",
        "priority",
        "language",
    ] {
        let inside = (
            "crm-in-interaction",
            format!("/interaction/arguments/{key}"),
        );
        assert_eq!(
            refused(other("request", "support-request", json!({key: "x"}))),
            inside
        );
        assert_eq!(
            check(other("notification", "telegraph.stop", json!({key: "x"}))),
            Ok(()),
            "only of a support request"
        );
    }
    assert_eq!(
        check(other(
            "request",
            "support-request",
            json!({"workItems": 1, "reagent": "x"})
        )),
        Ok(())
    );
}

#[test]
fn a_command_of_the_drivers_own_may_have_any_arguments() {
    assert_eq!(
        check(other(
            "command",
            "invoke",
            json!({"name": "dtmf", "arguments": {"agent": 1}})
        )),
        Ok(())
    );
    let beside = other(
        "command",
        "invoke",
        json!({"name": "dtmf", "arguments": {}, "agent": 1}),
    );
    assert_eq!(refused(beside).0, "crm-in-interaction");
}

/// The rule against work item and agent inside the interaction would be unfair if the catalogue broke it.
#[test]
fn no_record_of_the_catalogue_asks_for_what_is_refused() {
    fn keys(value: &Value, found: &mut Vec<String>) {
        if let Value::Object(members) = value {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| keys(member, found));
        }
    }
    for entry in crate::interaction::CATALOGUE.iter() {
        let schemas = schema::arguments_schema(entry.name)
            .into_iter()
            .chain(schema::reply_schema(entry.name));
        let mut found = Vec::new();
        schemas.for_each(|schema| keys(&schema, &mut found));
        for key in found {
            let message = other("notification", "telegraph.stop", json!({&key: null}));
            assert_eq!(check(message), Ok(()), "{}: {key}", entry.name);
        }
    }
}

#[test]
fn a_known_interaction_has_the_kind_and_the_arguments_of_the_catalogue() {
    let at = "2026-11-22T16:04:05.123Z";
    assert_eq!(
        check(other(
            "notification",
            "message.status",
            json!({"status": "read", "at": at})
        )),
        Ok(())
    );
    let wrong = other(
        "command",
        "message.status",
        json!({"status": "read", "at": at}),
    );
    assert_eq!(refused(wrong), invalid("/interaction/kind"));
    let missing = other("notification", "message.status", json!({"status": "read"}));
    assert_eq!(refused(missing), invalid("/interaction/arguments/at"));
    let number = other(
        "notification",
        "message.status",
        json!({"status": 5, "at": at}),
    );
    assert_eq!(refused(number), invalid("/interaction/arguments/status"));
    let commands = json!({"commands": [{"command": "work-item.suspend", "supported": true}]});
    let short = other("notification", "command.status-changed", commands);
    assert_eq!(
        refused(short),
        invalid("/interaction/arguments/commands/0/enabled")
    );
    assert_eq!(
        refused(other("notification", "typing", json!([]))),
        invalid("/interaction/arguments")
    );
    assert_eq!(
        refused(other("notification", "typing", json!(null))),
        invalid("/interaction/arguments")
    );
}

#[test]
fn a_refusal_of_arguments_does_not_repeat_their_values() {
    let message = other(
        "notification",
        "typing",
        json!({"on": "the customer's secret"}),
    );
    let text = check(message)
        .err()
        .map(|invalid| invalid.text)
        .unwrap_or_default();
    assert!(
        text.contains("typing") && !text.contains("secret"),
        "{text}"
    );
}

#[test]
fn a_reply_is_a_notification_with_the_name_of_its_request() {
    assert_eq!(
        find("work-item.offer").map(|entry| entry.reply),
        Some(Reply::Record("work-item-offer-reply"))
    );
    assert_eq!(
        check(other(
            "notification",
            "work-item.offer",
            json!({"ready": true})
        )),
        Ok(())
    );
    let unready = other("notification", "work-item.offer", json!({"ready": "soon"}));
    assert_eq!(refused(unready), invalid("/interaction/arguments/ready"));
    assert_eq!(
        check(other("request", "work-item.offer", json!({}))),
        Ok(())
    );
    assert_eq!(
        check(other("notification", "channel.health", json!({}))),
        Ok(())
    );
    assert_eq!(
        refused(other("notification", "work-item.accept", json!({}))),
        invalid("/interaction/kind")
    );
}

#[test]
fn an_unknown_interaction_of_any_kind_is_accepted() {
    for kind in ["command", "request", "notification"] {
        assert_eq!(
            check(other(
                kind,
                "telegraph.stop",
                json!({"dashes": [1, 2.5, null]})
            )),
            Ok(())
        );
        assert_eq!(check(other(kind, "no_such-thing", json!({}))), Ok(()));
    }
}

#[test]
fn every_limit_holds_to_the_byte() {
    let text = |bytes: usize| json!("x".repeat(bytes));
    let cases: &[(&str, usize, bool)] = &[
        ("/eventId", limits::ID, true),
        ("/externalId", limits::ID, true),
        ("/cause", limits::ID, true),
        ("/mediaType", limits::MEDIA_TYPE, true),
        ("/workItem/conversation", limits::ID, true),
        ("/workItem/subject", limits::LINE, false),
        ("/workItem/customer/address", limits::ID, true),
        ("/workItem/customer/name", limits::LINE, false),
        ("/workItem/customer/id", limits::ID, true),
        ("/interaction/name", limits::NAME, false),
        ("/interaction/trackingId", limits::ID, true),
        ("/interaction/inReplyTo", limits::ID, true),
        ("/parts/0/text", limits::TEXT, false),
        ("/attributes/key", limits::ATTRIBUTE, false),
        ("/workItem/attributes/key", limits::ATTRIBUTE, false),
    ];
    for (pointer, most, filled) in cases {
        let fits = if *pointer == "/parts/0/text" {
            let mut message = request();
            message["parts"][0]["text"] = text(*most);
            message
        } else {
            with(pointer, text(*most))
        };
        assert_eq!(check(fits), Ok(()), "{pointer}");
        let mut long = request();
        if *pointer == "/parts/0/text" {
            long["parts"][0]["text"] = text(most + 1);
        } else {
            long = with(pointer, text(most + 1));
        }
        assert_eq!(refused(long), limit(pointer));
        if *filled {
            assert_eq!(refused(with(pointer, json!(""))), invalid(pointer));
        }
    }
}

#[test]
fn the_text_of_a_limit_has_the_number_and_what_was_found() {
    let refusal = check(with("/workItem/subject", json!("é".repeat(600))));
    let text = refusal
        .err()
        .map(|invalid| invalid.to_string())
        .unwrap_or_default();
    assert!(
        text.starts_with("/workItem/subject: 1200 bytes, at most 1024"),
        "{text}"
    );
}

#[test]
fn counts_are_limited() {
    let mut message = request();
    message["parts"] = Value::Array(vec![
        json!({"type": "text", "text": "x", "attributes": {}});
        limits::PARTS
    ]);
    assert_eq!(check(message.clone()), Ok(()));
    message["parts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "text", "text": "x", "attributes": {}}));
    assert_eq!(refused(message), limit("/parts"));

    let aliases =
        |count: usize| json!((0..count).map(|n| format!("alias {n}")).collect::<Vec<_>>());
    assert_eq!(
        check(with("/workItem/customer/aliases", aliases(limits::ALIASES))),
        Ok(())
    );
    let many = with("/workItem/customer/aliases", aliases(limits::ALIASES + 1));
    assert_eq!(refused(many), limit("/workItem/customer/aliases"));

    let pairs = |count: usize| {
        Value::Object(
            (0..count)
                .map(|n| (format!("key{n}"), json!("x")))
                .collect(),
        )
    };
    assert_eq!(
        check(with("/workItem/attributes", pairs(limits::ATTRIBUTES))),
        Ok(())
    );
    assert_eq!(
        refused(with("/workItem/attributes", pairs(limits::ATTRIBUTES + 1))),
        limit("/workItem/attributes")
    );

    assert_eq!(
        check(with("/workItem/priority", json!(limits::PRIORITY))),
        Ok(())
    );
    assert_eq!(
        refused(with("/workItem/priority", json!(limits::PRIORITY + 1))),
        limit("/workItem/priority")
    );
}

#[test]
fn arguments_are_limited_in_bytes_and_depth() {
    let sized = |bytes: usize| {
        other(
            "notification",
            "telegraph.stop",
            json!({"x": "y".repeat(bytes - 8)}),
        )
    };
    assert_eq!(check(sized(limits::ARGUMENTS)), Ok(()));
    assert_eq!(
        refused(sized(limits::ARGUMENTS + 1)),
        limit("/interaction/arguments")
    );
    let escaped = other(
        "notification",
        "telegraph.stop",
        json!({"x": "\u{1}".repeat(limits::ARGUMENTS / 6)}),
    );
    assert_eq!(
        refused(escaped),
        limit("/interaction/arguments"),
        "counted as JSON"
    );

    let deep = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    assert_eq!(
        check(other("notification", "telegraph.stop", deep(limits::DEPTH))),
        Ok(())
    );
    let too_deep = other("notification", "telegraph.stop", deep(limits::DEPTH + 1));
    assert_eq!(
        refused(too_deep),
        limit(&format!(
            "/interaction/arguments{}",
            "/a".repeat(limits::DEPTH)
        ))
    );
    let abyss = other("notification", "telegraph.stop", deep(500));
    assert_eq!(refused(abyss).0, "limit", "and the stack holds");
}

#[test]
fn the_whole_message_is_limited_in_canonical_json() {
    let sized = |texts: usize, last: usize, filler: &str| {
        let mut parts =
            vec![json!({"type": "text", "text": filler.repeat(200_000), "attributes": {}}); texts];
        parts.push(json!({"type": "text", "text": "x".repeat(last), "attributes": {}}));
        let mut message = request();
        message["parts"] = Value::Array(parts);
        message
    };
    let length = |message: Value| {
        let message: Message = serde_json::from_value(message).unwrap();
        canonical::to_json(&message).unwrap().len()
    };
    let room = limits::MESSAGE - length(sized(5, 0, "x"));
    assert_eq!(check(sized(5, room, "x")), Ok(()));
    assert_eq!(refused(sized(5, room + 1, "x")), ("limit", String::new()));
    assert_eq!(
        refused(sized(1, 0, "\u{1}")),
        ("limit", String::new()),
        "as it is escaped"
    );
    assert_eq!(refused(sized(50, 0, "x")), ("limit", String::new()));
}

#[test]
fn json_is_i_json() {
    let safe = 9_007_199_254_740_991_i64;
    for fits in [
        json!(safe),
        json!(-safe),
        json!(1.5),
        json!(1e300),
        json!(-0.0),
        json!(5e-324),
    ] {
        assert_eq!(
            check(other("notification", "telegraph.stop", json!({"n": fits}))),
            Ok(()),
            "{fits}"
        );
    }
    for unfit in [
        json!(safe + 1),
        json!(-safe - 1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e20),
        json!(-1e16),
    ] {
        let refusal = refused(other(
            "notification",
            "telegraph.stop",
            json!({"list": [unfit]}),
        ));
        assert_eq!(refusal, invalid("/interaction/arguments/list/0"));
    }
}

#[test]
fn values_of_statistics_and_structured_parts_are_objects() {
    let mut message = request();
    message["statistics"] = json!({"name": "waiting", "values": [1]});
    assert_eq!(refused(message), invalid("/statistics/values"));
    let part = |values: Value| {
        let mut message = request();
        message["parts"] =
            json!([{"type": "structured", "name": "location", "values": values, "fallback": ""}]);
        message
    };
    assert_eq!(check(part(json!({"latitude": 1.5}))), Ok(()));
    assert_eq!(refused(part(json!("here"))), invalid("/parts/0/values"));
    assert_eq!(
        refused(part(json!({"n": u64::MAX}))),
        invalid("/parts/0/values/n")
    );
}

#[test]
fn control_characters_are_refused_in_ids_keys_and_addresses() {
    for bad in ["a\nb", "\u{0}", "x\u{7f}", "y\u{85}"] {
        for pointer in [
            "/eventId",
            "/externalId",
            "/workItem/conversation",
            "/workItem/customer/address",
        ] {
            assert_eq!(refused(with(pointer, json!(bad))), invalid(pointer));
        }
        assert_eq!(
            refused(with("/workItem/customer/aliases", json!([bad]))),
            invalid("/workItem/customer/aliases/0")
        );
        assert_eq!(refused(with("/attributes", json!({bad: "x"}))).0, "invalid");
        assert_eq!(
            check(with("/workItem/subject", json!(bad))),
            Ok(()),
            "text for people is left as it is"
        );
    }
    assert_eq!(
        check(with("/workItem/conversation", json!("Grüße, 你好 😀"))),
        Ok(())
    );
}

#[test]
fn names_have_the_letters_of_the_specification() {
    for bad in ["Telegraph", "tele graph", "télégraphe", "a/b", "a.b"] {
        assert_eq!(
            refused(with("/mediaType", json!(bad))),
            invalid("/mediaType")
        );
    }
    for bad in ["Telegraph.stop", "a/b", "a b"] {
        assert_eq!(
            refused(other("command", bad, json!({}))),
            invalid("/interaction/name")
        );
    }
}

#[test]
fn listed_words_are_checked() {
    let attachment = |state: &str, disposition: &str, blob: Value| {
        let mut message = request();
        message["parts"] = json!([{
            "type": "attachment", "mediaType": "image/png", "state": state, "disposition": disposition, "blob": blob,
        }]);
        message
    };
    let blob = || json!(canonical::Digest::of(b"x"));
    assert_eq!(check(attachment("ready", "attached", blob())), Ok(()));
    assert_eq!(check(attachment("pending", "inline", Value::Null)), Ok(()));
    assert_eq!(
        refused(attachment("ready", "attached", Value::Null)),
        invalid("/parts/0/blob")
    );
    assert_eq!(
        refused(attachment("gone", "attached", blob())),
        invalid("/parts/0/state")
    );
    assert_eq!(
        refused(attachment("ready", "below", blob())),
        invalid("/parts/0/disposition")
    );
    let mut rich = request();
    rich["parts"][0]["format"] = json!("rtf");
    assert_eq!(refused(rich), invalid("/parts/0/format"));
    assert_eq!(
        refused(with("/agent", json!({"id": "ana", "presence": "asleep"}))),
        invalid("/agent/presence")
    );
    let connection = json!({"state": "fine", "userAction": false});
    assert_eq!(
        refused(with("/connection", connection)),
        invalid("/connection/state")
    );
    assert_eq!(
        refused(with("/workItem/state", json!("lost"))),
        invalid("/workItem/state")
    );
    assert_eq!(
        refused(with("/queue", json!({"id": "support", "position": 0}))),
        invalid("/queue/position")
    );
}

#[test]
fn languages_and_media_types_have_their_form() {
    for good in [
        "es",
        "pt-BR",
        "zh-Hant-TW",
        "x-klingon",
        "i-default",
        "de-CH-1996",
        "sl-rozaj-biske-1994",
    ] {
        assert_eq!(
            check(with("/workItem/language", json!(good))),
            Ok(()),
            "{good}"
        );
    }
    for bad in [
        "",
        "e",
        "pt_BR",
        "-",
        "es-",
        "x",
        "x-",
        "123",
        "español",
        "en--US",
        "en-overlylong1",
    ] {
        assert_eq!(
            refused(with("/workItem/language", json!(bad))),
            invalid("/workItem/language"),
            "{bad}"
        );
    }
    assert_eq!(
        refused(with(
            "/workItem/language",
            json!("en-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q")
        ))
        .0,
        "limit"
    );
    let typed = |media_type: &str| {
        let mut message = request();
        message["parts"] =
            json!([{"type": "attachment", "mediaType": media_type, "state": "pending"}]);
        message
    };
    for good in [
        "image/jpeg",
        "application/vnd.api+json",
        "text/plain; charset=utf-8",
    ] {
        assert_eq!(check(typed(good)), Ok(()), "{good}");
    }
    for bad in [
        "",
        "image",
        "image/",
        "/png",
        "a b/c",
        "image/png/x",
        "a/b\n",
    ] {
        assert_eq!(refused(typed(bad)), invalid("/parts/0/mediaType"), "{bad}");
    }
}

#[test]
fn a_key_of_attributes_is_there_once() {
    let mut message: Message = serde_json::from_value(request()).unwrap();
    message.attributes.0 = vec![
        ("a/b".to_owned(), "1".to_owned()),
        ("a/b".to_owned(), "1".to_owned()),
    ];
    let refusal = validate(&message)
        .err()
        .map(|invalid| (invalid.code, invalid.pointer));
    assert_eq!(refusal, Some(invalid("/attributes/a~1b")));
}

#[test]
fn what_the_server_stamps_is_not_looked_at() {
    let mut message = with("/id", json!("made\nup"));
    message["channel"] = json!("");
    message["driver"] = json!("x".repeat(1000));
    message["workItem"]["id"] = json!("\u{0}");
    assert_eq!(check(message), Ok(()));
}

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
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| places(item, format!("{at}/{i}"), found)),
        _ => {}
    }
    found.push(at);
}
