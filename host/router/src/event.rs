//! What happened: the only thing that changes the state, and what the journal keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::Presence;
use crate::config::Config;
use crate::delivery::{Delivery, Failure, Previous, Status};
use crate::effect::Reply;
use crate::ids::{Id, Millis};
use crate::item::{Actor, Cause, Target, Transfer, WorkItem};
use crate::offer::{Offer, OfferOutcome};

/// One fact. Its JSON is the journal's format: a field that is added later needs a default, and what is here
/// keeps its name and meaning for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// The journal's first event.
    Genesis {
        /// Keeps the ids of two journals apart.
        salt: u64,
    },
    /// The config changed. Waiting items of queues that are gone are moved to the default one, weights of waiting
    /// items are taken anew.
    Configured {
        /// All of it.
        config: Box<Config>,
    },
    /// The server began to serve: no agent is connected, attempts were cut short.
    Restarted {
        /// Agents who were there may take until then to come back.
        grace_until: Millis,
    },
    /// An agent's connection was opened.
    AgentConnected {
        /// The agent.
        agent: Id,
        /// The connection.
        connection: Id,
    },
    /// An agent's connection was closed.
    AgentDisconnected {
        /// The agent.
        agent: Id,
        /// The connection.
        connection: Id,
        /// It was the last: how long the agent may take to come back.
        #[serde(skip_serializing_if = "Option::is_none")]
        grace_until: Option<Millis>,
    },
    /// An agent's presence changed.
    PresenceChanged {
        /// The agent.
        agent: Id,
        /// The new presence.
        presence: Presence,
        /// Why, in the agent's words or the router's.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What made it change.
        cause: Cause,
        /// For this media type only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<Id>,
    },
    /// Calendars opened or closed.
    HoursChanged {
        /// Calendar -> whether it is open, all of them.
        open: BTreeMap<Id, bool>,
    },
    /// A work item was opened; it is queued in the same record, or when its time comes.
    ItemOpened {
        /// All of it, in the state `new`.
        item: Box<WorkItem>,
    },
    /// A further message joined a work item. One that was wrapping up is active again.
    ItemJoined {
        /// The item.
        item: Id,
        /// The message.
        message_id: Id,
    },
    /// An interaction that is no support request was attached to a work item.
    ItemTouched {
        /// The item.
        item: Id,
        /// The message.
        message_id: Id,
        /// It changes or removes an earlier message.
        #[serde(default, skip_serializing_if = "crate::item::is_false")]
        changes: bool,
    },
    /// A message that belongs to no open work item.
    MessageRecorded {
        /// The message.
        message_id: Id,
        /// Its channel.
        channel: Id,
    },
    /// A work item waits in a queue, the first time or again. An owner loses it.
    ItemQueued {
        /// The item.
        item: Id,
        /// The queue.
        queue: Id,
        /// What it weighs there.
        weight: u32,
        /// Why.
        cause: Cause,
        /// Who made it so.
        actor: Actor,
        /// Which agent is to be asked first.
        #[serde(skip_serializing_if = "Option::is_none")]
        preferred: Option<Id>,
        /// Until when only that agent is waited for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sticky_until: Option<Millis>,
    },
    /// An item no longer waits for its preferred agent alone.
    ItemReleased {
        /// The item.
        item: Id,
    },
    /// An item has waited long enough for the next ring of its queue.
    RingPassed {
        /// The item.
        item: Id,
        /// How many rings it has passed now.
        ring: u8,
    },
    /// The data that order and choice depend on changed.
    ItemUpdated {
        /// The item.
        item: Id,
        /// The new priority.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<u16>,
        /// The new required skills.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skills: Option<BTreeMap<Id, u8>>,
        /// The new preferred skills.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preferred_skills: Option<BTreeMap<Id, u8>>,
        /// Who changed them.
        actor: Actor,
    },
    /// An item was set aside; its agent keeps it.
    ItemSuspended {
        /// The item.
        item: Id,
        /// What it weighs meanwhile.
        weight: u32,
        /// Why.
        cause: Cause,
        /// Who made it so.
        actor: Actor,
    },
    /// The agent goes on with an item that was set aside.
    ItemResumed {
        /// The item.
        item: Id,
        /// What it weighs.
        weight: u32,
        /// Why.
        cause: Cause,
        /// Who made it so.
        actor: Actor,
    },
    /// An item was taken off its agent to be given to another agent or queue.
    ItemTransferring {
        /// The item.
        item: Id,
        /// What it needs to come back.
        transfer: Transfer,
        /// The skills it now needs, if others than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skills: Option<BTreeMap<Id, u8>>,
        /// Who passes it on.
        actor: Actor,
    },
    /// Nobody took the transfer: the item is with its agent again, in its former queue.
    ItemReturned {
        /// The item.
        item: Id,
        /// The agent.
        agent: Id,
        /// The queue.
        queue: Id,
        /// What it weighs.
        weight: u32,
    },
    /// The agent who was asked in took over.
    ItemHanded {
        /// The item.
        item: Id,
        /// Who took over.
        agent: Id,
        /// Who gave it.
        actor: Actor,
    },
    /// An agent who was asked in is out again.
    HelperLeft {
        /// The item.
        item: Id,
        /// The agent.
        agent: Id,
        /// Why.
        cause: Cause,
        /// Who made it so.
        actor: Actor,
    },
    /// A further conversation goes on in an item.
    ConversationAdded {
        /// The item.
        item: Id,
        /// The conversation's channel.
        channel: Id,
        /// Key of the conversation.
        conversation: Id,
    },
    /// An item became part of another: its conversations go on there, and it leaves the memory.
    ItemMerged {
        /// The item that ended.
        item: Id,
        /// The item that goes on.
        into: Id,
        /// Who made it so.
        actor: Actor,
    },
    /// A due time is near.
    DueSoon {
        /// The item.
        item: Id,
        /// Which.
        target: Target,
        /// The due time.
        due: Millis,
    },
    /// A due time has passed.
    Breached {
        /// The item.
        item: Id,
        /// Which.
        target: Target,
    },
    /// An agent is asked to take an item.
    OfferCreated {
        /// The offer.
        offer: Offer,
    },
    /// An offer ended otherwise than by being accepted. An item without a further offer waits again.
    OfferEnded {
        /// The offer.
        offer: Id,
        /// How.
        outcome: OfferOutcome,
        /// Why.
        cause: Cause,
        /// Why, in the agent's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who made it so.
        actor: Actor,
    },
    /// The agent took the offer and owns the item.
    OfferAccepted {
        /// The offer.
        offer: Id,
    },
    /// The item's agent ended it and wraps up.
    ItemWrapping {
        /// The item.
        item: Id,
        /// When that ends by itself.
        until: Millis,
        /// The wrap-up code.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Who ended it.
        actor: Actor,
    },
    /// The item is closed and leaves the memory.
    ItemClosed {
        /// The item.
        item: Id,
        /// The wrap-up code.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Why.
        cause: Cause,
        /// Who closed it.
        actor: Actor,
    },
    /// The item was withdrawn and leaves the memory.
    ItemCancelled {
        /// The item.
        item: Id,
        /// Why.
        #[serde(default = "by_driver")]
        cause: Cause,
        /// Why, in the driver's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who withdrew it.
        actor: Actor,
    },
    /// Something is to reach a driver; it waits at the end of its lane.
    DeliveryQueued {
        /// All of it.
        delivery: Box<Delivery>,
    },
    /// The driver is about to be called.
    AttemptStarted {
        /// The delivery.
        message_id: Id,
        /// The attempt's number.
        attempt: u32,
    },
    /// The attempt was cut short by a crash: perhaps sent, perhaps not. The delivery waits again.
    AttemptCut {
        /// The delivery.
        message_id: Id,
    },
    /// The attempt failed for now, or was cut short.
    AttemptPostponed {
        /// The delivery.
        message_id: Id,
        /// When the next one is.
        until: Millis,
        /// Whether it counts as a try.
        counts: bool,
        /// What the next one is told.
        previous: Previous,
        /// Why.
        failure: Failure,
    },
    /// The delivery is over.
    DeliveryEnded {
        /// The delivery.
        message_id: Id,
        /// What is known, if anything new.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
        /// The channel's ids of what was sent, as keys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        external_keys: Vec<Id>,
    },
    /// The delivery may be attempted again: its time came.
    DeliveryDue {
        /// The delivery.
        message_id: Id,
    },
    /// The delivery waited too long and lets later ones pass.
    DeliveryPassed {
        /// The delivery.
        message_id: Id,
    },
    /// An agent wants an ended delivery tried again, from the start and at the end of its lane.
    DeliveryRevived {
        /// The delivery.
        message_id: Id,
    },
    /// The channel reported on a message.
    StatusReported {
        /// The message.
        message_id: Id,
        /// What it says.
        status: Status,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// The channel reported on something not known yet: the report waits for our own receipt.
    ReportWaits {
        /// The channel.
        channel: Id,
        /// The key it is about.
        external_key: Id,
        /// What it says.
        status: Status,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
        /// How long it waits.
        until: Millis,
    },
    /// Nobody claimed the report in time.
    ReportDropped {
        /// The channel.
        channel: Id,
        /// The key it is about.
        external_key: Id,
    },
    /// A driver set a timer.
    TimerSet {
        /// The channel.
        channel: Id,
        /// The name.
        name: Id,
        /// When it fires.
        due: Millis,
        /// Base64.
        payload: String,
    },
    /// A timer is gone: taken back, or handled.
    TimerRemoved {
        /// The channel.
        channel: Id,
        /// The name.
        name: Id,
        /// It was handled.
        handled: bool,
    },
    /// A timer was handed to its driver.
    TimerFired {
        /// The channel.
        channel: Id,
        /// The name.
        name: Id,
    },
    /// The driver failed on the timer; it fires again.
    TimerPostponed {
        /// The channel.
        channel: Id,
        /// The name.
        name: Id,
        /// When.
        until: Millis,
    },
    /// An agent's command got its result, which a repeated one gets too.
    Answered {
        /// The agent.
        agent: Id,
        /// The command's id.
        id: Id,
        /// A send: its item and idempotency key.
        #[serde(skip_serializing_if = "Option::is_none")]
        send: Option<SendKey>,
        /// The result.
        reply: Reply,
        /// How long it is remembered.
        until: Millis,
    },
    /// Everything that was remembered for a time that has passed is forgotten.
    Forgotten {
        /// The time.
        until: Millis,
    },
}

/// Why items were cancelled before there were other reasons.
fn by_driver() -> Cause {
    Cause::Driver
}

/// What makes two sends the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendKey {
    /// The work item.
    pub item: Id,
    /// The agent's idempotency key.
    pub key: Id,
}

/// What the journal keeps of one command, or of several that are committed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The time of the decision.
    pub at: Millis,
    /// The command's kind.
    pub cause: String,
    /// What happened, in order.
    pub events: Vec<Event>,
}
