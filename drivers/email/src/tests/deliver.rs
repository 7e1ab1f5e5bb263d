//! Answers on their way out, to a relay that says what the test wants.

use std::cell::RefCell;
use std::rc::Rc;

use jackfield_sdk::native::{self, answer, delivery};
use jackfield_sdk::{AttachmentPart, Delivery, Driver, Message, Outcome, Part, WorkItem, host};
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::{LMTP, again, bring, conversation, driver, pushed};
use crate::EmailDriver;
use crate::outbound::{Reply, compose, header};

/// What the relay was told.
type Heard = Rc<RefCell<Vec<u8>>>;

/// A relay which answers `answer` to lines that begin with `to` (to a dot: the whole mail), and else as usual.
fn relay(to: &'static str, answer: &'static str) -> Heard {
    let heard = Heard::default();
    let all = Rc::clone(&heard);
    let mut in_text = false;
    native::with(|host| {
        host.tcp = Some(Box::new(move |said: &[u8]| {
            all.borrow_mut().extend_from_slice(said);
            let text = String::from_utf8_lossy(said).into_owned();
            if in_text && text != ".\r\n" {
                return Vec::new();
            }
            in_text = text == "DATA\r\n";
            let usual = match text.split([' ', '\r']).next().unwrap_or_default() {
                "" => "220 relay.test\r\n",
                "EHLO" => "250-relay.test\r\n250-SIZE 1000000\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n",
                "AUTH" => "235 2.7.0 welcome\r\n",
                "DATA" => "354 go on\r\n",
                "." => "250 2.0.0 queued as 4711\r\n",
                _ => "250 2.1.0 fine\r\n",
            };
            (if !to.is_empty() && text.starts_with(to) { answer } else { usual }).as_bytes().to_vec()
        }));
    });
    heard
}

fn reply_to_a_mail(driver: &EmailDriver, headers: &str, text: &str) -> Delivery {
    bring(
        driver,
        "c@d.test",
        &["sales+vip@support.test"],
        format!("From: Änn <ann@example.net>\r\n{headers}\r\n\r\nhi\r\n"),
    );
    let message = native::with(|host| host.pushed[0].clone());
    let mut work_item = WorkItem::new(conversation(&message), "ann@example.net");
    work_item.customer.name = Some("Ann\r\nBcc: evil@x".into());
    delivery(answer("m1", work_item, text))
}

fn receipt(outcome: Outcome) -> jackfield_sdk::Receipt {
    match outcome {
        Outcome::Receipt(receipt) => receipt,
        Outcome::Failure(error) => panic!("{}: {}", error.code, error.text),
        _ => panic!("no receipt"),
    }
}

fn failure(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failure(error) => error.code,
        _ => panic!("no failure"),
    }
}

#[test]
fn an_answer_is_a_mail_that_belongs_to_the_customers() {
    let driver = driver(LMTP);
    let heard = relay("", "");
    let mut delivery = reply_to_a_mail(
        &driver,
        "Message-ID: <2@x>\r\nReferences: <0@x>\r\n <1@x>\r\nSubject: RE: re: =?utf-8?q?K=C3=A4se_und_eine_sehr_lange_Zeile_die_gefaltet_werden_muss?=",
        "Hello\n.dot\nend ä ",
    );
    let blob = host::blobs::put(&[7; 200]).unwrap();
    delivery.message.parts.push(Part::Attachment(AttachmentPart::ready(
        Some("Rechnung \"ä\"\r\nX: y.pdf".into()),
        "application/pdf",
        blob,
        200,
    )));
    let receipt = receipt(driver.deliver(delivery.clone()));
    let heard = String::from_utf8(heard.borrow().clone()).unwrap();
    // No line of it but CRLF, no long one, and the password only where the host put it.
    assert!(!heard.replace("\r\n", "").contains(['\r', '\n']));
    assert!(heard.split("\r\n").all(|line| line.len() <= 998 && line.is_ascii()));
    assert!(heard.contains(&format!("AUTH PLAIN {}\r\n", jackfield_sdk::encoding::to_base64(b"\0shop\0pass-word"))));
    assert!(heard.contains("RCPT TO:<ann@example.net>\r\n"));
    let (_, from_mail) = heard.split_once("MAIL FROM:<").unwrap();
    let (envelope, rest) = from_mail.split_once('>').unwrap();
    let mark = crate::tokens::of_address(envelope).unwrap().expect("a signed address");
    assert_eq!(mark.conversation, delivery.message.work_item.as_ref().unwrap().conversation);
    let (_, raw) = rest.split_once("DATA\r\n").unwrap();
    let (raw, end) = raw.rsplit_once(".\r\n").unwrap();
    assert_eq!(end, "QUIT\r\n");
    assert!(rest.starts_with(&format!(" SIZE={}", raw.replace("\r\n..", "\r\n.").len())), "{rest}");

    let raw = raw.replace("\r\n..", "\r\n.");
    let mail = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(mail.message_id(), Some(receipt.external_ids[0].as_str()));
    assert_eq!(crate::tokens::of_message_id(&receipt.external_ids[0]).unwrap(), Some(mark));
    assert_eq!(mail.subject(), Some("Re: Käse und eine sehr lange Zeile die gefaltet werden muss"));
    assert_eq!(mail.in_reply_to().as_text(), Some("2@x"));
    assert_eq!(
        mail.references().as_text_list().map(<[_]>::to_vec),
        Some(vec!["0@x".into(), "1@x".into(), "2@x".into()])
    );
    assert_eq!(mail.from().unwrap().first().unwrap().address(), Some("help@support.test"));
    let back = mail.reply_to().unwrap().first().unwrap().address().unwrap().to_owned();
    assert!(back.starts_with("sales+"), "{back}");
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some("Ann Bcc: evil@x"));
    assert_eq!(mail.header("Bcc"), None);
    assert_eq!(mail.date().map(|date| date.to_timestamp()), Some(1_795_305_600));
    assert_eq!(mail.body_text(0).as_deref(), Some("Hello\r\n.dot\r\nend ä \r\n"));
    let file = mail.attachment(0).unwrap();
    assert_eq!((file.attachment_name(), file.contents()), (Some("Rechnung \"ä\" X: y.pdf"), [7; 200].as_slice()));

    // The customer's answer to it comes back to the same conversation.
    pushed();
    bring(&driver, "ann@example.net", &[&back], "From: ann@example.net\r\nMessage-ID: <3@x>\r\n\r\nthanks\r\n");
    assert_eq!(conversation(&pushed()[0]), delivery.message.work_item.as_ref().unwrap().conversation);
    // Another try has the same Message-ID.
    let second = relay("", "");
    let other = again(LMTP);
    assert_eq!(self::receipt(other.deliver(delivery)).external_ids, receipt.external_ids);
    assert!(!second.borrow().is_empty());
}

