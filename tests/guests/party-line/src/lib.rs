//! A channel driver for lines of text over connections: `%stream` and `connections`, with all that tests ask of them.
//!
//! What comes in by a listener is greeted and its lines are commands ([`words`]). What was opened by `DIAL` pushes
//! each line that the far end says, as a customer's request.

mod files;
mod words;

use core::cell::{Cell, RefCell};

use jackfield_sdk::{
    Closing, Context, Delivery, Descriptor, Driver, Expiry, Outcome, Peer, Receipt, Result, SettingsError, Signal,
    Stream, Timer, capability, error::code, host, media_type, secret, supported,
};

/// One configured instance: one connection's, where it is one of `%stream`.
#[derive(Default)]
pub struct PartyLine {
    /// What was received and is no full line yet.
    rest: RefCell<Vec<u8>>,
    /// Lines that this instance has seen.
    lines: Cell<u32>,
    /// The far end.
    peer: RefCell<String>,
    /// Files that the far end is sending.
    files: RefCell<files::Open>,
    /// We called them.
    is_ours: Cell<bool>,
}

impl Driver for PartyLine {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("party-line", env!("CARGO_PKG_VERSION"), "Party line");
        descriptor.vendor = "Jackfield's tests".into();
        descriptor.media_types = vec![media_type("party-line")];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.secrets = vec![secret("password", "What PASSWORD writes", false)];
        descriptor.capabilities = vec![
            capability("listen", &["tcp", "tls"], "Lines come in", false),
            capability("tcp", &["*"], "Lines are called by DIAL", false),
        ];
        descriptor
    }

    fn configure(_context: Context, _settings: &str) -> Result<Self, SettingsError> {
        Ok(Self::default())
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        let conversation =
            delivery.message.work_item.as_ref().map(|item| item.conversation.clone()).unwrap_or_default();
        let said = format!("agent {}\r\n", delivery.message.text());
        match host::connections::find(&conversation) {
            Ok(found) if !found.is_empty() => {
                for connection in &found {
                    if let Err(error) = host::connections::write(connection, said.as_bytes()) {
                        return Outcome::Failure(error);
                    }
                }
                Outcome::Receipt(Receipt::sent(found))
            }
            Ok(_) => Outcome::Failure(jackfield_sdk::Error::new(code::PERMANENT, "nobody is on the line")),
            Err(error) => Outcome::Failure(error),
        }
    }
}

impl Stream for PartyLine {
    fn opened(&self, connection: &str, peer: Peer) {
        *self.peer.borrow_mut() = peer.address.clone();
        self.is_ours.set(peer.listener.is_none());
        let tls = peer.tls.map_or("none".to_owned(), |tls| {
            format!("{} {} {}", tls.version, tls.cipher, tls.server_name.unwrap_or_default())
        });
        if self.is_ours.get() {
            words::say(connection, &format!("calling tls={tls}"));
            // Its conversation goes by its id.
            if let Err(error) = host::connections::bind(connection, connection) {
                host::warn(&error.text);
            }
            return;
        }
        let proxied = peer.attributes.iter().any(|(key, value)| key == "proxied" && value == "true");
        let listener = peer.listener.unwrap_or_default();
        let greeting =
            format!("hello {} local={} listener={listener} proxied={proxied} tls={tls}", peer.address, peer.local);
        words::say(connection, &greeting);
        if host::connections::last_words(connection, b"sorry\r\n").is_err() {
            words::say(connection, "no last words");
        }
    }

    fn received(&self, connection: &str, data: Vec<u8>) {
        let mut rest = self.rest.borrow_mut();
        rest.extend(data);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            self.lines.set(self.lines.get() + 1);
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if self.is_ours.get() {
                words::push(connection, &self.peer.borrow(), &line);
            } else {
                words::obey(self, connection, &line);
            }
        }
        // A line without an end is the driver's to limit; this one forgets it.
        if rest.len() > 1 << 20 {
            rest.clear();
        }
    }

    fn signaled(&self, connection: &str, signal: Signal) {
        let facts: Vec<_> = signal.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        words::say(connection, format!("signal {} {}", signal.name, facts.join(" ")).trim_end());
    }

    fn closed(&self, connection: &str, closing: Closing) {
        let text = format!("{} {}", closing.code, self.lines.get());
        // Seen by tests in the channel's log and, durably, by `WHO` of another connection.
        host::log::write(host::Level::Info, &format!("closed {text}"), &[]);
        let key = format!("closed/{connection}");
        if let Err(error) = host::store::set(&key, text.as_bytes(), None) {
            host::warn(&error.text);
        }
    }
}

impl Timer for PartyLine {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        if let Some(connection) = &expiry.connection {
            words::say(connection, &format!("timer {} {}", expiry.name, self.lines.get()));
        } else if expiry.name == "call" {
            // Rings all who are bound to what it carries.
            for connection in host::connections::find(&String::from_utf8_lossy(&expiry.payload))? {
                words::say(&connection, "ring");
            }
        }
        Ok(())
    }
}

jackfield_sdk::export!(PartyLine: driver, stream, timer);
