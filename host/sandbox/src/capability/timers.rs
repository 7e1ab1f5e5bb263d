//! `timers`: durable timers of a channel, and those of a connection, which end with it.

use crate::bindings::jackfield::channel::message::Error;
use crate::bindings::jackfield::channel::timers::{Host, Options};
use crate::call::{State, info, refuse};
use crate::channel::Channel;
use crate::connections::LineDeed;
use crate::limits::Limit;
use crate::transaction::TimerChange;
use jackfield_spec::{Timestamp, limits};
use std::collections::BTreeSet;
use std::time::Duration;

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

impl State {
    /// The names of the channel's timers, as this call would leave them.
    async fn timer_names(&mut self, channel: &Channel) -> Result<&mut BTreeSet<String>, Error> {
        if self.call.timers.is_none() {
            let clock = self.clock.clone();
            clock.pause();
            let names = channel.services.timers(&channel.config.id).await;
            clock.resume();
            self.call.timers = Some(names.map_err(info)?);
        }
        Ok(self.call.timers.get_or_insert_default())
    }

    fn change_timer(&mut self, channel: &Channel, change: TimerChange) -> Result<(), Error> {
        let most = channel.config.limits.timer_changes;
        let changes = &mut self.call.transaction.timers;
        if changes.len() >= most {
            channel.usage.hit(Limit::TimerChanges);
            return Err(refuse("quota", format!("one call may change {most} timers; raise limits.timer-changes")));
        }
        changes.push(change);
        Ok(())
    }
}

impl Host for State {
    async fn set(&mut self, name: String, delay_ms: u64, payload: Vec<u8>, options: Options) -> Result<(), Error> {
        let channel = self.act()?;
        check_name(&name)?;
        if options.volatile && options.connection.is_none() {
            return Err(refuse(
                "not-supported",
                "volatile timers of the channel are not served by this server yet; leave `volatile` out, or name a connection",
            ));
        }
        if payload.len() > PAYLOAD {
            return Err(refuse(
                "too-large",
                format!("a timer's payload has at most {PAYLOAD} bytes, this one {}", payload.len()),
            ));
        }
        if let Some(connection) = options.connection {
            let delay = Duration::from_millis(delay_ms);
            return self.change_line(&channel, &connection, LineDeed::SetTimer { name, delay, payload });
        }
        let due = Timestamp::from_millis(channel.services.now().millis().saturating_add(delay_ms));
        let due = due.map_err(|error| refuse("invalid", error.to_string()))?;
        let most = channel.config.limits.timers;
        let names = self.timer_names(&channel).await?;
        if names.len() >= most && !names.contains(&name) {
            channel.usage.hit(Limit::Timers);
            return Err(refuse(
                "quota",
                format!("{most} timers of the channel wait; cancel some, or raise limits.timers"),
            ));
        }
        self.change_timer(&channel, TimerChange::Set { name: name.clone(), due, payload })?;
        self.timer_names(&channel).await?.insert(name);
        Ok(())
    }

    fn cancel(&mut self, name: String, connection: Option<String>) -> Result<(), Error> {
        let channel = self.act()?;
        check_name(&name)?;
        if let Some(connection) = connection {
            // One that has ended has no timers.
            let _ = self.change_line(&channel, &connection, LineDeed::CancelTimer(name));
            return Ok(());
        }
        if let Some(names) = &mut self.call.timers {
            names.remove(&name);
        }
        self.change_timer(&channel, TimerChange::Cancel { name })
    }
}
