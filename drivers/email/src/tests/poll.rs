//! A mailbox, by an IMAP server that says what the test wants.

use jackfield_sdk::{Signal, Stream, Timer, native};
use proptest::prelude::*;

use super::{again, driver, pushed};
use crate::imap::{Response, Source};

const IMAP: &str = r#"{"addresses":["help@support.test"],"protocol":"imap","imap":"imap://mail.test:143","imap-user":"help","tls":"none"}"#;

fn fire(driver: &crate::EmailDriver, name: &str) {
    let timer = native::SetTimer { name: name.into(), delay_ms: 0, payload: Vec::new(), connection: None };
    driver.fired(native::expiry(&timer, 1)).expect("it goes on");
}

/// A mailbox with two mails; notes what it is told.
fn mailbox() {
    mailbox_with("", None);
}

/// The same, with more in each mail; one of them goes while it is fetched.
fn mailbox_with(more: &str, goes: Option<&'static str>) {
    let more = more.to_owned();
    native::with(|host| {
        host.tcp = Some(Box::new(move |said: &[u8]| {
            let said = String::from_utf8_lossy(said).into_owned();
            let mail = |uid: u32| {
                format!("To: help@support.test\r\nFrom: c@d.test\r\nMessage-ID: <{uid}@x>\r\n{more}\r\nmail {uid}\r\n")
            };
            let Some((tag, command)) = said.split_once(' ') else {
                return if said.is_empty() { b"* OK hello\r\n".to_vec() } else { b"j2 OK in\r\n".to_vec() };
            };
            let first = command.split("\r\n").next().unwrap_or_default();
            let answer = match first {
                "CAPABILITY" => "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n".into(),
                "AUTHENTICATE PLAIN" => return b"+ \r\n".to_vec(),
                "SELECT \"INBOX\"" => "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\n".into(),
                "UID SEARCH UNSEEN" => "* SEARCH 5 3\r\n".into(),
                "UID SEARCH UID 6:*" => "* SEARCH 5\r\n".into(),
                _ => match first.strip_prefix("UID FETCH ").and_then(|rest| rest.split_once(' ')) {
                    Some((uid, "(UID RFC822.SIZE)")) => format!("* 1 FETCH (UID {uid} RFC822.SIZE 60)\r\n"),
                    Some((uid, piece)) => {
                        let mail = mail(uid.parse().unwrap());
                        let piece = piece.strip_prefix("(UID BODY.PEEK[]<").and_then(|rest| rest.strip_suffix(">)"));
                        let (from, most) = piece.and_then(|piece| piece.split_once('.')).expect("a piece");
                        let rest = mail.get(from.parse().unwrap()..).unwrap_or_default();
                        let rest = &rest[..rest.len().min(most.parse().unwrap())];
                        match rest.len() {
                            _ if goes == Some(uid) && from != "0" => String::new(),
                            0 => format!("* 1 FETCH (UID {uid} BODY[]<{from}> \"\")\r\n"),
                            size => format!("* 1 FETCH (UID {uid} BODY[]<{from}> {{{size}}}\r\n{rest})\r\n"),
                        }
                    }
                    None => {
                        let known = first.starts_with("UID STORE") || first == "LOGOUT";
                        assert!(known, "{first}");
                        native_log(first);
                        String::new()
                    }
                },
            };
            format!("{answer}{tag} OK done\r\n").into_bytes()
        }));
    });
}

