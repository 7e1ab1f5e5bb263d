//! Agents' answers.

use jackfield_sdk::interactions::Typing;
use jackfield_sdk::native::{self, answers, failure, pushed, receipt, sent};
use jackfield_sdk::{AttachmentPart, Delivery, Driver, Error, Message, Part, Response, WorkItem, header_of, host};

use super::{TOKEN, driver, field, message, take};
use crate::TelegramDriver;

const SENT: &str = r#"{"ok":true,"result":{"message_id":77,"chat":{"id":5}}}"#;

fn to(conversation: &str, text: &str) -> Delivery {
    native::delivery(native::answer("0198-m", WorkItem::new(conversation, "5"), text))
}

/// What becomes of a text that Telegram answers so.
fn refused(driver: &TelegramDriver, status: u16, body: &'static str) -> Error {
    answers(move |_| Ok(Response::json(status, body)));
    failure(driver.deliver(to("5", "hi")))
}

#[test]
fn a_text_is_sent_as_it_is() {
    let driver = driver(r#"{"api-base":"http://127.0.0.1:9055/"}"#);
    answers(|_| Ok(Response::json(200, SENT)));
    assert_eq!(receipt(driver.deliver(to("5", "<b> & *x* 👍"))).external_ids, ["5/77"]);
    let sent = sent().remove(0);
    assert_eq!((sent.method.as_str(), sent.url), ("POST", format!("http://127.0.0.1:9055/bot{TOKEN}/sendMessage")));
    assert_eq!(header_of(&sent.headers, "content-type").next(), Some(b"application/json".as_slice()));
    assert_eq!(String::from_utf8_lossy(&sent.body), r#"{"chat_id":5,"text":"<b> & *x* 👍"}"#);
}

#[test]
fn topics_business_chats_and_quotes_are_named() {
    let driver = driver("{}");
    answers(|_| Ok(Response::json(200, SENT)));
    assert_eq!(receipt(driver.deliver(to("business/BC-1/5", "hi"))).external_ids, ["business/BC-1/5/77"]);
    assert_eq!(field(&sent()[0], "/business_connection_id").as_deref(), Some("BC-1"));
    assert_eq!(receipt(driver.deliver(to("-1005/direct/9007199254740993", "hi"))).external_ids, ["-1005/77"]);
    let direct = sent().remove(0);
    assert_eq!(
        String::from_utf8_lossy(&direct.body),
        r#"{"chat_id":-1005,"text":"hi","direct_messages_topic_id":9007199254740993}"#
    );
    let mut reply = to("-100/7", "hi");
    reply.message.interaction.arguments = r#"{"replyTo":"-100/1365"}"#.into();
    receipt(driver.deliver(reply));
    let topic = sent().remove(0);
    assert_eq!(
        String::from_utf8_lossy(&topic.body),
        r#"{"chat_id":-100,"text":"hi","message_thread_id":7,"reply_parameters":{"message_id":1365}}"#
    );
    // In a group the last message is quoted.
    let json = r#"{"update_id":1,"message":{"message_id":44,"date":1,"from":{"id":5},"chat":{"id":-9,"type":"group"},"text":"x"}}"#;
    take(&driver, json);
    receipt(driver.deliver(to("-9", "hi")));
    assert_eq!(field(&sent()[0], "/reply_parameters/message_id").as_deref(), Some("44"));
}

#[test]
fn a_quoted_message_that_is_gone_does_not_stop_the_answer() {
    let driver = driver("{}");
    answers(|sent| {
        Ok(match field(sent, "/reply_parameters") {
            Some(_) => Response::json(
                400,
                r#"{"ok":false,"error_code":400,"description":"Bad Request: message to be replied not found"}"#,
            ),
            None => Response::json(200, SENT),
        })
    });
    let mut reply = to("5", "hi");
    reply.message.interaction.arguments = r#"{"replyTo":"5/1365"}"#.into();
    receipt(driver.deliver(reply));
    assert_eq!(sent().len(), 2);
}

#[test]
fn long_texts_are_sent_in_parts_and_none_twice() {
    let driver = driver("{}");
    let text = format!("{}\n{}", "👍".repeat(2000), "b".repeat(4096));
    let mut number = 0;
    answers(move |_| {
        number += 1;
        Ok(if number == 2 {
            Response::json(502, "<html>")
        } else {
            Response::json(200, format!(r#"{{"ok":true,"result":{{"message_id":{number}}}}}"#))
        })
    });
    assert_eq!(failure(driver.deliver(to("5", &text))).code, "temporary");
    let progress = native::with(|host| host.progress.clone());
    assert_eq!(progress, ["5/1"]);
    let again = Delivery { attempt: 2, previous: "failed".into(), progress, ..to("5", &text) };
    assert_eq!(receipt(driver.deliver(again)).external_ids, ["5/1", "5/3"]);
    let texts: Vec<String> = sent().iter().filter_map(|sent| field(sent, "/text")).collect();
    let lengths: Vec<usize> = texts.iter().map(|text| text.encode_utf16().count()).collect();
    assert_eq!(lengths, [4001, 4096, 4096]);
    // All was out before the crash: it is known.
    let crashed = Delivery { previous: "unknown".into(), progress: vec!["5/1".into(), "5/3".into()], ..to("5", &text) };
    assert_eq!(receipt(driver.deliver(crashed)).external_ids.len(), 2);
    assert!(sent().is_empty());
}

#[test]
fn what_may_have_been_sent_is_not_sent_again() {
    let driver = driver("{}");
    answers(|_| Err(Error::new("maybe-sent", "no answer")));
    assert_eq!(failure(driver.deliver(to("5", "hi"))).code, "maybe-sent");
    sent();
    let unknown = Delivery { previous: "unknown".into(), attempt: 2, ..to("5", "hi") };
    assert_eq!(failure(driver.deliver(unknown)).code, "maybe-sent");
    assert!(sent().is_empty());
    answers(|_| Ok(Response::json(200, SENT)));
    receipt(driver.deliver(Delivery { previous: "resend".into(), attempt: 3, ..to("5", "hi") }));
}

#[test]
fn refusals_are_sorted() {
    let driver = driver("{}");
    let slow = refused(
        &driver,
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":14}}"#,
    );
    assert_eq!((slow.code.as_str(), slow.retry_after_ms), ("rate-limited", Some(14_000)));
    for (status, body, code) in [
        (500, "", "temporary"),
        (502, "<html>", "temporary"),
        (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#, "permanent"),
        (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}"#, "too-large"),
        (200, "{}", "maybe-sent"),
        (200, r#"{"ok":true,"result":{}}"#, "maybe-sent"),
        (200, r#"{"ok":false,"error_code":500}"#, "temporary"),
    ] {
        assert_eq!(refused(&driver, status, body).code, code, "{status} {body}");
    }
    assert!(pushed().is_empty());
    let wrong = refused(&driver, 401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#);
    assert_eq!(wrong.code, "bad-credentials");
    let health = pushed().remove(0);
    assert_eq!(
        health.connection.map(|connection| (connection.state, connection.user_action)),
        Some(("bad-credentials".into(), true))
    );
}

#[test]
fn who_blocked_the_bot_is_out() {
    let driver = driver("{}");
    let blocked = refused(
        &driver,
        403,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
    );
    assert_eq!(blocked.code, "rejected-by-recipient");
    let told = pushed().remove(0);
    assert_eq!((told.interaction.name.as_str(), told.external_id.as_deref()), ("opt-out", Some("0198-m")));
    sent();
    assert_eq!(failure(driver.deliver(to("5", "hi"))).code, "rejected-by-recipient");
    assert!(sent().is_empty(), "nothing is sent in vain");
    take(&driver, &message(r#""text":"/start""#).replace("1111111", "5"));
    answers(|_| Ok(Response::json(200, SENT)));
    receipt(driver.deliver(to("5", "hi")));
}

#[test]
fn what_the_bot_may_not_do_is_no_opt_out() {
    let driver = driver("{}");
    for description in ["Forbidden: bot can't initiate conversation with a user", "Forbidden: CHAT_WRITE_FORBIDDEN"] {
        let body = format!(r#"{{"ok":false,"error_code":403,"description":"{description}"}}"#);
        answers(move |_| Ok(Response::json(403, body.clone())));
        assert_eq!(failure(driver.deliver(to("5", "hi"))).code, "rejected-by-recipient");
    }
    assert!(pushed().is_empty());
    answers(|_| Ok(Response::json(200, SENT)));
    receipt(driver.deliver(to("5", "hi")));
}

#[test]
fn a_file_that_can_not_be_shown_is_sent_as_a_document() {
    let driver = driver("{}");
    for (media_type, method, description) in [
        ("image/png", "/sendPhoto", "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        ("audio/ogg", "/sendVoice", "Bad Request: VOICE_MESSAGES_FORBIDDEN"),
    ] {
        answers(move |sent| {
            let refusal = format!(r#"{{"ok":false,"error_code":400,"description":"{description}"}}"#);
            Ok(if sent.url.ends_with(method) { Response::json(400, refusal) } else { Response::json(200, SENT) })
        });
        let blob = host::blobs::put(b"x").expect("kept");
        let file = AttachmentPart::ready(Some("a".into()), media_type, blob, 1);
        let message = native::answer("m", WorkItem::new("5", "5"), "").with_part(Part::Attachment(file));
        assert_eq!(receipt(driver.deliver(native::delivery(message))).external_ids, ["5/77"]);
        let urls: Vec<_> = sent().iter().filter_map(|sent| sent.url.rsplit('/').next().map(String::from)).collect();
        assert_eq!(urls, [&method[1..], "sendDocument"]);
    }
    // Refused as a document, too, it is refused.
    answers(|_| Ok(Response::json(400, r#"{"ok":false,"error_code":400,"description":"IMAGE_PROCESS_FAILED"}"#)));
    let blob = host::blobs::put(b"x").expect("kept");
    let file = Part::Attachment(AttachmentPart::ready(None, "image/png", blob, 1));
    let message = native::answer("m", WorkItem::new("5", "5"), "").with_part(file);
    assert_eq!(failure(driver.deliver(native::delivery(message))).code, "permanent");
    assert_eq!(sent().len(), 2);
}

#[test]
fn a_group_that_moved_is_followed() {
    let driver = driver("{}");
    answers(|sent| {
        Ok(match field(sent, "/chat_id").as_deref() {
            Some("-10") => Response::json(
                400,
                r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100777}}"#,
            ),
            _ => Response::json(200, SENT),
        })
    });
    let followed = receipt(driver.deliver(to("-10", "hi")));
    assert_eq!(
        (followed.external_ids.as_slice(), followed.conversation.as_deref()),
        (["-100777/77".to_owned()].as_slice(), Some("-100777"))
    );
    receipt(driver.deliver(to("-10", "again")));
    let chats: Vec<_> = sent().iter().filter_map(|sent| field(sent, "/chat_id")).collect();
    assert_eq!(chats, ["-10", "-100777", "-100777"]);
}

#[test]
fn files_are_sent_with_their_words() {
    let driver = driver("{}");
    answers(|_| Ok(Response::json(200, SENT)));
    let blob = host::blobs::put(b"%PDF").expect("kept");
    let with = |text: &str, media_type: &str| -> Message {
        let file = AttachmentPart::ready(Some("a\".pdf".into()), media_type, blob.clone(), 4);
        native::answer("m", WorkItem::new("5", "5"), text).with_part(Part::Attachment(file))
    };
    receipt(driver.deliver(native::delivery(with("here", "application/pdf"))));
    let only = sent();
    assert_eq!(only.len(), 1);
    let body = String::from_utf8_lossy(&only[0].body).into_owned();
    assert!(only[0].url.ends_with("/sendDocument"), "{}", only[0].url);
    for expected in [
        "name=\"chat_id\"\r\n\r\n5\r\n",
        "name=\"caption\"\r\n\r\nhere\r\n",
        "name=\"document\"; filename=\"a%22.pdf\"\r\ncontent-type: application/pdf\r\n\r\n%PDF\r\n",
    ] {
        assert!(body.contains(expected), "{expected}: {body}");
    }
    for (media_type, method) in [
        ("image/png", "/sendPhoto"),
        ("video/mp4", "/sendVideo"),
        ("audio/mpeg", "/sendAudio"),
        ("audio/ogg; codecs=opus", "/sendVoice"),
    ] {
        receipt(driver.deliver(native::delivery(with("", media_type))));
        let sent = sent().remove(0);
        assert!(sent.url.ends_with(method), "{}", sent.url);
    }
    // Too long to stand beside it.
    assert_eq!(receipt(driver.deliver(native::delivery(with(&"x".repeat(1025), "image/png")))).external_ids.len(), 2);
    let mut missing = with("x", "image/png");
    let Part::Attachment(part) = &mut missing.parts[1] else { panic!("a file") };
    part.blob = None;
    assert_eq!(failure(driver.deliver(native::delivery(missing))).code, "invalid");
}

#[test]
fn typing_is_shown() {
    let driver = driver("{}");
    answers(|_| Ok(Response::json(200, r#"{"ok":true,"result":true}"#)));
    let typing = |on| native::delivery(Message::new("chat", &Typing { on }).with_work_item(WorkItem::new("5", "5")));
    receipt(driver.deliver(typing(true)));
    receipt(driver.deliver(typing(false)));
    let sent = sent();
    assert_eq!(
        (sent.len(), String::from_utf8_lossy(&sent[0].body).into_owned()),
        (1, r#"{"chat_id":5,"action":"typing"}"#.into())
    );
}

#[test]
fn other_things_are_not_for_telegram() {
    let driver = driver("{}");
    assert_eq!(failure(driver.deliver(to("ann@example.net", "hi"))).code, "invalid");
    assert_eq!(failure(driver.deliver(to("5", ""))).code, "invalid");
    let mut other = to("5", "hi");
    other.message.interaction.name = "work-item.suspend".into();
    assert_eq!(failure(driver.deliver(other)).code, "not-supported");
}
