//! Whose mail it is, where it belongs, and what is hostile in it.

use jackfield_sdk::Part;
use proptest::prelude::*;

use super::{LMTP, again, attribute, bring, conversation, driver, pushed};
use crate::inbound::mime::Mail;
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
        ("c@d.test", "List-Id: <l.example>", Some("list")),
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
        take(&again(LMTP).settings, &Arrival { sender: None, recipients: &recipients, raw: raw.as_bytes() });
        assert_eq!(attribute(&pushed()[0], "email.automatic"), reason, "{path}");
    }
    bring(
        &driver,
        "c@d.test",
        &["help@support.test"],
        mail("Subject: s").replace("Ann@Example.net", "HELP@support.test"),
    );
    assert_eq!(attribute(&pushed()[0], "email.automatic"), Some("own"));
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
    for hostile in [nested, parts, headers, addresses, deep] {
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
