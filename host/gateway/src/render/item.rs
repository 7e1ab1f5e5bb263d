//! A work item in JSON.

use super::time;
use crate::lookup::Facts;
use jackfield_router::{Ended, WorkItem};
use jackfield_spec::{Attributes, Customer, Timestamp};
use serde::Serialize;
use std::borrow::Cow;

/// External ids in an event: the newest are enough to know an item by, and events are many.
const IN_EVENTS: usize = 10;

/// A work item as agents and operators see it. What isn't known any more of one that has ended is null.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemView<'a> {
    id: Cow<'a, str>,
    external_ids: Vec<&'a str>,
    conversation: Option<&'a str>,
    state: Cow<'a, str>,
    queue: Option<&'a str>,
    owner: Option<Cow<'a, str>>,
    channel: Option<&'a str>,
    media_type: Option<&'a str>,
    customer: Option<&'a Customer>,
    priority: Option<u16>,
    version: Option<u64>,
    rule: Option<&'a str>,
    parent: Option<&'a str>,
    subject: Option<&'a str>,
    language: Option<&'a str>,
    attributes: Option<&'a Attributes>,
    simulated: bool,
    created_at: Option<Timestamp>,
    first_queued_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    wrap_up_until: Option<Timestamp>,
    code: Option<&'a str>,
}

impl<'a> ItemView<'a> {
    /// An open item, as events show it: with its newest external ids only.
    pub(crate) fn in_event(item: &'a WorkItem, facts: &'a Facts) -> Self {
        Self::open(item, facts, IN_EVENTS)
    }

    /// An open item, with all that is kept of it.
    pub(crate) fn whole(item: &'a WorkItem, facts: &'a Facts) -> Self {
        Self::open(item, facts, usize::MAX)
    }

    fn open(item: &'a WorkItem, facts: &'a Facts, external_ids: usize) -> Self {
        Self {
            id: Cow::Borrowed(&item.id),
            state: Cow::Borrowed(item.state.name()),
            queue: Some(&item.queue),
            owner: item.owner.as_deref().map(Cow::Borrowed),
            channel: Some(&item.channel),
            media_type: Some(&item.media_type),
            priority: Some(item.priority),
            version: Some(item.version),
            rule: item.rule.as_deref(),
            parent: item.parent.as_deref(),
            simulated: item.simulated,
            created_at: time(item.created),
            first_queued_at: time(item.first_queued),
            updated_at: time(item.since),
            wrap_up_until: item.wrap_up_until.and_then(time),
            code: item.code.as_deref(),
            ..Self::from_facts(facts, external_ids)
        }
    }

    /// An item that has ended: what its row and its messages still say.
    pub(crate) fn closed(item: &'a ClosedItem, facts: &'a Facts) -> Self {
        let first = facts.first.as_deref();
        Self {
            id: Cow::Borrowed(&item.id),
            state: Cow::Borrowed(&item.state),
            owner: item.ended.as_ref().and_then(|ended| ended.agent.as_deref()).map(Cow::Borrowed),
            channel: first.and_then(|message| message.channel.as_deref()),
            media_type: first.map(|message| message.media_type.as_str()),
            created_at: first.and_then(|message| message.received_at),
            ..Self::from_facts(facts, usize::MAX)
        }
    }

    fn from_facts(facts: &'a Facts, external_ids: usize) -> Self {
        let info = facts.work_item();
        let skip = facts.external_ids.len().saturating_sub(external_ids);
        Self {
            external_ids: facts.external_ids.iter().skip(skip).map(|id| &**id).collect(),
            conversation: info.map(|info| info.conversation.as_str()),
            customer: facts.customer(),
            subject: info.and_then(|info| info.subject.as_deref()),
            language: info.and_then(|info| info.language.as_deref()),
            attributes: info.map(|info| &info.attributes),
            ..Self::default()
        }
    }
}

/// A work item that has ended, from its row.
#[derive(Debug, Clone)]
pub(crate) struct ClosedItem {
    /// Its id.
    pub(crate) id: String,
    /// `closed` or `cancelled`.
    pub(crate) state: String,
    /// What the router remembered of it.
    pub(crate) ended: Option<Ended>,
}
