//! The state: what the journal's events have made so far.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agent::Agent;
use crate::config::{Assign, Config};
use crate::delivery::{Automatic, Delivery, Failure, Phase, Status};
use crate::effect::{Deliver, Effect, Reply};
use crate::ids::{Id, Millis};
use crate::index::Index;
use crate::item::{ItemState, WorkItem};
use crate::ledger::Ledger;
use crate::need::{Need, Terms};
use crate::notice::AgentSnapshot;
use crate::offer::{Offer, OfferOutcome};
use crate::pairs;
use crate::share;
use crate::statistics::Statistics;
use crate::timer::Timer;

/// A channel and the key of a conversation, of a timer or of something sent: what must be unique per channel.
pub(crate) type PerChannel = (Id, Id);

/// Work items by their ids. Each is in memory of its own: a map's nodes are half empty when it is filled in order.
pub type Items = BTreeMap<Id, Box<WorkItem>>;

/// How long what was to be forgotten may stay in memory: so that a busy server forgets in bulk.
pub(crate) const FORGET_MARGIN: Millis = 10_000;

/// Everything that decisions depend on. Only [`evolve`](crate::evolve) changes it.
///
/// Its JSON is a snapshot: equal states give equal bytes. What can be derived isn't in it.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) stored: Stored,
    pub(crate) index: Index,
}

/// What can be derived is no part of the value.
impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        self.stored == other.stored
    }
}

impl Eq for State {}

/// The part of the state that snapshots hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Stored {
    pub(crate) now: Millis,
    pub(crate) salt: Option<u64>,
    pub(crate) counter: u64,
    pub(crate) config: Config,
    pub(crate) agents: BTreeMap<Id, Agent>,
    #[serde(deserialize_with = "share::items")]
    pub(crate) items: Items,
    pub(crate) offers: BTreeMap<Id, Offer>,
    pub(crate) ledger: Ledger,
    #[serde(serialize_with = "pairs::serialize", deserialize_with = "share::conversations")]
    pub(crate) conversations: BTreeMap<PerChannel, Conversation>,
    pub(crate) deliveries: BTreeMap<Id, Delivery>,
    #[serde(with = "pairs")]
    pub(crate) lanes: BTreeMap<PerChannel, VecDeque<Id>>,
    #[serde(with = "pairs")]
    pub(crate) external_keys: BTreeMap<PerChannel, Id>,
    #[serde(with = "pairs")]
    pub(crate) reports: BTreeMap<PerChannel, Report>,
    #[serde(with = "pairs")]
    pub(crate) timers: BTreeMap<PerChannel, Timer>,
    #[serde(with = "pairs")]
    pub(crate) answers: BTreeMap<(Id, Id), Answer>,
    #[serde(with = "pairs")]
    pub(crate) sends: BTreeMap<(Id, Id), Answer>,
    pub(crate) ended: BTreeMap<Id, Ended>,
    /// Calendar -> whether it is open now.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) hours: BTreeMap<Id, bool>,
    /// What queues have counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) statistics: BTreeMap<Id, Statistics>,
}

/// What is known of a conversation: its open item, or who had the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_item: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_owner: Option<Id>,
    /// Answers of the server's own that were given, each with when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) answered: BTreeMap<Automatic, Millis>,
    /// Set while there is no open item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) forget: Option<Millis>,
}

/// A channel's report on something that we don't know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failure>,
    pub(crate) until: Millis,
}

/// The result of a command, kept for its repetitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) until: Millis,
}

/// What is remembered for a while of an offer or item that has ended, so that who comes late is told the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The agent who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Id>,
    /// What became of it.
    pub fate: Fate,
    /// How long it is remembered.
    pub until: Millis,
}

/// How an offer or item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// An offer.
    Offer(OfferOutcome),
    /// A work item.
    Item(ItemState),
}

impl Fate {
    /// The name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Offer(outcome) => outcome.name(),
            Fate::Item(state) => state.name(),
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        let mut stored = Stored::deserialize(deserializer)?;
        share::after_reading(&mut stored);
        let index = Index::build(&mut stored);
        Ok(State { stored, index })
    }
}

impl State {
    /// The time of the newest event.
    pub fn now(&self) -> Millis {
        self.stored.now
    }

    /// Whether nothing ever happened: the journal is empty.
    pub fn is_new(&self) -> bool {
        self.stored.salt.is_none()
    }

    /// The config in force.
    pub fn config(&self) -> &Config {
        &self.stored.config
    }

    /// The open work items, by id: in the order they were opened.
    pub fn items(&self) -> &Items {
        &self.stored.items
    }

    /// An open work item.
    pub fn item(&self, id: &str) -> Option<&WorkItem> {
        self.stored.items.get(id).map(Box::as_ref)
    }

    /// The open work item of a conversation.
    pub fn open_item(&self, channel: &Id, conversation: &Id) -> Option<&WorkItem> {
        let key = (channel.clone(), conversation.clone());
        self.item(self.stored.conversations.get(&key)?.open.as_ref()?)
    }

    /// Every agent that was ever configured.
    pub fn agents(&self) -> &BTreeMap<Id, Agent> {
        &self.stored.agents
    }

