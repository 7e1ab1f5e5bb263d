//! What customers write.

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Part, Response, Timer, Webhook};
use meta_common::testing::signed;
use proptest::prelude::*;

use super::{change, driver, message, one, received};

fn structured(driver: &crate::WhatsAppDriver, fields: &str) -> (String, String, String) {
    match one(driver, fields).parts.remove(0) {
        Part::Structured(part) => (part.name, part.values, part.fallback),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_becomes_a_support_request() {
    let driver = driver();
    let asked = one(&driver, r#""type":"text","text":{"body":" Does it come in \u00e4nother colour? "}"#);
    assert_eq!((asked.interaction.name.as_str(), asked.interaction.arguments.as_str()), ("support-request", "{}"));
    assert_eq!((asked.event_id.as_deref(), asked.external_id.as_deref()), (Some("wamid.1"), Some("wamid.1")));
    assert_eq!(
        (asked.text().as_str(), asked.occurred_at),
        (" Does it come in änother colour? ", Some(1_795_305_600_000))
    );
    let item = asked.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("16505551234", "16505551234"));
    assert_eq!(item.customer.name.as_deref(), Some("Sheena Nelson"));
    assert_eq!(item.attributes, [("whatsapp.number".into(), "15550783881".into())]);
}

#[test]
fn agents_see_until_when_they_may_answer() {
    let driver = driver();
    let text = |id: &str, at: u64| {
        let value = format!(
            r#""messages":[{{"from":"1650","id":"{id}","timestamp":"{at}","type":"text","text":{{"body":"x"}}}}]"#
        );
        received(&driver, &change("messages", &value))
    };
    let told = text("wamid.1", 1_795_305_000).remove(1);
    assert_eq!(
        (told.interaction.name.as_str(), told.event_id.as_deref()),
        ("command.status-changed", Some("wamid.1/window"))
    );
    let arguments = &told.interaction.arguments;
    assert!(arguments.contains(r#""command":"message.send","supported":true,"enabled":true"#), "{arguments}");
    assert!(arguments.contains(r#""until":"2026-11-22T23:50:00.000Z""#), "{arguments}");
    // An older message that comes late changes nothing.
    assert_eq!(text("wamid.0", 1_795_304_000).len(), 1);
    native::with(|host| host.store.clear());
    let arguments = text("wamid.2", 1_600_000_000).remove(1).interaction.arguments;
    assert!(arguments.contains(r#""enabled":false"#) && arguments.contains(r#""until":"2020-09-14T"#), "{arguments}");
}

#[test]
fn quotes_and_advertisements_are_kept() {
    let driver = driver();
    let asked = one(
        &driver,
        r#""context":{"from":"15550783881","id":"wamid.0","forwarded":true,"referred_product":{"catalog_id":"1","product_retailer_id":"SKU"}},
        "referral":{"source_url":"https://fb.me/x","source_type":"ad","source_id":"120","headline":"Chat with us","ctwa_clid":"Aff"},
        "type":"text","text":{"body":"x"}"#,
    );
    assert_eq!(asked.interaction.arguments, r#"{"replyTo":"wamid.0"}"#);
    let has = |key: &str, value: &str| asked.attributes.contains(&(key.into(), value.into()));
    assert!(has("whatsapp.referral.ctwa_clid", "Aff") && has("whatsapp.referral.headline", "Chat with us"));
    assert!(has("whatsapp.product.product_retailer_id", "SKU") && has("whatsapp.context.forwarded", "true"));
}

#[test]
fn wrong_types_never_lose_what_somebody_said() {
    let driver = driver();
    assert_eq!(one(&driver, r#""type":"text","text":{"body":["what was said"]}"#).text(), r#"["what was said"]"#);
    for fields in [
        r#""type":"text","text":{"body":null,"was":"said"}"#,
        r#""type":"text","text":"said""#,
        r#""type":"contacts","contacts":[],"was":"said""#,
        r#""type":"contacts","contacts":"said""#,
        r#""type":"image","image":"said""#,
    ] {
        let (name, values, _) = structured(&driver, fields);
        assert!(name.starts_with("whatsapp.") && values.contains("said"), "{fields}: {name} {values}");
    }
    for odd in [r#""messages":{"text":"said"}"#, r#""messages":"said""#, r#""messages":[],"statuses":7"#] {
        assert!(received(&driver, &change("messages", odd)).is_empty());
        assert_eq!(native::with(|host| host.set_aside.drain(..).count()), 1, "{odd}");
    }
    assert!(received(&driver, &change("messages", r#""messages":null,"statuses":[]"#)).is_empty());
    assert!(native::with(|host| host.set_aside.is_empty()), "there is nothing in it");
}

#[test]
fn files_are_pending_and_fetched_by_their_id() {
    let driver = driver();
    for kind in ["image", "video", "audio", "voice", "document", "sticker"] {
        let parts =
            one(&driver, &format!(r#""type":"{kind}","{kind}":{{"id":"77","mime_type":"application/pdf"}}"#)).parts;
        let [Part::Attachment(part)] = &parts[..] else { panic!("{kind}: {parts:?}") };
        assert_eq!((part.state.as_str(), part.name.as_deref()), ("pending", Some(format!("{kind}.pdf").as_str())));
        native::with(|host| host.timers.clear());
    }
    let asked = one(
        &driver,
        r#""type":"document","document":{"id":"4490","mime_type":"image/png","filename":"a \"b\".png","caption":"look","sha256":"x"}"#,
    );
    assert_eq!((asked.parts.len(), asked.text().as_str()), (2, "look"));
    let timer = native::with(|host| host.timers.remove(0));
    // SHA-256 of `bytes`.
    let digest = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";
    let answers = |sha256: &'static str| {
        move |sent: &native::SentRequest| {
            assert_eq!(
                jackfield_sdk::header_of(&sent.headers, "authorization").next(),
                Some(b"Bearer EAAtoken".as_slice())
            );
            if sent.url == "https://graph.facebook.com/v23.0/4490?phone_number_id=106540352242922" {
                let url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=4490";
                let answer = format!(
                    r#"{{"url":"{url}","mime_type":"image/png","sha256":"{sha256}","file_size":5,"id":"4490"}}"#
                );
                return Ok(Response::json(200, answer));
            }
            assert!(sent.url.starts_with("https://lookaside.fbsbx.com/") && sent.to_blob, "{sent:?}");
            Ok(Response::new(200, "image/png", "bytes"))
        }
    };
    native::with(|host| {
        host.http = Some(Box::new(answers("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")))
    });
    let error = driver.fired(native::expiry(&timer, 1)).expect_err("another file");
    assert_eq!((error.code.as_str(), error.text.contains("SHA-256")), ("temporary", true));
    native::with(|host| host.http = Some(Box::new(answers(digest))));
    driver.fired(native::expiry(&timer, 2)).expect("fetched");
    let changed = pushed().remove(0);
    assert_eq!(
        (changed.interaction.name.as_str(), changed.external_id.as_deref()),
        ("message.changed", Some("wamid.1"))
    );
    let part = changed.attachments().next().expect("the file");
    assert_eq!((part.state.as_str(), part.blob.as_deref()), ("ready", Some(format!("sha256-{digest}").as_str())));
    assert_eq!(changed.text(), "look");
}

#[test]
fn what_is_no_text_is_structured() {
    let driver = driver();
    let location = structured(
        &driver,
        r#""type":"location","location":{"latitude":37.44,"longitude":-122.16,"name":"Philz Coffee","address":"101 Forest Ave"}"#,
    );
    assert_eq!(location.0, "location");
    assert_eq!(
        location.1,
        r#"{"latitude":37.44,"longitude":-122.16,"name":"Philz Coffee","address":"101 Forest Ave"}"#
    );
    assert_eq!(location.2, "Philz Coffee\n101 Forest Ave\n37.44, -122.16");
    let contact = structured(
        &driver,
        r#""type":"contacts","contacts":[{"name":{"formatted_name":"Barbara J"},"phones":[{"phone":"+1555","type":"MOBILE"}],"emails":[{"email":"b@x.net"}]}]"#,
    );
    assert_eq!(contact.1, r#"{"name":"Barbara J","phones":["+1555"],"emails":["b@x.net"]}"#);
    let order = structured(
        &driver,
        r#""type":"order","order":{"catalog_id":"19","text":"please","product_items":[{"product_retailer_id":"di9","quantity":2,"item_price":30,"currency":"USD"}]}"#,
    );
    assert_eq!((order.0.as_str(), order.2.as_str()), ("whatsapp.order", "An order:\n2 x di9 at 30 USD"));
    let unsupported = structured(
        &driver,
        r#""type":"unsupported","errors":[{"code":131051,"title":"Message type unknown","message":"Message type unknown","error_data":{"details":"Message type is currently not supported."}}]"#,
    );
    assert_eq!(unsupported.0, "whatsapp.unsupported");
    assert!(unsupported.2.contains("currently not supported"), "{}", unsupported.2);
    let unknown = structured(&driver, r#""type":"hologram","hologram":{"depth":3}"#);
    assert_eq!((unknown.0.as_str(), unknown.1.as_str()), ("whatsapp.hologram", r#"{"depth":3}"#));
    assert_eq!(structured(&driver, r#""type":"ä b","text":1"#).0, "whatsapp.unknown");
}

#[test]
fn choices_have_an_intent() {
    let driver = driver();
    for (fields, id, title) in [
        (
            r#""type":"button","button":{"payload":"Unsubscribe","text":"Stop promotions"}"#,
            "Unsubscribe",
            "Stop promotions",
        ),
        (
            r#""type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"priority","title":"Priority Mail","description":"1-3 days"}}"#,
            "priority",
            "Priority Mail",
        ),
        (
            r#""type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"cancel","title":"Cancel"}}"#,
            "cancel",
            "Cancel",
        ),
    ] {
        let asked = one(&driver, fields);
        assert_eq!(asked.interaction.arguments, format!(r#"{{"intent":"{id}"}}"#));
        assert_eq!(asked.text(), title);
    }
    let form = structured(
        &driver,
        r#""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"size\":\"L\"}"}}"#,
    );
    assert_eq!(form, ("whatsapp.form".into(), r#"{"size":"L"}"#.into(), "Sent".into()));
}

#[test]
fn reactions_edits_and_removals_are_about_another_message() {
    let driver = driver();
    let reaction = |emoji: &str| {
        one(&driver, &format!(r#""type":"reaction","reaction":{{"message_id":"wamid.0"{emoji}}}"#)).interaction
    };
    assert_eq!(reaction(r#","emoji":"👍""#).arguments, r#"{"externalId":"wamid.0","emoji":"👍"}"#);
    for gone in [r#","emoji":"""#, ""] {
        assert_eq!(reaction(gone).arguments, r#"{"externalId":"wamid.0","emoji":null}"#);
    }
    let edited = one(
        &driver,
        r#""type":"edit","edit":{"original_message_id":"wamid.0","message":{"context":{"id":"M0"},"type":"text","text":{"body":"better"}}}"#,
    );
    assert_eq!((edited.interaction.name.as_str(), edited.text().as_str()), ("message.changed", "better"));
    assert_eq!((edited.event_id.as_deref(), edited.external_id.as_deref()), (Some("wamid.1"), Some("wamid.0")));
    let removed = one(&driver, r#""type":"revoke","revoke":{"original_message_id":"wamid.0"}"#);
    assert_eq!(
        (removed.interaction.name.as_str(), removed.external_id.as_deref()),
        ("message.removed", Some("wamid.0"))
    );
}

#[test]
fn every_message_of_a_batch_is_handled_and_a_bad_one_set_aside() {
    let driver = driver();
    let text =
        |id: &str| format!(r#"{{"from":"1650","id":"{id}","timestamp":"1","type":"text","text":{{"body":"x"}}}}"#);
    let value = format!(r#""messages":[{},{{"type":"text"}},5,{}]"#, text("wamid.a"), text("wamid.b"));
    let ids: Vec<_> =
        received(&driver, &change("messages", &value)).into_iter().filter_map(|message| message.external_id).collect();
    assert_eq!(ids, ["wamid.a", "wamid.b"]);
    assert_eq!(native::with(|host| host.set_aside.len()), 2);

    let two = change("messages", &format!(r#""messages":[{}]"#, text("wamid.c")));
    let entry = &two[two.find("[{").expect("entries") + 1..two.len() - 2];
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{entry},{{"id":"x"}},{}]}}"#,
        entry.replace("wamid.c", "wamid.d")
    );
    assert_eq!(received(&driver, &body).iter().filter(|message| message.external_id.is_some()).count(), 2);
    assert_eq!(native::with(|host| host.set_aside.len()), 3);
}

#[test]
fn other_numbers_and_other_fields_are_ignored_with_a_line() {
    let driver = driver();
    let body = change("messages", r#""messages":[{"from":"1","id":"wamid.x","type":"text","text":{"body":"x"}}]"#);
    assert!(received(&driver, &body.replace(super::NUMBER, "999")).is_empty());
    assert!(native::with(|host| host.log.concat()).contains("the number with id 999"));
    assert!(received(&driver, &change("phone_number_quality_update", r#""event":"FLAGGED""#)).is_empty());
    let template = body
        .replace("metadata", "elsewhere")
        .replace(r#""field":"messages""#, r#""field":"message_template_status_update""#);
    assert!(received(&driver, &template).is_empty());
    assert!(native::with(|host| host.set_aside.is_empty()));
}

#[test]
fn what_the_phones_app_sent_is_an_echo() {
    let driver = driver();
    let value = r#""message_echoes":[{"from":"15550783881","to":"16505551234","id":"wamid.e","timestamp":"1795305600","type":"text","text":{"body":"hi"}}]"#;
    let echoed = received(&driver, &change("smb_message_echoes", value)).remove(0);
    assert_eq!((echoed.interaction.name.as_str(), echoed.text().as_str()), ("message.echoed", "hi"));
    assert_eq!(echoed.work_item.expect("a work item").conversation, "16505551234");
}

#[test]
fn a_group_is_one_conversation() {
    let driver = driver();
    let item =
        one(&driver, r#""group_id":"Y2FwaV9n","type":"text","text":{"body":"x"}"#).work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("Y2FwaV9n", "16505551234"));
    assert!(item.attributes.contains(&("whatsapp.group".into(), "Y2FwaV9n".into())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_arrives_as_it_was_sent(body in "\\PC{0,80}") {
        let driver = driver();
        let mut json = String::new();
        jackfield_sdk::json::push_string(&mut json, &body);
        let asked = message(&driver, &format!(r#""type":"text","text":{{"body":{json}}}"#)).remove(0);
        prop_assert_eq!(asked.text(), body);
    }

    #[test]
    fn no_genuine_body_traps(
        field in "messages|statuses|errors|contacts|user_id_update|user_preferences|message_echoes",
        kind in "text|image|location|contacts|interactive|order|reaction|system|edit|revoke|button",
        item in "\\{\\}|\\[\\]|null|1|\"x\"|\\{\"id\":\"1\"\\}|\\[\\{\"id\":1\\}\\]",
        extra in "id|from|status|type|timestamp|text|user_id",
    ) {
        let driver = driver();
        let value = format!(r#""{field}":[{{"id":"a","from":"1","type":"{kind}","{kind}":{item}}},{{"x{extra}":{item}}},{item}]"#);
        prop_assert_eq!(driver.receive(signed(&change("messages", &value))).expect("an answer").status, 200);
    }
}
