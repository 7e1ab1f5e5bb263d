//! `timers`: durable timers of a channel. Those of a connection come with the interfaces that have connections.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::timers::{Host, Options};
use crate::call::{State, refuse};
use crate::transaction::TimerChange;
use jackfield_spec::{Timestamp, limits};

/// Most bytes of a payload.
const PAYLOAD: usize = 4 << 10;

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > limits::NAME || name.chars().any(char::is_control) {
        return Err(refuse(
            "invalid",
            format!("a timer's name has 1 to {} bytes and no control characters", limits::NAME),
        ));
    }
    if name == "start" {
        return Err(refuse("invalid", "the timer `start` is the host's own"));
    }
    Ok(())
}

fn no_connections() -> Error {
    refuse("not-supported", "timers of connections are not served by this server yet")
}

impl State {
    fn timer(&mut self, change: TimerChange) -> Result<(), Error> {
        let channel = self.act()?;
        let timers = &mut self.call.transaction.timers;
        if timers.len() >= channel.config.limits.timers {
            return Err(refuse("quota", format!("one call may change {} timers", channel.config.limits.timers)));
        }
        timers.push(change);
        Ok(())
    }
}

impl Host for State {
    fn set(&mut self, name: String, delay_ms: u64, payload: Vec<u8>, options: Options) -> Result<(), Error> {
        let channel = self.act()?;
        check_name(&name)?;
        if options.volatile {
            return Err(refuse(
                "not-supported",
                "volatile timers are not served by this server yet; leave `volatile` out",
            ));
        }
        if options.connection.is_some() {
            return Err(no_connections());
        }
        if payload.len() > PAYLOAD {
            return Err(refuse(
                "too-large",
                format!("a timer's payload has at most {PAYLOAD} bytes, this one {}", payload.len()),
            ));
        }
        let due = Timestamp::from_millis(channel.services.now().millis().saturating_add(delay_ms));
        let due = due.map_err(|error| refuse("invalid", error.to_string()))?;
        self.timer(TimerChange::Set { name, due, payload })
    }

    fn cancel(&mut self, name: String, connection: Option<String>) -> Result<(), Error> {
        check_name(&name)?;
        if connection.is_some() {
            return Err(no_connections());
        }
        self.timer(TimerChange::Cancel { name })
    }
}
