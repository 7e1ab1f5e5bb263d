//! Making one item of two, and two of one.

use super::agent::unchanged;
use super::{Context, refuse};
use crate::command::Received;
use crate::effect::{ErrorCode, Reply};
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};
use crate::offer::OfferOutcome;

impl Context<'_> {
    pub(super) fn merge(&mut self, agent: &Id, id: &Id, from: &Id, if_version: Option<u64>) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        if let Err(reply) = Self::only_in(&item, &[ItemState::Active, ItemState::Suspended]) {
            return reply;
        }
        let Some(other) = self.state.item(from).cloned() else {
            return refuse(ErrorCode::NotFound, format!("there is no open work item `{from}`"));
        };
        if id == from {
            return refuse(ErrorCode::BadRequest, "a work item can't become part of itself");
        }
        if other.taken() && other.owner.as_ref() != Some(agent) {
            return refuse(ErrorCode::NotAllowed, format!("work item `{from}` is another agent's"));
        }
        self.join_items(&other, id, Actor::Agent { id: agent.clone() });
        Reply::Done
    }

    /// Ends an item as a part of another.
    fn join_items(&mut self, from: &WorkItem, into: &Id, actor: Actor) {
        self.end_offers(&from.id, OfferOutcome::Revoked, Cause::Merged, &actor, None);
        self.apply(Event::ItemMerged { item: from.id.clone(), into: into.clone(), actor });
        self.notify(from, "work-item.closed", from.owner.as_ref());
        self.leave_when_finished(from.owner.as_ref());
    }

    /// A driver says that a conversation goes on in another one. Of two open items the one that an agent has goes on,
    /// else the older one.
    pub(super) fn merge_conversations(&mut self, received: &Received, item: &WorkItem, into: &Id) {
        let actor = Actor::Driver { channel: received.channel.clone() };
        match self.state.open_item(&received.channel, into).cloned() {
            Some(other) if other.id == item.id => {}
            Some(other) => {
                let stays = (!item.taken(), &item.id) < (!other.taken(), &other.id);
                let (goes_on, ends) = if stays { (item, &other) } else { (&other, item) };
                self.join_items(ends, &goes_on.id, actor);
            }
            None => {
                let (channel, conversation) = (received.channel.clone(), into.clone());
                self.apply(Event::ConversationAdded { item: item.id.clone(), channel, conversation });
            }
        }
    }

    pub(super) fn split(
        &mut self,
        agent: &Id,
        id: &Id,
        message_id: &Id,
        queue: Option<&Id>,
        if_version: Option<u64>,
    ) -> Reply {
        let item = match self.owned(agent, id).and_then(|item| unchanged(item, if_version)) {
            Ok(item) => item,
            Err(reply) => return reply,
        };
        let queue = queue.unwrap_or(&item.queue).clone();
        if !self.state.config().queues.contains_key(&queue) {
            return refuse(ErrorCode::NotFound, format!("the config has no queue `{queue}`"));
        }
        let part = WorkItem {
            id: self.new_id(),
            state: ItemState::New,
            since: self.at,
            created: self.at,
            first_queued: self.at,
            queued_at: self.at,
            owner: None,
            parent: Some(item.id.clone()),
            detached: true,
            merged: Vec::new(),
            version: 0,
            first_message: message_id.clone(),
            last_message: message_id.clone(),
            message_count: 1,
            offers: Default::default(),
            helpers: Default::default(),
            sla: None,
            suspend_at: None,
            expires: None,
            assigned: None,
            wrap_up_until: None,
            code: None,
            unanswered: true,
            ..item.clone()
        };
        let part_id = part.id.clone();
        self.apply(Event::ItemOpened { item: Box::new(part) });
        let actor = Actor::Agent { id: agent.clone() };
        self.arrive(&part_id, &queue, Cause::Split, actor, Some(agent.clone()));
        Reply::Opened { item: part_id }
    }
}
