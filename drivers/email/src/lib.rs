//! The channel driver for mail.
//!
//! Mail comes in over connections of mail servers ([`server`], [`session`]: LMTP or SMTP), or is fetched from a mailbox
//! ([`imap`]). Each mail becomes one message for each recipient of ours, or says what became of one that we sent
//! ([`inbound`]). Agents' answers go to the operator's relay ([`outbound`]). What belongs together is found by what the
//! channel's key has signed ([`tokens`]).

mod address;
mod imap;
mod inbound;
mod outbound;
mod server;
mod session;
mod settings;
mod tokens;

#[cfg(test)]
mod tests;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Peer, Result, SettingsError, Signal, capability, limit,
    media_type, secret, supported,
};

use crate::settings::{EmailSettings, Protocol};

/// What messages of this channel are.
const MEDIA_TYPE: &str = "email";

/// One configured instance; for `%stream` one of a connection's own: of one that brings mail, or of one that watches the
/// mailbox.
pub struct EmailDriver {
    settings: EmailSettings,
    server: server::Server,
    watcher: imap::Watcher,
}

impl EmailDriver {
    fn has_mailbox(&self) -> bool {
        self.settings.protocol == Protocol::Imap
    }
}

impl Driver for EmailDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("email", env!("CARGO_PKG_VERSION"), "Mail by LMTP, SMTP or IMAP");
        descriptor.vendor = "Jackfield".into();
        let mut email = media_type(MEDIA_TYPE);
        email.weight = Some(10);
        descriptor.media_types = vec![email];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(settings::RELAY_PASSWORD, "The password of `relay-user` at the relay", false),
            secret(settings::MAILBOX_PASSWORD, "The password of `imap-user` at the mailbox", false),
        ];
        descriptor.capabilities = vec![
            capability("listen", &["tcp", "tls"], "mail servers bring mail by LMTP or SMTP", false),
            capability("tcp", &["{relay}", "{imap}"], "gives answers to the relay, and looks into the mailbox", false),
        ];
        // RFC 5321, 4.5.3.2 and 4.5.4.1: patience within a try, and tries for days. What stays in memory of a mail is taken
        // apart in one call.
        descriptor.limits = vec![limit("deliver", "15m"), limit("retry-for", "120h"), limit("receive", "10s")];
        descriptor
    }

    fn configure(context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self {
            settings: EmailSettings::read(&context, settings)?,
            server: server::Server::default(),
            watcher: imap::Watcher::default(),
        })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        outbound::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Stream for EmailDriver {
    fn opened(&self, connection: &str, peer: Peer) {
        if self.has_mailbox() {
            self.watcher.opened(connection, &peer);
        } else {
            self.server.opened(&self.settings, connection, &peer);
        }
    }

    fn received(&self, connection: &str, data: Vec<u8>) {
        if self.has_mailbox() {
            self.watcher.received(&self.settings, connection, &data);
        } else {
            self.server.received(&self.settings, connection, &data);
        }
    }

    fn signaled(&self, connection: &str, signal: Signal) {
        if self.has_mailbox() {
            self.watcher.signaled(&self.settings, connection, &signal);
        } else {
            self.server.signaled(connection, &signal);
        }
    }
}

impl jackfield_sdk::Timer for EmailDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        match (expiry.name.as_str(), &expiry.connection) {
            (_, Some(connection)) => {
                self.watcher.renew(&self.settings, connection);
                Ok(())
            }
            ("start" | imap::TIMER, None) if self.has_mailbox() => imap::poll(&self.settings, false),
            (imap::NEWS, None) if self.has_mailbox() => imap::poll(&self.settings, true),
            _ => Ok(()),
        }
    }
}

jackfield_sdk::export!(EmailDriver: driver, stream, timer);
