//! What happens because its time has come.

use super::Context;
use crate::effect::Reply;
use crate::event::Event;
use crate::index::Due;
use crate::item::{Actor, Cause};
use crate::state::FORGET_MARGIN;

/// How many things one tick does at most, so that its record stays small; the rest is done by the next.
const AT_ONCE: usize = 256;

impl Context<'_> {
    pub(super) fn tick(&mut self) -> Reply {
        for _ in 0..AT_ONCE {
            let Some((_, due)) = self.state.index.due.first().filter(|(due, _)| *due <= self.at).cloned() else {
                break;
            };
            self.happens(due);
        }
        if self.state.index.memory.first().is_some_and(|(due, _)| due + FORGET_MARGIN <= self.at) {
            self.apply(Event::Forgotten { until: self.at });
        }
        Reply::Done
    }

    /// Each of these takes what is due off the list.
    fn happens(&mut self, due: Due) {
        match due {
            Due::OfferExpires(id) => {
                if let Some(offer) = self.state.offer(&id).cloned() {
                    self.expire(&offer);
                }
            }
            Due::GraceEnds(agent) => self.sign_off(&agent, None, Cause::AgentLost),
            Due::WrapUpEnds(item) => self.close(&item, None, Cause::WrapUpEnded, Actor::Router),
            Due::DeliveryRetry(message_id) => self.apply(Event::DeliveryDue { message_id }),
            Due::DeliveryPasses(message_id) => self.apply(Event::DeliveryPassed { message_id }),
            Due::TimerFires(key) => self.fire_timer(&key),
            Due::ReportDropped((channel, external_key)) => {
                self.apply(Event::ReportDropped { channel, external_key });
            }
        }
    }
}
