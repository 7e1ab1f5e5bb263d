//! What can be derived from the state and would cost too much to derive each time: who waits in which order, who
//! could take work, what is due when. Never stored; a test compares it with a fresh one after every step.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::Agent;
use crate::config::{Assign, Config, Otherwise};
use crate::delivery::{Delivery, Phase, Status};
use crate::ids::{Id, Millis};
use crate::item::{ItemState, Sla, WorkItem};
use crate::offer::Offer;
use crate::pools::{Filed, Pools};
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
    Scheduled(Id),
    TimeToLive(Id),
    Ring(Id),
    StickyEnds(Id),
    Inactive(Id),
    TransferReturns(Id),
    Target(Id),
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

#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) pools: Pools,
    pub(crate) due: BTreeSet<(Millis, Due)>,
    pub(crate) memory: BTreeSet<(Millis, Memory)>,
    pub(crate) counts: BTreeMap<(Id, ItemState), u64>,
    /// Agents and the items that wait for them alone.
    pub(crate) sticky: BTreeSet<(Id, Id)>,
    /// Messages that the channel took and that may yet be told to have come further: by conversation, then by time.
    pub(crate) taken: BTreeSet<(PerChannel, Millis, Id)>,
}

impl Index {
    pub(crate) fn build(stored: &mut Stored) -> Index {
        let mut items = std::mem::take(&mut stored.items);
        let index = Index::derive(stored, items.values_mut().map(Box::as_mut));
        stored.items = items;
        index
    }

    /// The index of a state with these items, each of which is told where it is filed.
    pub(crate) fn derive<'a>(stored: &Stored, items: impl Iterator<Item = &'a mut WorkItem>) -> Index {
        let mut index = Index { pools: Pools::new(&stored.config), ..Index::default() };
        let place = Place { config: &stored.config, hours: &stored.hours };
        items.for_each(|item| index.add_item(item, place));
        // Every agent is matched next, which covers whatever waits.
        index.pools.fresh.clear();
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

    pub(crate) fn add_item(&mut self, item: &mut WorkItem, place: Place<'_>) {
        *self.counts.entry((item.queue.clone(), item.state)).or_default() += 1;
        // A copy of an item brings along where the original was filed.
        item.filed = Filed::default();
        if wants_offers(item, place) {
            self.pools.add_item(item, place.config);
        }
        self.due.extend(item_dues(item).map(|(until, due)| (until, due(item.id.clone()))));
        self.sticky.extend(sticky(item));
    }

    pub(crate) fn remove_item(&mut self, item: &mut WorkItem) {
        let key = (item.queue.clone(), item.state);
        if let Some(count) = self.counts.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
        self.pools.remove_item(item);
        for (until, due) in item_dues(item) {
            self.due.remove(&(until, due(item.id.clone())));
        }
        if let Some(sticky) = sticky(item) {
            self.sticky.remove(&sticky);
        }
    }

    pub(crate) fn add_agent(&mut self, id: &Id, agent: &Agent) {
        self.due.extend(agent.grace_until.map(|until| (until, Due::GraceEnds(id.clone()))));
    }

    pub(crate) fn remove_agent(&mut self, id: &Id, agent: &Agent) {
        self.pools.touch(id);
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
        self.taken.extend(taken(delivery));
    }

    pub(crate) fn remove_delivery(&mut self, delivery: &Delivery) {
        for due in delivery_dues(delivery) {
            self.due.remove(&due);
        }
        if let Phase::Done { forget } = delivery.phase {
            self.memory.remove(&(forget, Memory::Delivery(delivery.message_id.clone())));
        }
        if let Some(taken) = taken(delivery) {
            self.taken.remove(&taken);
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

/// Where a message stands that its channel took and may report further on.
fn taken(delivery: &Delivery) -> Option<(PerChannel, Millis, Id)> {
    let may_come_further = matches!(delivery.status, Status::Sent | Status::Delivered);
    let waits = may_come_further && delivery.notification.is_none();
    waits.then(|| {
        ((delivery.channel.clone(), delivery.conversation.clone()), delivery.created, delivery.message_id.clone())
    })
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

fn sticky(item: &WorkItem) -> Option<(Id, Id)> {
    item.sticky_until.and(item.preferred.clone()).map(|agent| (agent, item.id.clone()))
}

/// What of an item is due, and when. Only what can still happen in the state the item is in.
fn item_dues(item: &WorkItem) -> impl Iterator<Item = (Millis, fn(Id) -> Due)> + use<> {
    let when = |holds: bool, at: Option<Millis>, due: fn(Id) -> Due| at.filter(|_| holds).map(|at| (at, due));
    let untaken = item.untaken();
    let target = item.sla.as_deref().and_then(Sla::next_due);
    [
        when(item.state == ItemState::Wrapping, item.wrap_up_until, Due::WrapUpEnds),
        when(item.state == ItemState::New, item.not_before, Due::Scheduled),
        when(untaken || item.state == ItemState::New, item.expires, Due::TimeToLive),
        when(untaken, item.ring_due, Due::Ring),
        when(item.state == ItemState::Queued, item.sticky_until, Due::StickyEnds),
        when(item.state == ItemState::Active, item.suspend_at, Due::Inactive),
        when(untaken, item.transfer.as_deref().and_then(|transfer| transfer.until), Due::TransferReturns),
        when(true, target, Due::Target),
    ]
    .into_iter()
    .flatten()
}

/// What decides whether an item waits to be offered, besides the item.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) config: &'a Config,
    pub(crate) hours: &'a BTreeMap<Id, bool>,
}

/// Whether an item waits for an offer, or for more of them: its queue pushes work and is open, or offers although
/// it is closed, and it isn't for one agent alone.
pub(crate) fn wants_offers(item: &WorkItem, place: Place<'_>) -> bool {
    if !item.untaken() {
        return false;
    }
    let Some(queue) = place.config.queues.get(&item.queue) else {
        return item.state == ItemState::Queued;
    };
    let parallel = usize::from(queue.parallel_offers.max(1));
    let room = item.state == ItemState::Queued || item.offers.len() < parallel;
    let named = item.transfer.as_deref().is_some_and(|transfer| transfer.named);
    let open = || match &queue.hours {
        Some(hours) => place.hours.get(hours).copied().unwrap_or(true) || queue.when_closed == Otherwise::Accept,
        None => true,
    };
    room && !named && queue.assign == Assign::Push && open()
}
