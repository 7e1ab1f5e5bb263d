//! Large mails, and those built to cost much, as they come in pieces over a connection.

use jackfield_sdk::{Message, native};

use super::{LMTP, attribute, bring, driver, open, pushed, say};
use crate::inbound::thin::{Bounds, Thinned, Thinner};
use crate::inbound::{Arrival, take};

const MIXED: &str = "From: c@d.test\r\nMessage-ID: <1@d.test>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
const BEGIN: &str = "LHLO mx\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<help@support.test>\r\nDATA\r\n";

fn settings() -> String {
    LMTP.replace('{', "{\"max-size\":26214400,")
}

fn file(bytes: &[u8]) -> String {
    let base64 = jackfield_sdk::encoding::to_base64(bytes);
    let lines: Vec<&str> = base64.as_bytes().chunks(76).map(|line| core::str::from_utf8(line).unwrap()).collect();
    format!(
        "--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        lines.join("\r\n")
    )
}

fn writers() -> usize {
    native::with(|host| host.open_writers())
}

/// What a mail gives that is in memory as a whole.
fn whole(driver: &crate::EmailDriver, raw: &str) -> Vec<Message> {
    let mail = Thinned::whole(raw.into());
    take(&driver.settings, Arrival { sender: Some("c@d.test"), recipients: &["help@support.test".into()], mail });
    pushed()
}

/// The bytes of a mail that are held in memory at its end.
fn held(raw: &str) -> usize {
    let mut thinner = Thinner::new(Bounds::default());
    raw.as_bytes().chunks(64 << 10).for_each(|piece| thinner.take(piece));
    thinner.finish().expect("there is room").skeleton.len()
}

