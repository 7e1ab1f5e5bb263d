//! Turns a command into what the sequencer takes, and its reply into a result.

use super::command::{Command, Frame, Malformed, Send};
use super::outbound::{Sender, compose};
use crate::gateway::Gateway;
use crate::problem::Problem;
use jackfield_router::{Action, Id, Presence, Reply, WorkItem};
use jackfield_sequencer::{CommitError, Stored};
use jackfield_spec::{Direction, Timestamp};
use serde::Serialize;
use uuid::Uuid;

/// What the sequencer is to decide.
pub(super) struct Submission {
    pub(super) id: Id,
    command: jackfield_router::Command,
    body: Option<Stored>,
}

impl Submission {
    /// Lets it be decided. The job is handed over when this is polled for the first time.
    pub(super) async fn decide(self, gateway: Gateway) -> Outcome {
        let reply = gateway.sequencer().command_with(self.command, self.body).await;
        Outcome::new(Some(self.id.to_string()), reply)
    }
}

/// The data of `command.result`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    /// The agent's id of the command; null if the frame had none.
    pub(super) id: Option<String>,
    pub(super) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Failed {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl Outcome {
    fn new(id: Option<String>, reply: Result<Reply, CommitError>) -> Self {
        let done = |message_id| Self { id: id.clone(), ok: true, message_id, error: None };
        match reply {
            Ok(Reply::Refused(refusal)) => {
                let error = Failed { code: refusal.code.name(), message: refusal.message, state: refusal.state };
                Self { id, ok: false, message_id: None, error: Some(error) }
            }
            Ok(Reply::Sending { message_id }) => done(Some(message_id.to_string())),
            Ok(_) => done(None),
            Err(error) => {
                tracing::debug!("a command could not be decided: {error}");
                Self::failed(id, "unavailable", "the command could not be made durable, nothing was changed; try again")
            }
        }
    }

    pub(super) fn failed(id: Option<String>, code: &'static str, message: impl Into<String>) -> Self {
        let error = Failed { code, message: message.into(), state: None };
        Self { id, ok: false, message_id: None, error: Some(error) }
    }
}

impl From<Malformed> for Outcome {
    fn from(malformed: Malformed) -> Self {
        Self::failed(malformed.id, malformed.code, malformed.message)
    }
}

/// Looks up what a command needs.
///
/// # Errors
/// The result, when the sequencer needn't be asked.
pub(super) async fn prepare(gateway: &Gateway, agent: &Id, frame: Frame) -> Result<Submission, Outcome> {
    let mut body = None;
    let action = match frame.command {
        Command::SetState { state, reason } => Action::SetState { state, reason },
        Command::Accept { offer } => Action::Accept { offer: offer.into() },
        Command::Reject { offer, reason } => Action::Reject { offer: offer.into(), reason },
        Command::Retry { message } => Action::Retry { message_id: message.into() },
        Command::Complete { work_item, code, if_version } => {
            Action::Complete { work_item: work_item.into(), code, if_version }
        }
        Command::Unserved(name) => Action::Unsupported { name: name.to_owned() },
        Command::Send(send) => {
            let message_id = Uuid::now_v7().to_string();
            match outbound(gateway, agent, &send, &message_id).await {
                Ok(stored) => body = stored,
                Err((code, message)) => return Err(Outcome::failed(Some(frame.id), code, message)),
            }
            Action::Send {
                work_item: send.work_item.into(),
                message_id: message_id.into(),
                idempotency_key: send.idempotency_key.map(Id::from),
                if_version: send.if_version,
            }
        }
    };
    let id: Id = frame.id.into();
    let command = jackfield_router::Command::Agent { agent: agent.clone(), id: id.clone(), action };
    Ok(Submission { id, command, body })
}

type Refused = (&'static str, String);

/// The body of a message to be sent. None if the item isn't open: the router then says what is wrong, or knows the
/// command from before.
async fn outbound(gateway: &Gateway, agent: &Id, send: &Send, message_id: &str) -> Result<Option<Stored>, Refused> {
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::warn!("a message could not be prepared: {error}");
        ("unavailable", "the message could not be prepared; try again".to_owned())
    };
    let (work_item, sender) = (send.work_item.clone(), agent.clone());
    let look = move |state: &jackfield_router::State| {
        let presence = state.agent(&sender).map_or(Presence::default(), |agent| agent.presence);
        (state.item(&work_item).cloned(), presence)
    };
    let (item, presence) = gateway.sequencer().read(look).await.map_err(|error| unavailable(&error))?;
    let Some(item) = item else { return Ok(None) };
    let facts = read_facts(gateway, &item).await.map_err(|error| unavailable(&error))?;
    let Some(info) = facts.work_item() else {
        return Err(("not-found", "the customer's data were erased; there is nobody to send this to".to_owned()));
    };
    let mut sizes = Vec::with_capacity(send.attachments.len());
    for attached in &send.attachments {
        // It may have been uploaded long ago: it is not to be collected before the message is there.
        let renewed = gateway.sequencer().renew_blob(&attached.blob);
        match renewed.map_err(|error| unavailable(&error))? {
            Some(size) => sizes.push(size),
            None => {
                return Err(("not-found", format!("there is no blob {}; upload it to /v1/blobs first", attached.blob)));
            }
        }
    }
    let driver = gateway.channels().driver_of(&item.channel);
    let mut message = {
        let directory = gateway.people().now();
        let sender = Sender { id: agent, person: directory.person(agent), presence, driver };
        compose(send, &sizes, &item, info, sender)
    };
    message.id = Some(message_id.to_owned());
    let now = Timestamp::from_millis(gateway.sequencer().now()).unwrap_or_default();
    message.occurred_at = Some(now);
    let stored = Stored::new(gateway.sequencer().keys(), &item.channel, Direction::Outbound, now, message);
    stored.map(Some).map_err(|error| unavailable(&error))
}

async fn read_facts(gateway: &Gateway, item: &WorkItem) -> Result<std::sync::Arc<crate::lookup::Facts>, Problem> {
    let (lookup, id) = (gateway.lookup().clone(), item.id.clone());
    Ok(tokio::task::spawn_blocking(move || lookup.facts(&id)).await??)
}

#[cfg(test)]
mod tests;
