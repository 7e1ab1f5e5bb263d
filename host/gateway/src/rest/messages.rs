//! `/v1/work-items/{id}/messages`: what was said, as it was encoded.

use super::items;
use super::list::{List, Page, query};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::render::FailureView;
use axum::Json;
use axum::extract::{Path, State};
use jackfield_router::State as RouterState;
use jackfield_sequencer::Messages;
use jackfield_spec::{Direction, Message};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Messages, and what became of those that were sent.
#[derive(Serialize)]
pub(crate) struct Thread {
    #[serde(flatten)]
    list: List<Message>,
    statuses: BTreeMap<String, Status>,
}

#[derive(Deserialize)]
struct Ordered {
    order: Option<String>,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
    error: Option<FailureView>,
}

pub(crate) async fn list(
    caller: Caller,
    Path(id): Path<String>,
    mut page: Page,
    uri: http::Uri,
    State(gateway): State<Gateway>,
) -> Result<Json<Thread>, Problem> {
    let order = query::<Ordered>(&uri)?.0.order;
    let newest_first = match order.as_deref() {
        None | Some("oldest") => false,
        Some("newest") => true,
        Some(_) => return Err(Problem::bad_request("`order` is `oldest` or `newest`, which come first")),
    };
    page.keep("order", order.as_deref());
    items::find(&gateway, &id).await?.admit(&caller)?;
    let wrong = || Problem::bad_request("this `cursor` is not one of this list");
    let after = page.cursor.take().map(|cursor| items::id_of(&cursor).ok_or_else(wrong)).transpose()?;
    let Some(item) = items::id_of(&id) else {
        return Err(wrong());
    };
    let (messages, limit) = (gateway.sequencer().messages(), page.limit);
    let read = move || read(&messages, item, after, limit, newest_first);
    let (messages, last) = match tokio::task::spawn_blocking(read).await? {
        Err(jackfield_journal::Error::UnknownMessage { .. }) => return Err(wrong()),
        read => read?,
    };
    let sent: Vec<String> = messages
        .iter()
        .filter(|message| message.direction == Some(Direction::Outbound))
        .filter_map(|message| message.id.clone())
        .collect();
    let statuses = gateway.sequencer().read(move |state| statuses(state, sent)).await?;
    Ok(Json(Thread { list: page.list(messages, last), statuses }))
}

/// A page of messages, and where the next one begins. Messages whose content was erased are left out.
fn read(
    messages: &Messages,
    item: Uuid,
    after: Option<Uuid>,
    limit: usize,
    newest_first: bool,
) -> Result<(Vec<Message>, Option<String>), jackfield_journal::Error> {
    let (item, after) = (item.into_bytes(), after.map(Uuid::into_bytes));
    let mut rows = match newest_first {
        true => messages.reader().newest_of_item(&item, after.as_ref(), limit + 1)?,
        false => messages.reader().messages_of_item(&item, after.as_ref(), limit + 1)?,
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more).map(|row| Uuid::from_bytes(row.id).to_string());
    let loaded = rows.iter().filter_map(|row| messages.load(row).transpose());
    Ok((loaded.collect::<Result<_, _>>()?, last))
}

fn statuses(state: &RouterState, sent: Vec<String>) -> BTreeMap<String, Status> {
    let status = |id: String| {
        let delivery = state.delivery(&id)?;
        let status = Status { status: delivery.status.name(), error: delivery.error.as_ref().map(FailureView::new) };
        Some((id, status))
    };
    sent.into_iter().filter_map(status).collect()
}
