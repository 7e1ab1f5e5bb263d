//! What comes in by a channel.

use super::Context;
use super::delivery::REPORT_WAITS;
use crate::agent::Presence;
use crate::command::{Received, Route, StatusReport};
use crate::delivery::{Automatic, Notification, RequestReply};
use crate::effect::Reply;
use crate::event::Event;
use crate::fault::{self, Fault};
use crate::ids::Id;
use crate::item::{Actor, Cause, ItemState, WorkItem};

/// The highest priority.
pub(super) const MAX_PRIORITY: u16 = 1000;

/// What a new item is made of.
pub(super) struct Opening<'a> {
    pub(super) channel: &'a Id,
    pub(super) conversation: &'a Id,
    pub(super) customer: Option<Id>,
    pub(super) media_type: &'a Id,
    pub(super) message_id: &'a Id,
    pub(super) route: Option<&'a Route>,
    pub(super) priority: u16,
    pub(super) preferred: Option<Id>,
}

impl Context<'_> {
    pub(super) fn receive(&mut self, received: &Received) -> Reply {
        let open = self.state.open_item(&received.channel, &received.conversation).cloned();
        let open = open.filter(|_| !fault::on(Fault::OpensTwice) || !received.support_request);
        if received.support_request {
            let reply = match open {
                Some(item) => self.join(received, item),
                None => self.open(received),
            };
            if received.tracked {
                self.reply_to(received, &reply);
            }
            return reply;
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
        let route = received.route.as_ref();
        let priority = route.and_then(|route| route.priority).or(received.priority).unwrap_or(0);
        let item = self.new_item(Opening {
            channel: &received.channel,
            conversation: &received.conversation,
            customer: received.customer.clone(),
            media_type: &received.media_type,
            message_id: &received.message_id,
            route,
            priority: priority.min(MAX_PRIORITY),
            preferred: received.preferred.clone(),
        });
        let item = WorkItem { unanswered: received.automatic, simulated: received.simulated, ..item };
        let (id, queue) = (item.id.clone(), item.queue.clone());
        let acknowledged = self.has_answer(&queue, Automatic::Acknowledgement).then(|| item.clone());
        self.apply(Event::ItemOpened { item: Box::new(item) });
        if let Some(item) = acknowledged {
            self.answer(&item, Automatic::Acknowledgement);
        }
        let actor = Actor::Driver { channel: received.channel.clone() };
        self.arrive(&id, &queue, Cause::SupportRequest, actor, None);
        Reply::Opened { item: id }
    }

    /// Tells the driver that asked what its request led to.
    fn reply_to(&mut self, received: &Received, reply: &Reply) {
        let (id, opened) = match reply {
            Reply::Opened { item } => (item, true),
            Reply::Joined { item } => (item, false),
            _ => return,
        };
        // A full queue or closed hours may have ended it at once.
        let ended = || self.ended.iter().find(|item| item.id == *id);
        let Some(item) = self.state.item(id).or_else(ended).cloned() else { return };
        let request = RequestReply { request: received.message_id.clone(), opened };
        let name = received.interaction.as_str().into();
        self.tell_driver(&item, Notification { name, reply: Some(request), ..Notification::about(&item.queue) });
    }

    /// An item as it is when it is opened. One that goes on from a closed item has that as its parent, and its last
    /// agent is preferred.
    pub(super) fn new_item(&self, opening: Opening<'_>) -> WorkItem {
        let key = (opening.channel.clone(), opening.conversation.clone());
        let before = self.state.stored.conversations.get(&key);
        let config = self.state.config();
        let queue = match opening.route {
            Some(route) => config.queue_or_default(&route.queue),
            None => config.default_queue.clone(),
        };
        let weight = config.weight(&queue, opening.channel, opening.media_type);
        WorkItem {
            id: self.new_id(),
            channel: opening.channel.clone(),
            media_type: opening.media_type.clone(),
            conversation: opening.conversation.clone(),
            customer: opening.customer,
            state: ItemState::New,
            since: self.at,
            queue,
            owner: None,
            priority: opening.priority,
            rule: opening.route.map(|route| route.rule.clone()),
            weight,
            created: self.at,
            first_queued: self.at,
            queued_at: self.at,
            ring: 0,
            ring_due: None,
            passed_on: Default::default(),
            attributes: opening.route.map(|route| route.attributes.clone()).unwrap_or_default(),
            skills: opening.route.map(|route| route.skills.clone()).unwrap_or_default(),
            preferred_skills: opening.route.map(|route| route.preferred_skills.clone()).unwrap_or_default(),
            excluded: Default::default(),
            preferred: (opening.preferred.filter(|agent| config.agents.contains_key(agent)))
                .or_else(|| before.and_then(|it| it.last_owner.clone())),
            sticky_until: None,
            not_before: None,
            expires: None,
            suspend_at: None,
            sla: None,
            transfer: None,
            helpers: Default::default(),
            merged: Vec::new(),
            detached: false,
            parent: before.and_then(|it| it.last_item.clone()),
            version: 0,
            first_message: opening.message_id.clone(),
            last_message: opening.message_id.clone(),
            message_count: 1,
            offers: Default::default(),
            assigned: None,
            wrap_up_until: None,
            code: None,
            unanswered: false,
            simulated: false,
            filed: Default::default(),
        }
    }

    fn join(&mut self, received: &Received, item: WorkItem) -> Reply {
        self.apply(Event::ItemJoined { item: item.id.clone(), message_id: received.message_id.clone() });
        // The wrap-up of somebody who has left would leave the customer waiting for an absent agent.
        let absent = |owner: &Id| self.state.agent(owner).is_none_or(|owner| owner.presence == Presence::Offline);
        let left = item.owner.as_ref().is_some_and(absent);
        match item.state {
            ItemState::Wrapping if left => self.leave_owner(&item.id, Cause::OwnerAbsent),
            ItemState::Suspended if left => self.leave_owner(&item.id, Cause::OwnerAbsent),
            ItemState::Suspended => {
                let actor = Actor::Driver { channel: received.channel.clone() };
                self.go_on(&item, Cause::SupportRequest, actor);
            }
            _ => {}
        }
        Reply::Joined { item: item.id }
    }

    /// An interaction about an open item.
    fn attach(&mut self, received: &Received, name: &str, item: &WorkItem) {
        let actor = Actor::Driver { channel: received.channel.clone() };
        let untaken = item.untaken() || item.state == ItemState::New;
        let active = matches!(item.state, ItemState::Active | ItemState::Suspended);
        match name {
            "work-item.cancel" if untaken || active => {
                self.cancel(&item.id, Cause::Driver, received.reason.clone(), actor);
            }
            "work-item.merge" if received.into.is_some() => {
                if let Some(into) = &received.into {
                    self.merge_conversations(received, item, into);
                }
            }
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
