//! What happens to drivers' timers.

use super::Evolution;
use crate::ids::{Id, Millis};
use crate::timer::Timer;

impl Evolution<'_> {
    pub(super) fn timer_set(&mut self, channel: &Id, name: &Id, due: Millis, payload: &str) {
        let timer = Timer { due, payload: payload.to_owned(), attempt: 0, fires: Some(due) };
        self.state.insert_timer((channel.clone(), name.clone()), timer);
    }

    pub(super) fn timer_fired(&mut self, channel: &Id, name: &Id) {
        self.state.edit_timer(&(channel.clone(), name.clone()), |timer| {
            timer.attempt += 1;
            timer.fires = None;
        });
    }

    pub(super) fn timer_postponed(&mut self, channel: &Id, name: &Id, until: Millis) {
        self.state.edit_timer(&(channel.clone(), name.clone()), |timer| timer.fires = Some(until));
    }
}
