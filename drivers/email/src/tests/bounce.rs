//! Notifications of what became of a mail of ours.

use super::{LMTP, bring, conversation, driver, pushed};
use crate::inbound::bounce;
use crate::tokens;
use proptest::prelude::*;

fn dsn(action: &str, original: &str) -> String {
    format!(
        "From: MAILER-DAEMON@gw.test\r\nMessage-Id: <d@gw.test>\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/x\"\r\n\r\n\
         --b/x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n\r\n--b/x\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; gw.test\r\n\r\nFinal-Recipient: rfc822; Bad@sink.test\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such\r\n    user\r\n\r\n--b/x\r\nContent-Type: message/rfc822\r\n\r\n\
         From: help@support.test\r\nMessage-ID: <{original}>\r\n\r\nhello\r\n\r\n--b/x--\r\n"
    )
}

#[test]
fn a_bounce_is_told_in_its_conversation() {
    let driver = driver(LMTP);
    let key = tokens::conversation(&["x"]).unwrap();
    let send = tokens::send("key-1").unwrap();
    let id = tokens::message_id(&key, &send, "support.test").unwrap();
    let verp = tokens::bounce_address("help@support.test", &key, &send).unwrap();
    // By the address it comes back to, by the mail that it brings back, and by both.
    // It may bring back all of a large mail.
    let large = dsn("failed", &id).replace("hello", &"hello, this is long\r\n".repeat(10_000));
    for (to, bounce) in [
        (verp.as_str(), dsn("failed", "rewritten@relay.test")),
        ("help@support.test", dsn("failed", &id)),
        (&verp, dsn("failed", &id)),
        ("help@support.test", large),
    ] {
        assert_eq!(bring(&driver, "", &[to], bounce), "250 2.0.0 taken\r\n");
        let message = pushed().remove(0);
        assert_eq!((message.interaction.name.as_str(), conversation(&message)), ("message.status", key.as_str()));
        let arguments = &message.interaction.arguments;
        for part in [
            format!("\"externalId\":\"{id}\""),
            "\"status\":\"failed\"".into(),
            "\"code\":\"email/5.1.1\"".into(),
            "550 5.1.1 no such user".into(),
        ] {
            assert!(arguments.contains(&part), "{arguments}");
        }
        assert_eq!(message.work_item.expect("a work item").customer.address, "bad@sink.test");
    }
    // As some write it: without the kind of report, the Message-ID on a line of its own.
    let loose = dsn("failed", &id).replace("report-type=delivery-status;\r\n\t", "");
    for written in [loose, dsn("failed", &id).replace("Message-ID: <", "Message-ID:\r\n\t<")] {
        bring(&driver, "", &["help@support.test"], written);
        assert_eq!(pushed()[0].interaction.name, "message.status");
    }
    for (action, status) in
        [("delayed", "sent"), ("relayed", "sent"), ("delivered", "delivered"), ("expanded", "delivered")]
    {
        bring(&driver, "", &[&verp], dsn(action, &id));
        assert!(pushed()[0].interaction.arguments.contains(&format!("\"status\":\"{status}\"")), "{action}");
    }
    // Of a mail that isn't ours: shown, as a machine's.
    bring(&driver, "", &["help@support.test"], dsn("failed", "x@y"));
    assert_eq!(pushed()[0].interaction.name, "support-request");
}

proptest! {
    #[test]
    fn no_report_traps(text in proptest::collection::vec(any::<u8>(), 0..300), almost in "(Action|Status|Final-Recipient|Diagnostic-Code)[:; ().a-z0-9\r\n]{0,60}") {
        bounce::parse(&text);
        bounce::parse(almost.as_bytes());
    }
}
