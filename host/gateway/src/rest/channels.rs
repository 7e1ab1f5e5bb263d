//! `/v1/channels`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::render::time;
use axum::Json;
use axum::extract::{Path, State};
use jackfield_channels::ChannelView;
use jackfield_spec::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

pub(crate) async fn list(
    caller: Caller,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<ChannelView>, Problem> {
    caller.reads()?;
    Ok(page.of(gateway.channels().list(), |channel| &channel.id))
}

pub(crate) async fn show(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<ChannelView>, Problem> {
    caller.reads()?;
    gateway.channels().get(&id).map(Json).ok_or_else(unknown)
}

pub(crate) async fn pause(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<ChannelView>, Problem> {
    let by = caller.operates()?;
    if !gateway.channels().pause(&id, &by).await? {
        return Err(unknown());
    }
    gateway.channels().get(&id).map(Json).ok_or_else(unknown)
}

pub(crate) async fn resume(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
) -> Result<Json<ChannelView>, Problem> {
    let by = caller.operates()?;
    if !gateway.channels().resume(&id, &by).await? {
        return Err(unknown());
    }
    gateway.channels().get(&id).map(Json).ok_or_else(unknown)
}

/// A line of a channel's log.
#[derive(Serialize)]
pub(crate) struct Line {
    number: u64,
    at: Option<Timestamp>,
    level: String,
    text: String,
    fields: Option<Box<RawValue>>,
}

/// The newest lines; with `after`, those after a number.
pub(crate) async fn log(
    caller: Caller,
    Path(id): Path<String>,
    mut page: Page,
    uri: http::Uri,
    State(gateway): State<Gateway>,
) -> Result<List<Line>, Problem> {
    #[derive(serde::Deserialize)]
    struct After {
        after: Option<u64>,
    }
    caller.reads()?;
    if gateway.channels().get(&id).is_none() {
        return Err(unknown());
    }
    let after = super::list::query::<After>(&uri)?.0.after;
    let cursor = page
        .cursor
        .take()
        .map(|cursor| cursor.parse().map_err(|_| Problem::bad_request("this `cursor` is not one of this list")));
    let after = cursor.transpose()?.or(after);
    let (log, limit) = (gateway.channels().log().clone(), page.limit);
    let read = move || {
        let after = after.map_or_else(|| log.before_newest(&id, limit), Ok)?;
        log.read(&id, after, limit + 1)
    };
    let mut entries = tokio::task::spawn_blocking(read).await??;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more).map(|entry| entry.number.to_string());
    let line = |entry: jackfield_journal::LogEntry| Line {
        number: entry.number,
        at: u64::try_from(entry.line.at).ok().and_then(time),
        level: entry.line.level,
        text: entry.line.text,
        fields: RawValue::from_string(entry.line.fields).ok(),
    };
    Ok(page.list(entries.into_iter().map(line).collect(), last))
}

fn unknown() -> Problem {
    Problem::not_found("there is no such channel; /v1/channels lists them")
}
