//! What agents send to a channel: messages, commands of its driver's own, that they are writing.

use super::command::{Attached, Invoke, Send};
use super::outbound::{File, Sender, compose, parts};
use super::perform::Outcome;
use crate::gateway::Gateway;
use crate::lookup::Facts;
use crate::people::Caller;
use crate::problem::Problem;
use crate::uploads;
use jackfield_channels::{AdviceError, CommandError};
use jackfield_router::{Id, Presence, Reply, State, WorkItem};
use jackfield_sequencer::{CommitError, Stored};
use jackfield_spec::{Direction, Kind, Message, Timestamp};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// A message that may be handed to the sequencer.
pub(super) struct Prepared {
    /// Its id.
    pub(super) message_id: Id,
    /// The message. None if the item isn't open: the router then says what is wrong.
    pub(super) body: Option<Stored>,
}

/// A work item that something is to be sent for.
struct Found {
    item: WorkItem,
    facts: Arc<Facts>,
    /// Where the customer spoke last, if the item answers for several conversations.
    newest: Option<String>,
    presence: Presence,
}

/// What an agent answers a customer.
///
/// # Errors
/// The result, when the sequencer needn't be asked.
pub(super) async fn message(gateway: &Gateway, agent: &Id, id: &Id, send: &Send) -> Result<Prepared, Outcome> {
    let message_id = Uuid::now_v7().to_string();
    let Some(found) = find(gateway, agent, id, &send.work_item).await? else {
        return Ok(Prepared { message_id: message_id.into(), body: None });
    };
    let files = files(gateway, agent, id, &send.attachments).await?;
    let mut message = about(gateway, agent, id, &found, Kind::Command, "message.send")?;
    message.parts = parts(&send.text, files);
    if let Some(answered) = &send.reply_to {
        message.interaction.arguments = json!({ "replyTo": external_id(gateway, id, &found, answered).await? });
    }
    seal(gateway, id, &found, message, message_id)
}

/// The channel's own id of a message that an agent answers.
async fn external_id(gateway: &Gateway, id: &Id, found: &Found, answered: &str) -> Result<String, Outcome> {
    let (messages, sought) = (gateway.sequencer().messages(), answered.to_owned());
    let message = tokio::task::spawn_blocking(move || messages.get(&sought)).await;
    let message = message.map_err(|error| unavailable(id, &error))?.map_err(|error| unavailable(id, &error))?;
    let here = |message: &Message| {
        let item = message.work_item.as_ref().and_then(|item| item.id.as_deref());
        message.channel.as_deref() == Some(&*found.item.channel) && item == Some(&*found.item.id)
    };
    let message = message.filter(here);
    let message = message
        .ok_or_else(|| failed(id, "not-found", format!("the work item has no message `{answered}` to reply to")))?;
    message.external_id.ok_or_else(|| {
        let rule = "the channel gave this message no id, so nothing can refer to it; leave out `replyTo`";
        failed(id, "bad-request", rule)
    })
}

/// The files that an agent names, with what was said of them when they were handed in.
pub(super) async fn files(
    gateway: &Gateway,
    agent: &Id,
    id: &Id,
    attachments: &[Attached],
) -> Result<Vec<File>, Outcome> {
    let mut files = Vec::with_capacity(attachments.len());
    let caller = Caller::Agent(agent.clone());
    for attached in attachments {
        let said = uploads::look_up(gateway, &caller, attached.blob).await.map_err(|error| unavailable(id, &error))?;
        // It may have been uploaded long ago: it is not to be collected before the message is there.
        let size = gateway.sequencer().renew_blob(&attached.blob).map_err(|error| unavailable(id, &error))?;
        let (Some(said), Some(size)) = (said, size) else {
            let message = format!("there is no blob {} of yours; upload it to /v1/blobs first", attached.blob);
            return Err(failed(id, "not-found", message));
        };
        let name = attached.name.clone().or(said.name);
        let media_type = attached.media_type.clone().or(said.media_type);
        files.push(File { blob: attached.blob, size, name, media_type });
    }
    Ok(files)
}

/// A command of the driver's own. Its answer comes as a message with the tracking id, which is the message's.
///
/// # Errors
/// As [`message`].
pub(super) async fn invocation(gateway: &Gateway, agent: &Id, id: &Id, invoke: &Invoke) -> Result<Prepared, Outcome> {
    let message_id = Uuid::now_v7().to_string();
    let Some(found) = find(gateway, agent, id, &invoke.work_item).await? else {
        return Ok(Prepared { message_id: message_id.into(), body: None });
    };
    gateway.channels().check_command(&found.item.channel, &invoke.name, &invoke.arguments).map_err(|error| {
        let code = match &error {
            CommandError::NotServed => "unavailable",
            CommandError::NotSupported { .. } => "not-supported",
            CommandError::Arguments { .. } => "bad-request",
            CommandError::Schema { .. } => "not-supported",
        };
        failed(id, code, error.to_string())
    })?;
    let mut message = about(gateway, agent, id, &found, Kind::Command, "invoke")?;
    message.interaction.arguments = json!({ "name": invoke.name, "arguments": invoke.arguments });
    message.interaction.tracking_id = Some(message_id.clone());
    seal(gateway, id, &found, message, message_id)
}

