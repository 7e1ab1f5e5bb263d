//! What is asked of the router.

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Why, for `work-item.cancel`, `.complete` and `.requeue`; `complete` takes it as the wrap-up code.
    pub reason: Option<String>,
    /// The channel is simulated.
    pub simulated: bool,
}

/// The outcome of the routes, decided by the caller on the full message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The queue.
    pub queue: Id,
    /// 0 to 1000.
    pub priority: Option<u16>,
    /// The rule that matched.
    pub rule: Id,
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
            Action::Unsupported { .. } => "unsupported",
        }
    }
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
}
