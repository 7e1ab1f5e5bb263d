//! What a connection begins with: the agent, pending offers, and the agent's work items with their newest messages.

use crate::gateway::Gateway;
use crate::lookup::{Facts, Lookup};
use crate::people::Person;
use crate::problem::Problem;
use crate::render::{AgentStamp, DeliveredMessage, Event, FailureView, ItemView, OfferData, OwnState, write};
use axum::extract::ws::Utf8Bytes;
use jackfield_router::{AgentSnapshot, Id, Millis, State, WorkItem};
use jackfield_spec::{Direction, Message};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Messages of an item, the newest.
const MESSAGES: usize = 100;
/// Rows looked at for them: reports on what was sent are messages as well, and aren't shown.
const ROWS: usize = 300;
/// Bytes of all messages together; what is older is at `/v1/work-items/{id}/messages`.
const BYTES: usize = 4 * 1024 * 1024;

/// A message in the agent's form, and its id if it was sent by us.
struct Shown {
    json: Box<RawValue>,
    sent: Option<String>,
}

/// What is read from the database for a snapshot.
#[derive(Default)]
struct Content {
    facts: HashMap<Id, Arc<Facts>>,
    messages: HashMap<Id, Vec<Shown>>,
}

/// What became of a message that was sent.
#[derive(Serialize)]
struct StatusView {
    status: &'static str,
    error: Option<FailureView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotData<'a> {
    agent: OwnState<'a>,
    offers: Vec<OfferData<'a>>,
    work_items: Vec<ItemData<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemData<'a> {
    work_item: ItemView<'a>,
    messages: Vec<&'a RawValue>,
    statuses: BTreeMap<&'a str, &'a StatusView>,
}

/// Makes the frame of a snapshot and says what number it is current to. None: the agent isn't in the config.
pub(super) async fn make(
    gateway: &Gateway,
    agent: &Id,
    connection: &Id,
    count: u64,
) -> Result<Option<(u64, Utf8Bytes)>, Problem> {
    let of = agent.clone();
    let look = move |state: &State| (state.snapshot_of(&of), state.now());
    let (snapshot, at) = gateway.sequencer().read(look).await?;
    let Some(snapshot) = snapshot else {
        return Ok(None);
    };
    let snapshot = Arc::new(snapshot);
    let content = match snapshot.offers.is_empty() && snapshot.items.is_empty() {
        true => Content::default(),
        false => {
            let (lookup, directory, snapshot) =
                (gateway.lookup().clone(), gateway.people().now().clone(), snapshot.clone());
            tokio::task::spawn_blocking(move || read(&lookup, directory.person(&snapshot.agent.id), &snapshot, at))
                .await??
        }
    };
    let sent: Vec<String> = content.messages.values().flatten().filter_map(|shown| shown.sent.clone()).collect();
    let statuses = match sent.is_empty() {
        true => HashMap::new(),
        false => gateway.sequencer().read(move |state| statuses(state, sent)).await?,
    };
    let directory = gateway.people().now();
    let data = assemble(&snapshot, directory.person(agent), &content, &statuses);
    let now = gateway.sequencer().now();
    let text = write(&Event::snapshot(agent, connection, count, snapshot.sequence, now, data))
        .map_err(|error| Problem::internal(&error))?;
    Ok(Some((snapshot.sequence, text.into())))
}

/// Reads what belongs to the items, and writes their messages in the agent's form.
fn read(lookup: &Lookup, person: &Person, snapshot: &AgentSnapshot, at: Millis) -> Result<Content, Problem> {
    let mut content = Content::default();
    let mut left = BYTES;
    for item in snapshot.offers.iter().map(|(_, item)| item).chain(&snapshot.items) {
        content.facts.insert(item.id.clone(), lookup.facts(&item.id)?);
    }
    for item in &snapshot.items {
        let mut shown = Vec::new();
        for row in lookup.newest(&item.id, ROWS, at)?.iter().rev() {
            if shown.len() == MESSAGES || left == 0 {
                break;
            }
            let Some(message) = lookup.messages().load(row)? else {
                continue;
            };
            if message.interaction.name == "message.status" {
                continue;
            }
            let sent = (message.direction == Some(Direction::Outbound)).then(|| message.id.clone()).flatten();
            let delivered = delivered(&message, item, snapshot, person);
            let json = serde_json::value::to_raw_value(&delivered).map_err(|error| Problem::internal(&error))?;
            left = left.saturating_sub(json.get().len());
            shown.push(Shown { json, sent });
        }
        shown.reverse();
        content.messages.insert(item.id.clone(), shown);
    }
    Ok(content)
}

fn delivered<'a>(
    message: &'a Message,
    item: &'a WorkItem,
    snapshot: &'a AgentSnapshot,
    person: &'a Person,
) -> DeliveredMessage<'a> {
    let agent = &snapshot.agent;
    let stamp = AgentStamp::new(&agent.id, person.name(), person.address(&message.media_type), agent.state.name());
    DeliveredMessage::new(message, &item.id, stamp)
}

fn statuses(state: &State, sent: Vec<String>) -> HashMap<String, StatusView> {
    let status = |id: String| {
        let delivery = state.delivery(&id)?;
        let view = StatusView { status: delivery.status.name(), error: delivery.error.as_ref().map(FailureView::new) };
        Some((id, view))
    };
    sent.into_iter().filter_map(status).collect()
}

fn assemble<'a>(
    snapshot: &'a AgentSnapshot,
    person: &'a Person,
    content: &'a Content,
    statuses: &'a HashMap<String, StatusView>,
) -> SnapshotData<'a> {
    let offers = snapshot.offers.iter().filter_map(|(offer, item)| {
        let facts = content.facts.get(&item.id)?;
        Some(OfferData {
            offer: offer.into(),
            work_item: ItemView::whole(item, facts),
            message: facts.first.as_deref().map(|first| delivered(first, item, snapshot, person)),
            customer: facts.customer(),
        })
    });
    let items = snapshot.items.iter().filter_map(|item| {
        let messages = content.messages.get(&item.id)?;
        let status = |shown: &'a Shown| {
            let (id, view) = statuses.get_key_value(shown.sent.as_ref()?)?;
            Some((id.as_str(), view))
        };
        Some(ItemData {
            work_item: ItemView::whole(item, content.facts.get(&item.id)?),
            messages: messages.iter().map(|shown| &*shown.json).collect(),
            statuses: messages.iter().filter_map(status).collect(),
        })
    });
    SnapshotData {
        agent: OwnState::new(&snapshot.agent, person.name()),
        offers: offers.collect(),
        work_items: items.collect(),
    }
}
