//! Connections of mail servers, and the sessions on them.

use core::cell::RefCell;

use jackfield_sdk::{Peer, Signal, host};

use crate::inbound::thin::Thinned;
use crate::inbound::{self, Arrival};
use crate::session::{Answer, Config, Desk, Envelope, Session, Step};
use crate::settings::{EmailSettings, Protocol};

/// What the host says when a handler of a connection fails, or its peer has been silent for too long: nothing of the mail has
/// been taken, and the connection ends (RFC 5321, 3.8).
const LAST_WORDS: &[u8] = b"421 4.3.0 this connection ends, try again later\r\n";

/// The session of the connection that this instance is for.
#[derive(Default)]
pub struct Server(RefCell<Option<Session>>);

impl Server {
    /// A mail server has connected.
    pub fn opened(&self, settings: &EmailSettings, connection: &str, peer: &Peer) {
        if let Err(error) = host::connections::last_words(connection, LAST_WORDS) {
            host::warn(&error.text);
        }
        let config = Config {
            is_lmtp: settings.protocol == Protocol::Lmtp,
            hostname: settings.hostname.clone(),
            max_size: settings.max_size,
            can_tls: settings.has_certificate,
        };
        self.0.replace(Some(Session::new(config, peer.tls.is_some())));
        self.act(connection);
    }

    /// It says something.
    pub fn received(&self, settings: &EmailSettings, connection: &str, data: &[u8]) {
        if let Some(session) = self.0.borrow_mut().as_mut() {
            session.received(data, &Counter(settings));
        }
        self.act(connection);
    }

    /// The host says something about the connection.
    pub fn signaled(&self, connection: &str, signal: &Signal) {
        if let Some(session) = self.0.borrow_mut().as_mut() {
            match signal.name.as_str() {
                "secured" => session.secured(),
                "draining" => session.drain(),
                _ => {}
            }
        }
        self.act(connection);
    }

    fn act(&self, connection: &str) {
        let steps = self.0.borrow_mut().as_mut().map(Session::take_steps).unwrap_or_default();
        for step in steps {
            let done = match step {
                Step::Write(bytes) => host::connections::write(connection, &bytes),
                Step::StartTls => host::connections::start_tls(connection, None),
                Step::Close => host::connections::close(connection, None, ""),
            };
            if let Err(error) = done {
                host::debug(&format!("a connection is gone: {}", error.text));
            }
        }
    }
}

/// Takes what sessions bring.
struct Counter<'a>(&'a EmailSettings);

impl Desk for Counter<'_> {
    fn knows(&self, address: &str) -> bool {
        self.0.ours(address).is_some()
    }

    fn take(&self, envelope: &Envelope, mail: Thinned) -> Vec<Answer> {
        let arrival = Arrival { sender: Some(&envelope.from), recipients: &envelope.recipients, mail };
        inbound::take(self.0, arrival)
    }
}
