//! `connections`: what a handler does to the channel's connections, kept until its call has committed.

use crate::bindings::jackfield::channel::connections::{Frame, Host, Target};
use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::secrets::Piece;
use crate::call::{State, refuse};
use crate::capability::http::no_way_out;
use crate::channel::Channel;
use crate::connections::{Connections, LineChange, LineDeed};
use crate::limits::Limit;
use bytes::Bytes;
use jackfield_spec::limits;
use std::sync::Arc;

/// Most bytes of last words.
const LAST_WORDS: usize = 512;

/// What a call has done to connections so far.
#[derive(Default)]
pub(crate) struct OfCall {
    /// Bytes written, by connection.
    written: std::collections::BTreeMap<String, usize>,
    closed: std::collections::BTreeSet<String>,
    opened: std::collections::BTreeSet<String>,
    changes: usize,
}

fn not_found(connection: &str) -> Error {
    let shown: String = connection.chars().take(64).collect();
    refuse("not-found", format!("the channel has no connection {shown}; it has ended, or was never its own"))
}

fn check_address(address: &str) -> Result<(), Error> {
    if address.is_empty() || address.len() > limits::ID {
        return Err(refuse("invalid", format!("an address has 1 to {} bytes", limits::ID)));
    }
    Ok(())
}

fn served(channel: &Channel) -> Result<&Arc<dyn Connections>, Error> {
    channel.config.connections.as_ref().ok_or_else(|| refuse("not-found", "the channel has no connections"))
}

impl State {
    /// Notes what is to be done to a connection that is there, and that this call has not closed.
    pub(crate) fn change_line(&mut self, channel: &Channel, connection: &str, deed: LineDeed) -> Result<(), Error> {
        self.line(channel, connection)?;
        if !matches!(deed, LineDeed::Write { .. } | LineDeed::Close) {
            self.call.lines.changes += 1;
            let most = channel.config.limits.connection_changes;
            if self.call.lines.changes > most {
                channel.usage.hit(Limit::ConnectionChanges);
                let text = format!(
                    "one call may do {most} things to connections, writes apart; raise limits.connection-changes"
                );
                return Err(refuse("quota", text));
            }
        }
        self.call.transaction.lines.push(LineChange::Of { connection: connection.to_owned(), deed });
        Ok(())
    }

    /// Bytes that wait to be written to a connection, those of this call left out.
    fn line(&self, channel: &Channel, connection: &str) -> Result<usize, Error> {
        if self.call.lines.closed.contains(connection) {
            return Err(not_found(connection));
        }
        if self.call.lines.opened.contains(connection) {
            return Ok(0);
        }
        served(channel)?.unsent(connection).ok_or_else(|| not_found(connection))
    }

    fn put(&mut self, channel: &Channel, connection: String, data: Vec<u8>, secret: bool) -> Result<(), Error> {
        let unsent = self.line(channel, &connection)?;
        let connections = served(channel)?;
        let (most, size) = (connections.most_unsent(), data.len());
        let written = self.call.lines.written.entry(connection.clone()).or_default();
        if unsent.saturating_add(*written).saturating_add(size) > most {
            channel.usage.hit(Limit::Unsent);
            connections.refused(&connection);
            return Err(refuse(
                "quota",
                format!("{most} bytes may wait to be written; go on at the signal `writable`"),
            ));
        }
        *written += size;
        if size == 0 {
            return Ok(());
        }
        // A composed secret is known to this call only, and the peer may repeat it in the next.
        let secrets = secret.then(|| self.call.composed.values().flatten().cloned().collect());
        self.change_line(channel, &connection, LineDeed::Write { data: Bytes::from(data), secrets })
    }
}

impl Host for State {
    fn write(&mut self, connection: String, data: Vec<u8>) -> Result<(), Error> {
        let channel = self.act()?;
        self.put(&channel, connection, data, false)
    }

    fn write_template(&mut self, connection: String, data: Vec<Piece>) -> Result<(), Error> {
        let channel = self.act()?;
        self.line(&channel, &connection)?;
        let data = self.assemble(&channel, &data)?;
        self.put(&channel, connection, data.bytes, data.secret)
    }

    fn send(&mut self, _: String, _: Frame) -> Result<(), Error> {
        self.act()?;
        Err(refuse("not-supported", "connections of `socket` are not served by this server yet"))
    }

    fn start_tls(&mut self, connection: String, tls_name: Option<String>) -> Result<(), Error> {
        let channel = self.act()?;
        self.change_line(&channel, &connection, LineDeed::StartTls { name: tls_name })
    }

    fn close(&mut self, connection: String, _code: Option<u16>, _reason: String) -> Result<(), Error> {
        let channel = self.act()?;
        self.change_line(&channel, &connection, LineDeed::Close)?;
        self.call.lines.closed.insert(connection);
        Ok(())
    }

    fn last_words(&mut self, connection: String, data: Vec<u8>) -> Result<(), Error> {
        let channel = self.act()?;
        if data.len() > LAST_WORDS {
            return Err(refuse("too-large", format!("last words have up to {LAST_WORDS} bytes, not {}", data.len())));
        }
        self.change_line(&channel, &connection, LineDeed::LastWords(data.into()))
    }

    fn bind(&mut self, connection: String, address: String) -> Result<(), Error> {
        let channel = self.act()?;
        check_address(&address)?;
        self.change_line(&channel, &connection, LineDeed::Bind(address))
    }

    fn unbind(&mut self, connection: String, address: String) -> Result<(), Error> {
        let channel = self.act()?;
        check_address(&address)?;
        self.change_line(&channel, &connection, LineDeed::Unbind(address))
    }

    fn find(&mut self, address: String) -> Result<Vec<String>, Error> {
        let channel = self.look()?;
        check_address(&address)?;
        let Ok(connections) = served(&channel) else { return Ok(Vec::new()) };
        let mut found = connections.bound(&address);
        found.retain(|connection| !self.call.lines.closed.contains(connection));
        // What this call has bound is found by it, too.
        for change in &self.call.transaction.lines {
            let LineChange::Of { connection, deed } = change else { continue };
            match deed {
                LineDeed::Bind(bound) if *bound == address && !found.contains(connection) => {
                    found.push(connection.clone());
                }
                LineDeed::Unbind(bound) if *bound == address => found.retain(|other| other != connection),
                _ => {}
            }
        }
        Ok(found)
    }

    fn open(&mut self, target: Target) -> Result<String, Error> {
        let channel = self.act()?;
        let Target { url, tls_name, attributes: _ } = target;
        if url.starts_with("ws://") || url.starts_with("wss://") {
            return Err(refuse("not-supported", "connections of `socket` are not served by this server yet"));
        }
        let client = channel.config.grants.client.as_ref().ok_or_else(|| no_way_out(&channel))?;
        client.may_connect(&url).map_err(|error| refuse(error.code(), error.to_string()))?;
        let connection = served(&channel)?.new_id();
        self.call.lines.opened.insert(connection.clone());
        self.call.transaction.lines.push(LineChange::Open { connection: connection.clone(), url, tls_name });
        Ok(connection)
    }
}
