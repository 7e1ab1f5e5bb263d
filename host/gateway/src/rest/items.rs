//! `/v1/work-items`: open ones from the state, those that have ended from the journal.

use super::list::{List, Page, query};
use crate::gateway::Gateway;
use crate::lookup::Lookup;
use crate::people::Caller;
use crate::problem::Problem;
use crate::render::ItemView;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use jackfield_journal::{WorkItemFilter, WorkItemRow};
use jackfield_router::{Id, ItemState, State as RouterState, WorkItem};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ops::Bound;
use uuid::Uuid;

/// Items looked at in one go: nothing is decided meanwhile.
const LOOKED_AT: usize = 10_000;

/// States of items that have ended.
const ENDED: [ItemState; 2] = [ItemState::Closed, ItemState::Cancelled];
/// States of items that are open.
const OPEN: [ItemState; 6] = [
    ItemState::New,
    ItemState::Queued,
    ItemState::Offered,
    ItemState::Active,
    ItemState::Suspended,
    ItemState::Wrapping,
];

/// A work item, open or ended.
pub(super) struct Item {
    item: WorkItem,
    /// Agents who are asked to take it.
    asked: Vec<Id>,
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    state: Option<String>,
}

pub(crate) async fn list(
    caller: Caller,
    mut page: Page,
    uri: http::Uri,
    State(gateway): State<Gateway>,
) -> Result<List<Box<RawValue>>, Problem> {
    caller.reads()?;
    let state = query::<Filter>(&uri)?.0.state.map(|name| state_of(&name)).transpose()?;
    page.keep("state", state.map(ItemState::name));
    let cursor = page
        .cursor
        .take()
        .map(|cursor| id_of(&cursor).ok_or_else(|| Problem::bad_request("this `cursor` is not one of this list")));
    let cursor = cursor.transpose()?;
    let wanted = page.limit + 1;
    let mut items = BTreeMap::new();
    // Open ones first: one that ends between the two is then found in both, and never in neither.
    if state.is_none_or(|state| OPEN.contains(&state)) {
        let open = open(&gateway, cursor, state, wanted).await?;
        items.extend(open.into_iter().map(|item| (item.id.clone(), item)));
    }
    if state.is_none_or(|state| ENDED.contains(&state)) {
        let filter = WorkItemFilter {
            state: state.map(|state| state.name().to_owned()),
            after: cursor.map(Uuid::into_bytes),
            limit: wanted,
        };
        let reader = gateway.sequencer().reader().clone();
        let rows = tokio::task::spawn_blocking(move || reader.work_items(&filter)).await??;
        for row in rows {
            let item = ended(&row)?;
            items.insert(item.id.clone(), item);
        }
    }
    let more = items.len() > page.limit;
    let items: Vec<WorkItem> = items.into_values().take(page.limit).collect();
    let last = items.last().filter(|_| more).map(|item| item.id.to_string());
    let lookup = gateway.lookup().clone();
    let render = move || items.iter().map(|item| render(item, &lookup)).collect::<Result<Vec<_>, _>>();
    let items = tokio::task::spawn_blocking(render).await??;
    Ok(page.list(items, last))
}

/// Up to `wanted` open items after `cursor`, looked for in pieces.
async fn open(
    gateway: &Gateway,
    cursor: Option<Uuid>,
    state: Option<ItemState>,
    wanted: usize,
) -> Result<Vec<WorkItem>, Problem> {
    let mut found = Vec::new();
    let mut after = cursor.map(|cursor| cursor.to_string());
    loop {
        let (from, missing) = (after.take(), wanted - found.len());
        let look = move |router: &RouterState| look(router, from.as_deref(), state, missing);
        let (items, last) = gateway.sequencer().read(look).await?;
        found.extend(items);
        if last.is_none() || found.len() == wanted {
            return Ok(found);
        }
        after = last;
    }
}

