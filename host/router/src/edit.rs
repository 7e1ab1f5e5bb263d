//! Changes to the parts of the state that the index follows: each takes the old value out of the index and puts the
//! new one in, so that the two can't part.

use crate::agent::Agent;
use crate::delivery::Delivery;
use crate::ids::{Id, Millis};
use crate::index::{Due, Index, Memory, Place};
use crate::item::WorkItem;
use crate::offer::Offer;
use crate::state::{Answer, Conversation, Ended, PerChannel, Report, State};
use crate::timer::Timer;

impl State {
    pub(crate) fn insert_item(&mut self, mut item: WorkItem) {
        let place = Place { config: &self.stored.config, hours: &self.stored.hours };
        self.index.add_item(&mut item, place);
        self.stored.items.insert(item.id.clone(), Box::new(item));
    }

    /// Changes an item and counts its version up.
    pub(crate) fn edit_item(&mut self, id: &str, change: impl FnOnce(&mut WorkItem)) {
        self.adjust_item(id, |item| {
            change(item);
            item.version += 1;
        });
    }

    /// Changes what nobody who looks at an item would call another version of it.
    pub(crate) fn adjust_item(&mut self, id: &str, change: impl FnOnce(&mut WorkItem)) {
        if let Some(item) = self.stored.items.get_mut(id) {
            self.index.remove_item(item);
            change(item);
            let place = Place { config: &self.stored.config, hours: &self.stored.hours };
            self.index.add_item(item, place);
        }
    }

    pub(crate) fn remove_item(&mut self, id: &str) -> Option<WorkItem> {
        let mut item = self.stored.items.remove(id)?;
        self.index.remove_item(&mut item);
        Some(*item)
    }

    /// Builds the index anew, because the config or the business hours changed.
    pub(crate) fn reindex(&mut self) {
        self.index = Index::build(&mut self.stored);
    }

    pub(crate) fn edit_agent(&mut self, id: &Id, change: impl FnOnce(&mut Agent)) {
        if let Some(agent) = self.stored.agents.get_mut(id) {
            self.index.remove_agent(id, agent);
            change(agent);
            self.index.add_agent(id, agent);
        }
    }

    pub(crate) fn insert_offer(&mut self, offer: Offer) {
        self.index.add_offer(&offer);
        self.stored.offers.insert(offer.id.clone(), offer);
    }

    pub(crate) fn remove_offer(&mut self, id: &str) -> Option<Offer> {
        let offer = self.stored.offers.remove(id)?;
        self.index.remove_offer(&offer);
        Some(offer)
    }

    pub(crate) fn insert_delivery(&mut self, delivery: Delivery) {
        self.index.add_delivery(&delivery);
        self.stored.deliveries.insert(delivery.message_id.clone(), delivery);
    }

    pub(crate) fn edit_delivery(&mut self, id: &str, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.stored.deliveries.get_mut(id) {
            self.index.remove_delivery(delivery);
            change(delivery);
            self.index.add_delivery(delivery);
        }
    }

    pub(crate) fn remove_delivery(&mut self, id: &str) -> Option<Delivery> {
        let delivery = self.stored.deliveries.remove(id)?;
        self.index.remove_delivery(&delivery);
        Some(delivery)
    }

    pub(crate) fn insert_timer(&mut self, key: PerChannel, timer: Timer) {
        self.remove_timer(&key);
        self.index.add_timer(&key, &timer);
        self.stored.timers.insert(key, timer);
    }

    pub(crate) fn edit_timer(&mut self, key: &PerChannel, change: impl FnOnce(&mut Timer)) {
        if let Some(timer) = self.stored.timers.get_mut(key) {
            self.index.remove_timer(key, timer);
            change(timer);
            self.index.add_timer(key, timer);
        }
    }

    pub(crate) fn remove_timer(&mut self, key: &PerChannel) {
        if let Some(timer) = self.stored.timers.remove(key) {
            self.index.remove_timer(key, &timer);
        }
    }

    pub(crate) fn edit_conversation(&mut self, key: PerChannel, change: impl FnOnce(&mut Conversation)) {
        let conversation = self.stored.conversations.entry(key.clone()).or_default();
        self.index.remove_conversation(&key, conversation);
        change(conversation);
        self.index.add_conversation(&key, conversation);
    }

    pub(crate) fn insert_report(&mut self, key: PerChannel, report: Report) {
        self.remove_report(&key);
        self.index.due.insert((report.until, Due::ReportDropped(key.clone())));
        self.stored.reports.insert(key, report);
    }

    pub(crate) fn remove_report(&mut self, key: &PerChannel) {
        if let Some(report) = self.stored.reports.remove(key) {
            self.index.due.remove(&(report.until, Due::ReportDropped(key.clone())));
        }
    }

    pub(crate) fn insert_answer(&mut self, key: (Id, Id), answer: Answer) {
        let until = answer.until;
        if let Some(old) = self.stored.answers.insert(key.clone(), answer) {
            self.index.memory.remove(&(old.until, Memory::Answer(key.clone())));
        }
        self.index.memory.insert((until, Memory::Answer(key)));
    }

    pub(crate) fn insert_send(&mut self, key: (Id, Id), answer: Answer) {
        let until = answer.until;
        if let Some(old) = self.stored.sends.insert(key.clone(), answer) {
            self.index.memory.remove(&(old.until, Memory::Send(key.clone())));
        }
        self.index.memory.insert((until, Memory::Send(key)));
    }

    pub(crate) fn insert_ended(&mut self, id: Id, ended: Ended) {
        self.index.memory.insert((ended.until, Memory::Ended(id.clone())));
        self.stored.ended.insert(id, ended);
    }

    /// Forgets everything whose time is up at `until`.
    pub(crate) fn forget(&mut self, until: Millis) {
        while self.index.memory.first().is_some_and(|(at, _)| *at <= until) {
            let Some((_, memory)) = self.index.memory.pop_first() else {
                return;
            };
            match memory {
                Memory::Conversation(key) => {
                    self.stored.conversations.remove(&key);
                }
                Memory::Delivery(id) => self.forget_delivery(&id),
                Memory::Answer(key) => {
                    self.stored.answers.remove(&key);
                }
                Memory::Send(key) => {
                    self.stored.sends.remove(&key);
                }
                Memory::Ended(id) => {
                    self.stored.ended.remove(&id);
                }
            }
        }
    }

    fn forget_delivery(&mut self, id: &Id) {
        if let Some(delivery) = self.remove_delivery(id) {
            self.forget_external_keys(&delivery);
        }
    }

    /// Takes the channel's ids of a delivery out of the lookup.
    pub(crate) fn forget_external_keys(&mut self, delivery: &Delivery) {
        for key in &delivery.external_keys {
            let key = (delivery.channel.clone(), key.clone());
            if self.stored.external_keys.get(&key) == Some(&delivery.message_id) {
                self.stored.external_keys.remove(&key);
            }
        }
    }
}
