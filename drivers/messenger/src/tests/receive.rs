//! What Meta tells.

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Part, Response, Timer, Webhook, header_of};
use meta_common::testing::signed;
use proptest::prelude::*;

use super::{body, configured, driver, event, of, received};

const SENT: &str =
    r#""message":{"is_echo":true,"app_id":1517776481860111,"metadata":"jackfield/0198-m","mid":"m_out","text":"ours"}"#;

fn echo(fields: &str) -> String {
    format!(
        r#"{{"sender":{{"id":"1067280970047460"}},"recipient":{{"id":"PSID1"}},"timestamp":1795305600000,{fields}}}"#
    )
}

#[test]
fn a_text_becomes_a_support_request() {
    let driver = driver();
    let asked = of(&driver, r#""message":{"mid":"m_1","text":" h\u00e9llo ","reply_to":{"mid":"m_0"}}"#).remove(0);
    assert_eq!((asked.interaction.name.as_str(), asked.text().as_str()), ("support-request", " héllo "));
    assert_eq!((asked.event_id.as_deref(), asked.external_id.as_deref()), (Some("m_1"), Some("m_1")));
    assert_eq!((asked.interaction.arguments.as_str(), asked.occurred_at), (r#"{"replyTo":"m_0"}"#, Some(super::AT)));
    let item = asked.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("PSID1", "PSID1"));
}

#[test]
fn agents_see_until_when_they_may_answer() {
    let told = received(&driver(), &body(&event(r#""message":{"mid":"m_1","text":"x"}"#))).remove(1);
    let arguments = &told.interaction.arguments;
    assert!(arguments.contains(r#""command":"message.send","supported":true,"enabled":true"#), "{arguments}");
    assert!(arguments.contains(r#""until":"2026-11-22T01:00:00.000Z""#), "{arguments}");
}

#[test]
fn buttons_have_an_intent() {
    let driver = driver();
    let quick = of(&driver, r#""message":{"mid":"m_1","text":"Red","quick_reply":{"payload":"PICK_RED"}}"#).remove(0);
    assert_eq!((quick.interaction.arguments.as_str(), quick.text().as_str()), (r#"{"intent":"PICK_RED"}"#, "Red"));
    let pressed = of(
        &driver,
        r#""postback":{"mid":"m_2","title":"Start","payload":"GO","referral":{"ref":"x","source":"SHORTLINK"}}"#,
    )
    .remove(0);
    assert_eq!((pressed.event_id.as_deref(), pressed.text().as_str()), (Some("m_2"), "Start"));
    assert!(pressed.attributes.contains(&("messenger.referral.ref".into(), "x".into())));
    let old = of(&driver, r#""postback":{"title":"Start","payload":"GO"}"#).remove(0);
    assert_eq!(old.event_id, Some(format!("postback/PSID1/{}", super::AT)));
}

#[test]
fn wrong_types_never_lose_what_somebody_said() {
    let driver = driver();
    for (fields, shown) in [
        (r#""message":{"mid":"m_1","text":{"was":"said"}}"#, r#"{"was":"said"}"#),
        (r#""message":{"mid":"m_1","text":7}"#, "7"),
        (r#""message_edit":{"mid":"m_1","text":["said"],"num_edit":1}"#, r#"["said"]"#),
        (r#""message":{"mid":"m_1","attachments":{"type":"x"}}"#, "Something of the kind `x`, which isn't known here."),
    ] {
        assert_eq!(of(&driver, fields).remove(0).text(), shown, "{fields}");
    }
    for fields in [r#""message":"said""#, r#""postback":["said"]"#, r#""message_edit":7"#, r#""reaction":true"#] {
        assert!(of(&driver, fields).is_empty(), "{fields}");
        assert_eq!(native::with(|host| host.set_aside.drain(..).count()), 1, "{fields}");
    }
    let odd = body(&event(r#""message":{"mid":"m_1","text":"said"}"#)).replacen("[{\"sender", "{\"x\":[{\"sender", 1);
    assert!(odd.contains(r#""messaging":{"x""#), "{odd}");
    let odd = odd.replacen("}]}]}", "}]}}]}", 1);
    assert!(received(&driver, &odd).is_empty());
    assert_eq!(native::with(|host| host.set_aside.len()), 1, "{odd}");
}

#[test]
fn files_are_fetched_from_their_urls() {
    let driver = driver();
    let files: Vec<String> = ["image", "audio", "video", "file"]
        .map(|kind| format!(r#"{{"type":"{kind}","payload":{{"url":"https://cdn.fbsbx.com/v/{kind}.bin?oh=1"}}}}"#))
        .into();
    let asked = of(&driver, &format!(r#""message":{{"mid":"m_1","attachments":[{}]}}"#, files.join(","))).remove(0);
    assert_eq!(asked.attachments().filter(|part| part.state == "pending").count(), 4);
    native::with(|host| host.http = Some(Box::new(|_| Ok(Response::new(200, "image/png", "bytes")))));
    let timer = native::with(|host| host.timers.remove(0));
    driver.fired(native::expiry(&timer, 1)).expect("fetched");
    let changed = pushed().remove(0);
    let first = changed.attachments().next().expect("a file");
    assert_eq!(
        (first.state.as_str(), first.media_type.as_str(), first.name.as_deref()),
        ("ready", "image/png", Some("image.bin"))
    );
    assert!(
        native::with(|host| header_of(&host.sent[0].headers, "authorization").next().is_none()),
        "no token is shown"
    );
}

#[test]
fn places_and_links_are_structured() {
    let driver = driver();
    let of = |attachment: &str| match of(&driver, &format!(r#""message":{{"mid":"m_1","attachments":[{attachment}]}}"#))
        .remove(0)
        .parts
        .remove(0)
    {
        Part::Structured(part) => part,
        other => panic!("{other:?}"),
    };
    let place =
        of(r#"{"type":"location","title":"Ann's Location","payload":{"coordinates":{"lat":52.5,"long":13.4}}}"#);
    assert_eq!(place.values, r#"{"latitude":52.5,"longitude":13.4,"name":"Ann's Location","address":null}"#);
    let link = of(r#"{"type":"fallback","title":"A page","url":"https://example.com/","payload":null}"#);
    assert_eq!((link.name.as_str(), link.fallback.as_str()), ("card", "A page\nhttps://example.com/"));
    assert_eq!(of(r#"{"type":"Hologram","payload":{"x":1}}"#).name, "messenger.unknown");
}

#[test]
fn deliveries_and_reads_are_watermarks() {
    let driver = driver();
    let told = of(&driver, r#""delivery":{"mids":["m_a","m_b",7],"watermark":1458668856253}"#);
    let arguments: Vec<_> = told.iter().map(|message| message.interaction.arguments.as_str()).collect();
    assert!(
        arguments[0].starts_with(r#"{"externalId":null,"upTo":"2016-03-22T17:47:36.253Z","status":"delivered""#),
        "{arguments:?}"
    );
    assert!(
        arguments[1].starts_with(r#"{"externalId":"m_a","upTo":null,"status":"delivered""#) && arguments.len() == 3
    );
    assert_eq!(native::with(|host| host.set_aside.len()), 1);
    let read = of(&driver, r#""read":{"watermark":1458668856253}"#).remove(0);
    assert!(
        read.interaction
            .arguments
            .starts_with(r#"{"externalId":null,"upTo":"2016-03-22T17:47:36.253Z","status":"read""#)
    );
    assert_eq!((read.event_id.as_deref(), read.external_id), (Some("read/PSID1/1458668856253"), None));
}

#[test]
fn reactions_edits_and_removals_are_about_another_message() {
    let driver = driver();
    let reaction =
        of(&driver, r#""reaction":{"reaction":"smile","emoji":"😄","action":"react","mid":"m_0"}"#).remove(0);
    assert_eq!(reaction.interaction.arguments, r#"{"externalId":"m_0","emoji":"😄"}"#);
    let gone = of(&driver, r#""reaction":{"reaction":"smile","emoji":"😄","action":"unreact","mid":"m_0"}"#).remove(0);
    assert_eq!(gone.interaction.arguments, r#"{"externalId":"m_0","emoji":null}"#);
    let edit = of(&driver, r#""message_edit":{"mid":"m_0","text":"better","num_edit":2}"#).remove(0);
    assert_eq!(
        (edit.interaction.name.as_str(), edit.event_id.as_deref(), edit.text().as_str()),
        ("message.changed", Some("m_0/edit/2"), "better")
    );
    let removed = of(&driver, r#""message":{"mid":"m_0","is_deleted":true}"#).remove(0);
    assert_eq!((removed.interaction.name.as_str(), removed.external_id.as_deref()), ("message.removed", Some("m_0")));
}

#[test]
fn own_echoes_tell_that_it_is_out_and_foreign_ones_are_taken_in() {
    let driver = driver();
    let other = r#""message":{"is_echo":true,"app_id":1517776481860111,"mid":"m_2","text":"a bot of ours"}"#;
    assert_eq!(received(&driver, &body(&echo(other)))[0].interaction.name, "message.echoed");
    let sent = received(&driver, &body(&echo(SENT))).remove(0);
    assert_eq!((sent.interaction.name.as_str(), sent.cause.as_deref()), ("message.status", Some("0198-m")));
    assert!(sent.interaction.arguments.contains(r#""externalId":"m_out","upTo":null,"status":"sent""#));
    // From then on it is known which app we are.
    assert!(received(&driver, &body(&echo(other))).is_empty());
    let inbox = r#""message":{"is_echo":true,"app_id":263902037430900,"mid":"m_3","text":"by hand"}"#;
    let echoed = received(&driver, &body(&echo(inbox))).remove(0);
    assert_eq!(
        (echoed.interaction.arguments.as_str(), echoed.text().as_str()),
        (r#"{"by":"the page's inbox"}"#, "by hand")
    );
    assert_eq!(echoed.work_item.expect("a work item").conversation, "PSID1");
    let told = configured(r#"{"page-id":"1067280970047460","app-id":"1517776481860111"}"#);
    assert!(received(&told, &body(&echo(other))).is_empty());
}

#[test]
fn what_is_not_our_turn_or_our_page_is_ignored() {
    let driver = driver();
    let standby = body("")
        .replace(r#""messaging":[]"#, &format!(r#""standby":[{}]"#, event(r#""message":{"mid":"m_1","text":"x"}"#)));
    assert!(received(&driver, &standby).is_empty());
    let other = body(&event(r#""message":{"mid":"m_1","text":"x"}"#))
        .replace(r#""id":"1067280970047460","time""#, r#""id":"77","time""#);
    assert!(received(&driver, &other).is_empty());
    assert!(of(&driver, r#""pass_thread_control":{"new_owner_app_id":"1"}"#).is_empty());
    let log = native::with(|host| host.log.concat());
    assert!(log.contains("standby") && log.contains("the page with id 77"), "{log}");
    assert!(native::with(|host| host.set_aside.is_empty()));
}

#[test]
fn a_bad_event_is_set_aside_and_the_rest_goes_on() {
    let driver = driver();
    let good = |mid: &str| event(&format!(r#""message":{{"mid":"{mid}","text":"x"}}"#));
    let events = format!(
        r#"{},{},7,{{"message":{{"mid":"m_x"}}}},{}"#,
        good("m_a"),
        event(r#""message":{"text":"x"}"#),
        good("m_b")
    );
    let ids: Vec<_> = received(&driver, &body(&events)).into_iter().filter_map(|message| message.external_id).collect();
    assert_eq!(ids, ["m_a", "m_b"]);
    assert_eq!(native::with(|host| host.set_aside.len()), 3);
}

#[test]
fn names_are_asked_for_once() {
    let driver = configured(r#"{"page-id":"1067280970047460","profile-names":true}"#);
    of(&driver, r#""message":{"mid":"m_1","text":"x"}"#);
    let timer = native::with(|host| host.timers.remove(0));
    native::with(|host| {
        host.http = Some(Box::new(|sent| {
            assert!(sent.url.ends_with("/v23.0/PSID1?fields=name,first_name,last_name"), "{}", sent.url);
            Ok(Response::json(200, r#"{"first_name":"Ann","last_name":"Lee","id":"PSID1"}"#))
        }));
    });
    driver.fired(native::expiry(&timer, 1)).expect("asked");
    let changed = pushed().remove(0);
    assert_eq!(
        (changed.interaction.name.as_str(), changed.work_item.expect("a work item").customer.name.as_deref()),
        ("customer.changed", Some("Ann Lee"))
    );
    let next = of(&driver, r#""message":{"mid":"m_2","text":"x"}"#).remove(0);
    assert_eq!(next.work_item.expect("a work item").customer.name.as_deref(), Some("Ann Lee"));
    assert!(native::with(|host| host.timers.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_genuine_body_traps(
        kind in "message|postback|delivery|read|reaction|message_edit|optin",
        field in "mid|mids|watermark|text|attachments|quick_reply|is_echo|reply_to|payload|title",
        item in "\\{\\}|\\[\\]|null|1|true|\"x\"|\\[\\{\"type\":\"image\"\\}\\]|\\[\"m\"\\]",
    ) {
        let driver = driver();
        let events = event(&format!(r#""{kind}":{{"mid":"m","x{field}":1,"{field}_":{item},"z":{item}}}"#)) + "," + &event(&format!(r#""{kind}":{item}"#));
        prop_assert_eq!(driver.receive(signed(&body(&events))).expect("an answer").status, 200);
        let events = event(&format!(r#""{kind}":{{"{field}":{item}}}"#));
        prop_assert_eq!(driver.receive(signed(&body(&events))).expect("an answer").status, 200);
    }
}
