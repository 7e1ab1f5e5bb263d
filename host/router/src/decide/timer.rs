//! Drivers' durable timers.

use super::delivery::back_off;
use super::{Context, refuse, wrong_state};
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::ids::{Id, Millis};
use crate::state::fire;

/// Base64 of 4 KiB.
const MAX_PAYLOAD: usize = 4096usize.div_ceil(3) * 4;

impl Context<'_> {
    pub(super) fn set_timer(&mut self, channel: &Id, name: &Id, due: Millis, payload: &str) -> Reply {
        if payload.len() > MAX_PAYLOAD {
            return refuse(ErrorCode::TooLarge, format!("the payload of timer `{name}` is over 4 KiB"));
        }
        let (channel, name, payload) = (channel.clone(), name.clone(), payload.to_owned());
        self.apply(Event::TimerSet { channel, name, due, payload });
        Reply::Done
    }

    pub(super) fn cancel_timer(&mut self, channel: &Id, name: &Id) -> Reply {
        if self.state.timers().contains_key(&(channel.clone(), name.clone())) {
            self.apply(Event::TimerRemoved { channel: channel.clone(), name: name.clone(), handled: false });
        }
        Reply::Done
    }

    pub(super) fn timer_done(&mut self, channel: &Id, name: &Id, due: Millis) -> Reply {
        if let Err(reply) = self.fired(channel, name, due) {
            return reply;
        }
        self.apply(Event::TimerRemoved { channel: channel.clone(), name: name.clone(), handled: true });
        Reply::Done
    }

    pub(super) fn timer_failed(&mut self, channel: &Id, name: &Id, due: Millis) -> Reply {
        let attempt = match self.fired(channel, name, due) {
            Ok(attempt) => attempt,
            Err(reply) => return reply,
        };
        let until = self.at.saturating_add(back_off(attempt.saturating_sub(1)));
        self.apply(Event::TimerPostponed { channel: channel.clone(), name: name.clone(), until });
        Reply::Done
    }

    /// A timer's time has come.
    pub(super) fn fire_timer(&mut self, key: &(Id, Id)) {
        self.apply(Event::TimerFired { channel: key.0.clone(), name: key.1.clone() });
        self.effects.extend(self.state.timers().get(key).map(|timer| fire(key, timer)));
    }

    /// How often a timer that its driver has now was fired. Set anew meanwhile, it isn't that one any more.
    fn fired(&self, channel: &Id, name: &Id, due: Millis) -> Result<u32, Reply> {
        let timer = self.state.timers().get(&(channel.clone(), name.clone()));
        match timer.filter(|timer| timer.due == due) {
            Some(timer) if timer.fires.is_none() => Ok(timer.attempt),
            Some(_) => Err(wrong_state("timer", "set")),
            None => Err(refuse(ErrorCode::NotFound, format!("timer `{name}` of that time isn't set"))),
        }
    }
}
