//! `/v1/work-items/{id}/explain`: why an item waits, why it went to whom, as the journal recorded it.

use super::items;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::render::time;
use axum::Json;
use axum::extract::{Path, State};
use jackfield_journal::Reader;
use jackfield_router::{
    AgentExplained, Assigned, Decided, Id, Millis, Offer, Reason, Record, State as RouterState, Why, decisions, explain,
};
use jackfield_sequencer::Entry;
use jackfield_spec::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Records read at once.
const PAGE: usize = 1_000;
/// Records looked through for one answer; what was decided later is left out, which is said.
const RECORDS: usize = 200_000;

/// Why an item is where it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explained {
    work_item_id: Id,
    state: &'static str,
    queue: Id,
    /// How it stands now; none for an item that has ended.
    now: Option<Standing>,
    /// Every offer that was made of it, with its reason and its end.
    decisions: Vec<Decision>,
    /// There are more records than are looked through for one answer.
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    since: Option<Timestamp>,
    rule: Option<Id>,
    ring: u8,
    next_ring_at: Option<Timestamp>,
    priority: u32,
    skills: BTreeMap<Id, u8>,
    teams: Option<BTreeSet<Id>>,
    position: Option<u32>,
    held: Vec<Reason>,
    agents: Vec<AgentExplained>,
    assigned: Option<Assignment>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    agent: Id,
    offered_at: Option<Timestamp>,
    accepted_at: Option<Timestamp>,
    why: Option<WhyView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    at: Option<Timestamp>,
    after: String,
    offer_id: Id,
    agent: Id,
    kind: &'static str,
    expires_at: Option<Timestamp>,
    why: Option<WhyView>,
    outcome: Option<&'static str>,
    ended_at: Option<Timestamp>,
}

/// Why an agent was asked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WhyView {
    by: &'static str,
    queue: Id,
    ring: u8,
    rule: Option<Id>,
    skills: BTreeMap<Id, u8>,
    priority: u32,
    /// How many could have taken it at that moment.
    ready: u32,
    measure: Option<MeasureView>,
    /// The next ones in the order of choice.
    others: Vec<MeasureView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MeasureView {
    agent: Id,
    idle_since: Option<Timestamp>,
    load: u32,
    level: u32,
}

impl WhyView {
    fn new(why: &Why) -> Self {
        let measure = |measure: &jackfield_router::Measure| MeasureView {
            agent: measure.agent.clone(),
            idle_since: time(measure.idle_since),
            load: measure.load,
            level: measure.level,
        };
        Self {
            by: why.by.name(),
            queue: why.queue.clone(),
            ring: why.ring,
            rule: why.rule.clone(),
            skills: why.skills.clone(),
            priority: why.priority,
            ready: why.ready,
            measure: why.measure.as_ref().map(measure),
            others: why.others.iter().map(measure).collect(),
        }
    }
}

impl Decision {
    fn new(decided: Decided) -> Self {
        let Offer { id, agent, kind, expires, why, .. } = decided.offer;
        Self {
            at: time(decided.at),
            after: decided.after,
            offer_id: id,
            agent,
            kind: kind.name(),
            expires_at: time(expires),
            why: why.as_deref().map(WhyView::new),
            outcome: decided.outcome.map(|outcome| outcome.name()),
            ended_at: decided.ended.and_then(time),
        }
    }
}

impl Standing {
    fn new(state: &RouterState, id: &str, now: Millis) -> Option<Self> {
        let explained = explain(state, id, now)?;
        let assignment = |assigned: Assigned| Assignment {
            agent: assigned.agent,
            offered_at: time(assigned.offered),
            accepted_at: time(assigned.accepted),
            why: assigned.why.as_deref().map(WhyView::new),
        };
        Some(Self {
            since: time(explained.since),
            rule: explained.rule,
            ring: explained.ring,
            next_ring_at: explained.ring_due.and_then(time),
            priority: explained.priority,
            skills: explained.skills,
            teams: explained.teams,
            position: explained.position,
            held: explained.held,
            agents: explained.agents,
            assigned: explained.assigned.map(assignment),
        })
    }
}

pub(crate) async fn show(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<Explained>, Problem> {
    caller.reads()?;
    let found = items::find(&gateway, &id).await?;
    let item = found.item();
    let (sought, now) = (item.id.clone(), gateway.sequencer().now());
    let standing = gateway.sequencer().read(move |state: &RouterState| Standing::new(state, &sought, now)).await?;
    let (reader, sought, begun) = (gateway.sequencer().reader().clone(), item.id.clone(), item.first_message.clone());
    let until = if standing.is_some() { Millis::MAX } else { item.since };
    let read = move || read(&reader, &sought, &begun, until);
    let (records, truncated) = tokio::task::spawn_blocking(read).await??;
    let decided = decisions(&item.id, &records);
    Ok(Json(Explained {
        work_item_id: item.id.clone(),
        state: item.state.name(),
        queue: item.queue.clone(),
        now: standing,
        decisions: decided.into_iter().map(Decision::new).collect(),
        truncated,
    }))
}

/// The records that name an item, from the one that opened it on; and whether there are too many.
fn read(reader: &Reader, item: &str, first: &str, until: Millis) -> Result<(Vec<Record>, bool), Problem> {
    let first = match items::id_of(first) {
        Some(first) => reader.message(&first.into_bytes())?,
        None => None,
    };
    let Some(mut next) = first.map(|row| row.seq) else { return Ok((Vec::new(), false)) };
    let mut found = Vec::new();
    let mut left = RECORDS;
    // Records that end an offer name the offer, not the item.
    let mut sought: Vec<String> = vec![item.to_owned()];
    loop {
        let page = reader.records(next, PAGE.min(left))?;
        let Some(last) = page.last() else { return Ok((found, false)) };
        next = last.seq + 1;
        left -= page.len();
        for record in &page {
            if u64::try_from(record.at).is_ok_and(|at| at > until) {
                return Ok((found, false));
            }
            if !sought.iter().any(|id| contains(&record.payload, id.as_bytes())) {
                continue;
            }
            // One of a later version has nothing that could be shown.
            let Ok(entry) = serde_json::from_slice::<Entry>(&record.payload) else { continue };
            for event in &entry.events {
                if let jackfield_router::Event::OfferCreated { offer } = event
                    && *offer.item == *item
                {
                    sought.push(offer.id.to_string());
                }
            }
            found.push(Record { at: entry.at, cause: entry.cause, events: entry.events });
        }
        if left == 0 {
            return Ok((found, true));
        }
    }
}

fn contains(payload: &[u8], text: &[u8]) -> bool {
    payload.windows(text.len()).any(|window| window == text)
}
