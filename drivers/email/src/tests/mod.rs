//! The driver against the host in memory.

mod bounce;
pub mod corpus;
mod deliver;
mod fuzz;
mod html;
mod inbound;
mod large;
mod poll;
mod session;

use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Driver, Message, Stream};

use crate::EmailDriver;
use crate::settings::RELAY_PASSWORD;

pub const LMTP: &str = r#"{"addresses":["help@support.test","sales@support.test"],"protocol":"lmtp","relay":"smtp://relay.test:25","relay-user":"shop","tls":"optional","from":"Support <help@support.test>"}"#;
const LINE: &str = "c1";

pub fn driver(settings: &str) -> EmailDriver {
    native::install(
        Host::new()
            .with_secret("channel-key", "a key of 32 bytes that nobody knows")
            .with_secret(RELAY_PASSWORD, "pass-word")
            .with_secret(crate::settings::MAILBOX_PASSWORD, "mail-box"),
    );
    again(settings)
}

/// Another instance of the same channel.
fn again(settings: &str) -> EmailDriver {
    match EmailDriver::configure(native::context("mail", "https://support.example.com/channels/mail"), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

/// Opens a connection, and takes the greeting.
fn open(driver: &EmailDriver) -> String {
    native::with_line(LINE);
    driver.opened(LINE, native::peer("203.0.113.1:4000"));
    said()
}

fn say(driver: &EmailDriver, text: impl AsRef<[u8]>) -> String {
    driver.received(LINE, text.as_ref().to_vec());
    said()
}

fn said() -> String {
    String::from_utf8(native::take_written(LINE)).expect("answers are UTF-8")
}

/// Brings a mail by LMTP: the answers to its end.
fn bring(driver: &EmailDriver, from: &str, to: &[&str], mail: impl AsRef<[u8]>) -> String {
    open(driver);
    let mut talk = format!("LHLO mx.example\r\nMAIL FROM:<{from}>\r\n");
    to.iter().for_each(|to| talk.push_str(&format!("RCPT TO:<{to}>\r\n")));
    say(driver, talk + "DATA\r\n");
    let mut text = Vec::new();
    for line in mail.as_ref().split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            text.push(b'.');
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b".\r\n");
    let answers: String = text.chunks(64 << 10).map(|chunk| say(driver, chunk)).collect();
    native::with(|host| host.lines.clear());
    answers
}

pub fn pushed() -> Vec<Message> {
    native::with(|host| std::mem::take(&mut host.pushed))
}

fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn conversation(message: &Message) -> &str {
    &message.work_item.as_ref().expect("a work item").conversation
}
