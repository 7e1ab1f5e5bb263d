//! A work item in JSON.

use super::time;
use crate::lookup::Facts;
use jackfield_router::{Deadline, Id, Sla, WorkItem};
use jackfield_spec::{Attributes, Customer, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// External ids in an event: the newest are enough to know an item by, and events are many.
const IN_EVENTS: usize = 10;

/// A work item as agents and operators see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemView<'a> {
    id: &'a str,
    external_ids: Vec<&'a str>,
    conversation: Option<&'a str>,
    state: &'static str,
    queue: &'a str,
    owner: Option<&'a str>,
    /// None for a task.
    channel: Option<&'a str>,
    media_type: &'a str,
    /// With the id that `/v1/customers` knows the customer by.
    customer: Option<Customer>,
    priority: u16,
    version: u64,
    rule: Option<&'a str>,
    parent: Option<&'a str>,
    subject: Option<&'a str>,
    language: Option<&'a str>,
    attributes: Option<&'a Attributes>,
    simulated: bool,
    skills: &'a BTreeMap<Id, u8>,
    preferred_skills: &'a BTreeMap<Id, u8>,
    ring: u8,
    /// Agents who were asked in.
    helpers: Vec<&'a str>,
    transfer: Option<TransferView<'a>>,
    sla: Option<SlaView>,
    created_at: Option<Timestamp>,
    first_queued_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    suspend_at: Option<Timestamp>,
    wrap_up_until: Option<Timestamp>,
    code: Option<&'a str>,
}

/// A work item on its way from one agent to somebody else.
#[derive(Debug, Serialize)]
struct TransferView<'a> {
    from: &'a str,
}

/// The due times of a work item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SlaView {
    first_answer: Option<DueView>,
    next_answer: Option<DueView>,
    resolution: Option<DueView>,
    answered_at: Option<Timestamp>,
    breached: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DueView {
    due_at: Option<Timestamp>,
    breached: bool,
}

impl SlaView {
    fn new(sla: &Sla) -> Self {
        let due = |deadline: Option<Deadline>| {
            deadline.map(|deadline| DueView { due_at: time(deadline.due), breached: deadline.breached })
        };
        Self {
            first_answer: due(sla.first_answer),
            next_answer: due(sla.next_answer),
            resolution: due(sla.resolution),
            answered_at: sla.answered.and_then(time),
            breached: sla.breached.iter().map(|target| target.name()).collect(),
        }
    }
}

impl<'a> ItemView<'a> {
    /// An item as events show it: with its newest external ids only.
    pub(crate) fn in_event(item: &'a WorkItem, facts: &'a Facts) -> Self {
        Self::new(item, facts, IN_EVENTS)
    }

    /// An item with all that is kept of it.
    pub(crate) fn whole(item: &'a WorkItem, facts: &'a Facts) -> Self {
        Self::new(item, facts, usize::MAX)
    }

    fn new(item: &'a WorkItem, facts: &'a Facts, external_ids: usize) -> Self {
        let info = facts.work_item();
        let skip = facts.external_ids.len().saturating_sub(external_ids);
        Self {
            id: &item.id,
            external_ids: facts.external_ids.iter().skip(skip).map(|id| &**id).collect(),
            conversation: info.map(|info| info.conversation.as_str()),
            state: item.state.name(),
            queue: &item.queue,
            owner: item.owner.as_deref(),
            channel: Some(&*item.channel).filter(|channel| !channel.is_empty()),
            media_type: &item.media_type,
            customer: facts
                .customer()
                .map(|known| Customer { id: item.customer.as_deref().map(str::to_owned), ..known.clone() }),
            priority: item.priority,
            version: item.version,
            rule: item.rule.as_deref(),
            parent: item.parent.as_deref(),
            subject: info.and_then(|info| info.subject.as_deref()),
            language: info.and_then(|info| info.language.as_deref()),
            attributes: info.map(|info| &info.attributes),
            simulated: item.simulated,
            skills: &item.skills,
            preferred_skills: &item.preferred_skills,
            ring: item.ring,
            helpers: item.helpers.keys().map(|agent| &**agent).collect(),
            transfer: item.transfer.as_ref().map(|transfer| TransferView { from: &transfer.from }),
            sla: item.sla.as_deref().map(SlaView::new),
            created_at: time(item.created),
            first_queued_at: time(item.first_queued),
            updated_at: time(item.since),
            not_before: item.not_before.and_then(time),
            expires_at: item.expires.and_then(time),
            suspend_at: item.suspend_at.and_then(time),
            wrap_up_until: item.wrap_up_until.and_then(time),
            code: item.code.as_deref(),
        }
    }
}