#[test]
fn what_the_relay_says_decides_what_becomes_of_it() {
    for (to, answer, code) in [
        ("MAIL", "451 4.3.0 later\r\n", "temporary"),
        ("MAIL", "550 5.7.1 no\r\n", "permanent"),
        ("MAIL", "552 5.3.4 large\r\n", "too-large"),
        ("RCPT", "450 4.2.0 later\r\n", "temporary"),
        ("RCPT", "550-5.1.1 no\r\n550 5.1.1 such user\r\n", "rejected-by-recipient"),
        ("RCPT", "", "temporary"),
        ("DATA", "421 4.3.2 bye\r\n", "temporary"),
        (".", "451 4.3.0 later\r\n", "temporary"),
        (".", "554 5.6.0 spam\r\n", "permanent"),
        (".", "", "maybe-sent"),
        (".", "what?\r\n", "maybe-sent"),
        ("AUTH", "535 5.7.8 no\r\n", "bad-credentials"),
        ("AUTH", "454 4.7.0 later\r\n", "temporary"),
        ("EHLO", "421 4.3.2 bye\r\n", "temporary"),
        ("EHLO", "250-relay.test\r\n250-SIZE 10\r\n250 AUTH LOGIN PLAIN\r\n", "too-large"),
    ] {
        let driver = driver(LMTP);
        relay(to, answer);
        let delivery = reply_to_a_mail(&driver, "Message-ID: <2@x>", "Hello");
        assert_eq!(failure(driver.deliver(delivery)), code, "{to} {answer}");
    }
}

