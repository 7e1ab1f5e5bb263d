//! What mail servers say to the email driver: those that bring mail, the relay that takes it, and a mailbox.

use email::EmailDriver;
use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Driver, Outcome, Stream, Timer, WorkItem};
use jackfield_tests::{corpus, fuzz, kind_of};

use super::drivers::{SECRET, URL, install, pushed};

const LINE: &str = "c1";
const LMTP: &str = r#"{"addresses":["help@support.test","sales@support.test"],"protocol":"lmtp","max-size":65536}"#;
const RELAY: &str = r#"{"addresses":["help@support.test"],"protocol":"lmtp","relay":"smtp://relay.test:25","relay-user":"shop","tls":"none"}"#;
const IMAP: &str = r#"{"addresses":["help@support.test","sales@support.test"],"protocol":"imap","imap":"imap://mail.test:143","imap-user":"help","tls":"none"}"#;
const WORDS: [&str; 24] = [
    "\r\n",
    "\r\n.\r\n",
    "\r\n\r\n",
    "\n.\n",
    "MAIL FROM:<>\r\n",
    "RCPT TO:<help@support.test>\r\n",
    "DATA\r\n",
    "RSET\r\n",
    "STARTTLS\r\n",
    "--b\r\n",
    "Content-Type: multipart/mixed; boundary=",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "=?utf-8?B?",
    "?=",
    "filename*0*=utf-8''%",
    "charset=utf-7",
    "charset=iso-2022-jp",
    "<script>",
    "From: <",
    "Action: failed\r\n",
    "\u{0}",
    "\u{202e}",
];
const ANSWERS: [&str; 10] =
    ["250 ", "250-", "354 ", "421 ", "550 5.1.1 ", "552 ", "\r\n", "\n", "AUTH PLAIN", "SIZE 0"];
const IMAP_WORDS: [&str; 16] = [
    "* ",
    "w1 OK",
    "w5 OK",
    "* CAPABILITY IDLE STARTTLS\r\n",
    "* 1 EXISTS\r\n",
    "j1 OK",
    "j5 NO",
    "{0}\r\n",
    "{99999999999}\r\n",
    "{5+}\r\n",
    "UID ",
    "BODY[]",
    "[UIDNEXT 0]",
    "* SEARCH ",
    ")",
    "\r\n",
];

fn driver(settings: &str) -> EmailDriver {
    EmailDriver::configure(native::context("fuzz", URL), settings)
        .unwrap_or_else(|error| panic!("{}: {}", error.key, error.text))
}

/// The codes of answers, each once in a row.
fn codes(answers: &[u8]) -> Vec<String> {
    let text = String::from_utf8(answers.to_vec()).expect("answers are UTF-8");
    assert!(text.is_empty() || text.ends_with("\r\n"), "{text:?}");
    let mut codes: Vec<String> = text.lines().map(|line| line.chars().take(9).collect()).collect();
    codes.dedup();
    codes
}

pub fn email() -> u64 {
    fuzz("email", corpus("email"), &WORDS, |bytes| {
        install(["channel-key", "unused"]);
        let driver = driver(LMTP);
        native::with_line(LINE);
        driver.opened(LINE, native::peer("203.0.113.1:4000"));
        // As it comes over a network: cut anywhere.
        for piece in bytes.chunks(bytes.len() / 3 + 1) {
            driver.received(LINE, piece.to_vec());
        }
        (codes(&native::take_written(LINE)), pushed())
    })
}

pub fn relay() -> u64 {
    fuzz("relay", corpus("relay"), &ANSWERS, |bytes| {
        says(bytes);
        let driver = driver(RELAY);
        let answer = native::answer("m", WorkItem::new("c", "ann@example.net"), "Hello\n.there");
        match driver.deliver(native::delivery(answer)) {
            Outcome::Failure(error) => error.code + &kind_of(&error.text),
            _ => "sent".to_owned(),
        }
    })
}

pub fn mailbox() -> u64 {
    fuzz("mailbox", corpus("mailbox"), &IMAP_WORDS, |bytes| {
        says(bytes);
        let driver = driver(IMAP);
        let timer = native::SetTimer { name: "start".into(), delay_ms: 0, payload: Vec::new(), connection: None };
        driver.fired(native::expiry(&timer, 1)).expect("it looks again later");
        // And the same to the connection that waits for news.
        native::with_line(LINE);
        driver.opened(LINE, native::peer("203.0.113.1:143"));
        driver.received(LINE, bytes.to_vec());
        native::take_deeds(LINE);
        let log = native::with(|host| host.log.iter().map(|line| kind_of(line)).collect::<Vec<_>>());
        (log, pushed())
    })
}

/// The far end says all that it says at once.
fn says(bytes: &[u8]) {
    let mut answers = Some(bytes.to_vec());
    let secrets = ["channel-key", "relay-password", "mailbox-password"];
    let host = secrets.iter().fold(Host::new(), |host, name| host.with_secret(name, SECRET));
    native::install(host.with_tcp(move |_| answers.take().unwrap_or_default()));
}
