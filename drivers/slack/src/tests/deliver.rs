//! Agents' answers.

use jackfield_sdk::native::{self, answers, failure, pushed, receipt, sent};
use jackfield_sdk::{AttachmentPart, Delivery, Driver, Error, Part, Response, WorkItem, form, header_of, host};

use super::{TOKEN, driver};
use crate::SlackDriver;

const POSTED: &str = r#"{"ok":true,"channel":"C1","ts":"6.2","message":{"text":"x"}}"#;

fn to(conversation: &str, text: &str) -> Delivery {
    native::delivery(native::answer("0198-m", WorkItem::new(conversation, "U1"), text))
}

fn refused(driver: &SlackDriver, response: Response) -> Error {
    answers(move |_| Ok(response.clone()));
    failure(driver.deliver(to("T1/C1/5.1", "hi")))
}

#[test]
fn a_text_is_posted_into_its_thread() {
    let driver = driver(r#"{"api-base":"http://127.0.0.1:4011/"}"#);
    answers(|_| Ok(Response::json(200, POSTED)));
    assert_eq!(receipt(driver.deliver(to("T1/C1/5.1", "<!channel> & ä"))).external_ids, ["T1/C1/6.2"]);
    let only = sent().remove(0);
    assert_eq!((only.method.as_str(), only.url.as_str()), ("POST", "http://127.0.0.1:4011/chat.postMessage"));
    assert_eq!(header_of(&only.headers, "authorization").next(), Some(format!("Bearer {TOKEN}").as_bytes()));
    assert_eq!(header_of(&only.headers, "content-type").next(), Some(b"application/json; charset=utf-8".as_slice()));
    assert_eq!(
        String::from_utf8_lossy(&only.body),
        r#"{"channel":"C1","text":"&lt;!channel&gt; &amp; ä","thread_ts":"5.1"}"#
    );
}

#[test]
fn who_is_written_to_first_goes_on_in_the_direct_message() {
    let direct = r#"{"ok":true,"channel":"D9","ts":"6.2"}"#;
    for (settings, conversation, thread) in
        [("{}", "T1/D9/6.2", r#","thread_ts":"6.2""#), (r#"{"direct-messages":"chat"}"#, "T1/D9", "")]
    {
        let driver = driver(settings);
        answers(move |_| Ok(Response::json(200, direct)));
        let receipt = receipt(driver.deliver(to("T1/U1", &format!("{}b", "a".repeat(3_900)))));
        assert_eq!(receipt.conversation.as_deref(), Some(conversation));
        let bodies: Vec<String> = sent().iter().map(|sent| String::from_utf8_lossy(&sent.body).into_owned()).collect();
        assert!(bodies[0].starts_with(r#"{"channel":"U1","text":"aaa"#), "{}", bodies[0]);
        assert_eq!(bodies[1], format!(r#"{{"channel":"D9","text":"b"{thread}}}"#));
        // After a crash it is known from what was noted.
        let again = Delivery {
            previous: "failed".into(),
            progress: vec!["T1/D9/6.2".into()],
            ..to("T1/U1", &format!("{}b", "a".repeat(3_900)))
        };
        driver.deliver(again);
        assert_eq!(String::from_utf8_lossy(&sent()[0].body), bodies[1]);
    }
}

#[test]
fn long_texts_are_posted_in_parts_and_none_twice() {
    let driver = driver("{}");
    let text = format!("{}\n{}", "a ".repeat(1900), "&".repeat(1000));
    let mut number = 0;
    answers(move |_| {
        number += 1;
        Ok(if number == 2 {
            Response::json(200, r#"{"ok":false,"error":"fatal_error"}"#)
        } else {
            Response::json(200, format!(r#"{{"ok":true,"ts":"{number}.0"}}"#))
        })
    });
    assert_eq!(failure(driver.deliver(to("T1/C1/5.1", &text))).code, "temporary");
    let progress = native::with(|host| host.progress.clone());
    assert_eq!(progress, ["T1/C1/1.0"]);
    let again = Delivery { attempt: 2, previous: "failed".into(), progress, ..to("T1/C1/5.1", &text) };
    assert_eq!(receipt(driver.deliver(again)).external_ids, ["T1/C1/1.0", "T1/C1/3.0", "T1/C1/4.0"]);
}

#[test]
fn what_may_have_been_posted_is_not_posted_again() {
    let driver = driver("{}");
    answers(|_| Err(Error::new("maybe-sent", "no answer")));
    assert_eq!(failure(driver.deliver(to("T1/C1/5.1", "hi"))).code, "maybe-sent");
    sent();
    let unknown = Delivery { previous: "unknown".into(), attempt: 2, ..to("T1/C1/5.1", "hi") };
    assert_eq!(failure(driver.deliver(unknown)).code, "maybe-sent");
    assert!(sent().is_empty());
    answers(|_| Ok(Response::json(200, POSTED)));
    receipt(driver.deliver(Delivery { previous: "resend".into(), attempt: 3, ..to("T1/C1/5.1", "hi") }));
}

#[test]
fn refusals_are_sorted_though_slack_answers_200() {
    let driver = driver("{}");
    let slow =
        refused(&driver, Response::json(429, r#"{"ok":false,"error":"ratelimited"}"#).with_header("retry-after", "7"));
    assert_eq!((slow.code.as_str(), slow.retry_after_ms), ("rate-limited", Some(7_000)));
    for (slack_code, expected) in [
        ("ratelimited", "rate-limited"),
        ("internal_error", "temporary"),
        ("fatal_error", "temporary"),
        ("service_unavailable", "temporary"),
        ("request_timeout", "temporary"),
        ("channel_not_found", "permanent"),
        ("not_in_channel", "permanent"),
        ("is_archived", "permanent"),
        ("no_text", "permanent"),
        ("something_new", "permanent"),
        ("msg_too_long", "too-large"),
    ] {
        let error = refused(&driver, Response::json(200, format!(r#"{{"ok":false,"error":"{slack_code}"}}"#)));
        assert_eq!(error.code, expected, "{slack_code}");
        assert!(error.attributes.contains(&("vendor-code".into(), slack_code.into())));
    }
    for (status, body, expected) in [
        (500, "", "temporary"),
        (503, "<html>", "temporary"),
        (500, r#"{"ok":false,"error":"something_new"}"#, "temporary"),
        (200, "", "maybe-sent"),
        (200, r#"{"ok":true}"#, "maybe-sent"),
        (404, "", "permanent"),
    ] {
        assert_eq!(refused(&driver, Response::json(status, body)).code, expected, "{status} {body}");
    }
    assert!(pushed().is_empty());
    for slack_code in ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"] {
        assert_eq!(
            refused(&driver, Response::json(200, format!(r#"{{"ok":false,"error":"{slack_code}"}}"#))).code,
            "bad-credentials"
        );
    }
    let health = pushed();
    assert_eq!((health.len(), health[0].connection.as_ref().map(|connection| connection.user_action)), (1, Some(true)));
}

#[test]
fn files_go_up_in_three_steps() {
    let driver = driver("{}");
    answers(|sent| {
        Ok(match sent.url.rsplit('/').next().unwrap_or_default() {
            "files.getUploadURLExternal" => Response::json(
                200,
                r#"{"ok":true,"upload_url":"https://files.slack.com/upload/v1/ABC","file_id":"F123"}"#,
            ),
            "ABC" => Response::new(200, "text/plain", "OK - 4"),
            "conversations.open" => Response::json(200, r#"{"ok":true,"channel":{"id":"D9"}}"#),
            _ => Response::json(200, r#"{"ok":true,"ts":"6.2","files":[{"id":"F123"}]}"#),
        })
    });
    let blob = host::blobs::put(b"%PDF").expect("kept");
    let message = |conversation: &str, text: &str| {
        let file = AttachmentPart::ready(Some("ä.pdf".into()), "application/pdf", blob.clone(), 4);
        native::delivery(native::answer("m", WorkItem::new(conversation, "U1"), text).with_part(Part::Attachment(file)))
    };
    let sent_ids = receipt(driver.deliver(message("T1/C1/5.1", "see"))).external_ids;
    assert_eq!(sent_ids, ["T1/C1/6.2", "T1/C1/file/F123"]);
    let calls = sent();
    let fields = |at: usize| form::parse(&calls[at].body).expect("a form");
    assert_eq!(fields(1), [("filename".to_owned(), "ä.pdf".to_owned()), ("length".into(), "4".into())]);
    assert_eq!(
        (calls[2].url.as_str(), calls[2].body.as_slice()),
        ("https://files.slack.com/upload/v1/ABC", b"%PDF".as_slice())
    );
    assert_eq!(header_of(&calls[2].headers, "authorization").next(), None);
    let expected = [("files", r#"[{"id":"F123","title":"ä.pdf"}]"#), ("channel_id", "C1"), ("thread_ts", "5.1")];
    assert_eq!(fields(3), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // A user who was written to first has a direct message.
    assert_eq!(receipt(driver.deliver(message("T1/U1", ""))).external_ids, ["T1/D9/file/F123"]);
}

#[test]
fn other_things_are_not_for_slack() {
    let driver = driver("{}");
    assert_eq!(failure(driver.deliver(to("+4366012345", "hi"))).code, "invalid");
    assert_eq!(failure(driver.deliver(to("T1/C1/5.1/6", "hi"))).code, "invalid");
    assert_eq!(failure(driver.deliver(to("T1/C1/5.1", " "))).code, "invalid");
    let mut other = to("T1/C1/5.1", "hi");
    other.message.interaction.name = "typing".into();
    assert_eq!(failure(driver.deliver(other)).code, "not-supported");
}
