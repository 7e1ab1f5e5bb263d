//! Texts of agents.

use jackfield_sdk::interactions::Own;
use jackfield_sdk::native::{self, SentRequest, failure, pushed, receipt};
use jackfield_sdk::{
    AttachmentPart, Delivery, Driver, Error, Kind, Message, Outcome, Part, Response, WorkItem, form, header_of,
};

use super::{SETTINGS, driver, receive};
use crate::TwilioDriver;

const CREATED: &str = r#"{"sid":"SM77","status":"queued","num_segments":"1","error_code":null}"#;

fn answer(text: &str) -> Delivery {
    native::delivery(native::answer("0198-m", WorkItem::new("+14155551212", "+14155551212"), text))
}

fn deliver(driver: &TwilioDriver, delivery: Delivery, answer: Result<Response, Error>) -> Outcome {
    native::with(|host| host.http = Some(Box::new(move |_| answer.clone())));
    driver.deliver(delivery)
}

fn fields(sent: &SentRequest) -> Vec<(String, String)> {
    form::parse(&sent.body).expect("a form")
}

fn field(sent: &SentRequest, name: &str) -> Option<String> {
    fields(sent).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

#[test]
fn a_text_is_posted_as_twilio_wants_it() {
    let driver = driver(SETTINGS);
    let receipt = receipt(deliver(&driver, answer(" Hello & bye + é "), Ok(Response::json(201, CREATED))));
    assert_eq!((receipt.external_ids.as_slice(), receipt.status.as_str()), (["SM77".to_string()].as_slice(), "sent"));
    let attributes = [("twilio-sms.segments", "1"), ("twilio-sms.encoding", "gsm-7")];
    assert_eq!(receipt.attributes, attributes.map(|(key, value)| (key.into(), value.into())));

    let sent = native::with(|host| host.sent.remove(0));
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str()),
        ("POST", "https://api.twilio.com/2010-04-01/Accounts/AC123/Messages.json")
    );
    // AC123:12345
    assert_eq!(header_of(&sent.headers, "authorization").next(), Some(b"Basic QUMxMjM6MTIzNDU=".as_slice()));
    assert_eq!(header_of(&sent.headers, "content-type").next(), Some(b"application/x-www-form-urlencoded".as_slice()));
    let expected = [
        ("To", "+14155551212"),
        ("Body", " Hello & bye + é "),
        ("StatusCallback", "https://support.example.com/channels/support-sms?message=0198-m"),
        ("From", "+18005551212"),
    ];
    assert_eq!(fields(&sent), expected.map(|(key, value)| (key.into(), value.into())));
}

#[test]
fn a_messaging_service_and_another_api_are_used() {
    let settings = r#"{"account-sid":"AC123","messaging-service-sid":"MG1","api-base":"http://127.0.0.1:4010/"}"#;
    let driver = driver(settings);
    receipt(deliver(&driver, answer("hi"), Ok(Response::json(201, CREATED))));
    let sent = native::with(|host| host.sent.remove(0));
    assert_eq!(sent.url, "http://127.0.0.1:4010/2010-04-01/Accounts/AC123/Messages.json");
    assert_eq!((field(&sent, "MessagingServiceSid"), field(&sent, "From")), (Some("MG1".into()), None));
}

