//! Forms of ids, names, words and JSON.

use super::*;

#[test]
fn json_is_i_json() {
    let safe = 9_007_199_254_740_991_i64;
    for fits in [json!(safe), json!(-safe), json!(1.5), json!(1e300), json!(-0.0), json!(5e-324)] {
        assert_eq!(check(other("notification", "telegraph.stop", json!({"n": fits}))), Ok(()), "{fits}");
    }
    for unfit in [json!(safe + 1), json!(-safe - 1), json!(u64::MAX), json!(i64::MIN), json!(1e20), json!(-1e16)] {
        let refusal = refused(other("notification", "telegraph.stop", json!({"list": [unfit]})));
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
        message["parts"] = json!([{"type": "structured", "name": "location", "values": values, "fallback": ""}]);
        message
    };
    assert_eq!(check(part(json!({"latitude": 1.5}))), Ok(()));
    assert_eq!(refused(part(json!("here"))), invalid("/parts/0/values"));
    assert_eq!(refused(part(json!({"n": u64::MAX}))), invalid("/parts/0/values/n"));
}

#[test]
fn control_characters_are_refused_in_ids_keys_and_addresses() {
    for bad in ["a\nb", "\u{0}", "x\u{7f}", "y\u{85}"] {
        for pointer in ["/eventId", "/externalId", "/workItem/conversation", "/workItem/customer/address"] {
            assert_eq!(refused(with(pointer, json!(bad))), invalid(pointer));
        }
        assert_eq!(refused(with("/workItem/customer/aliases", json!([bad]))), invalid("/workItem/customer/aliases/0"));
        assert_eq!(refused(with("/attributes", json!({bad: "x"}))).0, "invalid");
        assert_eq!(check(with("/workItem/subject", json!(bad))), Ok(()), "text for people is left as it is");
    }
    assert_eq!(check(with("/workItem/conversation", json!("Grüße, 你好 😀"))), Ok(()));
}

#[test]
fn names_have_the_letters_of_the_specification() {
    for bad in ["Telegraph", "tele graph", "télégraphe", "a/b", "a.b"] {
        assert_eq!(refused(with("/mediaType", json!(bad))), invalid("/mediaType"));
    }
    for bad in ["Telegraph.stop", "a/b", "a b"] {
        assert_eq!(refused(other("command", bad, json!({}))), invalid("/interaction/name"));
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
    assert_eq!(refused(attachment("ready", "attached", Value::Null)), invalid("/parts/0/blob"));
    assert_eq!(refused(attachment("gone", "attached", blob())), invalid("/parts/0/state"));
    assert_eq!(refused(attachment("ready", "below", blob())), invalid("/parts/0/disposition"));
    let mut rich = request();
    rich["parts"][0]["format"] = json!("rtf");
    assert_eq!(refused(rich), invalid("/parts/0/format"));
    assert_eq!(refused(with("/agent", json!({"id": "ana", "presence": "asleep"}))), invalid("/agent/presence"));
    let connection = json!({"state": "fine", "userAction": false});
    assert_eq!(refused(with("/connection", connection)), invalid("/connection/state"));
    assert_eq!(refused(with("/workItem/state", json!("lost"))), invalid("/workItem/state"));
    assert_eq!(refused(with("/queue", json!({"id": "support", "position": 0}))), invalid("/queue/position"));
}

#[test]
fn languages_and_media_types_have_their_form() {
    for good in ["es", "pt-BR", "zh-Hant-TW", "x-klingon", "i-default", "de-CH-1996", "sl-rozaj-biske-1994"] {
        assert_eq!(check(with("/workItem/language", json!(good))), Ok(()), "{good}");
    }
    for bad in ["", "e", "pt_BR", "-", "es-", "x", "x-", "123", "español", "en--US", "en-overlylong1"] {
        assert_eq!(refused(with("/workItem/language", json!(bad))), invalid("/workItem/language"), "{bad}");
    }
    assert_eq!(refused(with("/workItem/language", json!("en-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q"))).0, "limit");
    let typed = |media_type: &str| {
        let mut message = request();
        message["parts"] = json!([{"type": "attachment", "mediaType": media_type, "state": "pending"}]);
        message
    };
    for good in ["image/jpeg", "application/vnd.api+json", "text/plain; charset=utf-8"] {
        assert_eq!(check(typed(good)), Ok(()), "{good}");
        assert!(is_content_type(good), "{good}");
    }
    for bad in ["", "image", "image/", "/png", "a b/c", "image/png/x", "a/b\n", "text/plain\u{a0}"] {
        assert!(!is_content_type(bad), "{bad}");
        assert_eq!(refused(typed(bad)), invalid("/parts/0/mediaType"), "{bad}");
    }
}

#[test]
fn a_key_of_attributes_is_there_once() {
    let mut message: Message = serde_json::from_value(request()).unwrap();
    message.attributes.0 = vec![("a/b".to_owned(), "1".to_owned()), ("a/b".to_owned(), "1".to_owned())];
    let refusal = validate(&message).err().map(|invalid| (invalid.code, invalid.pointer));
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
