//! What comes in by a channel.

use super::Context;
use super::delivery::REPORT_WAITS;
use crate::agent::Presence;
use crate::command::{Received, StatusReport};
use crate::effect::Reply;
use crate::event::Event;
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};

/// The highest priority.
const MAX_PRIORITY: u16 = 1000;

impl Context<'_> {
    pub(super) fn receive(&mut self, received: &Received) -> Reply {
        let open = self.state.open_item(&received.channel, &received.conversation).cloned();
        if received.support_request {
            return match open {
                Some(item) => self.join(received, item),
                None => self.open(received),
            };
        }
        match (received.interaction.as_str(), open, &received.status) {
            ("message.status", open, Some(report)) => {
                if !self.report(&received.channel, report) {
                    self.record(received);
                }
                Reply::Recorded { item: open.map(|item| item.id) }
            }
            (_, None, _) => {
                self.record(received);
                Reply::Recorded { item: None }
            }
            (name, Some(item), _) => {
                self.attach(received, name, &item);
                Reply::Recorded { item: Some(item.id) }
            }
        }
    }

    fn open(&mut self, received: &Received) -> Reply {
        let key = (received.channel.clone(), received.conversation.clone());
        let before = self.state.stored.conversations.get(&key);
        let parent = before.and_then(|conversation| conversation.last_item.clone());
        let preferred = before.and_then(|conversation| conversation.last_owner.clone());
        let config = self.state.config();
        let route = received.route.as_ref();
        let queue = match route {
            Some(route) => config.queue_or_default(&route.queue),
            None => config.default_queue.clone(),
        };
        let weight = config.weight(&queue, &received.channel, &received.media_type);
        let priority = route.and_then(|route| route.priority).or(received.priority).unwrap_or(0);
        let item = WorkItem {
            id: self.new_id(),
            channel: received.channel.clone(),
            media_type: received.media_type.clone(),
            conversation: received.conversation.clone(),
            customer: received.customer.clone(),
            state: ItemState::New,
            since: self.at,
            queue: queue.clone(),
            owner: None,
            priority: priority.min(MAX_PRIORITY),
            rule: route.map(|route| route.rule.clone()),
            weight,
            created: self.at,
            first_queued: self.at,
            excluded: Default::default(),
            preferred,
            parent,
            version: 0,
            first_message: received.message_id.clone(),
            last_message: received.message_id.clone(),
            message_count: 1,
            offers: Default::default(),
            wrap_up_until: None,
            code: None,
            simulated: received.simulated,
        };
        let id = item.id.clone();
        self.apply(Event::ItemOpened { item: Box::new(item) });
        let actor = Actor::Driver { channel: received.channel.clone() };
        self.queue(&id, &queue, Cause::SupportRequest, actor, None);
        Reply::Opened { item: id }
    }

    fn join(&mut self, received: &Received, item: WorkItem) -> Reply {
        self.apply(Event::ItemJoined { item: item.id.clone(), message_id: received.message_id.clone() });
        // The wrap-up of somebody who has left would leave the customer waiting for an absent agent.
        let absent = |owner: &Id| self.state.agent(owner).is_none_or(|owner| owner.presence == Presence::Offline);
        if item.state == ItemState::Wrapping && item.owner.as_ref().is_some_and(absent) {
            self.leave_owner(&item.id, Cause::OwnerAbsent);
        }
        Reply::Joined { item: item.id }
    }

    /// An interaction about an open item.
    fn attach(&mut self, received: &Received, name: &str, item: &WorkItem) {
        let actor = Actor::Driver { channel: received.channel.clone() };
        let untaken = matches!(item.state, ItemState::Queued | ItemState::Offered);
        let active = item.state == ItemState::Active;
        match name {
            "work-item.cancel" if untaken || active => self.cancel(&item.id, received.reason.clone(), actor),
            "work-item.complete" if untaken => {
                self.close(&item.id, received.reason.clone(), Cause::Driver, actor);
            }
            "work-item.complete" if active => self.complete(item, received.reason.clone(), Cause::Driver, actor),
            "work-item.requeue" if active || item.state == ItemState::Offered => {
                self.requeue(&item.id, None, Cause::Driver, actor);
            }
            _ => self.apply(Event::ItemTouched {
                item: item.id.clone(),
                message_id: received.message_id.clone(),
                changes: matches!(name, "message.changed" | "message.removed"),
            }),
        }
    }

    fn record(&mut self, received: &Received) {
        let message_id = received.message_id.clone();
        self.apply(Event::MessageRecorded { message_id, channel: received.channel.clone() });
    }

    /// Whether a report changed anything, or may yet.
    fn report(&mut self, channel: &Id, report: &StatusReport) -> bool {
        let events = self.events.len();
        for external_key in &report.external_keys {
            let key = (channel.clone(), external_key.clone());
            let (status, error) = (report.status, report.error.clone());
            if let Some(message_id) = self.state.stored.external_keys.get(&key).cloned() {
                let known = self.state.delivery(&message_id);
                if known.is_some_and(|known| known.status.may_become(status)) {
                    self.apply(Event::StatusReported { message_id, status, error });
                }
                continue;
            }
            let known = self.state.stored.reports.get(&key);
            if known.is_none_or(|known| known.status.may_become(status)) {
                let until = self.at + REPORT_WAITS;
                let (channel, external_key) = key;
                self.apply(Event::ReportWaits { channel, external_key, status, error, until });
            }
        }
        self.events.len() > events
    }
}
