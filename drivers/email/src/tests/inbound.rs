//! Whose mail it is, where it belongs, and what is hostile in it.

use jackfield_sdk::Part;
use proptest::prelude::*;

use super::{LMTP, again, attribute, bring, conversation, driver, pushed};
use crate::inbound::mime::Mail;
use crate::inbound::thin::Thinned;
use crate::inbound::{Arrival, take};
use crate::tokens;

fn mail(headers: &str) -> String {
    format!("From: Ann <Ann@Example.net>\r\n{headers}\r\n\r\nhello\r\n")
}

#[test]
fn mails_of_one_thread_are_one_conversation_and_others_stay_out() {
    let driver = driver(LMTP);
    let take = |from: &str, to: &str, headers: &str| {
        let mail = mail(headers).replace("Ann <Ann@Example.net>", from);
        assert_eq!(bring(&driver, "c@d.test", &[to], mail), "250 2.0.0 taken\r\n");
        pushed().remove(0)
    };
    let first = take("ann@example.net", "help@support.test", "Message-ID: <1@x>\r\nSubject: Broken");
    let key = conversation(&first).to_owned();
    assert_eq!(attribute(&first, "email.thread"), Some("new"));
    let again =
        take("ann@example.net", "help@support.test", "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nReferences: <1@x>");
    assert_eq!(conversation(&again), key);
    // Somebody else who names the same mail, and the same to another address of ours.
    let other =
        take("eve@example.org", "help@support.test", "Message-ID: <3@x>\r\nReferences: <1@x>\r\nSubject: Re: Broken");
    assert_ne!(conversation(&other), key);
    let sales = take("ann@example.net", "sales@support.test", "Message-ID: <4@x>\r\nReferences: <1@x>");
    assert_ne!(conversation(&sales), key);

    // What we have signed is joined by whoever has it, the address before the references.
    let ours = tokens::message_id(&key, &tokens::send("k").unwrap(), "support.test").unwrap();
    let colleague = take("bob@example.org", "help@support.test", &format!("In-Reply-To: <{ours}>"));
    assert_eq!((conversation(&colleague), attribute(&colleague, "email.thread")), (key.as_str(), Some("in-reply-to")));
    let referred = take("bob@example.org", "help@support.test", &format!("References: <a@b> <{ours}> <c@d>"));
    assert_eq!((conversation(&referred), attribute(&referred, "email.thread")), (key.as_str(), Some("references")));
    let address = tokens::reply_address("help@support.test", &key).unwrap();
    let direct = take("eve@example.org", &address.to_uppercase(), "Message-ID: <9@x>");
    assert_eq!((conversation(&direct), attribute(&direct, "email.thread")), (key.as_str(), Some("address")));
    // A made-up one is an address like others.
    let forged = address.replace('.', ".a").replace(".atest", ".test");
    assert_ne!(conversation(&take("eve@example.org", &forged, "Message-ID: <10@x>")), key);
}

#[test]
fn what_comes_twice_is_one_and_a_used_message_id_is_two() {
    let driver = driver(LMTP);
    let bring = |mail: &str| bring(&driver, "c@d.test", &["help@support.test"], mail);
    let one = mail("Message-ID: <1@x>");
    bring(&one);
    bring(&format!("Received: by mx2\r\n\tfor x\r\n{one}"));
    bring(&one.replace("hello", "other"));
    bring("Subject: no id\r\n\r\nx\r\n");
    let messages = pushed();
    assert_eq!(messages[0].event_id, messages[1].event_id);
    assert_ne!(messages[0].event_id, messages[2].event_id);
    assert_eq!(messages[2].external_id.as_deref(), Some("1@x"));
    assert_eq!(attribute(&messages[2], "email.message-id-reused"), Some("true"));
    assert_eq!(attribute(&messages[1], "email.message-id-reused"), None);
    assert_eq!(messages[3].external_id.as_ref().map(String::len), Some(64));
}

