//! What supervisors do with a work item in any state.

use super::items;
use super::json::JsonBody;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::socket::skills;
use axum::extract::{Path, State};
use axum::response::Response;
use jackfield_router::{Change, Command, Id, OperatorAction, Reply};
use jackfield_spec::limits;
use serde::Deserialize;
use serde_json::Value;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Requeue {
    queue: Option<String>,
    if_version: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Close {
    code: Option<String>,
    if_version: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancel {
    reason: Option<String>,
    if_version: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Update {
    priority: Option<u16>,
    skills: Option<Value>,
    preferred_skills: Option<Value>,
    if_version: Option<u64>,
}

pub(crate) async fn requeue(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
    JsonBody(body): JsonBody<Requeue>,
) -> Result<Response, Problem> {
    let name = caller.supervises()?;
    let queue: Option<Id> = body.queue.map(Id::from);
    if let Some(queue) = queue.as_ref().filter(|queue| !gateway.people().now().queues().contains(queue)) {
        return Err(Problem::not_found(format!("there is no queue `{queue}`; /v1/queues lists them")));
    }
    operate(&gateway, name, id, body.if_version, OperatorAction::Requeue { queue }).await
}

pub(crate) async fn close(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
    JsonBody(body): JsonBody<Close>,
) -> Result<Response, Problem> {
    let name = caller.supervises()?;
    let code = line("code", body.code)?;
    operate(&gateway, name, id, body.if_version, OperatorAction::Close { code }).await
}

pub(crate) async fn cancel(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
    JsonBody(body): JsonBody<Cancel>,
) -> Result<Response, Problem> {
    let name = caller.supervises()?;
    let reason = line("reason", body.reason)?;
    operate(&gateway, name, id, body.if_version, OperatorAction::Cancel { reason }).await
}

pub(crate) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    State(gateway): State<Gateway>,
    JsonBody(body): JsonBody<Update>,
) -> Result<Response, Problem> {
    let name = caller.supervises()?;
    let levels = |name: &str, value: Option<Value>| {
        value.map(|value| skills(&value).map_err(|rule| Problem::bad_request(format!("`{name}` {rule}")))).transpose()
    };
    let change = Change {
        priority: body.priority,
        skills: levels("skills", body.skills)?,
        preferred_skills: levels("preferredSkills", body.preferred_skills)?,
    };
    if change.priority.is_some_and(|priority| u32::from(priority) > limits::PRIORITY) {
        return Err(Problem::bad_request(format!("`priority` is a number from 0 to {}", limits::PRIORITY)));
    }
    if change == Change::default() {
        let rule = "there is nothing to change: give `priority`, `skills` or `preferredSkills`";
        return Err(Problem::bad_request(rule));
    }
    operate(&gateway, name, id, body.if_version, OperatorAction::Update { change }).await
}

/// A text that goes into the journal.
fn line(name: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.len() > limits::LINE => {
            Err(Problem::bad_request(format!("`{name}` has at most {} bytes", limits::LINE)))
        }
        text => Ok(text),
    }
}

async fn operate(
    gateway: &Gateway,
    name: Id,
    id: String,
    if_version: Option<u64>,
    action: OperatorAction,
) -> Result<Response, Problem> {
    let command = Command::Operator { name, item: id.as_str().into(), if_version, action };
    if let Reply::Refused(refusal) = gateway.sequencer().command(command).await? {
        return Err(refusal.into());
    }
    items::respond(gateway, items::find(gateway, &id).await?).await
}
