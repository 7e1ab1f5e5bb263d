//! The pure state machine that decides which agent gets which work item.
//!
//! [`decide`] turns a [`Command`] into [`Event`]s, [`Effect`]s and a [`Reply`]; [`evolve`] applies events to the
//! [`State`]. Commands come one at a time from whoever owns the state. Only events change it and only events are
//! journaled, so replaying a journal gives the same state, byte for byte.
//!
//! What it doesn't know: files, sockets, clocks, random numbers, media types, and anything personal. Times come in
//! as arguments; conversations and customers are opaque keys.
//!
//! ```
//! use jackfield_router::{Command, Config, Reply, State, decide};
//!
//! let mut state = State::default();
//! let config = Box::new(Config { agents: [("ana".into(), Default::default())].into(), ..Config::default() });
//! decide(&mut state, &Command::Configure { salt: 7, config }, 1_000);
//! let connected = Command::Connected { agent: "ana".into(), connection: "c1".into() };
//! assert_eq!(decide(&mut state, &connected, 1_001).reply, Reply::Done);
//! ```

mod advice;
mod agent;
pub mod check;
mod command;
mod config;
mod decide;
mod delivery;
mod edit;
mod effect;
mod event;
mod evolve;
mod explain;
mod fault;
mod ids;
mod index;
mod item;
mod ledger;
mod matching;
mod need;
mod notice;
mod offer;
mod pairs;
mod pools;
mod share;
mod state;
mod statistics;
mod timer;

pub use advice::Advisor;
pub use agent::{Agent, AgentView, Presence};
pub use command::{Action, Change, Command, Destination, OperatorAction, Received, Route, StatusReport, Task};
pub use config::{
    AgentConfig, Assign, ChannelConfig, Choice, Config, DEFAULT_ANSWERED_WITHIN, DEFAULT_CAPACITY,
    DEFAULT_DELIVER_RETRY, DEFAULT_GRACE, DEFAULT_OFFER_TIMEOUT, DEFAULT_OVERTAKE_LIMIT, DEFAULT_TRANSFER_RETURN,
    DEFAULT_WEIGHT, MediaConfig, Order, Otherwise, QueueConfig, Ring, Targets,
};
pub use decide::decide;
pub use delivery::{ANSWER_AGAIN, Automatic, Delivery, Failure, Notification, Outcome, Phase, Previous, Status};
pub use effect::{Decision, Deliver, Effect, ErrorCode, Refusal, Reply};
pub use event::{Event, Record, SendKey};
pub use evolve::evolve;
pub use explain::{AgentExplained, Decided, Explanation, Reason, decisions, explain};
pub use ids::{Id, Millis};
pub use item::{Actor, Assigned, Cause, Deadline, ItemState, Sla, Target, Transfer, WorkItem};
pub use ledger::{Debit, Ledger};
pub use notice::{AgentEvent, AgentSnapshot, Notice};
pub use offer::{By, Measure, Offer, OfferKind, OfferOutcome, Why};
pub use state::{Ended, Fate, Items, State};
pub use statistics::{Place, QueueView, Statistics};
pub use timer::Timer;

#[cfg(test)]
mod tests;
