//! What all clients saw, and what must be true of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// One agent's time with a work item, as the agent knows it: the server may have begun it earlier and ended it later.
#[derive(Debug, Clone)]
struct Held {
    agent: String,
    from: Instant,
    /// When the agent asked for the end.
    until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Event id -> the message id that the channel was answered with.
    told: BTreeMap<String, String>,
    /// Event id -> (message id, work item), as agents were shown.
    shown: BTreeMap<String, (String, String)>,
    /// Work item -> who had it.
    held: BTreeMap<String, Vec<Held>>,
    /// Offer -> to whom and for which work item.
    offers: BTreeMap<String, (String, String)>,
    /// Work item -> who saw it close.
    closed: BTreeMap<String, String>,
}

/// A history that all clients write. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Seen>>);

impl History {
    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.0.lock().expect("no client saw anything wrong"))
    }

    /// A channel was answered with 2xx.
    pub fn told(&self, event: String, message: String) {
        self.with(|seen| seen.told.insert(event, message));
    }

    /// An agent was asked to take an item.
    pub fn offered(&self, offer: &str, agent: &str, item: &str, event: &str, message: &str) {
        let to = (agent.to_owned(), item.to_owned());
        let shown = (message.to_owned(), item.to_owned());
        self.with(|seen| {
            let known = seen.offers.entry(offer.to_owned()).or_insert_with(|| to.clone());
            assert_eq!(*known, to, "the offer {offer} is one agent's and about one item");
            let known = seen.shown.entry(event.to_owned()).or_insert_with(|| shown.clone());
            assert_eq!(*known, shown, "{event} is one message of one item");
        });
    }

    /// An agent has an item.
    pub fn holds(&self, item: &str, agent: &str) {
        let held = Held { agent: agent.to_owned(), from: Instant::now(), until: None };
        self.with(|seen| {
            let all = seen.held.entry(item.to_owned()).or_default();
            if all.iter().any(|known| known.agent == agent) {
                return;
            }
            let open = all.iter().find(|known| known.until.is_none());
            assert!(open.is_none(), "{item} is held by {agent} and by {open:?}");
            all.push(held);
        });
    }

    /// An agent is about to ask for an item's end.
    pub fn ends(&self, item: &str, agent: &str) {
        let now = Instant::now();
        self.with(|seen| {
            let all = seen.held.entry(item.to_owned()).or_default();
            let own = all.iter_mut().filter(|known| known.agent == agent && known.until.is_none());
            own.for_each(|held| held.until = Some(now));
        });
    }

    /// An agent saw an item close.
    pub fn closes(&self, item: &str, agent: &str) {
        self.with(|seen| {
            let first = seen.closed.entry(item.to_owned()).or_insert_with(|| agent.to_owned());
            assert_eq!(first, agent, "{item} was closed by two agents");
        });
    }

    /// How many items are closed.
    pub fn closed(&self) -> u64 {
        self.with(|seen| seen.closed.len() as u64)
    }

    /// Checks the whole, after the end.
    pub fn check(&self, items: u64) {
        self.with(|seen| {
            assert_eq!(seen.told.len() as u64, items, "every customer was answered");
            for (event, message) in &seen.told {
                let shown = seen.shown.get(event);
                let (id, item) = shown.unwrap_or_else(|| panic!("{event} was told to be taken, no agent ever saw it"));
                assert_eq!(id, message, "{event} is the same message at the channel and at the agent");
                assert!(seen.closed.contains_key(item), "the item of {event} was never closed");
            }
            assert_eq!(seen.shown.len(), seen.told.len(), "nothing was made up");
            assert_eq!(seen.closed.len() as u64, items, "each customer has one item");
            for (item, held) in &seen.held {
                let agents: Vec<_> = held.iter().map(|held| &held.agent).collect();
                assert_eq!(agents.len(), 1, "{item} was taken more than once: {agents:?}");
                assert_eq!(Some(agents[0]), seen.closed.get(item), "{item} is closed by who has it");
            }
            let mut busy: Vec<_> = seen.held.values().flatten().map(|held| held.from).collect();
            busy.sort();
            println!(
                "{} offers for {} items, {:.1} s of work",
                seen.offers.len(),
                seen.held.len(),
                busy.first().zip(busy.last()).map_or(0.0, |(first, last)| (*last - *first).as_secs_f64())
            );
        });
    }
}
