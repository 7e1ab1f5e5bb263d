//! What is asked of the router.

use std::collections::BTreeMap;

use crate::agent::Presence;
use crate::config::Config;
use crate::delivery::{Failure, Outcome, Status};
use crate::ids::{Id, Millis};

/// Everything that can be asked of [`decide`](crate::decide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A config, at each start and reload. The salt is drawn by the caller; the first one of a journal stays.
    Configure {
        /// Keeps the ids of two journals apart.
        salt: u64,
        /// All of the config.
        config: Box<Config>,
    },
    /// The server began to serve this journal: connections are gone, attempts were cut short. The first command
    /// of each start, before `Configure`. Its effects are all that is outstanding.
    Started,
    /// A new inbound message. Duplicates are the caller's to find.
    Receive(Box<Received>),
    /// A work item that no message opened: a task without a channel, or something scheduled.
    Create(Box<Task>),
    /// Which calendars are open now. The caller knows time zones and holidays; what it leaves out is open.
    Hours {
        /// Calendar -> whether it is open.
        open: BTreeMap<Id, bool>,
    },
    /// An offer could not be brought to its agent.
    OfferFailed {
        /// The offer.
        offer: Id,
        /// Why.
        reason: Option<String>,
    },
    /// An agent's connection was opened.
    Connected {
        /// The agent.
        agent: Id,
        /// The caller's id of the connection, unique among those open.
        connection: Id,
    },
    /// An agent's connection was lost or closed.
    Disconnected {
        /// The agent.
        agent: Id,
        /// The connection.
        connection: Id,
    },
    /// An agent's command. A repeated id gets the first result for 24 hours.
    Agent {
        /// The agent.
        agent: Id,
        /// The agent's id of the command.
        id: Id,
        /// What is to be done.
        action: Action,
    },
    /// A delivery's effect is about to be carried out; journaled before the driver is called.
    Attempt {
        /// The delivery.
        message_id: Id,
    },
    /// What came of an attempt.
    Delivered {
        /// The delivery.
        message_id: Id,
        /// The number that the answer to `Attempt` gave.
        attempt: u32,
        /// What came of it.
        outcome: Outcome,
    },
    /// A driver sets a timer; a second one of a name replaces the first.
    SetTimer {
        /// The driver's channel.
        channel: Id,
        /// The timer's name.
        name: Id,
        /// When it fires.
        due: Millis,
        /// Base64 of at most 4 KiB.
        payload: String,
    },
    /// A driver takes a timer back. One that isn't set is no error.
    CancelTimer {
        /// The driver's channel.
        channel: Id,
        /// The timer's name.
        name: Id,
    },
    /// The driver handled a timer.
    TimerDone {
        /// The driver's channel.
        channel: Id,
        /// The timer's name.
        name: Id,
        /// As in the effect, so that one set anew meanwhile stays.
        due: Millis,
    },
    /// The driver failed on a timer: it fires again later.
    TimerFailed {
        /// The driver's channel.
        channel: Id,
        /// The timer's name.
        name: Id,
        /// As in the effect.
        due: Millis,
    },
    /// Time has come for something: see [`State::next_due`](crate::State::next_due).
    Tick,
    /// A supervisor's word on an item in any state.
    Operator {
        /// The operator's name in the config.
        name: Id,
        /// The item.
        item: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
        /// What is to be done.
        action: OperatorAction,
    },
}

impl Command {
    /// The command's kind, for the journal's record, such as `receive`.
    pub fn kind(&self) -> &'static str {
        match self {
            Command::Configure { .. } => "configure",
            Command::Started => "started",
            Command::Receive(_) => "receive",
            Command::Create(_) => "create",
            Command::Hours { .. } => "hours",
            Command::OfferFailed { .. } => "offer-failed",
            Command::Connected { .. } => "connected",
            Command::Disconnected { .. } => "disconnected",
            Command::Agent { action, .. } => action.kind(),
            Command::Attempt { .. } => "attempt",
            Command::Delivered { .. } => "delivered",
            Command::SetTimer { .. } => "set-timer",
            Command::CancelTimer { .. } => "cancel-timer",
            Command::TimerDone { .. } => "timer-done",
            Command::TimerFailed { .. } => "timer-failed",
            Command::Tick => "tick",
            Command::Operator { .. } => "operator",
        }
    }
}

