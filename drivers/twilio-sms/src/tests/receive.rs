//! Texts of customers.

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Body, Driver, Kind, Part, Piece, Refused, Request, Webhook, host};
use proptest::prelude::*;

use super::{SETTINGS, URL, driver, form_request, receive, signed};
use crate::TwilioDriver;
use crate::settings::AUTH_TOKEN;

const TEXT: [(&str, &str); 8] = [
    ("MessageSid", "SM0123"),
    ("SmsSid", "SM0123"),
    ("AccountSid", "AC123"),
    ("From", "+14155551212"),
    ("To", "+18005551212"),
    ("Body", " Hello 👍 &+ "),
    ("NumMedia", "0"),
    ("FromCity", "SAN FRANCISCO"),
];

fn with(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut params = TEXT.to_vec();
    params.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    params.extend(extra);
    params
}

#[test]
fn a_text_becomes_a_support_request() {
    let driver = driver(SETTINGS);
    let response = receive(&driver, &TEXT);
    assert_eq!(response.status, 200);
    assert_eq!(response.body, Body::Bytes(br#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#.to_vec()));
    assert_eq!(response.headers[0].value, b"text/xml");

    let messages = pushed();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!((message.interaction.kind, message.interaction.name.as_str()), (Kind::Request, "support-request"));
    assert_eq!((message.event_id.as_deref(), message.external_id.as_deref()), (Some("SM0123"), Some("SM0123")));
    assert_eq!((message.media_type.as_str(), message.text().as_str()), ("sms", " Hello 👍 &+ "));
    let item = message.work_item.as_ref().expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("+14155551212", "+14155551212"));
    assert_eq!(item.attributes, [("twilio-sms.to".into(), "+18005551212".into())]);
    let attribute =
        |key: &str| message.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    assert_eq!(attribute("twilio-sms.FromCity"), Some("SAN FRANCISCO"));
    assert_eq!(attribute("twilio-sms.AccountSid"), Some("AC123"));
    assert_eq!(attribute("twilio-sms.Body"), None);
}

#[test]
fn new_parameters_are_verified_and_kept() {
    let driver = driver(SETTINGS);
    assert_eq!(receive(&driver, &with(&[("BrandNew", "x"), ("ProfileName", "Ann")])).status, 200);
    let message = pushed().remove(0);
    assert!(message.attributes.contains(&("twilio-sms.BrandNew".into(), "x".into())));
    assert_eq!(message.work_item.expect("a work item").customer.name.as_deref(), Some("Ann"));
}

#[test]
fn attributes_are_bounded() {
    let driver = driver(SETTINGS);
    let names: Vec<String> = (0..200).map(|at| format!("Param{at}")).collect();
    let mut params = TEXT.to_vec();
    params.extend(names.iter().map(|name| (name.as_str(), "x")));
    let long = "x".repeat(5000);
    params.push(("Long", &long));
    assert_eq!(receive(&driver, &params).status, 200);
    assert_eq!(pushed().remove(0).attributes.len(), 60);
}

#[test]
fn unsigned_is_400_and_badly_signed_403() {
    let driver = driver(SETTINGS);
    assert_eq!(driver.receive(form_request(URL, &TEXT)).expect("a key").status, 400);
    let mut flipped = signed(URL, &TEXT);
    if let Body::Bytes(bytes) = &mut flipped.body {
        bytes[20] ^= 1;
    }
    assert_eq!(driver.receive(flipped).expect("a key").status, 403);
    let mut cut = signed(URL, &TEXT);
    if let Body::Bytes(bytes) = &mut cut.body {
        bytes.truncate(40);
    }
    assert_eq!(driver.receive(cut).expect("a key").status, 403);
    let elsewhere = Request { url: "https://other.example.com/".into(), ..signed(URL, &TEXT) };
    assert_eq!(driver.receive(elsewhere).expect("a key").status, 403);
    // A form that says it is none: its parameters would not be signed.
    let mut disguised = signed(URL, &TEXT);
    disguised.headers[0].value = b"text/plain".to_vec();
    assert_eq!(driver.receive(disguised).expect("a key").status, 403);
    assert!(pushed().is_empty());
}

#[test]
fn the_body_is_signed_as_decoded_whatever_its_escapes() {
    let driver = driver(SETTINGS);
    let encoded = |plus: &str| {
        let mut request = signed(URL, &[("From", "+1415"), ("MessageSid", "SM1"), ("Body", "a b")]);
        request.body = Body::Bytes(format!("From={plus}1415&MessageSid=SM1&Body=a+b").into_bytes());
        driver.receive(request).expect("a key").status
    };
    assert_eq!(encoded("%2B"), 200);
    assert_eq!(encoded("%2b"), 200);
    assert_eq!(encoded("+"), 403, "a plus is a space");
}

#[test]
fn parameters_may_stand_in_the_url_of_a_get() {
    let driver = driver(SETTINGS);
    let url = format!("{URL}?MessageSid=SM9&From=%2B14155551212&Body=hi");
    let hmac = host::secrets::hmac(AUTH_TOKEN, "sha1", &[Piece::Text(url.clone())]).expect("a key");
    let request = native::request("GET", &url, "").with_header("x-twilio-signature", to_base64(&hmac));
    assert_eq!(driver.receive(request).expect("a key").status, 200);
    assert_eq!(pushed().remove(0).text(), "hi");
    assert_eq!(driver.receive(native::request("PUT", &url, "")).expect("a key").status, 405);
}

#[test]
fn what_is_no_text_is_refused_without_a_trap() {
    let driver = driver(SETTINGS);
    assert_eq!(receive(&driver, &[("Hello", "world")]).status, 422);
    assert_eq!(receive(&driver, &[("MessageSid", "SM1")]).status, 422);
    let not_utf8 = native::request("POST", URL, b"Body=%ff".to_vec())
        .with_header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(driver.receive(not_utf8).expect("a key").status, 400);
}

#[test]
fn what_the_server_refuses_is_answered_and_no_picture_fetched() {
    let driver = driver(SETTINGS);
    native::with(|host| {
        host.refuse =
            Some(Refused { code: "quota".into(), text: "too many".into(), pointer: None, attributes: vec![] });
    });
    let params = with(&[("NumMedia", "1"), ("MediaUrl0", "https://api.twilio.com/m/ME1")]);
    assert_eq!(receive(&driver, &params).status, 429);
    assert!(native::with(|host| host.timers.is_empty()));
}

#[test]
fn stop_is_recorded_and_told_and_start_takes_it_back() {
    let driver = driver(SETTINGS);
    for word in ["STOP", "stop", " Unsubscribe\n", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"] {
        native::with(|host| host.store.clear());
        assert_eq!(receive(&driver, &with(&[("Body", word)])).status, 200);
        let messages = pushed();
        let [said, told] = messages.as_slice() else { panic!("{word}: {messages:?}") };
        assert_eq!(said.text(), word);
        assert_eq!((told.interaction.name.as_str(), told.event_id.as_deref()), ("opt-out", Some("SM0123/opt-out")));
        assert_eq!(told.interaction.arguments, r#"{"address":"+14155551212","scope":"channel","out":true}"#);
        assert!(told.work_item.is_some());
        assert!(native::with(|host| host.store.contains_key("opt-out/+14155551212")), "{word}");
    }
    assert_eq!(receive(&driver, &with(&[("Body", "Yes")])).status, 200);
    let told = pushed().remove(1);
    assert_eq!(told.interaction.arguments, r#"{"address":"+14155551212","scope":"channel","out":false}"#);
    assert!(native::with(|host| host.store.is_empty()));

    assert_eq!(receive(&driver, &with(&[("Body", "yes")])).status, 200);
    assert_eq!(pushed().len(), 1, "the answer to some question");
    assert_eq!(receive(&driver, &with(&[("Body", "please stop")])).status, 200);
    assert_eq!(pushed().len(), 1, "no keyword");
}

#[test]
fn with_advanced_opt_out_twilio_says_what_was_meant() {
    let driver = driver(SETTINGS);
    receive(&driver, &with(&[("Body", "ARRET"), ("OptOutType", "STOP")]));
    assert_eq!(pushed().len(), 2);
    receive(&driver, &with(&[("Body", "STOP"), ("OptOutType", "HELP")]));
    assert_eq!(pushed().len(), 1);
    receive(&driver, &with(&[("Body", "RETOUR"), ("OptOutType", "START")]));
    assert_eq!(pushed().len(), 2);
}

#[test]
fn pictures_are_pending_and_a_timer_is_set() {
    let driver = driver(SETTINGS);
    let params = with(&[
        ("NumMedia", "2"),
        ("MediaUrl0", "https://api.twilio.com/2010-04-01/Accounts/AC123/Messages/MM1/Media/ME1"),
        ("MediaContentType0", "image/jpeg"),
        ("MediaUrl1", "https://api.twilio.com/2010-04-01/Accounts/AC123/Messages/MM1/Media/ME2"),
    ]);
    assert_eq!(receive(&driver, &params).status, 200);
    let message = pushed().remove(0);
    let [Part::Text(_), Part::Attachment(first), Part::Attachment(second)] = &message.parts[..] else {
        panic!("{:?}", message.parts)
    };
    assert_eq!(
        (first.name.as_deref(), first.media_type.as_str(), first.state.as_str()),
        (Some("ME1.jpg"), "image/jpeg", "pending")
    );
    assert_eq!((second.name.as_deref(), second.media_type.as_str()), (Some("ME2"), "application/octet-stream"));
    assert_eq!(native::with(|host| host.timers[0].name.clone()), "media/SM0123/0");
    assert!(native::with(|host| host.sent.is_empty()), "nothing is fetched before the answer");
}

#[test]
fn settings_at_fault_are_named() {
    native::install(native::Host::new().with_secret(AUTH_TOKEN, "t"));
    for (settings, key) in [
        (r#"{"from":"+1"}"#, "/account-sid"),
        (r#"{"account-sid":"AC1"}"#, "/from"),
        (r#"{"account-sid":"AC1","from":1}"#, "/from"),
        (r#"{"account-sid":"AC1","from":"+1","api-base":"api.twilio.com"}"#, "/api-base"),
    ] {
        match TwilioDriver::configure(native::context("sms", URL), settings) {
            Ok(_) => panic!("{settings} is taken"),
            Err(error) => assert_eq!(error.key, key, "{settings}"),
        }
    }
    native::install(native::Host::new());
    match TwilioDriver::configure(native::context("sms", URL), SETTINGS) {
        Ok(_) => panic!("no secret is asked for"),
        Err(error) => assert_eq!(error.key, "secrets/auth-token"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_arrives_as_it_was_sent(body in any::<String>(), name in "[A-Za-z]{1,20}", value in any::<String>()) {
        let driver = driver(SETTINGS);
        let status = receive(&driver, &[("MessageSid", "SM1"), ("From", "+1"), ("Body", &body), (&name, &value)]).status;
        prop_assert_eq!(status, 200);
        prop_assert_eq!(pushed().remove(0).text(), body);
    }

    #[test]
    fn no_request_traps(url in any::<String>(), body in proptest::collection::vec(any::<u8>(), 0..200), signature in proptest::collection::vec(any::<u8>(), 0..60)) {
        let driver = driver(SETTINGS);
        let request = native::request("POST", &url, body)
            .with_header("content-type", "application/x-www-form-urlencoded")
            .with_header("x-twilio-signature", signature);
        let status = driver.receive(request).expect("a key").status;
        prop_assert!(matches!(status, 400 | 403));
    }
}