#[test]
fn nothing_is_sent_in_clear_or_twice_or_to_nobody() {
    let required = LMTP.replace("\"tls\":\"optional\"", "\"tls\":\"required\"");
    let strict = driver(&required);
    let heard = relay("", "");
    let mut delivery = reply_to_a_mail(&strict, "Message-ID: <2@x>", "Hello");
    assert_eq!(failure(strict.deliver(delivery.clone())), "temporary");
    assert!(!String::from_utf8_lossy(&heard.borrow()).contains("AUTH"));

    delivery.previous = "unknown".into();
    assert_eq!(failure(again(LMTP).deliver(delivery.clone())), "maybe-sent");
    delivery.previous = "resend".into();
    receipt(again(LMTP).deliver(delivery.clone()));

    for address in ["evil@x.test>\r\nRCPT TO:<b@c.test", "a b@c.test", "nobody", "a@b@c.test"] {
        pushed();
        let mut other = delivery.clone();
        other.message.work_item.as_mut().unwrap().customer.address = address.into();
        assert_eq!(failure(again(LMTP).deliver(other)), "rejected-by-recipient", "{address}");
    }
    let none = again(r#"{"addresses":["help@support.test"],"protocol":"lmtp"}"#);
    assert_eq!(failure(none.deliver(delivery)), "not-supported");
}

#[test]
fn what_a_machine_answers_asks_for_no_answer() {
    let driver = driver(LMTP);
    let heard = relay("", "");
    let mut delivery = reply_to_a_mail(&driver, "Message-ID: <2@x>", "We have got it");
    delivery.message.attributes.push(("automatic".into(), "true".into()));
    receipt(driver.deliver(delivery));
    let heard = String::from_utf8(heard.borrow().clone()).unwrap();
    assert!(heard.contains("MAIL FROM:<> SIZE=") && heard.contains("\r\nAuto-Submitted: auto-replied\r\n"), "{heard}");
}

#[test]
fn an_address_of_other_letters_is_announced_wherever_it_stands() {
    let driver = driver(&LMTP.replace("Support <help@support.test>", "Hilfe <hilfe@für.test>"));
    let delivery = reply_to_a_mail(&driver, "Subject: s", "hello");
    let heard = relay("", "");
    receipt(driver.deliver(delivery));
    let heard = String::from_utf8_lossy(&heard.borrow()).into_owned();
    assert!(heard.contains("From: Hilfe <hilfe@für.test>\r\n"), "{heard}");
    let line = heard.lines().find(|line| line.starts_with("MAIL FROM:")).unwrap_or_default();
    assert!(line.ends_with(" SMTPUTF8"), "{line}");
}

#[test]
fn a_file_is_of_the_type_it_says_or_of_none() {
    for (given, written) in [
        ("application/pdf; x=y", "application/pdf"),
        ("Image/PNG", "image/png"),
        ("text/plain\r\nBcc: evil@x.test", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("Multipart/mixed", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("", "application/octet-stream"),
    ] {
        let file = AttachmentPart::ready(Some("f".into()), given, "sha256-x".to_owned(), 1);
        let draft = compose::Draft { files: vec![&file], ..compose::Draft::default() };
        let pieces = compose::mail(&draft);
        let texts: String =
            pieces.iter().map(|piece| if let compose::Piece::Text(text) = piece { text } else { "" }).collect();
        assert!(texts.contains(&format!("\r\nContent-Type: {written};\r\n name=\"f\"\r\n")), "{given}: {texts}");
    }
}

#[test]
fn small_things_of_mails() {
    assert_eq!(compose::subject(Some("Re: RE:  re:x")), "Re: x");
    assert_eq!(compose::subject(None), "Re: your message");
    assert_eq!(compose::date(1_795_305_600_000), "Sun, 22 Nov 2026 00:00:00 +0000");
    assert_eq!(header::text("=?utf-8?q?x?="), "=?utf-8?B?PT91dGYtOD9xP3g/PQ==?=");
    assert_eq!(header::mailbox(Some("O\"Neil, Ann"), "a@b"), "\"O\\\"Neil, Ann\" <a@b>");
    assert_eq!(header::mailbox(Some("=?utf-8?q?x?="), "a@b"), "=?utf-8?B?PT91dGYtOD9xP3g/PQ==?= <a@b>");
}

proptest! {
    #[test]
    fn what_is_written_is_read(subject in "[ -~äß漢\r\n]{1,120}", text in "[ -~ä=\n.]{0,300}", name in "[ -~ä\r\n]{1,60}") {
        let draft = compose::Draft {
            from: (Some(&name), "a@b.test"), to: (None, "c@d.test"), reply_to: "a@b.test", subject: &subject,
            message_id: "x.y.z@b.test", date: 0, text: &text, ..compose::Draft::default()
        };
        let pieces = compose::mail(&draft);
        let [compose::Piece::Text(raw)] = &pieces[..] else { panic!("one piece") };
        let clean = |text: &str| text.split(|c: char| c == ' ' || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let mail = MessageParser::default().parse(raw).unwrap();
        prop_assert_eq!(clean(mail.subject().unwrap_or_default()), clean(&subject));
        prop_assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n"), format!("{text}\n"));
        prop_assert_eq!(mail.from().and_then(|from| from.first()).and_then(|from| from.address()), Some("a@b.test"));
        prop_assert!(raw.split("\r\n").all(|line| line.len() < 998 && !line.contains(['\r', '\n'])));
    }

    #[test]
    fn no_answer_traps(lines in proptest::collection::vec("[0-9]{0,4}[- a-zä]{0,20}", 0..6)) {
        let mut lines = lines.into_iter().map(String::into_bytes);
        let _ = Reply::read(|| Ok::<_, ()>(lines.next()));
    }
}

#[test]
fn a_message_of_another_kind_is_not_for_mail() {
    let driver = driver(LMTP);
    let other = jackfield_sdk::interactions::Typing { on: true };
    assert_eq!(failure(driver.deliver(delivery(Message::new("email", &other)))), "not-supported");
}