#[test]
fn machines_are_known() {
    let driver = driver(LMTP);
    let hops = "Received: by a\r\n".repeat(51);
    for (from, headers, reason) in [
        ("", "Subject: s", Some("null-sender")),
        ("c@d.test", "Auto-Submitted: auto-replied (vacation)", Some("auto-submitted")),
        ("c@d.test", "Auto-Submitted: no", None),
        ("c@d.test", "Precedence: Bulk", Some("precedence")),
        ("c@d.test", "Precedence: first-class", None),
        ("c@d.test", "Precedence: auto_reply", Some("precedence")),
        ("c@d.test", "List-Id: <l.example>", Some("list")),
        ("c@d.test", "List-Unsubscribe: <mailto:l@l.example>", Some("list")),
        ("c@d.test", "X-Auto-Response-Suppress: OOF, AutoReply", Some("suppressed")),
        ("c@d.test", "X-Auto-Response-Suppress: DR, RN", None),
        ("c@d.test", "X-Autoreply: yes", Some("auto-submitted")),
        ("c@d.test", "X-Autorespond: away", Some("auto-submitted")),
        ("c@d.test", "X-Autoreply: no", None),
        ("c@d.test", hops.trim_end(), Some("hops")),
        ("c@d.test", "Subject: s", None),
    ] {
        bring(&driver, from, &["help@support.test"], mail(headers));
        let message = pushed().remove(0);
        assert_eq!(attribute(&message, "email.automatic"), reason, "{headers}");
        assert_eq!(attribute(&message, "automatic"), reason.map(|_| "true"), "{headers}");
    }
    // From a mailbox there is no envelope; its server has noted the path.
    for (path, reason) in [("<>", Some("null-sender")), ("<c@d.test>", None)] {
        let raw = mail(&format!("Return-Path: {path}\r\nSubject: s"));
        let recipients = ["help@support.test".to_owned()];
        let mail = Thinned::whole(raw.into_bytes());
        take(&again(LMTP).settings, Arrival { sender: None, recipients: &recipients, mail });
        assert_eq!(attribute(&pushed()[0], "email.automatic"), reason, "{path}");
    }
    bring(
        &driver,
        "c@d.test",
        &["help@support.test"],
        mail("Subject: s").replace("Ann@Example.net", "HELP@support.test"),
    );
    assert_eq!(attribute(&pushed()[0], "email.automatic"), Some("own"));
    let daemon = mail("Subject: s").replace("Ann@Example.net", "MAILER-DAEMON@mx.test");
    bring(&driver, "c@d.test", &["help@support.test"], daemon);
    assert_eq!(attribute(&pushed()[0], "email.automatic"), Some("mailer-daemon"));
}

#[test]
fn a_long_text_fits_into_the_call_for_all_recipients() {
    let driver = driver(&LMTP.replace("\"help@support.test\"", "\"@support.test\""));
    let long = mail("Subject: s").replace("hello", &"0123456789 ".repeat(20_000));
    let to: Vec<String> = (0..100).map(|number| format!("r{number}@support.test")).collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    assert_eq!(bring(&driver, "c@d.test", &to, &long).matches("250 2.0.0").count(), 100);
    let messages = pushed();
    assert!(messages.iter().map(|message| message.text().len()).sum::<usize>() < 6 << 20);
    assert!(messages.iter().all(|message| attribute(message, "email.incomplete") == Some("true")));
    bring(&driver, "c@d.test", &to[..1], &long);
    assert_eq!(pushed()[0].text().len(), 150 << 10);
}

#[test]
fn what_is_too_much_work_is_shown_as_a_file() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
    let parts = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(100_000));
    let headers = "a:\r\n".repeat(200_000);
    let addresses = format!("From: {}\r\n\r\nx", "a@b,".repeat(1_000_000));
    let deep = (0..5_000).fold(String::new(), |deep, at| {
        deep + &format!("Content-Type: multipart/mixed; boundary=\"b{at}\"\r\n\r\n--b{at}\r\n")
    });
    let encoded = |mail: &str, rest: &str| {
        let mail = jackfield_sdk::encoding::to_base64(mail.as_bytes());
        format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {rest}\r\n\r\n{mail}\r\n")
    };
    let many = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(10_000));
    // Each of the mails within is kept with a copy of them all.
    let within = "--b\r\nContent-Type: message/rfc822\r\n\r\na:\r\n\r\n".repeat(90);
    let filler = "x".repeat(1 << 20);
    let copied = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{within}{filler}");
    let digest = format!("Content-Type: multipart/digest; boundary=b\r\n\r\n{}{filler}", "--b\r\n\r\n".repeat(100));
    let hidden = encoded(&many, "base64");
    let hidden_copies = encoded(&copied, "base64");
    let hidden_digest = encoded(&digest, "base64");
    let hidden_deep = (0..6).fold(many.clone(), |mail, _| encoded(&mail, "base64"));
    let quoted = encoded("x", "quoted-printable\r\nX: -");
    let encoded = [hidden, hidden_copies, hidden_digest, hidden_deep, quoted + "=00"];
    for hostile in [nested, parts, headers, addresses, deep].into_iter().chain(encoded) {
        let driver = driver(LMTP);
        assert_eq!(bring(&driver, "c@d.test", &["help@support.test"], &hostile), "250 2.0.0 taken\r\n");
        let message = pushed().remove(0);
        assert_eq!(attribute(&message, "email.incomplete"), Some("true"));
        let [Part::Attachment(file)] = &message.parts[..] else { panic!("{:?}", message.parts) };
        assert_eq!((file.name.as_deref(), file.media_type.as_str()), (Some("message.eml"), "message/rfc822"));
        assert_eq!(message.work_item.expect("a work item").customer.address, "c@d.test");
    }
}

