//! The work item.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{Id, Millis};
use crate::offer::Why;
use crate::pools::Filed;

/// Where a work item is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Just opened, or scheduled for later: it isn't queued yet.
    New,
    /// Waits for an agent.
    Queued,
    /// An agent has been asked and hasn't answered yet.
    Offered,
    /// An agent works on it.
    Active,
    /// Set aside until its agent goes on or the customer says something.
    Suspended,
    /// The agent ended it and does what remains to be done.
    Wrapping,
    /// Ended.
    Closed,
    /// Withdrawn before anybody ended it.
    Cancelled,
}

impl ItemState {
    /// The name in the protocol, such as `queued`.
    pub fn name(self) -> &'static str {
        match self {
            ItemState::New => "new",
            ItemState::Queued => "queued",
            ItemState::Offered => "offered",
            ItemState::Active => "active",
            ItemState::Suspended => "suspended",
            ItemState::Wrapping => "wrapping",
            ItemState::Closed => "closed",
            ItemState::Cancelled => "cancelled",
        }
    }
}

/// One customer's request while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    /// Made by the router; sorts by the time it was opened.
    pub id: Id,
    /// The channel it came in by; empty for a task without one.
    pub channel: Id,
    /// An open string that only config gives a meaning to.
    pub media_type: Id,
    /// The caller's keyed hash of the conversation.
    pub conversation: Id,
    /// The caller's keyed hash of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Id>,
    /// Where it is in its life.
    pub state: ItemState,
    /// Since when it is there.
    pub since: Millis,
    /// The queue it waits in or came from.
    pub queue: Id,
    /// The agent who accepted it; none before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Id>,
    /// 0 to 1000, higher first.
    pub priority: u16,
    /// The route that sent it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Id>,
    /// What it takes of an agent's capacity.
    pub weight: u32,
    /// When it was opened.
    pub created: Millis,
    /// Its age counts from here, whatever happens to it later.
    pub first_queued: Millis,
    /// Since when it is in this queue: rings count from here.
    #[serde(default)]
    pub queued_at: Millis,
    /// How many rings of its queue it has passed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ring: u8,
    /// When the next ring is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_due: Option<Millis>,
    /// Queues that it was passed on from because they were full or closed, or it took too long.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub passed_on: BTreeSet<Id>,
    /// What the route added to its attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Skill -> least level, before any ring relaxes it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<Id, u8>,
    /// Skill -> level that is better to have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub preferred_skills: BTreeMap<Id, u8>,
    /// Agents who rejected it or let it expire since it was last accepted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded: BTreeSet<Id>,
    /// The agent to be asked first, if able and there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Id>,
    /// Until when it waits for the preferred agent, who is there but has no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_until: Option<Millis>,
    /// Scheduled: it is queued at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Millis>,
    /// When it is cancelled if nobody has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Millis>,
    /// When it is suspended if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend_at: Option<Millis>,
    /// Due times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<Box<Sla>>,
    /// On its way from one agent to another agent or queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Box<Transfer>>,
    /// Agents who were asked in -> the offer by which, whose debit stays while they are in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub helpers: BTreeMap<Id, Id>,
    /// Further conversations, each with its channel, that were merged into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<(Id, Id)>,
    /// Another item answers for its conversation: it was split off.
    #[serde(default, skip_serializing_if = "is_false")]
    pub detached: bool,
    /// The item that this one goes on from or was split off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// Goes up with each change.
    pub version: u64,
    /// The message that opened it.
    pub first_message: Id,
    /// The newest inbound message.
    pub last_message: Id,
    /// How many inbound messages belong to it.
    pub message_count: u32,
    /// Pending offers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub offers: BTreeSet<Id>,
    /// How its agent came to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Box<Assigned>>,
    /// When wrap-up ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap_up_until: Option<Millis>,
    /// The agent's wrap-up code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// It gets no answers of the server's own: a machine sent it, or nobody asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswered: bool,
    /// It came from a simulated channel.
    #[serde(default, skip_serializing_if = "is_false")]
    pub simulated: bool,
    /// Where the index has it.
    #[serde(skip)]
    pub(crate) filed: Filed,
}

pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

pub(crate) fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// How an agent came to have an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assigned {
    /// The agent.
    pub agent: Id,
    /// When the agent was asked.
    pub offered: Millis,
    /// When the agent accepted.
    pub accepted: Millis,
    /// Why this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<Why>>,
}

/// What an item's transfer needs to come back if nobody takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// Who had it.
    pub from: Id,
    /// The queue it was in.
    pub queue: Id,
    /// The skills it needed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<Id, u8>,
    /// It is for one agent, who is asked; otherwise for whoever serves the queue.
    #[serde(default, skip_serializing_if = "is_false")]
    pub named: bool,
    /// When it goes back from a queue; none: it doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

