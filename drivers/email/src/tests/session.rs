//! SMTP and LMTP, as mail servers speak them and as attackers do.

use jackfield_sdk::{Peer, Signal, Stream, native};
use proptest::prelude::*;

use super::{LINE, LMTP, bring, driver, open, pushed, said, say};
use crate::session::Command;

const SMTP: &str = r#"{"addresses":["help@support.test"],"protocol":"smtp","max-size":2048}"#;
const MAIL: &str = "From: c@d.test\r\nMessage-ID: <1@d.test>\r\nSubject: s\r\n\r\nhello\r\n";

#[test]
fn one_answer_for_each_recipient_in_lmtp_and_one_in_smtp() {
    let lmtp = driver(LMTP);
    assert_eq!(open(&lmtp), "220 support.test LMTP ready\r\n");
    let answer = say(&lmtp, "LHLO mx\r\n");
    assert_eq!(
        answer,
        "250-support.test\r\n250-PIPELINING\r\n250-SIZE 20971520\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
    );
    // All at once, as PIPELINING allows.
    let talk = "MAIL FROM:<c@d.test> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<help@support.test>\r\n\
        RCPT TO:<nobody@support.test>\r\nRCPT TO:<Sales+x@Support.test>\r\nDATA\r\n";
    let codes: Vec<String> = say(&lmtp, talk).lines().map(|line| line[..9].into()).collect();
    assert_eq!(codes, ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "354 end i"]);
    assert_eq!(say(&lmtp, format!("{MAIL}.\r\n")), "250 2.0.0 taken\r\n250 2.0.0 taken\r\n");
    let messages = pushed();
    assert_eq!(messages.len(), 2);
    assert_ne!(messages[0].event_id, messages[1].event_id);
    assert_eq!(messages[0].external_id.as_deref(), Some("1@d.test"));
    assert_eq!(say(&lmtp, "QUIT\r\n"), "221 2.0.0 good bye\r\n");

    let smtp = driver(SMTP);
    open(&smtp);
    assert!(say(&smtp, "LHLO mx\r\n").starts_with("500 5.5.1"));
    say(
        &smtp,
        "EHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nRCPT TO:<HELP@support.test>\r\nDATA\r\n",
    );
    assert_eq!(say(&smtp, format!("{MAIL}.\r\n")), "250 2.0.0 taken\r\n");
}

