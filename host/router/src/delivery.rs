//! The delivery: one thing that is to reach a channel's driver, and the lane it waits in.

use serde::{Deserialize, Serialize};

use crate::fault::{self, Fault};
use crate::ids::{Id, Millis};

/// What is known of an outbound message. It only moves forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// On its way to the driver.
    #[default]
    Queued,
    /// An attempt was cut short: perhaps sent, perhaps not.
    Unknown,
    /// The channel took it.
    Sent,
    /// The customer's side has it.
    Delivered,
    /// The customer saw it.
    Read,
    /// It didn't get there.
    Failed,
}

impl Status {
    /// Whether a report of `next` moves a message forward from here.
    pub fn may_become(self, next: Status) -> bool {
        match next {
            _ if fault::on(Fault::TurnsStatusBack) => true,
            Status::Failed => self < Status::Delivered,
            _ => self != Status::Failed && self < next,
        }
    }

    /// The name in the protocol, such as `sent`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Unknown => "unknown",
            Status::Sent => "sent",
            Status::Delivered => "delivered",
            Status::Read => "read",
            Status::Failed => "failed",
        }
    }
}

/// Why a message failed or is late: a code of the catalogue or the driver's own, never a text with personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Such as `temporary`, `rejected-by-recipient`.
    pub code: String,
    /// The channel's words, for the agent and the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How the attempt before ended; `deliver` is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Previous {
    /// There was none.
    #[default]
    None,
    /// It failed, and nothing was sent.
    Failed,
    /// It was cut short.
    Unknown,
    /// It was cut short, and who may decide that wants it sent again: the agent, or the channel's config.
    Resend,
}

impl Previous {
    /// The name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Previous::None => "none",
            Previous::Failed => "failed",
            Previous::Unknown => "unknown",
            Previous::Resend => "resend",
        }
    }
}

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Phase {
    /// In its lane; at the head it may be attempted.
    Waiting,
    /// The driver has it.
    Attempting,
    /// Failed for now; tried again later.
    Backoff {
        /// When.
        until: Millis,
    },
    /// Over; kept so that reports of the channel find it.
    Done {
        /// When it is forgotten.
        forget: Millis,
    },
}

/// What the driver is to be told about a work item, when the delivery isn't an agent's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The interaction's name, such as `work-item.assigned`.
    pub name: Id,
    /// The agent it is about, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Id>,
    /// The queue at that moment.
    pub queue: Id,
    /// Set when it is an answer of the server's own to the customer: the name is then `message.send`, and the
    /// caller has the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<Automatic>,
    /// Set when it is the reply to a request of the driver's: the name is then the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<RequestReply>,
}

impl Notification {
    /// One that says nothing yet, about an item that is in a queue.
    pub(crate) fn about(queue: &Id) -> Self {
        Self { name: Id::default(), agent: None, queue: queue.clone(), automatic: None, reply: None }
    }
}

/// What a driver that asked is told of what its request led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestReply {
    /// The request's message: the caller finds there what the driver calls it.
    pub request: Id,
    /// It opened the work item; otherwise it joined an open one.
    pub opened: bool,
}

/// An answer that the server gives a customer by itself. Of each kind a conversation gets at most one in
/// [`ANSWER_AGAIN`], and none to what a machine sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Automatic {
    /// The request has arrived.
    Acknowledgement,
    /// It is outside the business hours.
    OutsideHours,
    /// Too many wait already.
    Full,
    /// It takes longer than it should.
    Waiting,
    /// Nobody could take it in time.
    Expired,
}

impl Automatic {
    /// The name in the config and the journal.
    pub fn name(self) -> &'static str {
        match self {
            Automatic::Acknowledgement => "acknowledgement",
            Automatic::OutsideHours => "outside-hours",
            Automatic::Full => "full",
            Automatic::Waiting => "waiting",
            Automatic::Expired => "expired",
        }
    }
}

/// How long a conversation isn't given the same answer of the server's own again, in milliseconds.
pub const ANSWER_AGAIN: Millis = 24 * 3_600_000;

/// One thing that is to reach a channel's driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The message's id; for a notification one made by the router. Also the key that makes sending idempotent.
    pub message_id: Id,
    /// The channel.
    pub channel: Id,
    /// The conversation, whose deliveries go one after the other.
    pub conversation: Id,
    /// The work item it belongs to.
    pub item: Id,
    /// The agent who wrote it; none for a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Id>,
    /// Set when it is a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    /// What is known of it.
    pub status: Status,
    /// Why it failed or is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Where it is.
    pub phase: Phase,
    /// Attempts begun.
    pub attempt: u32,
    /// Failures that count for the time until the next try.
    pub tries: u32,
    /// How the attempt before ended.
    pub previous: Previous,
    /// When it was handed over, or by an agent's wish begun anew.
    pub created: Millis,
    /// Since when it keeps later ones waiting by having to wait itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking_since: Option<Millis>,
    /// It waited over a minute and lets later ones pass.
    #[serde(default, skip_serializing_if = "crate::item::is_false")]
    pub passed: bool,
    /// The channel's ids of what was sent, as keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_keys: Vec<Id>,
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The channel took it. A driver's reply counts as one with no ids.
    Receipt {
        /// The channel's ids of what was sent, as keys.
        external_keys: Vec<Id>,
        /// `sent`, `delivered` or `read`.
        status: Status,
    },
    /// The driver has it and reports later.
    Later,
    /// The driver doesn't know this interaction.
    NotSupported,
    /// It wasn't sent. `temporary`, `unavailable` and `rate-limited` are tried again, `unknown` says that a former
    /// attempt can't be looked up, every other code is for good.
    Failed {
        /// Why.
        failure: Failure,
        /// The channel's wish for the next try, in milliseconds.
        retry_after_ms: Option<Millis>,
    },
    /// Perhaps sent, perhaps not: the call was cut short (trap, time-out), or the peer's answer was.
    Lost {
        /// How, where it is known.
        text: Option<String>,
    },
}