/// A new inbound message, as far as decisions depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Made by the caller.
    pub message_id: Id,
    /// The channel it came in by.
    pub channel: Id,
    /// Key of the conversation.
    pub conversation: Id,
    /// Key of the customer.
    pub customer: Option<Id>,
    /// An open string.
    pub media_type: Id,
    /// The interaction's name, such as `support-request`, `message.status`, `work-item.cancel`. Names that the
    /// router doesn't know are attached to the conversation's open item.
    pub interaction: String,
    /// It is the request `support-request`: it opens or joins a work item.
    pub support_request: bool,
    /// What the routes decided; without it the default queue takes the item.
    pub route: Option<Route>,
    /// The priority that the message itself asks for; a route's wins.
    pub priority: Option<u16>,
    /// What `message.status` reports.
    pub status: Option<StatusReport>,
    /// The agent that the message itself asks for first; the conversation's last one comes after that.
    pub preferred: Option<Id>,
    /// A machine sent it: it gets no automatic answer.
    pub automatic: bool,
    /// For `work-item.merge`: the key of the conversation that this one goes on in.
    pub into: Option<Id>,
    /// Why, for `work-item.cancel`, `.complete` and `.requeue`; `complete` takes it as the wrap-up code.
    pub reason: Option<String>,
    /// The channel is simulated.
    pub simulated: bool,
    /// The request has a tracking id: the driver is told what it led to, if it wants to know.
    pub tracked: bool,
}

/// The outcome of the routes, decided by the caller on the full message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The queue.
    pub queue: Id,
    /// 0 to 1000.
    pub priority: Option<u16>,
    /// The rule that matched.
    pub rule: Id,
    /// Skill -> least level that the agent must have.
    pub skills: BTreeMap<Id, u8>,
    /// Skill -> level that is better to have.
    pub preferred_skills: BTreeMap<Id, u8>,
    /// What is added to the item's attributes: the operator's words, nothing personal.
    pub attributes: BTreeMap<String, String>,
}

/// A work item that no message opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Made by the caller, who keeps the body under it.
    pub message_id: Id,
    /// Who wants it: a second one of this key and actor gets the first result for 24 hours.
    pub key: Option<Id>,
    /// The operator's or agent's name.
    pub by: Id,
    /// The channel, for something that will use one (a callback); empty: none.
    pub channel: Id,
    /// Key of the conversation; empty: none. One that has an open item is refused.
    pub conversation: Id,
    /// Key of the customer.
    pub customer: Option<Id>,
    /// An open string.
    pub media_type: Id,
    /// Where it goes; without it the default queue takes it.
    pub route: Option<Route>,
    /// 0 to 1000; the route's wins.
    pub priority: Option<u16>,
    /// The agent to be asked first.
    pub preferred: Option<Id>,
    /// It is queued at this time.
    pub not_before: Option<Millis>,
    /// It is cancelled if nobody took it by then; otherwise its queue says.
    pub expires: Option<Millis>,
    /// The item it goes on from.
    pub parent: Option<Id>,
}