#[test]
fn a_large_file_goes_to_a_blob_while_it_comes() {
    let driver = driver(&settings());
    let bytes: Vec<u8> = (0..17_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let raw = format!("{MIXED}--b\r\n\r\nSee below.\r\n{}--b--\r\n", file(&bytes));
    assert!(raw.len() > 23_000_000 && held(&raw) < 1_000);
    open(&driver);
    say(&driver, BEGIN);
    for (at, piece) in raw.as_bytes().chunks(64 << 10).enumerate() {
        assert_eq!(say(&driver, piece), "");
        assert!(at < 2 || writers() == 2, "the file and the mail as it came");
    }
    assert_eq!(say(&driver, ".\r\n"), "250 2.0.0 taken\r\n");
    assert_eq!(writers(), 0);
    let message = pushed().remove(0);
    assert_eq!((message.text().trim_end(), attribute(&message, "email.incomplete")), ("See below.", None));
    let blob = message.attachments().next().and_then(|file| file.blob.clone()).expect("a file");
    assert!(native::with(|host| host.blobs[&blob] == bytes));
}

#[test]
fn what_is_built_to_be_held_is_not() {
    let driver = driver(&settings());
    let thousand = format!("{MIXED}{}--b--\r\n", file(&[b'x'; 14_000]).repeat(1_000));
    let large = format!("{MIXED}{}--b--\r\n", file(&[b'x'; 140_000]).repeat(100));
    let texts = format!("{MIXED}{}--b--\r\n", format!("--b\r\n\r\n{}\r\n", "x".repeat(900_000)).repeat(20));
    for raw in [&thousand, &large, &texts] {
        assert!(held(raw) < 4 << 20, "{}", held(raw));
        assert_eq!(bring(&driver, "c@d.test", &["help@support.test"], raw), "250 2.0.0 taken\r\n");
        let message = pushed();
        assert_eq!(attribute(&message[0], "email.incomplete"), Some("true"));
        assert_eq!(message, whole(&driver, raw));
    }
    assert_eq!(writers(), 0);
}

#[test]
fn what_does_not_end_is_shown_as_a_file() {
    let driver = driver(&settings());
    let header = format!("From: c@d.test\r\nX: {}\r\n", "x y\r\n ".repeat(2_500_000));
    let preamble = format!("{MIXED}{}", "a line\r\n".repeat(2_000_000));
    let deep = (0..200_000).fold(MIXED.to_owned(), |deep, at| {
        deep + &format!("--b\r\nContent-Type: multipart/mixed; boundary=b\r\nX-{at}: x\r\n\r\n")
    });
    let parts = format!("{MIXED}{}", "--b\r\nContent-Type: a/b\r\n\r\nx\r\n".repeat(600_000));
    let dashes = MIXED.replace("=b", &format!("=\"{}x\"", "-".repeat(100_000))) + &"-".repeat(9 << 20) + "\r\n";
    let hostile = [("header", header), ("preamble", preamble), ("deep", deep), ("parts", parts), ("dashes", dashes)];
    for (what, raw) in hostile {
        assert!(held(&raw) <= 8 << 20);
        assert_eq!(bring(&driver, "c@d.test", &["help@support.test"], &raw), "250 2.0.0 taken\r\n");
        let message = pushed().remove(0);
        assert_eq!(attribute(&message, "email.incomplete"), Some("true"), "{what}");
        let files: Vec<_> = message.attachments().map(|file| (file.name.as_deref(), file.size)).collect();
        assert_eq!(files, [(Some("message.eml"), Some(raw.len() as u32))]);
    }
    // A boundary that never comes makes a text of the file, as it came.
    let raw = format!("{MIXED}--b\r\n\r\nSee below.\r\n{}", file(&[b'x'; 1_000_000]));
    bring(&driver, "c@d.test", &["help@support.test"], &raw);
    let message = pushed();
    assert_eq!(message, whole(&driver, &raw));
    assert!(message[0].attachments().next().is_some_and(|file| file.size > Some(1_300_000)));
    assert_eq!(writers(), 0);
}

#[test]
fn what_there_is_no_room_for_is_asked_for_again() {
    let driver = driver(&settings());
    let raw = format!("{MIXED}{}--b--\r\n.\r\n", file(&[b'x'; 1_000_000]));
    native::with(|host| host.blob_room = Some(500_000));
    open(&driver);
    say(&driver, BEGIN);
    assert_eq!(say(&driver, &raw), "452 4.3.1 there is no room for it now\r\n");
    assert_eq!((writers(), pushed().len()), (0, 0));
    // At its end: what came has room, what it becomes has not.
    native::with(|host| host.blob_room = Some(10));
    let small = format!("{MIXED}{}--b--\r\n.\r\n", file(b"some bytes that are small"));
    say(&driver, &BEGIN["LHLO mx\r\n".len()..]);
    assert_eq!(say(&driver, &small), "452 4.3.1 there is no room for it now\r\n");
    native::with(|host| host.blob_room = None);
    say(&driver, &BEGIN["LHLO mx\r\n".len()..]);
    assert_eq!(say(&driver, &raw), "250 2.0.0 taken\r\n");
    assert_eq!((writers(), pushed().len()), (0, 1));
}

#[test]
fn nothing_is_kept_of_what_is_too_large_or_breaks_off() {
    let driver = driver(LMTP);
    let raw = format!("{MIXED}{}", file(&[b'x'; 16_000_000]));
    open(&driver);
    say(&driver, BEGIN);
    say(&driver, &raw.as_bytes()[..1 << 20]);
    assert_eq!(writers(), 2);
    say(&driver, &raw.as_bytes()[1 << 20..]);
    assert_eq!(writers(), 0);
    assert_eq!(say(&driver, ".\r\n"), "552 5.3.4 the mail is too large\r\n");

    say(&driver, &BEGIN["LHLO mx\r\n".len()..]);
    say(&driver, &raw.as_bytes()[..1 << 20]);
    assert_eq!(writers(), 2);
    // The instance ends with its connection.
    drop(driver);
    assert_eq!((writers(), pushed().len()), (0, 0));
}