/// The due times of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sla {
    /// The first answer; none once it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answer: Option<Deadline>,
    /// The answer to the oldest message that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_answer: Option<Deadline>,
    /// The end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Deadline>,
    /// When the first answer was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Millis>,
    /// Which were not met.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub breached: BTreeSet<Target>,
}

impl Sla {
    /// The due times that are open.
    pub(crate) fn open(&self) -> impl Iterator<Item = (Target, Deadline)> {
        let each = [
            (Target::FirstAnswer, self.first_answer),
            (Target::NextAnswer, self.next_answer),
            (Target::Resolution, self.resolution),
        ];
        each.into_iter().filter_map(|(target, deadline)| Some((target, deadline.filter(|it| !it.breached)?)))
    }

    /// When something is to be warned about or breached next.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.open().map(|(_, deadline)| deadline.warn.unwrap_or(deadline.due)).min()
    }
}

/// One due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// When it is warned about; none once that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Millis>,
    /// When it is breached.
    pub due: Millis,
    /// It was breached.
    #[serde(default, skip_serializing_if = "is_false")]
    pub breached: bool,
}

/// What there is a due time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The first answer.
    FirstAnswer,
    /// A further answer.
    NextAnswer,
    /// The item's end.
    Resolution,
}

impl Target {
    /// The name in the config and the journal.
    pub fn name(self) -> &'static str {
        match self {
            Target::FirstAnswer => "first-answer",
            Target::NextAnswer => "next-answer",
            Target::Resolution => "resolution",
        }
    }
}

impl WorkItem {
    /// The item as it is when it has ended.
    pub(crate) fn end(&mut self, state: ItemState, at: Millis, code: Option<&str>) {
        self.state = state;
        self.since = at;
        self.wrap_up_until = None;
        self.version += 1;
        if let Some(code) = code {
            self.code = Some(code.to_owned());
        }
    }

    /// The conversations that the item answers for, each with its channel.
    pub(crate) fn conversations(&self) -> Vec<(Id, Id)> {
        let own = (self.channel.clone(), self.conversation.clone());
        let has_own = !self.detached && !self.conversation.is_empty();
        has_own.then_some(own).into_iter().chain(self.merged.iter().cloned()).collect()
    }

    /// Whether it is still to be given to somebody: it waits, or is offered to agents.
    pub fn untaken(&self) -> bool {
        matches!(self.state, ItemState::Queued | ItemState::Offered)
    }

    /// Whether an agent has it.
    pub fn taken(&self) -> bool {
        matches!(self.state, ItemState::Active | ItemState::Suspended | ItemState::Wrapping)
    }
}

/// Why a work item, an offer or a presence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A customer said something.
    SupportRequest,
    /// The router found an agent for an item.
    Matched,
    /// The agent took the offer.
    Accepted,
    /// The agent refused the offer.
    Rejected,
    /// Nobody answered the offer in time.
    Expired,
    /// Another agent was faster.
    Rescinded,
    /// The agent's last connection was lost, or the time to come back ran out.
    AgentLost,
    /// The agent said to be no longer available.
    AgentUnavailable,
    /// The config doesn't name the agent any more.
    AgentRemoved,
    /// The owner isn't there to go on.
    OwnerAbsent,
    /// The driver asked for it.
    Driver,
    /// A supervisor asked for it.
    Operator,
    /// The agent ended the item, or its wrap-up.
    Completed,
    /// Wrap-up took as long as it may.
    WrapUpEnded,
    /// The agent's own wish.
    Agent,
    /// The last item of an agent who is finishing has ended.
    Finished,
    /// Its time has come: a scheduled item's, or that of work which nobody took.
    TimeUp,
    /// It waited too long in its queue.
    Overflow,
    /// Its queue is full.
    Full,
    /// It is outside the business hours.
    OutsideHours,
    /// Nothing was said for too long.
    Inactive,
    /// Its agent passed it on.
    Transferred,
    /// Nobody took the transfer: it goes back.
    Untaken,
    /// Another agent was asked in.
    Consulted,
    /// Its agent or the one asked in left the other alone.
    Left,
    /// It became part of another item.
    Merged,
    /// It was part of another item.
    Split,
    /// An agent took it from the list.
    Picked,
    /// The offer could not be brought to the agent.
    Unreachable,
    /// A program asked for it.
    Created,
}

/// Who made something happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Actor {
    /// The router, by time or by a rule.
    Router,
    /// An agent.
    Agent {
        /// The agent's id.
        id: Id,
    },
    /// A channel's driver.
    Driver {
        /// The channel's id.
        channel: Id,
    },
    /// An operator or supervisor.
    Operator {
        /// The operator's name in the config.
        name: Id,
    },
}
