//! A mailbox, by an IMAP server that says what the test wants.

use jackfield_sdk::{Timer, native};
use proptest::prelude::*;

use super::{driver, pushed};
use crate::imap::{Response, Source};

const IMAP: &str = r#"{"addresses":["help@support.test"],"protocol":"imap","imap":"imap://mail.test:143","imap-user":"help","tls":"none"}"#;

fn fire(driver: &crate::EmailDriver, name: &str) {
    let timer = native::SetTimer { name: name.into(), delay_ms: 0, payload: Vec::new(), connection: None };
    driver.fired(native::expiry(&timer, 1)).expect("it goes on");
}

/// A mailbox with two mails; notes what it is told.
fn mailbox() {
    native::with(|host| {
        host.tcp = Some(Box::new(|said: &[u8]| {
            let said = String::from_utf8_lossy(said).into_owned();
            let mail = |uid: u32| {
                format!("To: help@support.test\r\nFrom: c@d.test\r\nMessage-ID: <{uid}@x>\r\n\r\nmail {uid}\r\n")
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
                    Some((uid, _)) => {
                        let mail = mail(uid.parse().unwrap());
                        format!("* 1 FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n", mail.len())
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