/// Tells the channel that an agent is writing; its result. It isn't journaled: what is lost was only advice.
pub(super) async fn typing(gateway: &Gateway, agent: &Id, id: &Id, work_item: &str) -> Outcome {
    match tell_typing(gateway, agent, id, work_item).await {
        Ok(()) => Outcome::new(Some(id.to_string()), Ok(Reply::Done)),
        Err(outcome) => outcome,
    }
}

async fn tell_typing(gateway: &Gateway, agent: &Id, id: &Id, work_item: &str) -> Result<(), Outcome> {
    let found = find(gateway, agent, id, work_item).await?;
    let found = found.ok_or_else(|| failed(id, "not-found", format!("there is no open work item `{work_item}`")))?;
    if found.item.owner.as_ref() != Some(agent) {
        return Err(failed(id, "not-allowed", format!("work item `{work_item}` isn't yours")));
    }
    let mut message = about(gateway, agent, id, &found, Kind::Notification, "typing")?;
    message.interaction.arguments = json!({ "on": true });
    message.id = Some(Uuid::now_v7().to_string());
    message.channel = Some(found.item.channel.to_string());
    message.direction = Some(Direction::Outbound);
    if let Some(info) = &mut message.work_item {
        info.id = Some(work_item.to_owned());
    }
    gateway.channels().agent_types(&found.item.channel, work_item, message).map_err(|error| {
        let code = match error {
            AdviceError::NotSupported => "not-supported",
            AdviceError::NotServed => "unavailable",
        };
        failed(id, code, error.to_string())
    })
}

/// The work item; none if it isn't open.
///
/// # Errors
/// The first result of a command that is repeated.
async fn find(gateway: &Gateway, agent: &Id, id: &Id, work_item: &str) -> Result<Option<Found>, Outcome> {
    let (sought, agent, repeated) = (work_item.to_owned(), agent.clone(), id.clone());
    let look = move |state: &State| {
        let presence = state.agent(&agent).map_or(Presence::default(), |agent| agent.presence);
        (state.answer(&agent, &repeated).cloned(), state.item(&sought).cloned(), presence)
    };
    let (answer, item, presence) = gateway.sequencer().read(look).await.map_err(|error| unavailable(id, &error))?;
    if let Some(reply) = answer {
        return Err(Outcome::new(Some(id.to_string()), Ok::<_, CommitError>(reply)));
    }
    let Some(item) = item else { return Ok(None) };
    if item.channel.is_empty() {
        return Err(failed(id, "not-supported", "this work item is a task: there is no channel to send it by"));
    }
    let facts = facts_of(gateway, &item).await.map_err(|error| unavailable(id, &error))?;
    let newest = newest_conversation(gateway, &item).await.map_err(|error| unavailable(id, &error))?;
    Ok(Some(Found { item, facts, newest, presence }))
}

async fn facts_of(gateway: &Gateway, item: &WorkItem) -> Result<Arc<Facts>, Problem> {
    let (lookup, id) = (gateway.lookup().clone(), item.id.clone());
    Ok(tokio::task::spawn_blocking(move || lookup.facts(&id)).await??)
}

/// The conversation in which the customer spoke last, of an item that answers for several on its channel.
async fn newest_conversation(gateway: &Gateway, item: &WorkItem) -> Result<Option<String>, Problem> {
    if !item.merged.iter().any(|(channel, _)| *channel == item.channel) {
        return Ok(None);
    }
    let (messages, last) = (gateway.sequencer().messages(), item.last_message.clone());
    let last = tokio::task::spawn_blocking(move || messages.get(&last)).await??;
    let there = last.filter(|last| last.channel.as_deref() == Some(&*item.channel));
    Ok(there.and_then(|last| last.work_item).map(|item| item.conversation))
}

/// A message of an agent's about a work item, to be filled in.
fn about(gateway: &Gateway, agent: &Id, id: &Id, found: &Found, kind: Kind, name: &str) -> Result<Message, Outcome> {
    let erased = || failed(id, "not-found", "the customer's data were erased; there is nobody to send this to");
    let info = found.facts.work_item().ok_or_else(erased)?;
    let directory = gateway.people().now();
    let driver = gateway.channels().driver_of(&found.item.channel);
    let sender = Sender { id: agent, person: directory.person(agent), presence: found.presence, driver };
    let mut message = compose(&found.item, info, sender, kind, name);
    if let (Some(conversation), Some(item)) = (&found.newest, &mut message.work_item) {
        item.conversation.clone_from(conversation);
    }
    message.occurred_at = Timestamp::from_millis(gateway.sequencer().now()).ok();
    Ok(message)
}

fn seal(
    gateway: &Gateway,
    id: &Id,
    found: &Found,
    mut message: Message,
    message_id: String,
) -> Result<Prepared, Outcome> {
    message.id = Some(message_id.clone());
    let now = message.occurred_at.unwrap_or_default();
    let keys = gateway.sequencer().keys();
    let stored = Stored::new(keys, &found.item.channel, Direction::Outbound, now, message);
    let body = stored.map_err(|error| unavailable(id, &error))?;
    Ok(Prepared { message_id: message_id.into(), body: Some(body) })
}

pub(super) fn failed(id: &Id, code: &'static str, message: impl Into<String>) -> Outcome {
    Outcome::failed(Some(id.to_string()), code, message)
}

pub(super) fn unavailable(id: &Id, error: &dyn std::fmt::Display) -> Outcome {
    tracing::warn!("what an agent sends could not be prepared: {error}");
    failed(id, "unavailable", "the message could not be prepared; try again")
}