/// Some items of a state, and where to go on, if there is more.
fn look(
    router: &RouterState,
    after: Option<&str>,
    state: Option<ItemState>,
    wanted: usize,
) -> (Vec<WorkItem>, Option<String>) {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut found = Vec::new();
    for (looked_at, (id, item)) in router.items().range::<str, _>((from, Bound::Unbounded)).enumerate() {
        if state.is_none_or(|state| state == item.state) {
            found.push(WorkItem::clone(item));
        }
        if found.len() == wanted || looked_at + 1 == LOOKED_AT {
            return (found, Some(id.to_string()));
        }
    }
    (found, None)
}

/// What the agent who asks may pick, of the queues that leave picking to agents.
pub(crate) async fn pickable(
    caller: Caller,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<Box<RawValue>>, Problem> {
    let Caller::Agent(agent) = caller else {
        return Err(Problem::forbidden("this lists what an agent may pick; use an agent's token"));
    };
    let limit = page.limit;
    let look =
        move |state: &RouterState| -> Vec<WorkItem> { state.pickable(&agent, limit).into_iter().cloned().collect() };
    let items = gateway.sequencer().read(look).await?;
    let lookup = gateway.lookup().clone();
    let render = move || items.iter().map(|item| render(item, &lookup)).collect::<Result<Vec<_>, _>>();
    let items = tokio::task::spawn_blocking(render).await??;
    Ok(page.list(items, None))
}

pub(crate) async fn show(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Response, Problem> {
    let item = find(&gateway, &id).await?;
    item.admit(&caller)?;
    respond(&gateway, item).await
}

pub(super) async fn respond(gateway: &Gateway, item: Item) -> Result<Response, Problem> {
    let lookup = gateway.lookup().clone();
    let json = tokio::task::spawn_blocking(move || render(&item.item, &lookup)).await??;
    Ok(([(CONTENT_TYPE, "application/json")], String::from(Box::<str>::from(json))).into_response())
}

/// A work item by its id.
pub(super) async fn find(gateway: &Gateway, id: &str) -> Result<Item, Problem> {
    let unknown = || Problem::not_found("there is no such work item");
    let id = id_of(id).ok_or_else(unknown)?;
    let key = id.to_string();
    let look = move |state: &RouterState| {
        let item = state.item(&key)?.clone();
        let asked = item.offers.iter().filter_map(|offer| Some(state.offer(offer)?.agent.clone())).collect();
        Some(Item { item, asked })
    };
    if let Some(item) = gateway.sequencer().read(look).await? {
        return Ok(item);
    }
    let reader = gateway.sequencer().reader().clone();
    let row = tokio::task::spawn_blocking(move || reader.work_item(&id.into_bytes())).await??;
    let row = row.ok_or_else(unknown)?;
    Ok(Item { item: ended(&row)?, asked: Vec::new() })
}

impl Item {
    /// The item itself.
    pub(super) fn item(&self) -> &WorkItem {
        &self.item
    }

    /// Refuses agents whose item it isn't.
    pub(super) fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        let Caller::Agent(agent) = caller else {
            return Ok(());
        };
        let item = &self.item;
        let own = item.owner.as_ref() == Some(agent) || item.helpers.contains_key(agent) || self.asked.contains(agent);
        own.then_some(()).ok_or_else(|| Problem::forbidden("this work item isn't yours"))
    }
}

fn render(item: &WorkItem, lookup: &Lookup) -> Result<Box<RawValue>, Problem> {
    let facts = lookup.facts(&item.id)?;
    serde_json::value::to_raw_value(&ItemView::whole(item, &facts)).map_err(|error| Problem::internal(&error))
}

/// A work item that has ended, as it was at last.
fn ended(row: &WorkItemRow) -> Result<WorkItem, Problem> {
    serde_json::from_slice(&row.json)
        .map_err(|error| Problem::internal(&format_args!("the row of a work item: {error}")))
}

pub(super) fn id_of(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

fn state_of(name: &str) -> Result<ItemState, Problem> {
    let found = OPEN.into_iter().chain(ENDED).find(|state| state.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = OPEN.into_iter().chain(ENDED).map(ItemState::name).collect();
        Problem::bad_request(format!("`state` is one of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests;
