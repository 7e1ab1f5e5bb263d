//! What a decision brings about, and what the caller is answered.

use serde::{Deserialize, Serialize};

use crate::delivery::{Notification, Previous};
use crate::event::Event;
use crate::ids::{Id, Millis};
use crate::item::WorkItem;
use crate::notice::Notice;

/// What [`decide`](crate::decide) returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The time the decision was made at: never before that of an earlier one. Replay needs it.
    pub at: Millis,
    /// What happened, to be journaled; already applied to the state. None: nothing to journal.
    pub events: Vec<Event>,
    /// What agents are to be told, once the events are durable.
    pub notices: Vec<Notice>,
    /// What is to be carried out, once the events are durable.
    pub effects: Vec<Effect>,
    /// Work items that this ended, as they were at last: the state no longer has them, and the caller lists them.
    pub ended: Vec<WorkItem>,
    /// The answer to who asked, once the events are durable.
    pub reply: Reply,
}

/// What is to be carried out outside. It stays in the state until it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand this to the channel's driver: journal [`Attempt`](crate::Command::Attempt), call, then
    /// [`Delivered`](crate::Command::Delivered).
    Deliver(Box<Deliver>),
    /// Fire a driver's timer, then [`TimerDone`](crate::Command::TimerDone) or
    /// [`TimerFailed`](crate::Command::TimerFailed).
    FireTimer {
        /// The driver's channel.
        channel: Id,
        /// The timer's name.
        name: Id,
        /// When the driver wanted it.
        due: Millis,
        /// What the driver gave, base64.
        payload: String,
        /// 1 for the first.
        attempt: u32,
    },
}

/// A delivery that may be attempted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// The message, or the notification's own id.
    pub message_id: Id,
    /// The channel.
    pub channel: Id,
    /// Key of the conversation.
    pub conversation: Id,
    /// The work item.
    pub item: Id,
    /// The number that the attempt will have.
    pub attempt: u32,
    /// How the one before ended.
    pub previous: Previous,
    /// Set when there is no message: the caller composes it.
    pub notification: Option<Notification>,
}

/// The answer to who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Reply {
    /// Done.
    Done,
    /// The message opened this work item.
    Opened {
        /// The work item.
        item: Id,
    },
    /// The message joined this work item.
    Joined {
        /// The work item.
        item: Id,
    },
    /// The message is recorded; it belongs to this work item, if there is one.
    Recorded {
        /// The work item.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<Id>,
    },
    /// The message is on its way.
    Sending {
        /// The message that counts: the first one's, when the send was a repeated one.
        message_id: Id,
    },
    /// The attempt is journaled: call the driver.
    Attempting {
        /// The attempt's number.
        attempt: u32,
        /// How the one before ended.
        previous: Previous,
    },
    /// It can't be done.
    Refused(Refusal),
}

/// Why something can't be done, in the terms of the agents' protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Refusal {
    /// The kind of refusal.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: String,
    /// With `wrong-state`: the state found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The codes of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The command makes no sense.
    BadRequest,
    /// There is no such thing, or not for this agent.
    NotFound,
    /// It is somebody else's.
    NotAllowed,
    /// Not in the state it is in.
    WrongState,
    /// It has been changed meanwhile.
    Conflict,
    /// Too late.
    Expired,
    /// It would go beyond the budget.
    OverCapacity,
    /// Too many bytes.
    TooLarge,
    /// Too often.
    RateLimited,
    /// Not served.
    NotSupported,
    /// Not now.
    Unavailable,
}

impl ErrorCode {
    /// The name in the protocol, such as `wrong-state`.
    pub fn name(self) -> &'static str {
        match self {
            ErrorCode::BadRequest => "bad-request",
            ErrorCode::NotFound => "not-found",
            ErrorCode::NotAllowed => "not-allowed",
            ErrorCode::WrongState => "wrong-state",
            ErrorCode::Conflict => "conflict",
            ErrorCode::Expired => "expired",
            ErrorCode::OverCapacity => "over-capacity",
            ErrorCode::TooLarge => "too-large",
            ErrorCode::RateLimited => "rate-limited",
            ErrorCode::NotSupported => "not-supported",
            ErrorCode::Unavailable => "unavailable",
        }
    }
}