#[test]
fn what_is_too_much_work_has_its_headers_all_the_same() {
    let driver = driver(LMTP);
    let parts = "--b\r\n\r\n".repeat(10_000);
    let raw = format!(
        "From: Ann <ann@example.net>\r\nMessage-ID: <1@x>\r\nSubject: much\r\nAuto-Submitted: auto-generated\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}"
    );
    bring(&driver, "c@d.test", &["help@support.test"], raw);
    let message = pushed().remove(0);
    assert_eq!(message.parts.len(), 1, "{:?}", message.parts);
    assert_eq!(message.external_id.as_deref(), Some("1@x"));
    assert_eq!(attribute(&message, "email.automatic"), Some("auto-submitted"));
    let item = message.work_item.expect("a work item");
    assert_eq!((item.customer.address.as_str(), item.subject.as_deref()), ("ann@example.net", Some("much")));
}

#[test]
fn long_texts_that_look_like_headers_and_boundaries_are_texts() {
    let driver = driver(LMTP);
    let log = "12:00:01 error: it is broken\r\n-- a comment\r\n--- a/file\r\n".repeat(60_000);
    let raw = format!(
        "From: ann@example.net\r\nSubject: the log\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_b 1\"\r\n\r\n\
         --=_b 1\r\n\r\nSee the log.\r\n--=_b 1\r\nContent-Type: text/plain; name=app.log\r\n\
         Content-Disposition: attachment; filename=app.log\r\n\r\n{log}\r\n--=_b 1--\r\n"
    );
    bring(&driver, "c@d.test", &["help@support.test"], &raw);
    let message = pushed().remove(0);
    assert_eq!((message.text().trim_end(), attribute(&message, "email.incomplete")), ("See the log.", None));
    let files: Vec<_> = message.attachments().map(|file| (file.name.as_deref(), file.size)).collect();
    assert_eq!(files, [(Some("app.log"), Some(log.len() as u32))]);
    // And in the mail's own text.
    bring(&driver, "c@d.test", &["help@support.test"], format!("From: ann@example.net\r\n\r\n{log}"));
    assert!(pushed()[0].text().starts_with("12:00:01"));
}

#[test]
fn a_mail_in_base64_is_a_file_beside_the_text() {
    let driver = driver(LMTP);
    let within = mail("Subject: within").repeat(1000);
    let base64 = jackfield_sdk::encoding::to_base64(within.as_bytes());
    let lines: Vec<&str> = base64.as_bytes().chunks(76).map(|line| core::str::from_utf8(line).unwrap()).collect();
    let raw = format!(
        "From: ann@example.net\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n--b\r\n\
         Content-Type: message/rfc822; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        lines.join("\r\n")
    );
    bring(&driver, "c@d.test", &["help@support.test"], raw);
    let message = pushed().remove(0);
    assert_eq!((message.text().trim_end(), attribute(&message, "email.incomplete")), ("See below.", None));
    let files: Vec<_> = message.attachments().map(|file| (file.name.as_deref(), file.size)).collect();
    assert_eq!(files, [(Some("a.eml"), Some(within.len() as u32))]);
}

