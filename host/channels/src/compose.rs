//! Forms the messages that the server itself sends to a driver.

use crate::channels::Channels;
use crate::serving::Serving;
use jackfield_router::{Deliver, Notification};
use jackfield_sequencer::Messages;
use jackfield_spec::{
    AUTOMATIC, AgentInfo, Attributes, Direction, ErrorInfo, Kind, Message, Part, QueueInfo, Text, Timestamp,
    WorkItemInfo, canonical,
};
use serde_json::{Value, json};

/// How an item and an agent stand, for a notification about them.
struct Standing {
    presence: Option<&'static str>,
    state: Option<&'static str>,
    position: Option<u32>,
    expected_wait_ms: Option<u64>,
}

/// A message of the server's with nothing but an interaction.
pub(crate) fn bare(channel: &str, driver: &str, media_type: &str, kind: Kind, name: &str) -> Message {
    Message {
        channel: Some(channel.to_owned()),
        driver: Some(driver.to_owned()),
        direction: Some(Direction::Outbound),
        ..Message::new(media_type, kind, name)
    }
}

impl Channels {
    /// The message of a delivery: an agent's from its body, the server's own composed.
    pub(crate) async fn message_of(&self, serving: &Serving, deliver: &Deliver) -> Result<Message, ErrorInfo> {
        let messages = self.sequencer().messages();
        let failed = |error: jackfield_journal::Error| ErrorInfo::new("temporary", error.to_string());
        let Some(notification) = &deliver.notification else {
            let gone = || ErrorInfo::new("not-found", "the message's body is no longer stored");
            return messages.get(&deliver.message_id).map_err(failed)?.ok_or_else(gone);
        };
        let first = first_of(&messages, &deliver.item).map_err(failed)?;
        let first =
            first.ok_or_else(|| ErrorInfo::new("not-found", "the work item's first message is no longer stored"))?;
        let kind = if is_command(&notification.name) { Kind::Command } else { Kind::Notification };
        let media_type = first.media_type.clone();
        let standing = self.standing(deliver, notification).await?;
        let state = state_after(&notification.name).or(standing.state);
        let mut message = self.about(serving, first, &deliver.item, state, kind, &notification.name);
        message.interaction.arguments = arguments(&notification.name);
        if let Some(answer) = notification.automatic {
            let Some(text) = self.answer_text(&notification.queue, answer.name()) else {
                return Err(ErrorInfo::new("not-found", "the config no longer has this answer"));
            };
            message.parts.push(text);
            // So that the driver can say so in its medium, and no machine at the far end answers.
            message.attributes.set(AUTOMATIC, "true");
        }
        message.id = Some(deliver.message_id.to_string());
        message.agent = notification
            .agent
            .as_deref()
            .map(|id| AgentInfo { presence: standing.presence.map(str::to_owned), ..self.agent_info(id, &media_type) });
        message.queue = Some(QueueInfo {
            position: standing.position,
            expected_wait_ms: standing.expected_wait_ms.and_then(|wait| u32::try_from(wait).ok()),
            ..QueueInfo::new(&*notification.queue)
        });
        if let Some(reply) = &notification.reply {
            let request = messages.get(&reply.request).map_err(failed)?;
            message.interaction.in_reply_to = request.and_then(|request| request.interaction.tracking_id);
            message.interaction.arguments = json!({ "opened": reply.opened });
            message.cause = Some(reply.request.to_string());
        }
        message.digest = canonical::digest(&mut message).ok();
        Ok(message)
    }

    /// How what a notification tells of stands now.
    async fn standing(&self, deliver: &Deliver, notification: &Notification) -> Result<Standing, ErrorInfo> {
        let (item, agent, replies) = (deliver.item.clone(), notification.agent.clone(), notification.reply.is_some());
        let found = self.sequencer().read(move |state| {
            let presence = agent.and_then(|agent| state.agent(&agent)).map(|agent| agent.presence.name());
            let asked = state.item(&item).filter(|_| replies);
            let (position, expected_wait_ms) = asked.map(|item| state.place_of(item)).unwrap_or_default();
            let ended = state.ended(&item).filter(|_| replies).map(|ended| ended.fate.name());
            Standing { presence, state: asked.map(|item| item.state.name()).or(ended), position, expected_wait_ms }
        });
        found.await.map_err(|error| ErrorInfo::new("temporary", error.to_string()))
    }

    /// A message of the server's about a work item, without an id yet. `first` is the item's first message: the driver
    /// knows the conversation by what stands there.
    pub(crate) fn about(
        &self,
        serving: &Serving,
        first: Message,
        item: &str,
        state: Option<&str>,
        kind: Kind,
        name: &str,
    ) -> Message {
        let driver = first.driver.unwrap_or_default();
        let mut message = bare(&serving.id, &driver, &first.media_type, kind, name);
        message.cause = first.id;
        message.occurred_at = Timestamp::from_millis(self.sequencer().now()).ok();
        message.received_at = message.occurred_at;
        message.work_item = first.work_item.map(|info| WorkItemInfo {
            id: Some(item.to_owned()),
            state: state.map(str::to_owned),
            attributes: Attributes::default(),
            ..info
        });
        message
    }

    /// The text of an answer that the server gives by itself.
    fn answer_text(&self, queue: &str, kind: &str) -> Option<Part> {
        let config = self.config();
        let queue = config.queues.iter().find(|known| known.id == queue)?;
        let text = queue.answers.get(kind)?.clone();
        let (format, attributes) = ("plain".to_owned(), Attributes::default());
        Some(Part::Text(Text { text, format, language: None, attributes }))
    }

    /// An agent as drivers are told.
    pub(crate) fn agent_info(&self, id: &str, media_type: &str) -> AgentInfo {
        let config = self.config();
        let agent = config.agents.iter().find(|agent| agent.id == id);
        AgentInfo {
            name: agent.map(|agent| agent.name.clone()),
            address: agent.and_then(|agent| agent.addresses.get(media_type).cloned()),
            ..AgentInfo::new(id)
        }
    }
}

fn first_of(messages: &Messages, item: &str) -> Result<Option<Message>, jackfield_journal::Error> {
    Ok(messages.of_item(item, None, 1)?.into_iter().next())
}

/// What drivers are told to do, rather than told of.
fn is_command(name: &str) -> bool {
    const COMMANDS: [&str; 9] = [
        "message.send",
        "work-item.accept",
        "work-item.release",
        "work-item.suspend",
        "work-item.resume",
        "work-item.transfer",
        "work-item.transfer-complete",
        "work-item.consult",
        "work-item.leave",
    ];
    COMMANDS.contains(&name)
}

/// The arguments that the specification demands. By the time a driver is told, whoever was asked has accepted.
fn arguments(name: &str) -> Value {
    match name {
        "message.send" => json!({ "replyTo": null }),
        "work-item.release" => json!({ "reason": null, "code": null }),
        "work-item.transfer" => json!({ "mode": "blind", "address": null }),
        "work-item.consult" => json!({ "mode": "open" }),
        _ => json!({}),
    }
}

/// The state that a notification about a work item tells of.
fn state_after(notification: &str) -> Option<&'static str> {
    Some(match notification {
        "work-item.assigned" => "active",
        "work-item.queued" | "work-item.revoked" => "queued",
        "work-item.wrapping" => "wrapping",
        "work-item.cancelled" => "cancelled",
        "work-item.closed" => "closed",
        _ => return None,
    })
}
