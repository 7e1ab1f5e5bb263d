//! `contact.start`: an agent calls, texts or writes to a customer first.
//!
//! The item is opened, taken by the agent, and what is to be said goes to the driver: three decisions. If the server ends
//! between them the item waits for the agent like any other, and the command, sent again, goes on where it was.

use super::command::Contact;
use super::outbound::parts;
use super::perform::Outcome;
use super::sending::{failed, files, unavailable};
use crate::gateway::Gateway;
use jackfield_router::{Action, Command, Id, OperatorAction, Reply, Route, State, Task};
use jackfield_sequencer::{CommitError, Stored};
use jackfield_spec::{AgentInfo, Attributes, Customer, Direction, Kind, Message, Timestamp, WorkItemInfo};
use serde_json::json;
use uuid::Uuid;

/// The interaction.
const CONTACT_START: &str = "contact.start";
/// The rule that such items name.
const RULE: &str = "contact.start";

/// Starts a contact; its result.
pub(super) async fn start(gateway: &Gateway, agent: &Id, id: &Id, contact: &Contact) -> Outcome {
    match begin(gateway, agent, id, contact).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn begin(gateway: &Gateway, agent: &Id, id: &Id, contact: &Contact) -> Result<Outcome, Outcome> {
    let media_type = gateway
        .channels()
        .media_type_for(&contact.channel, CONTACT_START, contact.media_type.as_deref())
        .map_err(|(code, message)| failed(id, code, message))?;
    let queue = queue(gateway, id, contact)?;
    let stored = message(gateway, agent, id, contact, &media_type).await?;
    let message_id: Id = stored.id().into();
    let task = Task {
        message_id: message_id.clone(),
        key: Some(format!("{CONTACT_START}/{id}").into()),
        by: agent.clone(),
        channel: contact.channel.as_str().into(),
        conversation: stored.conversation_key().into(),
        customer: stored.customer_key().map(Id::from),
        media_type: media_type.as_str().into(),
        route: queue.map(|queue| Route { queue, rule: RULE.into(), ..Route::default() }),
        preferred: Some(agent.clone()),
        ..Task::default()
    };
    let item = match decide(gateway, id, Command::Create(Box::new(task)), Some(stored.clone())).await? {
        Reply::Opened { item } => item,
        other => return Ok(Outcome::new(Some(id.to_string()), Ok(other))),
    };
    let pick = Action::Pick { work_item: item.clone(), if_version: None };
    if let Reply::Refused(refusal) = act(gateway, agent, id, pick, None).await? {
        let reason = Some("the contact was not started".to_owned());
        let action = OperatorAction::Cancel { reason };
        let cancel = Command::Operator { name: agent.clone(), item: item.clone(), if_version: None, action };
        decide(gateway, id, cancel, None).await?;
        return Ok(Outcome::new(Some(id.to_string()), Ok(Reply::Refused(refusal))));
    }
    // A command that is sent again has made another message: the first one's counts.
    let sought = item.clone();
    let first =
        gateway.sequencer().read(move |state: &State| state.item(&sought).map(|item| item.first_message.clone()));
    let first = first.await.map_err(|error| unavailable(id, &error))?.unwrap_or(message_id);
    let send = Action::Send {
        work_item: item.clone(),
        message_id: first,
        idempotency_key: Some(CONTACT_START.into()),
        if_version: None,
    };
    let sent = act(gateway, agent, &"".into(), send, Some(stored)).await?;
    Ok(Outcome::new(Some(id.to_string()), Ok(sent)).opened(&item))
}

fn queue(gateway: &Gateway, id: &Id, contact: &Contact) -> Result<Option<Id>, Outcome> {
    let queue = contact.queue.as_deref().map(Id::from);
    match queue.as_ref().filter(|queue| !gateway.people().now().queues().contains(queue)) {
        Some(unknown) => Err(failed(id, "not-found", format!("there is no queue `{unknown}`"))),
        None => Ok(queue),
    }
}

/// What goes to the driver, and opens the item.
async fn message(
    gateway: &Gateway,
    agent: &Id,
    id: &Id,
    contact: &Contact,
    media_type: &str,
) -> Result<Stored, Outcome> {
    let files = files(gateway, agent, id, &contact.attachments).await?;
    let mut message = Message::new(media_type, Kind::Command, CONTACT_START);
    message.interaction.arguments = json!({ "address": contact.address, "purpose": contact.purpose });
    message.driver = gateway.channels().driver_of(&contact.channel);
    message.parts = parts(&contact.text, files);
    message.work_item = Some(WorkItemInfo {
        id: None,
        // Most channels know a conversation by the customer's address; a receipt may say another one.
        conversation: contact.address.clone(),
        customer: Customer {
            id: None,
            address: contact.address.clone(),
            name: contact.name.clone(),
            aliases: Vec::new(),
            attributes: Attributes::default(),
        },
        subject: None,
        priority: None,
        language: None,
        state: None,
        attributes: Attributes::default(),
    });
    message.agent = {
        let directory = gateway.people().now();
        let person = directory.person(agent);
        Some(AgentInfo {
            name: Some(person.name().to_owned()),
            address: person.address(media_type).map(str::to_owned),
            ..AgentInfo::new(agent.to_string())
        })
    };
    message.id = Some(Uuid::now_v7().to_string());
    let now = Timestamp::from_millis(gateway.sequencer().now()).unwrap_or_default();
    message.occurred_at = Some(now);
    if let Err(invalid) = jackfield_spec::validate::validate(&message) {
        return Err(failed(id, "bad-request", invalid.to_string()));
    }
    Stored::new(gateway.sequencer().keys(), &contact.channel, Direction::Outbound, now, message)
        .map_err(|error| unavailable(id, &error))
}

async fn act(gateway: &Gateway, agent: &Id, id: &Id, action: Action, body: Option<Stored>) -> Result<Reply, Outcome> {
    decide(gateway, id, Command::Agent { agent: agent.clone(), id: id.clone(), action }, body).await
}

async fn decide(gateway: &Gateway, id: &Id, command: Command, body: Option<Stored>) -> Result<Reply, Outcome> {
    let reply = gateway.sequencer().command_with(command, body).await;
    reply.map_err(|error| Outcome::new(Some(id.to_string()), Err::<Reply, CommitError>(error)))
}
