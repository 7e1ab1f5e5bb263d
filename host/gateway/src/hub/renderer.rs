//! Turns an announcement into the event that the agent's connections are sent.

use crate::lookup::{Facts, Lookup};
use crate::people::{People, Person};
use crate::render::{
    AgentStamp, DeliveredMessage, Event, FailureView, ItemView, OfferData, OfferView, OwnState, write,
};
use jackfield_router::{AgentEvent, Id, Notice, Presence, WorkItem};
use jackfield_sequencer::Announcement;
use jackfield_spec::Message;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Renders announcements in the order in which they come.
pub(crate) struct Renderer {
    people: Arc<People>,
    lookup: Lookup,
    presences: HashMap<Id, Presence>,
}

/// Why an event can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    #[error("its message can't be read: {0}")]
    Journal(#[from] jackfield_journal::Error),
    #[error("it has no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Renderer {
    /// `presences` are the agents' when the first announcement is made; after that announcements tell.
    pub(crate) fn new(people: Arc<People>, lookup: Lookup, presences: HashMap<Id, Presence>) -> Self {
        Self { people, lookup, presences }
    }

    pub(crate) fn render(&mut self, announcement: &Announcement) -> Result<String, RenderError> {
        let Announcement { notice, message } = announcement;
        let directory = self.people.now();
        let person = directory.person(&notice.agent);
        match &notice.body {
            AgentEvent::AgentUpdated { agent } => {
                self.presences.insert(notice.agent.clone(), agent.state);
                event(notice, AgentData { agent: OwnState::new(agent, person.name()) })
            }
            AgentEvent::OfferCreated { offer, item, message_id } => {
                let (facts, message) = self.with_message(item, message_id, message.as_ref())?;
                let message = message.as_deref().map(|message| self.delivered(message, item, notice, person));
                let customer = facts.customer();
                let work_item = ItemView::in_event(item, &facts);
                event(notice, OfferData { offer: offer.into(), work_item, message, customer })
            }
            AgentEvent::OfferEnded { offer, outcome: _, item } => {
                let facts = self.lookup.facts(&item.id)?;
                event(notice, EndedData { offer: offer.into(), work_item: ItemView::in_event(item, &facts) })
            }
            AgentEvent::WorkItemUpdated { item } => {
                let facts = self.lookup.facts(&item.id)?;
                event(notice, ItemData { work_item: ItemView::in_event(item, &facts) })
            }
            AgentEvent::WorkItemClosed { item } => {
                let facts = self.lookup.facts(&item.id)?;
                self.lookup.forget(&item.id);
                event(notice, ItemData { work_item: ItemView::in_event(item, &facts) })
            }
            AgentEvent::MessageReceived { item, message_id } | AgentEvent::MessageChanged { item, message_id } => {
                let (facts, message) = self.with_message(item, message_id, message.as_ref())?;
                let message = message.as_deref().map(|message| self.delivered(message, item, notice, person));
                event(notice, MessageData { work_item: ItemView::in_event(item, &facts), message })
            }
            AgentEvent::MessageStatus { item, message_id, status, error } => {
                self.lookup.note_sent(item, message_id)?;
                let error = error.as_ref().map(FailureView::new);
                event(notice, StatusData { work_item_id: item, message_id, status: status.name(), error })
            }
        }
    }

    /// The facts of an item and the message that an event is about, which is mostly at hand.
    fn with_message(
        &self,
        item: &WorkItem,
        message_id: &Id,
        message: Option<&Arc<Message>>,
    ) -> Result<(Arc<Facts>, Option<Arc<Message>>), RenderError> {
        if let Some(message) = message {
            let facts = self.lookup.facts_with(item, message)?;
            return Ok((facts, Some(message.clone())));
        }
        let facts = self.lookup.facts(&item.id)?;
        let message = match &facts.first {
            Some(first) if first.id.as_deref() == Some(&**message_id) => Some(first.clone()),
            _ => self.lookup.messages().get(message_id)?.map(Arc::new),
        };
        Ok((facts, message))
    }

    fn delivered<'a>(
        &self,
        message: &'a Message,
        item: &'a WorkItem,
        notice: &'a Notice,
        person: &'a Person,
    ) -> DeliveredMessage<'a> {
        let presence = self.presences.get(&notice.agent).copied().unwrap_or_default();
        let stamp = AgentStamp::new(&notice.agent, person.name(), person.address(&message.media_type), presence.name());
        DeliveredMessage::new(message, &item.id, stamp)
    }
}

fn event<D: Serialize>(notice: &Notice, data: D) -> Result<String, RenderError> {
    Ok(write(&Event::numbered(&notice.agent, notice.sequence, notice.at, notice.body.name(), data))?)
}

#[derive(Serialize)]
struct AgentData<'a> {
    agent: OwnState<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndedData<'a> {
    offer: OfferView<'a>,
    work_item: ItemView<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemData<'a> {
    work_item: ItemView<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageData<'a> {
    work_item: ItemView<'a>,
    message: Option<DeliveredMessage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusData<'a> {
    work_item_id: &'a str,
    message_id: &'a str,
    status: &'static str,
    error: Option<FailureView>,
}
