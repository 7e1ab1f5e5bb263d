//! What a queue counts: service level, and the pace from which waits are expected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{Id, Millis};
use crate::item::{ItemState, WorkItem};
use crate::state::State;

/// Counts of one queue since the journal began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statistics {
    /// Items that agents accepted.
    pub accepted: u64,
    /// Those of them that waited no longer than the service level's time.
    pub within: u64,
    /// Items that ended before anybody accepted them.
    pub abandoned: u64,
    /// Due times that were not met.
    pub breached: u64,
    /// When the last one was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Millis>,
    /// The time between two accepted items, in milliseconds, the later ones counting more.
    pub interval_ms: Millis,
}

/// A pause longer than this says nothing of the pace.
const LONGEST_INTERVAL: Millis = 3_600_000;
/// Items looked at for the longest wait.
const LOOKED_AT: usize = 50_000;
/// Places that are looked through for an item's.
const RANKED: usize = 1_000;
/// How much one interval counts against those before: one in so many.
const SMOOTHING: Millis = 8;

impl Statistics {
    pub(crate) fn accepted(&mut self, at: Millis, waited: Millis, within: Millis) {
        self.accepted += 1;
        self.within += u64::from(waited <= within);
        if let Some(last) = self.last {
            let interval = at.saturating_sub(last).min(LONGEST_INTERVAL);
            self.interval_ms =
                if self.accepted <= 2 { interval } else { (self.interval_ms * (SMOOTHING - 1) + interval) / SMOOTHING };
        }
        self.last = Some(at);
    }

    /// Hundredths of the items that were accepted in time, of all that were accepted or given up.
    pub fn service_level_percent(&self) -> Option<u8> {
        let all = self.accepted + self.abandoned;
        (all > 0).then(|| u8::try_from(self.within * 100 / all).unwrap_or(100))
    }
}

/// What a queue looks like now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// The queue.
    pub queue: Id,
    /// Whether it is within its business hours.
    pub open: bool,
    /// Items that wait, those that are offered included.
    pub waiting: u64,
    /// Items that agents work on.
    pub active: u64,
    /// How long the next item would wait, from the pace of late; none while nothing is known.
    pub expected_wait_ms: Option<Millis>,
    /// Hundredths accepted in time.
    pub service_level_percent: Option<u8>,
    /// The counts behind it.
    pub statistics: Statistics,
}

/// An item's place in its queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The item.
    pub item: Id,
    /// 1 for the first.
    pub position: u32,
    /// How long it will wait, from the pace of late.
    pub expected_wait_ms: Option<Millis>,
}

impl State {
    /// What a queue looks like now.
    pub fn queue_view(&self, queue: &Id) -> QueueView {
        let statistics = self.stored.statistics.get(queue).cloned().unwrap_or_default();
        let waiting = self.waiting(queue);
        let active = self.index.counts.get(&(queue.clone(), ItemState::Active)).copied().unwrap_or(0);
        QueueView {
            queue: queue.clone(),
            open: self.open(queue),
            waiting,
            active,
            expected_wait_ms: self.expected_wait(queue, waiting + 1),
            service_level_percent: statistics.service_level_percent(),
            statistics,
        }
    }

    /// Milliseconds that the item that waits longest in each of these queues has been waiting, where one waits. Looks at
    /// the oldest 50,000 open items only: who waits longest is mostly among them, and nothing is decided meanwhile.
    pub fn longest_waits<'a>(&self, queues: &'a [Id], now: Millis) -> BTreeMap<&'a Id, Millis> {
        let waits = |queue: &&Id| {
            let key = ((*queue).clone(), ItemState::Queued);
            self.index.counts.get(&key).is_some_and(|count| *count > 0)
        };
        let mut searched: BTreeMap<&str, &Id> = queues.iter().filter(waits).map(|queue| (&**queue, queue)).collect();
        let mut longest = BTreeMap::new();
        // Items come in the order in which they were opened, and an item's age counts from there: the first that is found
        // waiting in a queue has waited longest.
        for item in self.items().values().take(LOOKED_AT) {
            if searched.is_empty() {
                break;
            }
            if item.state == ItemState::Queued
                && let Some(queue) = searched.remove(&*item.queue)
            {
                longest.insert(queue, now.saturating_sub(item.first_queued));
            }
        }
        longest
    }

    /// How long the item at a place will wait, from the queue's pace of late.
    pub fn expected_wait(&self, queue: &str, position: u64) -> Option<Millis> {
        let statistics = self.stored.statistics.get(queue).filter(|statistics| statistics.interval_ms > 0)?;
        Some(statistics.interval_ms.saturating_mul(position))
    }

    /// The first places of a queue, in the order of waiting.
    pub fn places(&self, queue: &Id, limit: usize) -> Vec<Place> {
        let ranks = self.index.pools.first_waiting(queue, limit);
        let place = |(number, item): (usize, Id)| Place {
            item,
            position: u32::try_from(number + 1).unwrap_or(u32::MAX),
            expected_wait_ms: self.expected_wait(queue, number as u64 + 1),
        };
        ranks.into_iter().enumerate().map(place).collect()
    }

    /// The place of an item that waits, from 1, if it is among the first thousand of its queue, and how long it will
    /// wait; further back, how long the last one will.
    pub fn place_of(&self, item: &WorkItem) -> (Option<u32>, Option<Millis>) {
        if item.state != ItemState::Queued {
            return (None, None);
        }
        let first = self.index.pools.first_waiting(&item.queue, RANKED);
        let place = first.iter().position(|id| *id == item.id).map(|before| before as u64 + 1);
        let wait = self.expected_wait(&item.queue, place.unwrap_or_else(|| self.waiting(&item.queue)));
        (place.and_then(|place| u32::try_from(place).ok()), wait)
    }
}