#[test]
fn text_files_and_pictures_are_parts() {
    let driver = driver(LMTP);
    let raw = "From: =?utf-8?B?w4Ru?= <a@b.test>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n\
        <p onclick=evil()>Hi <img src=\"cid:pic@1\"><img src=http://spy/></p><script>x</script>\r\n--r\r\n\
        Content-Type: image/png\r\nContent-ID: <pic@1>\r\nContent-Disposition: inline; filename*=utf-8''%C3%A4.png\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--r--\r\n";
    bring(&driver, "c@d.test", &["help@support.test"], raw);
    let message = pushed().remove(0);
    assert_eq!(message.work_item.as_ref().and_then(|item| item.customer.name.as_deref()), Some("Än"));
    assert!(message.text().starts_with("Hi"), "{}", message.text());
    let files: Vec<_> = message.attachments().collect();
    assert_eq!(files[0].media_type, "text/html; charset=utf-8");
    assert_eq!(
        (files[1].name.as_deref(), files[1].disposition.as_str(), files[1].size),
        (Some("ä.png"), "inline", Some(3))
    );
    assert_eq!(files[1].attributes, [("content-id".to_owned(), "pic@1".to_owned())]);
    let html = jackfield_sdk::native::with(|host| host.blobs[files[0].blob.as_ref().unwrap()].clone());
    let html = String::from_utf8(html).unwrap();
    assert!(html.contains("<p>Hi <img src=\"cid:pic@1\" alt=\"\"><img alt=\"\"></p>"), "{html}");
    assert!(!html.contains("spy") && !html.contains("evil"), "{html}");
}

#[test]
fn parts_and_mails_are_counted_wherever_the_parser_finds_them() {
    let encoded = |mail: &str| jackfield_sdk::encoding::to_base64(mail.as_bytes());
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let many = format!("{mixed}{}", "--b\r\n\r\n".repeat(10_000));
    let nested = "x--b\r\nContent-Type: message/rfc822\r\n\r\n".repeat(50_000);
    let whole = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n";
    for (what, raw) in [
        ("boundaries in the midst of lines", format!("{mixed}{}", "x--b\r\n\r\n".repeat(1_000_000))),
        ("all in one line", format!("{mixed}{}", "x--b".repeat(50_000))),
        ("mails behind those", format!("{mixed}{nested}")),
        ("headers beside boundaries", format!("{mixed}{}", "--b Content-Type: message/rfc822\r\n\r\n".repeat(50_000))),
        ("a form feed before Base64", format!("{whole}\x0c\r\n{}", encoded(&many))),
        ("a return before Base64", format!("{whole}\r\r\n{}", encoded(&many))),
        ("Base64 up to a boundary in its line", format!("{mixed}--b\r\n{whole}\r\n{}--b--\r\n", encoded(&many))),
        ("colons before names", format!("::{}\r\n{}", whole.replace("\r\nC", "\r\n:C"), encoded(&many))),
        (
            "an encoded word for Base64",
            format!("{}\r\n{}", whole.replace("base64", "=?utf-8?q?bas=65_64?="), encoded(&many)),
        ),
        ("a name in an encoded word", many.replacen("boundary=b", "boundary==?utf-8?q?=62?=", 1)),
        (
            "digests in Base64",
            format!(
                "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                encoded(&many)
            ),
        ),
    ] {
        assert!(Mail::parse(raw.as_bytes()).is_none(), "{what}");
    }
}

#[test]
fn a_picture_before_the_text_is_no_empty_line() {
    let driver = driver(LMTP);
    let raw = "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=r\r\n\r\n--r\r\nContent-Type: image/png\r\n\
        Content-Disposition: inline; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--r\r\n\r\n\
        see above\r\n--r\r\nContent-Type: text/plain\r\n\r\nbye\r\n--r--\r\n";
    bring(&driver, "c@d.test", &["help@support.test"], raw);
    assert_eq!(pushed()[0].text(), "see above\nbye");
}

proptest! {
    #[test]
    fn no_mail_traps(raw in proptest::collection::vec(any::<u8>(), 0..600), almost in "(From|To|Subject|Content-Type|Date|References): [a-z@<>;=\"/\r\n =?_-]{0,80}\r\n\r\n[ -~\r\n]{0,80}") {
        for raw in [raw.as_slice(), almost.as_bytes()] {
            if let Some(mail) = Mail::parse(raw) {
                let _ = (mail.from(), mail.subject(), mail.date(), mail.text(1000), mail.html(), mail.files().count(), mail.references().len());
                let _ = crate::inbound::bounce::reports(&mail);
            }
        }
    }
}
