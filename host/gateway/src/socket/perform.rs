//! Turns a command into what the sequencer takes, and its reply into a result.

use super::command::{Command, Frame, Malformed};
use super::{contact, sending};
use crate::gateway::Gateway;
use jackfield_router::{Action, Id, Reply};
use jackfield_sequencer::{CommitError, Stored};
use serde::Serialize;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    /// The agent's id of the command; null if the frame had none.
    pub(super) id: Option<String>,
    pub(super) ok: bool,
    /// The item that was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    work_item_id: Option<String>,
    /// The message that is being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Box<Failed>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Failed {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl Outcome {
    pub(super) fn new(id: Option<String>, reply: Result<Reply, CommitError>) -> Self {
        match reply {
            Ok(Reply::Refused(refusal)) => {
                let error = Failed { code: refusal.code.name(), message: refusal.message, state: refusal.state };
                Self { id, error: Some(Box::new(error)), ..Self::default() }
            }
            Ok(Reply::Sending { message_id }) => {
                Self { id, ok: true, message_id: Some(message_id.to_string()), ..Self::default() }
            }
            Ok(_) => Self { id, ok: true, ..Self::default() },
            Err(error) => {
                tracing::debug!("a command could not be decided: {error}");
                Self::failed(id, "unavailable", "the command could not be made durable, nothing was changed; try again")
            }
        }
    }

    pub(super) fn failed(id: Option<String>, code: &'static str, message: impl Into<String>) -> Self {
        let error = Failed { code, message: message.into(), state: None };
        Self { id, error: Some(Box::new(error)), ..Self::default() }
    }

    /// The same of a command that opened a work item.
    pub(super) fn opened(self, item: &Id) -> Self {
        Self { work_item_id: self.ok.then(|| item.to_string()), ..self }
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
    let id: Id = frame.id.into();
    let mut body = None;
    let action = match frame.command {
        Command::Do(action) => action,
        Command::Send(send) => {
            let prepared = sending::message(gateway, agent, &id, &send).await?;
            body = prepared.body;
            Action::Send {
                work_item: send.work_item.into(),
                message_id: prepared.message_id,
                idempotency_key: send.idempotency_key.map(Id::from),
                if_version: send.if_version,
            }
        }
        Command::Invoke(invoke) => {
            let prepared = sending::invocation(gateway, agent, &id, &invoke).await?;
            body = prepared.body;
            let (work_item, if_version) = (invoke.work_item.into(), invoke.if_version);
            Action::Send { work_item, message_id: prepared.message_id, idempotency_key: None, if_version }
        }
        Command::Contact(contact) => return Err(contact::start(gateway, agent, &id, &contact).await),
        Command::Typing { work_item } => return Err(sending::typing(gateway, agent, &id, &work_item).await),
    };
    let command = jackfield_router::Command::Agent { agent: agent.clone(), id: id.clone(), action };
    Ok(Submission { id, command, body })
}

#[cfg(test)]
mod tests;