    /// An agent.
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.stored.agents.get(id)
    }

    /// A pending offer.
    pub fn offer(&self, id: &str) -> Option<&Offer> {
        self.stored.offers.get(id)
    }

    /// The pending offers, by id.
    pub fn offers(&self) -> &BTreeMap<Id, Offer> {
        &self.stored.offers
    }

    /// The first result of an agent's command, for 24 hours.
    pub fn answer(&self, agent: &Id, id: &Id) -> Option<&Reply> {
        let answer = self.stored.answers.get(&(agent.clone(), id.clone()))?;
        (answer.until > self.now()).then_some(&answer.reply)
    }

    /// What became of an offer or item that ended a short while ago.
    pub fn ended(&self, id: &str) -> Option<&Ended> {
        self.stored.ended.get(id)
    }

    /// A delivery, for as long as reports on it may come.
    pub fn delivery(&self, message_id: &str) -> Option<&Delivery> {
        self.stored.deliveries.get(message_id)
    }

    /// What a channel had taken of a conversation's messages up to a time and may yet come further.
    pub(crate) fn taken_until(&self, conversation: &PerChannel, up_to: Millis) -> Vec<Id> {
        let from = (conversation.clone(), 0, Id::from(""));
        let taken = self.index.taken.range(from..);
        let taken = taken.take_while(|(of, at, _)| of == conversation && *at <= up_to);
        taken.map(|(_, _, id)| id.clone()).collect()
    }

    /// All deliveries, by message id.
    pub fn deliveries(&self) -> &BTreeMap<Id, Delivery> {
        &self.stored.deliveries
    }

    /// The timers that are set, by channel and name.
    pub fn timers(&self) -> &BTreeMap<(Id, Id), Timer> {
        &self.stored.timers
    }

    /// How many open items there are by queue and state, for metrics.
    pub fn counts(&self) -> &BTreeMap<(Id, ItemState), u64> {
        &self.index.counts
    }

    /// Whether a queue takes work now; one without business hours always does.
    pub fn open(&self, queue: &str) -> bool {
        let hours = self.config().queues.get(queue).and_then(|queue| queue.hours.as_ref());
        hours.is_none_or(|hours| self.stored.hours.get(hours).copied().unwrap_or(true))
    }

    /// How many items wait in a queue, those that are offered included.
    pub fn waiting(&self, queue: &Id) -> u64 {
        let count = |state| self.index.counts.get(&(queue.clone(), state)).copied().unwrap_or(0);
        count(ItemState::Queued) + count(ItemState::Offered)
    }

    /// What an agent may pick from the queues that leave picking to agents, the first to be served first in each.
    /// Its cost grows with what waits there.
    pub fn pickable(&self, agent: &str, limit: usize) -> Vec<&WorkItem> {
        let config = self.config();
        let Some(settings) = config.agents.get(agent) else { return Vec::new() };
        let picks = |item: &&WorkItem| {
            item.state == ItemState::Queued
                && config.queues.get(&item.queue).is_some_and(|queue| queue.assign == Assign::Pick)
        };
        let mut found: Vec<_> = self.stored.items.values().map(Box::as_ref).filter(picks).collect();
        let terms = |item: &WorkItem| Terms::of(&Need::of(item, config), config);
        found.retain(|item| terms(item).met_by(settings));
        found.sort_by_cached_key(|item| (item.queue.clone(), terms(item).rank(item)));
        found.truncate(limit);
        found
    }

    /// What an agent's desktop begins with; none for an agent who isn't configured.
    pub fn snapshot_of(&self, agent: &Id) -> Option<AgentSnapshot> {
        let known = self.agent(agent).filter(|known| known.configured)?;
        let offers = known.offers.iter().filter_map(|id| self.offer(id));
        Some(AgentSnapshot {
            sequence: known.sequence,
            agent: known.view(agent),
            offers: offers.filter_map(|offer| Some((offer.clone(), self.item(&offer.item)?.clone()))).collect(),
            items: known.items.iter().chain(&known.helps).filter_map(|id| self.item(id)).cloned().collect(),
        })
    }

    /// Everything that was to be carried out and hasn't been acknowledged: to be released again after a start.
    pub fn outstanding(&self) -> Vec<Effect> {
        let heads = self.stored.lanes.keys().filter_map(|lane| self.released(lane));
        let timers = self.stored.timers.iter().filter(|(_, timer)| timer.fires.is_none());
        let deliver = heads.filter_map(|head| self.deliver(head));
        deliver.chain(timers.map(|(key, timer)| fire(key, timer))).collect()
    }

    /// When the next [`Tick`](crate::Command::Tick) is wanted; it may have passed already.
    pub fn next_due(&self) -> Option<Millis> {
        let due = self.index.due.first().map(|(at, _)| *at);
        let forget = self.index.memory.first().map(|(at, _)| at + FORGET_MARGIN);
        [due, forget].into_iter().flatten().min()
    }

    /// The delivery of a lane that may be attempted now, if there is one.
    pub(crate) fn released(&self, lane: &PerChannel) -> Option<&Id> {
        let head = self.stored.lanes.get(lane)?.front()?;
        self.delivery(head).filter(|delivery| delivery.phase == Phase::Waiting).map(|_| head)
    }

    /// The effect that carries out a delivery.
    pub(crate) fn deliver(&self, message_id: &Id) -> Option<Effect> {
        let delivery = self.delivery(message_id)?;
        Some(Effect::Deliver(Box::new(Deliver {
            message_id: message_id.clone(),
            channel: delivery.channel.clone(),
            conversation: delivery.conversation.clone(),
            item: delivery.item.clone(),
            attempt: delivery.attempt + 1,
            previous: delivery.previous,
            notification: delivery.notification.clone(),
        })))
    }
}

/// The effect that fires a timer.
pub(crate) fn fire(key: &PerChannel, timer: &Timer) -> Effect {
    Effect::FireTimer {
        channel: key.0.clone(),
        name: key.1.clone(),
        due: timer.due,
        payload: timer.payload.clone(),
        attempt: timer.attempt,
    }
}