/// A channel's report on messages that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The channel's ids, as keys.
    pub external_keys: Vec<Id>,
    /// What it says.
    pub status: Status,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// What an agent can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change the presence.
    SetState {
        /// The new one.
        state: Presence,
        /// Why.
        reason: Option<String>,
        /// For this media type only, over the agent's presence in general; `available` takes that back.
        media_type: Option<Id>,
    },
    /// Take an offer.
    Accept {
        /// The offer.
        offer: Id,
    },
    /// Refuse an offer.
    Reject {
        /// The offer.
        offer: Id,
        /// Why.
        reason: Option<String>,
    },
    /// Send a message to the customer.
    Send {
        /// The item.
        work_item: Id,
        /// Made by the caller, who keeps the body under it.
        message_id: Id,
        /// A second one of this key and item gets the first result for 24 hours.
        idempotency_key: Option<Id>,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Try a message again that failed or is unknown.
    Retry {
        /// The message.
        message_id: Id,
    },
    /// End an item, or its wrap-up.
    Complete {
        /// The item.
        work_item: Id,
        /// The wrap-up code.
        code: Option<String>,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Set an item aside.
    Suspend {
        /// The item.
        work_item: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Go on with an item.
    Resume {
        /// The item.
        work_item: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Take an item from the list of those that wait.
    Pick {
        /// The item.
        work_item: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Pass an item on; it comes back if nobody takes it.
    Transfer {
        /// The item.
        work_item: Id,
        /// To whom.
        to: Destination,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Ask another agent in, who doesn't take over.
    Consult {
        /// The item.
        work_item: Id,
        /// Whom.
        agent: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Give the item to the agent who was asked in.
    TransferComplete {
        /// The item.
        work_item: Id,
        /// Who of them, if there are several.
        agent: Option<Id>,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Take back what was asked of others: offers of a transfer or a consultation, and who has come in.
    TransferCancel {
        /// The item.
        work_item: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Leave an item that the agent was asked into.
    Leave {
        /// The item.
        work_item: Id,
    },
    /// Make another item part of this one. The agent owns this one; the other one waits or is the agent's too.
    Merge {
        /// The item that goes on.
        work_item: Id,
        /// The item that ends.
        from: Id,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Make an item of its own of a part of this one, with the same agent's queue.
    Split {
        /// The item.
        work_item: Id,
        /// The message that the new item begins with.
        message_id: Id,
        /// Where it goes; without it the item's own queue.
        queue: Option<Id>,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// Change what the order and the choice of an agent depend on.
    Update {
        /// The item.
        work_item: Id,
        /// The change.
        change: Change,
        /// Refuse with `conflict` if the item has another version.
        if_version: Option<u64>,
    },
    /// A command of the protocol that isn't served: answered with `not-supported`.
    Unsupported {
        /// The command's type.
        name: String,
    },
}

impl Action {
    fn kind(&self) -> &'static str {
        match self {
            Action::SetState { .. } => "agent.set-state",
            Action::Accept { .. } => "offer.accept",
            Action::Reject { .. } => "offer.reject",
            Action::Send { .. } => "message.send",
            Action::Retry { .. } => "message.retry",
            Action::Complete { .. } => "work-item.complete",
            Action::Suspend { .. } => "work-item.suspend",
            Action::Resume { .. } => "work-item.resume",
            Action::Pick { .. } => "work-item.pick",
            Action::Transfer { .. } => "work-item.transfer",
            Action::Consult { .. } => "work-item.consult",
            Action::TransferComplete { .. } => "work-item.transfer-complete",
            Action::TransferCancel { .. } => "work-item.transfer-cancel",
            Action::Leave { .. } => "work-item.leave",
            Action::Merge { .. } => "work-item.merge",
            Action::Split { .. } => "work-item.split",
            Action::Update { .. } => "work-item.update",
            Action::Unsupported { .. } => "unsupported",
        }
    }
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An agent, who is asked at once.
    Agent(Id),
    /// A queue.
    Queue(Id),
    /// Whoever has a skill, in the item's own queue or another.
    Skill {
        /// Skill -> least level; they take the place of what the item required.
        skills: BTreeMap<Id, u8>,
        /// The queue; none: the item's own.
        queue: Option<Id>,
    },
}

/// A change of an item's data; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// 0 to 1000.
    pub priority: Option<u16>,
    /// All required skills.
    pub skills: Option<BTreeMap<Id, u8>>,
    /// All preferred skills.
    pub preferred_skills: Option<BTreeMap<Id, u8>>,
}

/// What a supervisor can do with an item in any state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorAction {
    /// Back to a queue, the age kept.
    Requeue {
        /// Another queue than before.
        queue: Option<Id>,
    },
    /// End it.
    Close {
        /// The wrap-up code.
        code: Option<String>,
    },
    /// Withdraw it.
    Cancel {
        /// Why.
        reason: Option<String>,
    },
    /// Change its data.
    Update {
        /// The change.
        change: Change,
    },
}