#[test]
fn twilios_errors_say_whether_to_try_again() {
    for (status, code, class) in [
        (429, 20429, "rate-limited"),
        (400, 21611, "rate-limited"),
        (400, 21610, "rejected-by-recipient"),
        (400, 21211, "rejected-by-recipient"),
        (400, 21614, "rejected-by-recipient"),
        (401, 20003, "bad-credentials"),
        (403, 20003, "bad-credentials"),
        (404, 20404, "bad-credentials"),
        (400, 21617, "too-large"),
        (400, 21408, "permanent"),
        (422, 0, "permanent"),
        (302, 0, "permanent"),
        (500, 20500, "maybe-sent"),
        (503, 0, "maybe-sent"),
    ] {
        let driver = driver(SETTINGS);
        let body = format!(r#"{{"code":{code},"message":"why","status":{status}}}"#);
        let error = failure(deliver(&driver, answer("hi"), Ok(Response::json(status, body))));
        assert_eq!(error.code, class, "{status} {code}");
        assert!(error.attributes.contains(&("vendor-code".into(), code.to_string())));
        assert_eq!(error.retry_after_ms, (class == "rate-limited").then_some(10_000), "{status} {code}");
    }
    let driver = driver(SETTINGS);
    let busy = Response::json(429, "{}").with_header("Retry-After", "3");
    assert_eq!(failure(deliver(&driver, answer("hi"), Ok(busy))).retry_after_ms, Some(3000));
    let html = Response::new(400, "text/html", "<html>");
    assert_eq!(failure(deliver(&driver, answer("hi"), Ok(html))).text, "Twilio answered 400");
}

#[test]
fn what_the_network_does_is_passed_on() {
    let driver = driver(SETTINGS);
    for (given, code) in [
        ("maybe-sent", "maybe-sent"),
        ("unavailable", "unavailable"),
        ("timeout", "timeout"),
        ("denied", "denied"),
        ("too-large", "maybe-sent"),
    ] {
        assert_eq!(failure(deliver(&driver, answer("hi"), Err(Error::new(given, "lost")))).code, code);
    }
}

#[test]
fn what_may_have_been_sent_is_not_sent_again() {
    let driver = driver(SETTINGS);
    let delivery = Delivery { attempt: 2, previous: "unknown".into(), ..answer("hi") };
    assert_eq!(failure(deliver(&driver, delivery, Ok(Response::json(201, CREATED)))).code, "maybe-sent");
    let delivery = Delivery { attempt: 2, previous: "failed".into(), ..answer("hi") };
    receipt(deliver(&driver, delivery, Ok(Response::json(201, CREATED))));
    let delivery = Delivery { attempt: 3, previous: "resend".into(), ..answer("hi") };
    receipt(deliver(&driver, delivery, Ok(Response::json(201, CREATED))));
    assert_eq!(native::with(|host| host.sent.len()), 2);
}

#[test]
fn only_an_opt_out_is_recorded_as_one() {
    for code in [21211, 21612, 21614, 30004] {
        let driver = driver(SETTINGS);
        let body = format!(r#"{{"code":{code}}}"#);
        let refusal = failure(deliver(&driver, answer("hi"), Ok(Response::json(400, body))));
        assert_eq!(refusal.code, "rejected-by-recipient", "{code}");
        assert!(native::with(|host| host.store.is_empty()), "{code}");
        receipt(deliver(&driver, answer("again"), Ok(Response::json(201, CREATED))));
    }
}

#[test]
fn an_answer_without_sid_is_still_a_receipt() {
    let driver = driver(SETTINGS);
    let receipt = receipt(deliver(&driver, answer("hi"), Ok(Response::json(201, "[]"))));
    assert!(receipt.external_ids.is_empty());
    assert_eq!(native::with(|host| host.log.len()), 1);
}

#[test]
fn who_opted_out_is_not_written_to() {
    let driver = driver(SETTINGS);
    let stop = [("MessageSid", "SM1"), ("From", "+14155551212"), ("To", "+18005551212"), ("Body", "STOP")];
    receive(&driver, &stop);
    assert_eq!(failure(deliver(&driver, answer("hi"), Ok(Response::json(201, CREATED)))).code, "rejected-by-recipient");
    assert!(native::with(|host| host.sent.is_empty()));
    let start = [("MessageSid", "SM2"), ("From", "+14155551212"), ("To", "+18005551212"), ("Body", "START")];
    receive(&driver, &start);
    receipt(deliver(&driver, answer("hi"), Ok(Response::json(201, CREATED))));
}

#[test]
fn an_opt_out_that_only_twilio_knew_is_recorded_and_told() {
    let driver = driver(SETTINGS);
    let refusal = || Ok(Response::json(400, r#"{"code":21610}"#));
    assert_eq!(failure(deliver(&driver, answer("hi"), refusal())).code, "rejected-by-recipient");
    let told = pushed();
    assert_eq!((told.len(), told[0].interaction.name.as_str()), (1, "opt-out"));
    assert_eq!(told[0].event_id.as_deref(), Some("0198-m/opt-out"));
    assert_eq!(failure(deliver(&driver, answer("hi"), refusal())).code, "rejected-by-recipient");
    assert_eq!(native::with(|host| host.sent.len()), 1);
}

#[test]
fn what_no_sms_can_be_is_refused_in_words() {
    let driver = driver(SETTINGS);
    let ok = || Ok(Response::json(201, CREATED));
    receipt(deliver(&driver, answer(&"x".repeat(1600)), ok()));
    let long = failure(deliver(&driver, answer(&"x".repeat(1601)), ok()));
    assert_eq!(long.code, "too-large");
    assert!(long.text.contains("1601"), "{}", long.text);
    assert_eq!(failure(deliver(&driver, answer(""), ok())).code, "invalid");

    let mut file = answer("see");
    file.message.parts.push(Part::Attachment(AttachmentPart::pending(None, "image/png")));
    assert_eq!(failure(deliver(&driver, file, ok())).code, "not-supported");

    let own = Own { kind: Kind::Command, name: "work-item.transfer".into(), arguments: "{}".into() };
    assert_eq!(failure(deliver(&driver, native::delivery(Message::new("sms", &own)), ok())).code, "not-supported");
    let own = Own { kind: Kind::Command, name: "message.send".into(), arguments: "{}".into() };
    assert_eq!(failure(deliver(&driver, native::delivery(Message::new("sms", &own)), ok())).code, "invalid");
}
