//! Advice to customers on their place in the queue. It isn't journaled: after a restart it is given anew.

use std::collections::BTreeMap;

use crate::ids::{Id, Millis};
use crate::state::State;
use crate::statistics::Place;

/// An item is told of at most once in this time, in milliseconds.
const AT_MOST_EVERY: Millis = 10_000;
/// Who stands further back isn't told a place.
const PLACES: usize = 100;

/// Remembers who was told what.
#[derive(Clone, Debug, Default)]
pub struct Advisor {
    told: BTreeMap<Id, (Millis, u32)>,
}

impl Advisor {
    /// The places that changed since they were last told, of items whose channel's driver wants `queue.position`:
    /// the first hundred of each queue, each item at most once in ten seconds. To be called about once a second.
    pub fn advise(&mut self, state: &State, now: Millis) -> Vec<Place> {
        let mut waiting = BTreeMap::new();
        let mut advice = Vec::new();
        for queue in state.config().queues.keys() {
            for place in state.places(queue, PLACES) {
                let before = self.told.get(&place.item).copied();
                let wants = |place: &Place| {
                    let item = state.item(&place.item);
                    item.is_some_and(|item| state.config().wants(&item.channel, "queue.position"))
                };
                let due = before
                    .is_none_or(|(at, position)| position != place.position && now >= at.saturating_add(AT_MOST_EVERY));
                if due && wants(&place) {
                    waiting.insert(place.item.clone(), (now, place.position));
                    advice.push(place);
                } else if let Some(before) = before {
                    waiting.insert(place.item.clone(), before);
                }
            }
        }
        // Who was asked meanwhile and waits again isn't told more often for it.
        self.told.retain(|_, (at, _)| now < at.saturating_add(AT_MOST_EVERY));
        self.told.append(&mut waiting);
        advice
    }
}
