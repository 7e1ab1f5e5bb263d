//! What agents send.

use jackfield_sdk::interactions::Own;
use jackfield_sdk::json::parse;
use jackfield_sdk::native::{self, SentRequest, pushed};
use jackfield_sdk::{
    AttachmentPart, Delivery, Driver, Error, Kind, Message, Outcome, Part, Receipt, Response, WorkItem, header_of, host,
};

use super::{configured, driver, message};
use crate::WhatsAppDriver;

const SENT: &str =
    r#"{"messaging_product":"whatsapp","contacts":[{"input":"1650","wa_id":"1650"}],"messages":[{"id":"wamid.out"}]}"#;

fn customer() -> WorkItem {
    WorkItem::new("1650", "1650")
}

fn answer(text: &str) -> Delivery {
    native::delivery(native::answer("0198-m", customer(), text))
}

fn command(name: &str, arguments: &str) -> Delivery {
    let own = Own { kind: Kind::Command, name: name.into(), arguments: arguments.into() };
    let mut message = Message::new("chat", &own).with_work_item(customer());
    message.interaction.tracking_id = Some("t1".into());
    native::delivery(message)
}

fn deliver(
    driver: &WhatsAppDriver,
    delivery: Delivery,
    mut answer: impl FnMut(&SentRequest) -> Result<Response, Error> + 'static,
) -> Outcome {
    native::with(|host| {
        host.sent.clear();
        host.http = Some(Box::new(move |sent| answer(sent)));
    });
    driver.deliver(delivery)
}

