//! What can be derived from the state and would cost too much to derive each time: who waits in which order, who
//! could take work, what is due when. Never stored; a test compares it with a fresh one after every step.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::Agent;
use crate::delivery::{Delivery, Phase};
use crate::ids::{Id, Millis};
use crate::item::{ItemState, Rank, WorkItem};
use crate::offer::Offer;
use crate::state::{Conversation, PerChannel, Stored};
use crate::timer::Timer;

/// How long a delivery may keep later ones of its lane waiting.
pub(crate) const LANE_PATIENCE: Millis = 60_000;

/// Something that happens when its time comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    OfferExpires(Id),
    GraceEnds(Id),
    WrapUpEnds(Id),
    DeliveryRetry(Id),
    DeliveryPasses(Id),
    TimerFires(PerChannel),
    ReportDropped(PerChannel),
}

/// Something that is remembered for a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Memory {
    Conversation(PerChannel),
    Delivery(Id),
    Answer((Id, Id)),
    Send((Id, Id)),
    Ended(Id),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Queued items by weight, then in the order of waiting: no agent is tried for what is too heavy for everybody.
    pub(crate) waiting: BTreeMap<u32, BTreeSet<Rank>>,
    /// Willing agents by what is left of their budget, then by idle time: the cost of a choice grows with the number
    /// of different remainders, not with the number of agents.
    pub(crate) willing: BTreeMap<u32, BTreeSet<(Millis, Id)>>,
    /// How many agents are willing, those beyond their budget included.
    pub(crate) willing_count: usize,
    pub(crate) due: BTreeSet<(Millis, Due)>,
    pub(crate) memory: BTreeSet<(Millis, Memory)>,
    pub(crate) counts: BTreeMap<(Id, ItemState), u64>,
}

impl Index {
    pub(crate) fn build(stored: &Stored) -> Index {
        let mut index = Index::default();
        stored.items.values().for_each(|item| index.add_item(item));
        stored.agents.iter().for_each(|(id, agent)| index.add_agent(id, agent));
        stored.offers.values().for_each(|offer| index.add_offer(offer));
        stored.deliveries.values().for_each(|delivery| index.add_delivery(delivery));
        stored.timers.iter().for_each(|(key, timer)| index.add_timer(key, timer));
        stored.conversations.iter().for_each(|(key, conversation)| index.add_conversation(key, conversation));
        let reports = stored.reports.iter();
        index.due.extend(reports.map(|(key, report)| (report.until, Due::ReportDropped(key.clone()))));
        let answers = stored.answers.iter();
        index.memory.extend(answers.map(|(key, answer)| (answer.until, Memory::Answer(key.clone()))));
        let sends = stored.sends.iter();
        index.memory.extend(sends.map(|(key, answer)| (answer.until, Memory::Send(key.clone()))));
        let ended = stored.ended.iter();
        index.memory.extend(ended.map(|(id, ended)| (ended.until, Memory::Ended(id.clone()))));
        index
    }

    pub(crate) fn add_item(&mut self, item: &WorkItem) {
        *self.counts.entry((item.queue.clone(), item.state)).or_default() += 1;
        if item.state == ItemState::Queued {
            self.waiting.entry(item.weight).or_default().insert(item.rank());
        }
        self.due.extend(item.wrap_up_until.map(|until| (until, Due::WrapUpEnds(item.id.clone()))));
    }

    pub(crate) fn remove_item(&mut self, item: &WorkItem) {
        let key = (item.queue.clone(), item.state);
        if let Some(count) = self.counts.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
        if item.state == ItemState::Queued {
            remove_from(&mut self.waiting, item.weight, &item.rank());
        }
        if let Some(until) = item.wrap_up_until {
            self.due.remove(&(until, Due::WrapUpEnds(item.id.clone())));
        }
    }

    pub(crate) fn add_agent(&mut self, id: &Id, agent: &Agent) {
        if agent.willing() {
            self.willing_count += 1;
            if let Some(left) = agent.headroom() {
                self.willing.entry(left).or_default().insert((agent.idle_since, id.clone()));
            }
        }
        self.due.extend(agent.grace_until.map(|until| (until, Due::GraceEnds(id.clone()))));
    }

    pub(crate) fn remove_agent(&mut self, id: &Id, agent: &Agent) {
        if agent.willing() {
            self.willing_count -= 1;
            if let Some(left) = agent.headroom() {
                remove_from(&mut self.willing, left, &(agent.idle_since, id.clone()));
            }
        }
        if let Some(until) = agent.grace_until {
            self.due.remove(&(until, Due::GraceEnds(id.clone())));
        }
    }

    pub(crate) fn add_offer(&mut self, offer: &Offer) {
        self.due.insert((offer.expires, Due::OfferExpires(offer.id.clone())));
    }

    pub(crate) fn remove_offer(&mut self, offer: &Offer) {
        self.due.remove(&(offer.expires, Due::OfferExpires(offer.id.clone())));
    }

    pub(crate) fn add_delivery(&mut self, delivery: &Delivery) {
        self.due.extend(delivery_dues(delivery));
        if let Phase::Done { forget } = delivery.phase {
            self.memory.insert((forget, Memory::Delivery(delivery.message_id.clone())));
        }
    }

    pub(crate) fn remove_delivery(&mut self, delivery: &Delivery) {
        for due in delivery_dues(delivery) {
            self.due.remove(&due);
        }
        if let Phase::Done { forget } = delivery.phase {
            self.memory.remove(&(forget, Memory::Delivery(delivery.message_id.clone())));
        }
    }

    pub(crate) fn add_timer(&mut self, key: &PerChannel, timer: &Timer) {
        self.due.extend(timer.fires.map(|fires| (fires, Due::TimerFires(key.clone()))));
    }

    pub(crate) fn remove_timer(&mut self, key: &PerChannel, timer: &Timer) {
        if let Some(fires) = timer.fires {
            self.due.remove(&(fires, Due::TimerFires(key.clone())));
        }
    }

    pub(crate) fn add_conversation(&mut self, key: &PerChannel, conversation: &Conversation) {
        self.memory.extend(conversation.forget.map(|forget| (forget, Memory::Conversation(key.clone()))));
    }

    pub(crate) fn remove_conversation(&mut self, key: &PerChannel, conversation: &Conversation) {
        if let Some(forget) = conversation.forget {
            self.memory.remove(&(forget, Memory::Conversation(key.clone())));
        }
    }
}

/// A delivery in back-off is due for its next try, and before that for letting others pass.
fn delivery_dues(delivery: &Delivery) -> impl Iterator<Item = (Millis, Due)> + use<> {
    let id = || delivery.message_id.clone();
    let Phase::Backoff { until } = delivery.phase else {
        return [None, None].into_iter().flatten();
    };
    let retry = (until, Due::DeliveryRetry(id()));
    let blocking = delivery.blocking_since.filter(|_| !delivery.passed);
    let passes = blocking.map(|since| (since + LANE_PATIENCE, Due::DeliveryPasses(id())));
    [Some(retry), passes].into_iter().flatten()
}

fn remove_from<T: Ord>(map: &mut BTreeMap<u32, BTreeSet<T>>, key: u32, value: &T) {
    if let Some(set) = map.get_mut(&key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(&key);
        }
    }
}
