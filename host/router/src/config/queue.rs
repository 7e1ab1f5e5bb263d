//! One queue's part of the config.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{Id, Millis};

/// How a queue chooses among the agents who could take an item. Ties go to who has been idle longest, then by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Who last accepted or ended work longest ago.
    #[default]
    LongestIdle,
    /// Who has the least load in proportion to the budget.
    LeastLoaded,
    /// Who was last asked longest ago.
    RoundRobin,
    /// Who has the highest levels in the skills asked for.
    BestSkill,
}

impl Choice {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Choice::LongestIdle => "longest-idle",
            Choice::LeastLoaded => "least-loaded",
            Choice::RoundRobin => "round-robin",
            Choice::BestSkill => "best-skill",
        }
    }
}

/// Which of two items with equal priority is served first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The older one.
    #[default]
    Fifo,
    /// The younger one.
    Lifo,
}

/// How waiting items get to agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assign {
    /// They are offered.
    #[default]
    Push,
    /// Agents pick from those that they qualify for.
    Pick,
}

/// What happens to an item that a queue doesn't take, because it is full or closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// It waits there nevertheless. A closed queue offers nothing until it opens.
    #[default]
    Wait,
    /// It is taken and offered as usual: only the answer tells.
    Accept,
    /// It goes to this queue, unless that is full or closed too: then it waits there.
    Overflow(Id),
    /// It is cancelled.
    Cancel,
}

/// One step of relaxation, for items that have waited too long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ring {
    /// How long after the item came to the queue.
    pub after_ms: Millis,
    /// Skills that are no longer required.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub drop_skills: BTreeSet<Id>,
    /// No skill at all is required any more.
    #[serde(skip_serializing_if = "crate::item::is_false")]
    pub drop_all_skills: bool,
    /// Skill -> by how many levels the requirement falls; at 0 it is dropped.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lower_skills: BTreeMap<Id, u8>,
    /// Teams that join.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub add_teams: BTreeSet<Id>,
    /// Everybody joins, whatever the team.
    #[serde(skip_serializing_if = "crate::item::is_false")]
    pub any_team: bool,
    /// The item goes to this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Id>,
    /// The customer is told.
    #[serde(skip_serializing_if = "crate::item::is_false")]
    pub answers: bool,
}

/// By when something is to be done, and from which part of that time on it is warned about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Targets {
    /// From the item's creation to the first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_ms: Option<Millis>,
    /// From a customer's further message to the next answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_answer_ms: Option<Millis>,
    /// From the item's creation to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_ms: Option<Millis>,
    /// After so many hundredths of the time it is warned about.
    pub warn_percent: u8,
}

impl Default for Targets {
    fn default() -> Targets {
        Targets { first_answer_ms: None, next_answer_ms: None, resolution_ms: None, warn_percent: 80 }
    }
}

/// One queue's part of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueConfig {
    /// How long an offer waits for an answer, over what the driver says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_timeout_ms: Option<Millis>,
    /// How many agents are asked at once, 1 to 50.
    pub parallel_offers: u8,
    /// Weights by media type, over what the driver says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<Id, u32>,
    /// What a suspended item still weighs, in hundredths.
    pub suspended_percent: u8,
    /// An item with no message in either direction for so long is suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_after_ms: Option<Millis>,
    /// How long wrap-up may last; 0: completing closes at once.
    pub wrap_up_ms: Millis,
    /// Whether agents who rejected or missed an item are offered it again when nobody else is left.
    pub offer_again: bool,
    /// Whether an agent who lets an offer expire becomes `away` with the reason `missed`.
    pub away_after_missed: bool,
    /// Whether items that aren't in real time are given to others too when their agent is gone.
    pub requeue_lost: bool,
    /// How an agent is chosen.
    pub choose: Choice,
    /// How items get to agents.
    pub assign: Assign,
    /// Which of two items with equal priority is served first.
    pub order: Order,
    /// How much the priority grows for each minute of age.
    pub raise_per_minute: u32,
    /// The teams that serve the queue; empty: everybody.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<Id>,
    /// Relaxation, in the order of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<Ring>,
    /// How long an item waits for an agent who is preferred and there, but has no room.
    pub sticky_ms: Millis,
    /// How many items may wait; none: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// What happens to one more.
    pub when_full: Otherwise,
    /// The calendar of the business hours; none: always open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Id>,
    /// What happens outside them.
    pub when_closed: Otherwise,
    /// How long an item may wait without being taken; then it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_live_ms: Option<Millis>,
    /// How long a transferred item waits here before it goes back to who had it; 0: it stays.
    pub transfer_return_ms: Millis,
    /// Due times.
    pub targets: Targets,
    /// An item accepted within this time counts for the service level.
    pub answered_within_ms: Millis,
    /// Which answers the server gives by itself, such as `acknowledgement`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub answers: BTreeSet<crate::delivery::Automatic>,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig {
            offer_timeout_ms: None,
            parallel_offers: 1,
            weights: BTreeMap::new(),
            suspended_percent: 0,
            suspend_after_ms: None,
            wrap_up_ms: 0,
            offer_again: false,
            away_after_missed: false,
            requeue_lost: false,
            choose: Choice::default(),
            assign: Assign::default(),
            order: Order::default(),
            raise_per_minute: 0,
            teams: BTreeSet::new(),
            rings: Vec::new(),
            sticky_ms: 0,
            max_length: None,
            when_full: Otherwise::default(),
            hours: None,
            when_closed: Otherwise::default(),
            time_to_live_ms: None,
            transfer_return_ms: DEFAULT_TRANSFER_RETURN,
            targets: Targets::default(),
            answered_within_ms: DEFAULT_ANSWERED_WITHIN,
            answers: BTreeSet::new(),
        }
    }
}

/// How long an item that was transferred to a queue waits there before it goes back, when the config doesn't say.
pub const DEFAULT_TRANSFER_RETURN: Millis = 5 * 60_000;
/// The service level's time when the config doesn't say.
pub const DEFAULT_ANSWERED_WITHIN: Millis = 20_000;