fn ok(driver: &WhatsAppDriver, delivery: Delivery) -> (Receipt, Vec<String>) {
    let outcome = deliver(driver, delivery, |sent| {
        let answer = if sent.url.ends_with("/media") { r#"{"id":"media-1"}"# } else { SENT };
        Ok(Response::json(200, answer))
    });
    let Outcome::Receipt(receipt) = outcome else { panic!("{outcome:?}") };
    let bodies =
        native::with(|host| host.sent.iter().map(|sent| String::from_utf8_lossy(&sent.body).into_owned()).collect());
    (receipt, bodies)
}

fn failure(driver: &WhatsAppDriver, delivery: Delivery, status: u16, body: &'static str) -> Error {
    match deliver(driver, delivery, move |_| Ok(Response::json(status, body))) {
        Outcome::Failure(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_posted_as_meta_wants_it() {
    let driver = driver();
    let (receipt, bodies) = ok(&driver, answer("Hello \"ä\""));
    assert_eq!(
        (receipt.external_ids.as_slice(), receipt.status.as_str()),
        (["wamid.out".to_owned()].as_slice(), "sent")
    );
    // `messaging_product` and `recipient_type` are what the official schema requires of every message.
    assert_eq!(
        bodies,
        [
            r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"1650","type":"text","text":{"preview_url":false,"body":"Hello \"ä\""},"biz_opaque_callback_data":"key-1"}"#
        ]
    );
    native::with(|host| {
        let sent = &host.sent[0];
        assert_eq!(
            (sent.method.as_str(), sent.url.as_str()),
            ("POST", "https://graph.facebook.com/v23.0/106540352242922/messages")
        );
        assert_eq!(header_of(&sent.headers, "authorization").next(), Some(b"Bearer EAAtoken".as_slice()));
        assert_eq!(header_of(&sent.headers, "content-type").next(), Some(b"application/json".as_slice()));
    });
}

#[test]
fn who_hides_the_number_is_written_to_by_id_and_a_group_as_one() {
    let driver = driver();
    let to = |item: WorkItem| ok(&driver, native::delivery(native::answer("m", item, "x"))).1.remove(0);
    let mut item = WorkItem::new("US.1", "US.1");
    assert!(to(item.clone()).contains(r#""recipient":"US.1","type""#));
    item.customer.aliases.push("1650".into());
    assert!(to(item.clone()).contains(r#""recipient_type":"individual","to":"1650","type""#));
    item.attributes.push(("whatsapp.group".into(), "Y2Fw".into()));
    assert!(to(item).contains(r#""recipient_type":"group","to":"Y2Fw","type""#));
}

#[test]
fn a_quoting_answer_names_what_it_quotes_once() {
    let driver = driver();
    let mut delivery = answer(&"word ".repeat(1500));
    delivery.message.interaction.arguments = r#"{"replyTo":"wamid.1"}"#.into();
    let (receipt, bodies) = ok(&driver, delivery);
    assert_eq!((bodies.len(), receipt.external_ids.len()), (2, 2));
    assert!(bodies[0].contains(r#""context":{"message_id":"wamid.1"}"#) && !bodies[1].contains("context"));
    assert_eq!(native::with(|host| host.progress.len()), 2);
}

#[test]
fn files_are_uploaded_and_sent_by_id() {
    let driver = driver();
    let with = |media_type: &str, text: &str| {
        let mut delivery = answer(text);
        let blob = host::blobs::put(b"the bytes").expect("kept");
        delivery.message.parts.push(Part::Attachment(AttachmentPart::ready(Some("a.b".into()), media_type, blob, 9)));
        ok(&driver, delivery).1
    };
    let bodies = with("image/png", "look");
    let [form, sent] = &bodies[..] else { panic!("{bodies:?}") };
    for piece in [
        "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        "name=\"type\"\r\n\r\nimage/png\r\n",
        "name=\"file\"; filename=\"a.b\"",
        "\r\n\r\nthe bytes\r\n",
    ] {
        assert!(form.contains(piece), "{piece:?} of {form}");
    }
    assert!(sent.contains(r#""type":"image","image":{"id":"media-1","caption":"look"}"#), "{sent}");
    assert!(
        with("application/pdf", "")[1].contains(r#""type":"document","document":{"id":"media-1","filename":"a.b"}"#)
    );
    let bodies = with("audio/ogg; codecs=opus", "listen");
    assert!(bodies[0].contains("listen") && bodies[2].contains(r#""audio":{"id":"media-1"}"#), "{bodies:?}");

    // An upload nobody answered is made again; the customer doesn't see it.
    let mut delivery = answer("");
    let blob = host::blobs::put(b"x").expect("kept");
    delivery.message.parts.push(Part::Attachment(AttachmentPart::ready(None, "image/png", blob, 1)));
    let outcome = deliver(&driver, delivery, |_| Err(Error::new("maybe-sent", "lost")));
    assert!(matches!(outcome, Outcome::Failure(error) if error.code == "temporary"));
}

#[test]
fn refusals_are_sorted() {
    let driver = driver();
    for (status, code, expected) in [
        (400, 130_429, "rate-limited"),
        (400, 131_056, "rate-limited"),
        (400, 4, "rate-limited"),
        (400, 80_007, "rate-limited"),
        (500, 131_000, "temporary"),
        (500, 131_016, "temporary"),
        (500, 131_057, "temporary"),
        (400, 131_047, "permanent"),
        (400, 131_026, "rejected-by-recipient"),
        (400, 131_051, "permanent"),
        (400, 131_049, "rejected-by-recipient"),
        (400, 131_050, "rejected-by-recipient"),
        (404, 132_001, "permanent"),
        (401, 190, "bad-credentials"),
        (403, 10, "bad-credentials"),
        (400, 368, "permanent"),
        (403, 131_031, "permanent"),
        (400, 100, "permanent"),
        (502, 0, "temporary"),
        (429, 0, "rate-limited"),
    ] {
        let body: &'static str =
            format!(r#"{{"error":{{"message":"(#{code}) No","type":"OAuthException","code":{code}}}}}"#).leak();
        let error = failure(&driver, answer("x"), status, body);
        assert_eq!(error.code, expected, "{status} {code}");
        assert_eq!(error.retry_after_ms.is_some(), expected == "rate-limited", "{status} {code}");
        if code != 0 {
            assert!(error.attributes.contains(&("vendor-code".into(), code.to_string())));
        }
    }
    assert_eq!(failure(&driver, answer("x"), 400, "<html>").text, "Meta answered 400");
    assert_eq!(failure(&driver, answer(""), 200, SENT).code, "invalid");
}

#[test]
fn the_operator_hears_of_bad_credentials_and_that_they_are_good_again() {
    let driver = driver();
    let bad = r#"{"error":{"code":190,"message":"expired"}}"#;
    failure(&driver, answer("x"), 401, bad);
    failure(&driver, answer("x"), 401, bad);
    ok(&driver, answer("x"));
    let states: Vec<_> = pushed()
        .into_iter()
        .filter_map(|message| message.connection)
        .map(|told| (told.state, told.user_action))
        .collect();
    assert_eq!(states, [("bad-credentials".to_owned(), true), ("connected".to_owned(), false)]);
}

#[test]
fn what_the_customer_wants_or_the_window_forbids_is_told() {
    let driver = driver();
    failure(&driver, answer("x"), 400, r#"{"error":{"code":131050}}"#);
    assert_eq!(pushed()[0].interaction.name, "opt-out");
    failure(&driver, answer("x"), 400, r#"{"error":{"code":131047}}"#);
    assert_eq!(pushed()[0].interaction.name, "command.status-changed");
}

#[test]
fn what_may_have_arrived_is_not_sent_again() {
    let driver = driver();
    let lost = deliver(&driver, answer("x"), |_| Err(Error::new("maybe-sent", "lost")));
    assert!(matches!(lost, Outcome::Failure(error) if error.code == "maybe-sent"));
    let again = Delivery { previous: "unknown".into(), attempt: 2, ..answer("x") };
    let outcome = deliver(&driver, again, |_| panic!("it is sent again"));
    assert!(matches!(outcome, Outcome::Failure(error) if error.code == "maybe-sent"));
    assert_eq!(ok(&driver, Delivery { previous: "resend".into(), ..answer("x") }).1.len(), 1);
}

#[test]
fn a_template_is_sent_by_command() {
    let driver = driver();
    let (receipt, bodies) = ok(
        &driver,
        command(
            "invoke",
            r#"{"name":"send-template","arguments":{"name":"order_confirmation","language":"en_US","values":["Ann","no. 7"]}}"#,
        ),
    );
    assert!(bodies[0].contains(
        r#""type":"template","template":{"name":"order_confirmation","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ann"},{"type":"text","text":"no. 7"}]}]}"#
    ), "{bodies:?}");
    assert_eq!(receipt.external_ids, ["wamid.out"]);
    let reply = pushed().remove(0);
    assert_eq!(reply.interaction.in_reply_to.as_deref(), Some("t1"));
    assert_eq!(reply.interaction.arguments, r#"{"outcome":{"externalId":"wamid.out"}}"#);
    for (name, code) in [("dance", "not-supported"), ("send-template", "invalid")] {
        let arguments = format!(r#"{{"name":"{name}","arguments":{{}}}}"#);
        assert!(matches!(driver.deliver(command("invoke", &arguments)), Outcome::Failure(error) if error.code == code));
    }
    let schema = WhatsAppDriver::describe().commands.remove(0).arguments_schema;
    assert!(parse(schema.as_bytes()).is_ok());
}

#[test]
fn typing_and_taking_it_mark_the_last_message_as_read() {
    let driver = configured(r#"{"phone-number-id":"106540352242922","mark-read":true}"#);
    let writing = || Delivery {
        message: Message {
            work_item: Some(WorkItem::new("16505551234", "16505551234")),
            ..command("typing", r#"{"on":true}"#).message
        },
        ..command("typing", "")
    };
    assert!(ok(&driver, writing()).1.is_empty(), "nothing to mark");
    message(&driver, r#""type":"text","text":{"body":"x"}"#);
    assert_eq!(
        ok(&driver, writing()).1,
        [
            r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","typing_indicator":{"type":"text"}}"#
        ]
    );
    let mut accept = writing();
    accept.message.interaction.name = "work-item.accept".into();
    assert_eq!(ok(&driver, accept).1, [r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}"#]);
}

#[test]
fn settings_at_fault_are_named() {
    meta_common::testing::install();
    for (settings, key) in [
        ("{}", "/phone-number-id"),
        (r#"{"phone-number-id":"1/../2"}"#, "/phone-number-id"),
        (r#"{"phone-number-id":"1","api-version":"v1/x"}"#, "/api-version"),
        (r#"{"phone-number-id":"1","api-base":"graph"}"#, "/api-base"),
    ] {
        match WhatsAppDriver::configure(native::context("wa", "https://x"), settings) {
            Ok(_) => panic!("{settings} is taken"),
            Err(error) => assert_eq!(error.key, key, "{settings}"),
        }
    }
    native::with(|host| host.secrets.remove("verify-token"));
    assert!(
        matches!(WhatsAppDriver::configure(native::context("wa", "https://x"), super::SETTINGS), Err(error) if error.key == "secrets/verify-token")
    );
}
