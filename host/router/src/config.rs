//! What operators configured, as far as decisions depend on it.

mod agent;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use agent::{AgentConfig, DEFAULT_CAPACITY, DEFAULT_OVERTAKE_LIMIT};
pub use queue::{
    Assign, Choice, DEFAULT_ANSWERED_WITHIN, DEFAULT_TRANSFER_RETURN, Order, Otherwise, QueueConfig, Ring, Targets,
};

use crate::ids::{Id, Millis};

/// What an item weighs when neither its queue nor its channel's driver says.
pub const DEFAULT_WEIGHT: u32 = 20;
/// How long an offer waits when neither its queue nor its channel's driver says.
pub const DEFAULT_OFFER_TIMEOUT: Millis = 30_000;
/// How long a delivery is tried again when its channel doesn't say.
pub const DEFAULT_DELIVER_RETRY: Millis = 24 * 3_600_000;
/// How long a lost agent may take to come back when the config doesn't say.
pub const DEFAULT_GRACE: Millis = 60_000;

/// The whole config of the router. It enters as a command and stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// The agents who may sign on.
    pub agents: BTreeMap<Id, AgentConfig>,
    /// The queues that routes may name.
    pub queues: BTreeMap<Id, QueueConfig>,
    /// The channels and what their drivers said of them.
    pub channels: BTreeMap<Id, ChannelConfig>,
    /// The catch-all's queue: takes the items of a queue that is gone.
    pub default_queue: Id,
    /// How long an agent without a connection keeps presence and work, in milliseconds.
    pub grace_ms: Millis,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            channels: BTreeMap::new(),
            default_queue: "".into(),
            grace_ms: DEFAULT_GRACE,
        }
    }
}

/// One channel's part of the config, with what its driver's descriptor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChannelConfig {
    /// Names of the notifications that the driver wants delivered, such as `work-item.assigned`.
    pub interactions: BTreeSet<Id>,
    /// Properties by media type; `*` stands for those that aren't named.
    pub media: BTreeMap<Id, MediaConfig>,
    /// How long a delivery that fails for now is tried again, in milliseconds.
    pub deliver_retry_for_ms: Millis,
    /// Whether the driver can find out what became of an attempt that was cut short: it is then called again
    /// with `previous: unknown`, and what it can't find out stays `unknown`.
    pub look_up_unknown: bool,
    /// Whether an attempt that was cut short is made again, at the risk of sending twice.
    pub resend_unknown: bool,
}

impl Default for ChannelConfig {
    fn default() -> ChannelConfig {
        ChannelConfig {
            interactions: BTreeSet::new(),
            media: BTreeMap::new(),
            deliver_retry_for_ms: DEFAULT_DELIVER_RETRY,
            look_up_unknown: false,
            resend_unknown: false,
        }
    }
}

/// Properties of a media type, from the driver's descriptor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MediaConfig {
    /// The customer is there and waits: the item goes to somebody else when its agent is lost.
    pub real_time: bool,
    /// What an item weighs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// How long an offer waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_timeout_ms: Option<Millis>,
    /// Whether other work may be put before it.
    pub interruptible: bool,
}

impl Config {
    /// The queue that an item routed to `queue` goes to: itself, or the catch-all's where it is gone.
    pub fn queue_or_default(&self, queue: &Id) -> Id {
        if self.queues.contains_key(queue) { queue.clone() } else { self.default_queue.clone() }
    }

    /// What an item of this queue, channel and media type weighs: the queue's word, else the driver's, else
    /// [`DEFAULT_WEIGHT`].
    pub fn weight(&self, queue: &str, channel: &str, media_type: &str) -> u32 {
        let of_queue = self.queues.get(queue).and_then(|queue| queue.weights.get(media_type).copied());
        let of_driver = || self.media(channel, media_type).and_then(|media| media.weight);
        of_queue.or_else(of_driver).unwrap_or(DEFAULT_WEIGHT)
    }

    /// How long an offer waits: the queue's word, else the driver's, else [`DEFAULT_OFFER_TIMEOUT`].
    pub fn offer_timeout(&self, queue: &str, channel: &str, media_type: &str) -> Millis {
        let of_queue = self.queues.get(queue).and_then(|queue| queue.offer_timeout_ms);
        let of_driver = || self.media(channel, media_type).and_then(|media| media.offer_timeout_ms);
        of_queue.or_else(of_driver).unwrap_or(DEFAULT_OFFER_TIMEOUT)
    }

    /// Whether the customer of such an item is there and waits.
    pub fn real_time(&self, channel: &str, media_type: &str) -> bool {
        self.media(channel, media_type).is_some_and(|media| media.real_time)
    }

    /// Whether other work may be put before such an item.
    pub fn interruptible(&self, channel: &str, media_type: &str) -> bool {
        self.media(channel, media_type).is_some_and(|media| media.interruptible)
    }

    /// Whether the channel's driver wants notifications of this name.
    pub fn wants(&self, channel: &str, interaction: &str) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.interactions.contains(interaction))
    }

    fn media(&self, channel: &str, media_type: &str) -> Option<&MediaConfig> {
        let media = &self.channels.get(channel)?.media;
        media.get(media_type).or_else(|| media.get("*"))
    }
}
