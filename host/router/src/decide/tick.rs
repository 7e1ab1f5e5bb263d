//! What happens because its time has come.

use super::Context;
use crate::delivery::Automatic;
use crate::effect::Reply;
use crate::event::Event;
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::index::Due;
use crate::item::{Actor, Cause};
use crate::offer::OfferOutcome;
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
            Due::Scheduled(item) => self.scheduled(&item),
            Due::TimeToLive(item) => self.outlived(&item),
            Due::Ring(item) => self.ring(&item),
            Due::StickyEnds(item) => self.apply(Event::ItemReleased { item }),
            Due::Inactive(item) => {
                if let Some(item) = self.state.item(&item).cloned() {
                    self.set_aside(&item, Cause::Inactive, Actor::Router);
                }
            }
            Due::TransferReturns(item) => self.transfer_returns(&item),
            Due::Target(item) => self.target(&item),
            Due::DeliveryRetry(message_id) => self.apply(Event::DeliveryDue { message_id }),
            Due::DeliveryPasses(message_id) => self.apply(Event::DeliveryPassed { message_id }),
            Due::TimerFires(key) => self.fire_timer(&key),
            Due::ReportDropped((channel, external_key)) => {
                self.apply(Event::ReportDropped { channel, external_key });
            }
        }
    }

    /// The time of a scheduled item has come.
    fn scheduled(&mut self, id: &Id) {
        if let Some(queue) = self.state.item(id).map(|item| item.queue.clone()) {
            self.arrive(id, &queue, Cause::TimeUp, Actor::Router, None);
        }
    }

    /// Nobody took the item in time.
    fn outlived(&mut self, id: &Id) {
        if let Some(item) = self.state.item(id).cloned() {
            self.answer(&item, Automatic::Expired);
            self.cancel(id, Cause::TimeUp, None, Actor::Router);
        }
    }

    /// The next ring of the item's queue: more agents may take it, or it goes elsewhere, or the customer is told.
    fn ring(&mut self, id: &Id) {
        let Some(item) = self.state.item(id).cloned() else {
            return;
        };
        let queue = self.state.config().queues.get(&item.queue);
        let ring = queue.and_then(|queue| queue.rings.get(usize::from(item.ring))).cloned().unwrap_or_default();
        let passed = if fault::on(Fault::StaysInItsRing) { item.ring } else { item.ring.saturating_add(1) };
        self.apply(Event::RingPassed { item: id.clone(), ring: passed });
        if ring.answers {
            self.answer(&item, Automatic::Waiting);
        }
        if let Some(next) = ring.overflow.filter(|next| self.may_pass_on(&item, next)) {
            self.end_offers(id, OfferOutcome::Revoked, Cause::Overflow, &Actor::Router, None);
            self.arrive(id, &next, Cause::Overflow, Actor::Router, None);
        }
    }

    /// Due times of an item are near, or have passed.
    fn target(&mut self, id: &Id) {
        let open: Vec<_> =
            self.state.item(id).and_then(|item| item.sla.as_deref()).map_or(Vec::new(), |sla| sla.open().collect());
        for (target, deadline) in open {
            let item = id.clone();
            if deadline.due <= self.at {
                self.apply(Event::Breached { item, target });
            } else if deadline.warn.is_some_and(|warn| warn <= self.at) {
                self.apply(Event::DueSoon { item, target, due: deadline.due });
            }
        }
    }
}