#[test]
fn commands_out_of_place_are_refused() {
    let driver = driver(SMTP);
    open(&driver);
    for (command, answer) in [
        ("MAIL FROM:<a@b.test>", "503 5.5.1"),
        ("EHLO", "501 5.5.4"),
        ("EHLO mx", "250-"),
        ("RCPT TO:<help@support.test>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:<a@b.test> SIZE=99999999999999999999", "552 5.3.4"),
        ("MAIL FROM:<a@b.test> SIZE=x", "501 5.5.4"),
        ("MAIL FROM:<a@b.test> RET=FULL", "555 5.5.4"),
        ("MAIL FROM:a@b.test", "501 5.1.7"),
        ("MAIL FROM:<ä@b.test>", "553 5.6.7"),
        ("MAIL FROM:<ä@b.test> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<a@b.test>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("RSET", "250 2.0.0"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("RCPT TO:<>", "501 5.1.7"),
        ("RCPT TO:<hälp@support.test>", "553 5.6.7"),
        ("RCPT TO:<@one.test,@two.test:help@support.test>", "250 2.1.5"),
        ("STARTTLS", "502 5.5.1"),
        ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
        ("NOOP", "250 2.0.0"),
        ("WHAT", "500 5.5.1"),
        ("VRFY x", "252 2.5.0"),
    ] {
        let said = say(&driver, format!("{command}\r\n"));
        assert!(said.starts_with(answer), "{command}: {said}");
    }
}

#[test]
fn a_mail_ends_only_where_all_see_its_end() {
    // What one server takes for the end of a mail and another for text is how mail is smuggled in.
    for false_end in ["\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r\n..\r\n", "\n\n.\r\r\n"] {
        let driver = driver(LMTP);
        open(&driver);
        say(&driver, "LHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n");
        let smuggled = "MAIL FROM:<evil@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n";
        assert_eq!(say(&driver, format!("{MAIL}{false_end}{smuggled}")), "", "{false_end:?}");
        assert_eq!(say(&driver, "\r\n.\r\n"), "250 2.0.0 taken\r\n", "{false_end:?}");
        assert!(pushed()[0].text().contains("evil@d.test"), "{false_end:?}");
    }
    // And commands end in CRLF.
    let driver = driver(LMTP);
    open(&driver);
    assert!(say(&driver, "LHLO\rmx\r\n").starts_with("500 5.5.2"));
    say(&driver, "LHLO mx\r\n");
    assert_eq!(say(&driver, "NOOP x\nMAIL FROM:<evil@d.test>\r\n"), "500 5.5.2 lines end in CRLF\r\n");
    assert!(native::with(|host| host.lines.is_empty()), "closed");
}

#[test]
fn an_empty_mail_and_dots_at_the_beginning() {
    let driver = driver(LMTP);
    open(&driver);
    say(&driver, "LHLO mx\r\n");
    let begin = "MAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n";
    say(&driver, begin);
    assert_eq!(say(&driver, ".\r\n"), "250 2.0.0 taken\r\n");
    say(&driver, begin);
    assert_eq!(say(&driver, "Subject: d\r\n\r\n..one\r\n...\r\n.two\r\n.\r\n"), "250 2.0.0 taken\r\n");
    assert_eq!(pushed()[1].text(), ".one\r\n..\r\ntwo\r\n");
}

#[test]
fn too_much_is_too_much() {
    let driver = driver(SMTP);
    open(&driver);
    say(&driver, "EHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n");
    assert_eq!(say(&driver, format!("{}\r\n.\r\n", "x".repeat(3000))), "552 5.3.4 the mail is too large\r\n");
    // The session goes on; but not for who never ends.
    say(&driver, "MAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n");
    assert_eq!(say(&driver, "x".repeat(9000)), "552 5.3.4 the mail is too large\r\n");
    assert!(native::with(|host| host.lines.is_empty()), "closed");

    open(&driver);
    assert_eq!(say(&driver, "x".repeat(60_000)), "");
    assert_eq!(say(&driver, "x".repeat(60_000)), "421 4.7.0 the line is endless\r\n");

    open(&driver);
    assert!(say(&driver, format!("EHLO {}\r\n", "x".repeat(3000))).starts_with("500 5.5.2"));
    let wrong: String = (0..30).map(|_| say(&driver, "WHAT\r\n")).collect();
    assert!(wrong.contains("421 4.7.0"), "{wrong}");

    open(&driver);
    say(&driver, "EHLO mx\r\nMAIL FROM:<c@d.test>\r\n");
    let many = say(&driver, "RCPT TO:<help@support.test>\r\n".repeat(101));
    assert!(many.ends_with("452 4.5.3 too many recipients\r\n"), "{many}");
    assert!(pushed().is_empty());
}

#[test]
fn who_brings_mail_may_get_addresses_wrong() {
    let driver = driver(LMTP);
    open(&driver);
    say(&driver, "LHLO mx\r\n");
    let wrong = "RCPT TO:<nobody@support.test>\r\n".repeat(15);
    for _ in 0..3 {
        say(&driver, format!("MAIL FROM:<c@d.test>\r\n{wrong}RCPT TO:<help@support.test>\r\nDATA\r\n"));
        assert_eq!(say(&driver, format!("{MAIL}.\r\n")), "250 2.0.0 taken\r\n");
    }
}

#[test]
fn tls_begins_anew_and_nothing_said_in_clear_counts() {
    native::install(native::Host::new().with_secret("channel-key", "key"));
    let mut context = native::context("mail", "https://support.example.com/channels/mail");
    context.listeners = serde_listener();
    let driver = <crate::EmailDriver as jackfield_sdk::Driver>::configure(context, SMTP)
        .unwrap_or_else(|error| panic!("{}", error.text));
    open(&driver);
    assert!(say(&driver, "EHLO mx\r\n").contains("250 STARTTLS\r\n"));
    driver.received(LINE, b"STARTTLS\r\nMAIL FROM:<evil@d.test>\r\n".to_vec());
    let deeds = native::take_deeds(LINE);
    assert_eq!(deeds, [native::Deed::Write(b"220 2.0.0 go ahead\r\n".to_vec()), native::Deed::StartTls(None)]);
    driver.signaled(LINE, Signal { name: "secured".into(), attributes: Vec::new() });
    assert!(say(&driver, "MAIL FROM:<c@d.test>\r\n").starts_with("503 5.5.1"));
    assert!(!say(&driver, "EHLO mx\r\n").contains("STARTTLS"));
}

fn serde_listener() -> Vec<jackfield_sdk::Listener> {
    let attributes = vec![("certificate".into(), "true".into())];
    vec![jackfield_sdk::Listener { url: "tcp://127.0.0.1:25".into(), attributes }]
}

#[test]
fn a_server_that_goes_down_takes_what_is_coming_in_and_no_more() {
    let driver = driver(LMTP);
    open(&driver);
    let draining = || Signal { name: "draining".into(), attributes: Vec::new() };
    say(&driver, "LHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n");
    driver.signaled(LINE, draining());
    assert_eq!(said(), "");
    let end = say(&driver, format!("{MAIL}.\r\n"));
    assert!(end.starts_with("250 2.0.0 taken\r\n421 4.3.2"), "{end}");

    open(&driver);
    driver.signaled(LINE, draining());
    assert!(said().starts_with("421 4.3.2"));
}

#[test]
fn what_the_server_cannot_take_is_asked_for_again() {
    let lmtp = driver(LMTP);
    let refuse = |code: &str| {
        let refused = jackfield_sdk::Refused {
            code: code.into(),
            text: "no\r\n250 yes".into(),
            pointer: None,
            attributes: vec![],
        };
        native::with(|host| host.refuse = Some(refused));
    };
    refuse("unavailable");
    assert_eq!(bring(&lmtp, "c@d.test", &["help@support.test"], MAIL), "451 4.3.0 try again later\r\n");
    refuse("invalid");
    assert_eq!(bring(&lmtp, "c@d.test", &["help@support.test"], MAIL), "554 5.6.0 no??250 yes\r\n");
    native::with_line(LINE);
    lmtp.opened(LINE, Peer { tls: None, ..native::peer("203.0.113.1:4000") });
    assert!(native::with(|host| host.lines[LINE].last_words.starts_with(b"421 ")));
}

proptest! {
    #[test]
    fn no_command_traps(line in proptest::collection::vec(any::<u8>(), 0..200), almost in "(MAIL FROM:|RCPT TO:|EHLO )[<>@:\"\\\\a-zä =]{0,40}") {
        let _ = Command::parse(&line);
        let _ = Command::parse(almost.as_bytes());
    }

    #[test]
    fn however_it_is_cut_it_is_the_same(cuts in proptest::collection::vec(1..40usize, 1..40), body in "[a.\r\n]{0,120}") {
        let driver = driver(LMTP);
        let stuffed = format!("\r\n{body}").replace("\r\n.", "\r\n..");
        let talk = format!("LHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\nSubject: x\r\n{stuffed}\r\n.\r\nQUIT\r\n");
        open(&driver);
        let mut answers = String::new();
        let mut rest = talk.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            answers.push_str(&say(&driver, piece));
            rest = after;
        }
        prop_assert!(answers.ends_with("250 2.0.0 taken\r\n221 2.0.0 good bye\r\n"), "{}", answers);
        let mut receiver = crate::session::Receiver::new(10_000);
        let text = format!("{}\r\n.\r\n", &stuffed[2..]);
        let (used, done) = receiver.receive(text.as_bytes());
        prop_assert!(done && used == text.len() || body.starts_with('.'));
        if !body.starts_with('.') {
            prop_assert_eq!(String::from_utf8(receiver.into_mail().unwrap().unwrap().skeleton).unwrap(), format!("{body}\r\n"));
        }
    }
}