std::thread_local! {
    static TOLD: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn native_log(command: &str) {
    TOLD.with_borrow_mut(|told| told.push(command.into()));
}

#[test]
fn new_mails_are_taken_once_and_marked_after_that() {
    let driver = driver(IMAP);
    mailbox();
    fire(&driver, "start");
    let ids: Vec<_> = pushed().iter().map(|message| message.external_id.clone().unwrap()).collect();
    assert_eq!(ids, ["3@x", "5@x"], "{:?}", native::with(|host| host.log.clone()));
    assert_eq!(native::with(|host| host.timers[0].delay_ms), 60_000);
    assert_eq!(TOLD.take(), ["LOGOUT"]);
    fire(&driver, "imap-poll");
    assert!(pushed().is_empty());
    assert_eq!(TOLD.take(), ["UID STORE 3,5 +FLAGS.SILENT (\\Seen)", "LOGOUT"]);
    fire(&driver, "imap-poll");
    assert_eq!(TOLD.take(), ["LOGOUT"]);
    // A mailbox that can't be reached: the next look may go better.
    native::with(|host| host.tcp = None);
    fire(&driver, "imap-poll");
    assert_eq!(native::with(|host| host.timers.len()), 1);
}

#[test]
fn a_large_mail_is_fetched_in_pieces() {
    // The last piece is shorter, or ends just where the mail does.
    for more in [200_000, (2 << 20) - 76] {
        let driver = driver(IMAP);
        mailbox_with(&format!("X: y\r\n\r\n{}", "x".repeat(more)), None);
        fire(&driver, "start");
        TOLD.take();
        let sizes: Vec<_> =
            pushed().iter().map(|message| message.attachments().next().and_then(|file| file.size)).collect();
        let size = Some(more as u32 + 76);
        assert_eq!(sizes, [size, size]);
    }
}

#[test]
fn a_mail_that_goes_while_it_is_fetched_is_not_taken_in_part() {
    let driver = driver(IMAP);
    mailbox_with(&format!("X: y\r\n\r\n{}", "x".repeat(600_000)), Some("3"));
    fire(&driver, "start");
    TOLD.take();
    let ids: Vec<_> = pushed().iter().map(|message| message.external_id.clone().unwrap()).collect();
    assert_eq!(ids, ["5@x"]);
}

/// Says it as the server; what the watch answers, secrets filled in.
fn tell(driver: &crate::EmailDriver, connection: &str, text: &str) -> String {
    driver.received(connection, text.into());
    String::from_utf8(native::take_written(connection)).unwrap()
}

fn timers() -> Vec<(String, u64, Option<String>)> {
    let timers = native::with(|host| std::mem::take(&mut host.timers));
    timers.into_iter().map(|timer| (timer.name, timer.delay_ms, timer.connection)).collect()
}

/// A watch that the first look has opened.
fn watched(settings: &str) -> (crate::EmailDriver, String) {
    let driver = driver(settings);
    mailbox();
    fire(&driver, "start");
    pushed();
    timers();
    let lines = native::with(|host| host.lines.keys().cloned().collect::<Vec<_>>());
    let [connection] = &lines[..] else { panic!("{lines:?}") };
    let watch = again(settings);
    watch.opened(connection, native::peer("203.0.113.1:143"));
    (watch, connection.clone())
}

#[test]
fn a_mailbox_that_tells_is_looked_into_when_it_does() {
    let (watch, connection) = watched(IMAP);
    let say = |text: &str| tell(&watch, &connection, text);
    assert_eq!(say("* OK hel"), "");
    assert_eq!(say("lo\r\n"), "w1 CAPABILITY\r\n");
    assert_eq!(say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nw1 OK done\r\n"), "w2 AUTHENTICATE PLAIN\r\n");
    let password = jackfield_sdk::encoding::to_base64(b"\0help\0mail-box");
    assert_eq!(say("+ \r\n"), format!("{password}\r\n"));
    assert_eq!(say("w2 OK in\r\n"), "w3 CAPABILITY\r\n");
    assert_eq!(say("* CAPABILITY IMAP4rev1 IDLE\r\nw3 OK done\r\n"), "w4 EXAMINE \"INBOX\"\r\n");
    assert_eq!(say("* 3 EXISTS\r\n* OK [UIDNEXT 6] x\r\nw4 OK [READ-ONLY] done\r\n"), "w5 IDLE\r\n");
    assert!(timers().is_empty());
    let news = ("imap-news".to_owned(), 100, None);
    assert_eq!(say("+ idling\r\n"), "");
    assert_eq!(timers(), [news.clone(), ("imap-renew".into(), 240_000, Some(connection.clone()))]);
    assert_eq!(say("* OK still here\r\n* 4 RECENT\r\n* 2 EXPUNGE\r\n"), "");
    assert!(timers().is_empty());
    native::with(|host| host.now += 60_000);
    assert_eq!(say("* 4 EXISTS\r\n"), "");
    assert_eq!(timers(), [news]);
    renew(&watch, &connection);
    assert_eq!(say(""), "DONE\r\n");
    assert_eq!(say("w5 OK done\r\n"), "w6 IDLE\r\n");

    // News is looked at at once, and opens no second watch; neither does the next look while there is one.
    let looks = again(IMAP);
    fire(&looks, "imap-news");
    fire(&looks, "imap-poll");
    assert_eq!(native::with(|host| host.lines.len()), 1);
    watch.signaled(&connection, Signal { name: "draining".into(), attributes: Vec::new() });
    native::take_written(&connection);
    assert!(native::with(|host| host.lines.is_empty()), "closed");
    fire(&looks, "imap-news");
    assert_eq!(native::with(|host| host.lines.len()), 0);
    fire(&looks, "imap-poll");
    assert_eq!(native::with(|host| host.lines.len()), 1);
}

/// A watch up to its first IDLE, which is `w5`.
fn idle() -> (crate::EmailDriver, String) {
    let (watch, connection) = watched(IMAP);
    let mut said = String::new();
    for text in [
        "* OK hello\r\n* CAPABILITY AUTH=PLAIN\r\nw1 OK done\r\n",
        "+ \r\nw2 OK in\r\n* CAPABILITY IMAP4rev1 IDLE\r\nw3 OK done\r\nw4 OK done\r\n",
    ] {
        said = tell(&watch, &connection, text);
    }
    assert!(said.ends_with("w5 IDLE\r\n"), "{said}");
    (watch, connection)
}

fn renew(watch: &crate::EmailDriver, connection: &str) {
    let renew = native::SetTimer {
        name: "imap-renew".into(),
        delay_ms: 0,
        payload: Vec::new(),
        connection: Some(connection.into()),
    };
    watch.fired(native::expiry(&renew, 1)).unwrap();
}

#[test]
fn idle_begun_anew_is_no_news() {
    let (watch, connection) = idle();
    let names = || timers().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    tell(&watch, &connection, "+ idling\r\n");
    assert_eq!(names(), ["imap-news", "imap-renew"]);
    native::with(|host| host.now += 240_000);
    renew(&watch, &connection);
    assert_eq!(tell(&watch, &connection, ""), "DONE\r\n");
    assert_eq!(tell(&watch, &connection, "w5 OK done\r\n"), "w6 IDLE\r\n");
    tell(&watch, &connection, "+ idling\r\n");
    assert_eq!(names(), ["imap-renew"]);
    // What came between the two is told, with the answer or behind it.
    renew(&watch, &connection);
    tell(&watch, &connection, "* 5 EXISTS\r\nw6 OK done\r\n");
    assert_eq!(names(), ["imap-news"]);
}

#[test]
fn a_server_that_ends_idle_by_itself_is_not_asked_as_fast_as_it_answers() {
    let (watch, connection) = idle();
    native::take_written(&connection);
    assert_eq!(tell(&watch, &connection, "+ idling\r\nw5 OK that was it\r\n"), "");
    assert!(native::with(|host| host.lines.is_empty()), "closed; the next look opens another one");
    timers();
    fire(&again(IMAP), "imap-poll");
    assert_eq!(native::with(|host| host.lines.len()), 1);
}

#[test]
fn who_tells_of_news_again_and_again_does_not_put_the_look_off() {
    let (watch, connection) = idle();
    tell(&watch, &connection, "+ idling\r\n");
    assert_eq!(timers().len(), 2);
    for _ in 0..9 {
        native::with(|host| host.now += 11);
        tell(&watch, &connection, "* 4 EXISTS\r\n");
    }
    assert!(timers().is_empty(), "the look that was asked for sees them all");
    native::with(|host| host.now += 11);
    tell(&watch, &connection, "* 5 EXISTS\r\n");
    assert_eq!(timers(), [("imap-news".to_owned(), 100, None)]);
}

#[test]
fn a_stranger_at_a_listener_of_a_mailbox_is_sent_away() {
    let watch = driver(IMAP);
    native::with_line("c9");
    let peer = jackfield_sdk::Peer { listener: Some("tcp://0.0.0.0:143".into()), ..native::peer("198.51.100.7:4000") };
    watch.opened("c9", peer);
    watch.received("c9", b"* OK hello\r\n* CAPABILITY IMAP4rev1\r\nw1 OK done\r\n".to_vec());
    assert_eq!(native::take_deeds("c9"), [native::Deed::Close]);
    let log = native::with(|host| host.log.join("\n"));
    assert!(log.contains("take `listen` out of the channel"), "{log}");
}

#[test]
fn a_watch_says_nothing_in_clear_and_ends_where_it_is_no_use() {
    let required = IMAP.replace("\"tls\":\"none\"", "\"tls\":\"required\"");
    let begin = |settings: &str| {
        let (watch, connection) = watched(IMAP);
        drop(watch);
        let watch = again(settings);
        watch.opened(&connection, native::peer("203.0.113.1:143"));
        tell(&watch, &connection, "* OK hello\r\n");
        (watch, connection)
    };
    let is_open = |connection: &str| native::with(|host| host.lines.contains_key(connection));
    let (watch, connection) = begin(&required);
    let said = tell(&watch, &connection, "* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\nw1 OK done\r\n");
    assert_eq!((said.as_str(), is_open(&connection)), ("", false));

    let (watch, connection) = begin(&required);
    assert_eq!(tell(&watch, &connection, "* CAPABILITY STARTTLS\r\nw1 OK done\r\n"), "w2 STARTTLS\r\n");
    // What stands behind the answer was said in clear.
    watch.received(&connection, b"w2 OK go\r\n* CAPABILITY IDLE\r\nw3 OK x\r\n".to_vec());
    assert_eq!(native::take_deeds(&connection), [native::Deed::StartTls(None)]);
    watch.signaled(&connection, Signal { name: "secured".into(), attributes: Vec::new() });
    assert_eq!(tell(&watch, &connection, ""), "w3 CAPABILITY\r\n");
    let said = tell(&watch, &connection, "* CAPABILITY IMAP4rev1\r\nw3 OK done\r\n");
    assert_eq!(said, "w4 LOGIN \"help\" \"mail-box\"\r\n");
    tell(&watch, &connection, "w4 NO who are you\r\n");
    assert!(!is_open(&connection));

    let (watch, connection) = begin(IMAP);
    tell(&watch, &connection, "* CAPABILITY AUTH=PLAIN\r\nw1 OK done\r\n+ \r\nw2 OK in\r\n");
    tell(&watch, &connection, "* CAPABILITY IMAP4rev1\r\nw3 OK done\r\n");
    assert!(!is_open(&connection));
    fire(&again(IMAP), "imap-poll");
    assert!(native::with(|host| host.lines.is_empty()), "it knows no IDLE, and isn't asked each time");

    let (watch, connection) = begin(IMAP);
    assert_eq!(tell(&watch, &connection, "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nw1 OK done\r\n"), "");
    assert!(!is_open(&connection), "no password where it is refused");

    let (watch, connection) = begin(IMAP);
    tell(&watch, &connection, &"x".repeat(70_000));
    assert!(!is_open(&connection));
}

pub struct Bytes<'a>(pub &'a [u8]);

impl Source for Bytes<'_> {
    type Error = ();

    fn line(&mut self) -> Result<Option<Vec<u8>>, ()> {
        let Some(end) = self.0.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line = self.0[..end].to_vec();
        self.0 = &self.0[end + 1..];
        Ok(Some(line))
    }

    fn exactly(&mut self, count: usize) -> Result<Vec<u8>, ()> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(())?;
        self.0 = rest;
        Ok(bytes.to_vec())
    }
}

#[test]
fn literals_are_bounded() {
    let read = |text: &str| Response::read(&mut Bytes(text.as_bytes()), 100);
    let fetch = read("* 1 FETCH (UID 5 BODY[] {3}\na)b FLAGS ())\n").unwrap().unwrap();
    assert_eq!((fetch.fetched("UID"), fetch.literals), (Some(5), vec![b"a)b".to_vec()]));
    assert_eq!(read("x {101}\n"), Ok(None));
    assert_eq!(read("x {99999999999}\n").unwrap().unwrap().literals.len(), 0);
    assert_eq!(read("x {50}\n"), Err(()));
}

proptest! {
    #[test]
    fn no_response_traps(text in "(\\* |j1 )?[A-Z0-9 \\[\\](){}\r\n]{0,60}", more in proptest::collection::vec(any::<u8>(), 0..100)) {
        for bytes in [text.as_bytes(), &more] {
            let mut source = Bytes(bytes);
            while let Ok(Some(response)) = Response::read(&mut source, 50) {
                let _ = (response.fetched("UID"), response.code("UIDNEXT"), response.ending("j1").map(str::len));
            }
        }
    }
}
