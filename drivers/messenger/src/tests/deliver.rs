//! What agents send.

use jackfield_sdk::{
    AttachmentPart, Delivery, Driver, Error, Outcome, Part, Receipt, Response, WorkItem, host, native,
};

use super::{body, configured, driver, received};
use crate::MessengerDriver;

fn answer(text: &str) -> Delivery {
    native::delivery(native::answer("0198-m", WorkItem::new("PSID1", "PSID1"), text))
}

fn deliver(driver: &MessengerDriver, delivery: Delivery, answer: Result<Response, Error>) -> Outcome {
    native::with(|host| {
        host.sent.clear();
        host.http = Some(Box::new(move |sent| match sent.url.ends_with("/message_attachments") {
            true => Ok(Response::json(200, r#"{"attachment_id":"1857777774821032"}"#)),
            false => answer.clone(),
        }));
    });
    driver.deliver(delivery)
}

fn ok(driver: &MessengerDriver, delivery: Delivery) -> (Receipt, Vec<String>) {
    let outcome =
        deliver(driver, delivery, Ok(Response::json(200, r#"{"recipient_id":"PSID1","message_id":"m_out"}"#)));
    let Outcome::Receipt(receipt) = outcome else { panic!("{outcome:?}") };
    let bodies =
        native::with(|host| host.sent.iter().map(|sent| String::from_utf8_lossy(&sent.body).into_owned()).collect());
    (receipt, bodies)
}

/// The customer wrote so long ago.
fn customer_wrote(driver: &MessengerDriver, hours_ago: u64) {
    native::with(|host| host.store.clear());
    let at = 1_795_305_600_000 - hours_ago * 3_600_000;
    received(
        driver,
        &body(&format!(r#"{{"sender":{{"id":"PSID1"}},"timestamp":{at},"message":{{"mid":"m_1","text":"x"}}}}"#)),
    );
}

#[test]
fn a_text_is_posted_as_meta_wants_it() {
    let driver = driver();
    let (receipt, bodies) = ok(&driver, answer("Hello"));
    assert_eq!(receipt.external_ids, ["m_out"]);
    assert_eq!(
        bodies,
        [
            r#"{"recipient":{"id":"PSID1"},"messaging_type":"RESPONSE","message":{"text":"Hello","metadata":"jackfield/key-1"}}"#
        ]
    );
    assert_eq!(
        native::with(|host| host.sent[0].url.clone()),
        "https://graph.facebook.com/v23.0/1067280970047460/messages"
    );
}

#[test]
fn after_a_day_it_is_a_persons_answer_for_a_week() {
    let driver = driver();
    for (hours_ago, tagged) in [(0, false), (23, false), (25, true), (167, true), (169, false)] {
        customer_wrote(&driver, hours_ago);
        let body = ok(&driver, answer("x")).1.remove(0);
        assert_eq!(body.contains(r#""messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT""#), tagged, "{hours_ago} hours");
        assert_eq!(body.contains(r#""messaging_type":"RESPONSE""#), !tagged, "{hours_ago} hours");
    }
    let without = configured(r#"{"page-id":"1067280970047460","human-agent":false}"#);
    customer_wrote(&without, 25);
    assert!(ok(&without, answer("x")).1[0].contains("RESPONSE"));
}

#[test]
fn long_texts_are_split_and_noted() {
    let driver = driver();
    let mut delivery = answer(&"word ".repeat(900));
    delivery.message.interaction.arguments = r#"{"replyTo":"m_1"}"#.into();
    let (receipt, bodies) = ok(&driver, delivery.clone());
    assert_eq!((receipt.external_ids.len(), native::with(|host| host.progress.len())), (3, 3));
    assert!(bodies[0].contains(r#""reply_to":{"mid":"m_1"}"#) && !bodies[1].contains("reply_to"));
    let rest =
        Delivery { progress: vec!["m_0".into(), "m_1".into()], attempt: 2, previous: "failed".into(), ..delivery };
    assert_eq!(ok(&driver, rest).1.len(), 1);
}

#[test]
fn files_are_uploaded_and_sent_by_id() {
    let driver = driver();
    let mut delivery = answer("look");
    let blob = host::blobs::put(b"the bytes").expect("kept");
    delivery.message.parts.push(Part::Attachment(AttachmentPart::ready(Some("a.png".into()), "image/png", blob, 9)));
    let bodies = ok(&driver, delivery).1;
    let [text, form, file] = &bodies[..] else { panic!("{bodies:?}") };
    assert!(text.contains(r#""text":"look""#));
    for piece in [
        r#"{"attachment":{"type":"image","payload":{"is_reusable":true}}}"#,
        "name=\"filedata\"; filename=\"a.png\"",
        "the bytes",
    ] {
        assert!(form.contains(piece), "{piece:?} of {form}");
    }
    assert!(file.contains(r#""attachment":{"type":"image","payload":{"attachment_id":"1857777774821032"}}"#), "{file}");
}

#[test]
fn refusals_are_sorted() {
    let driver = driver();
    for (status, code, subcode, expected) in [
        (500, 1, 0, "temporary"),
        (500, 2, 0, "temporary"),
        (400, 4, 0, "rate-limited"),
        (400, 613, 0, "rate-limited"),
        (400, 1200, 0, "temporary"),
        (400, 10, 2_018_278, "permanent"),
        (400, 100, 0, "permanent"),
        (400, 100, 2_018_001, "rejected-by-recipient"),
        (401, 190, 0, "bad-credentials"),
        (403, 200, 0, "bad-credentials"),
        (400, 551, 0, "rejected-by-recipient"),
        (503, 0, 0, "temporary"),
    ] {
        let refusal = format!(r#"{{"error":{{"message":"No","code":{code},"error_subcode":{subcode}}}}}"#);
        let Outcome::Failure(error) = deliver(&driver, answer("x"), Ok(Response::json(status, refusal))) else {
            panic!("taken")
        };
        assert_eq!(error.code, expected, "{status} {code}");
        // Where the time to answer is over, the agent is told that no more answers go out.
        let told: Vec<_> = native::pushed().into_iter().map(|told| told.interaction.name).collect();
        assert_eq!(told.contains(&"command.status-changed".to_owned()), subcode == 2_018_278, "{told:?}");
    }
    let lost = deliver(&driver, answer("x"), Err(Error::new("maybe-sent", "lost")));
    assert!(matches!(lost, Outcome::Failure(error) if error.code == "maybe-sent"));
    let again =
        deliver(&driver, Delivery { previous: "unknown".into(), ..answer("x") }, Err(Error::new("x", "sent again")));
    assert!(matches!(again, Outcome::Failure(error) if error.code == "maybe-sent"));
}

#[test]
fn typing_and_taking_it_are_shown() {
    let driver = configured(r#"{"page-id":"1067280970047460","mark-read":true}"#);
    for (name, arguments, action) in [
        ("typing", r#"{"on":true}"#, "typing_on"),
        ("typing", r#"{"on":false}"#, "typing_off"),
        ("work-item.accept", "{}", "mark_seen"),
    ] {
        let mut delivery = answer("");
        delivery.message.interaction.name = name.into();
        delivery.message.interaction.arguments = arguments.into();
        assert_eq!(
            ok(&driver, delivery).1,
            [format!(r#"{{"recipient":{{"id":"PSID1"}},"sender_action":"{action}"}}"#)]
        );
    }
}
