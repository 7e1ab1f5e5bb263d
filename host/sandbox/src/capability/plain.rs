//! `log`, `clock`, `random`, `crm`, and the interfaces that hold only types.

use crate::bindings::jackfield::channel::{clock, connection_types, crm, http_types, log, message, peer, random};
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use crate::convert;
use crate::limits::Limit;
use crate::services::LogLevel;
use jackfield_spec::Attributes;
use std::time::Instant;

impl message::Host for State {}
impl peer::Host for State {}
impl http_types::Host for State {}
impl connection_types::Host for State {}

/// Most random bytes of one call.
const RANDOM: u32 = 64 << 10;

impl log::Host for State {
    fn write(&mut self, level: log::Level, text: String, fields: message::Attributes) {
        let Ok(channel) = self.look() else { return };
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.log_line(&channel, level, &text, Attributes(fields));
    }
}

impl State {
    /// A line of the guest's for the channel's log, without secrets and within the call's limits.
    pub(crate) fn log_line(&mut self, channel: &Channel, level: LogLevel, text: &str, fields: Attributes) {
        let limits = &channel.config.limits;
        self.call.log_lines = self.call.log_lines.saturating_add(1);
        let id = &channel.config.id;
        if self.call.log_lines > limits.log_lines {
            // Once a call: that lines are missing is worth one.
            if self.call.log_lines == limits.log_lines + 1 {
                channel.usage.hit(Limit::LogLines);
                channel.services.log(
                    id,
                    LogLevel::Warn,
                    "more lines of this call were dropped",
                    &Attributes::default(),
                );
            }
            return;
        }
        if text.len() > limits.log_bytes {
            channel.usage.hit(Limit::LogBytes);
        }
        let text = channel.scrubber.text(text);
        let text = cut(&text, limits.log_bytes);
        self.call.say(text);
        let mut room = limits.log_bytes;
        let fields = fields.0.into_iter().take_while(|(key, value)| {
            let fits = key.len() + value.len() <= room;
            room = room.saturating_sub(key.len() + value.len());
            fits
        });
        let fields = fields
            .map(|(key, value)| (channel.scrubber.text(&key).into_owned(), channel.scrubber.text(&value).into_owned()));
        channel.services.log(id, level, text, &Attributes(fields.collect()));
    }
}

/// At most `bytes` bytes of a text, cut between characters.
fn cut(text: &str, bytes: usize) -> &str {
    match text.get(..bytes) {
        Some(short) => short,
        None if text.len() <= bytes => text,
        None => {
            let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            &text[..end]
        }
    }
}

impl clock::Host for State {
    fn now(&mut self) -> u64 {
        let now = self.call.now;
        self.look().map_or(0, |channel| now.unwrap_or_else(|| channel.services.now()).millis())
    }

    fn monotonic_ms(&mut self) -> u64 {
        self.look().map_or(0, |channel| Instant::now().duration_since(channel.started).as_millis() as u64)
    }
}

impl random::Host for State {
    fn bytes(&mut self, length: u32) -> Vec<u8> {
        if self.look().is_err() {
            return Vec::new();
        }
        let mut bytes = vec![0; length.min(RANDOM) as usize];
        match getrandom::fill(&mut bytes) {
            Ok(()) => bytes,
            // Never bytes that somebody could guess.
            Err(_) => Vec::new(),
        }
    }
}

impl crm::Host for State {
    fn find_customer(&mut self, address: String) -> Result<Option<message::Customer>, message::Error> {
        let channel = self.look()?;
        let found = channel.services.find_customer(&channel.config.id, &address).map_err(info)?;
        Ok(found.map(convert::customer_out))
    }

    fn find_agent(&mut self, by: String, value: String) -> Result<Option<message::AgentInfo>, message::Error> {
        let channel = self.look()?;
        if !matches!(by.as_str(), "id" | "name" | "address") {
            return Err(refuse("invalid", "`by` is `id`, `name` or `address`"));
        }
        let found = channel.services.find_agent(&channel.config.id, &by, &value).map_err(info)?;
        Ok(found.map(convert::agent_out))
    }
}
