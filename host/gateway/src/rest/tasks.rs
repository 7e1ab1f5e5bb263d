//! `POST /v1/work-items`: a task without a channel, or a callback on one.

use super::items;
use super::json::JsonBody;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use crate::socket::skills;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use jackfield_router::{Command, Id, Millis, Reply, Route, Task};
use jackfield_sequencer::Stored;
use jackfield_spec::{Attributes, Customer, Direction, Kind, Message, Part, Text, Timestamp, WorkItemInfo, limits};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The header that makes a request safe to repeat.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// What a task's medium is called, if the request doesn't say.
const TASK: &str = "task";
/// The rule that tasks name.
const RULE: &str = "api";

/// A task.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTask {
    subject: Option<String>,
    text: Option<String>,
    queue: Option<String>,
    priority: Option<u16>,
    skills: Option<Value>,
    preferred_skills: Option<Value>,
    agent: Option<String>,
    media_type: Option<String>,
    language: Option<String>,
    customer: Option<Asks>,
    attributes: Option<BTreeMap<String, String>>,
    channel: Option<String>,
    conversation: Option<String>,
    not_before: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    parent: Option<String>,
}

/// Who asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asks {
    address: String,
    name: Option<String>,
}

pub(crate) async fn create(
    caller: Caller,
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    JsonBody(task): JsonBody<NewTask>,
) -> Result<Response, Problem> {
    let by = caller.supervises()?;
    let key = key_of(&headers)?;
    let directory = gateway.people().now().clone();
    if let Some(queue) = task.queue.as_ref().filter(|queue| !directory.queues().iter().any(|known| **known == **queue))
    {
        return Err(Problem::not_found(format!("there is no queue `{queue}`; /v1/queues lists them")));
    }
    if let Some(agent) = task.agent.as_ref().filter(|agent| !directory.people().contains_key(agent.as_str())) {
        return Err(Problem::not_found(format!("there is no agent `{agent}`; /v1/agents lists them")));
    }
    let priority = task.priority;
    if priority.is_some_and(|priority| u32::from(priority) > limits::PRIORITY) {
        return Err(Problem::bad_request(format!("`priority` is a number from 0 to {}", limits::PRIORITY)));
    }
    let levels = |name: &str, value: &Option<Value>| match value {
        Some(value) => skills(value).map_err(|rule| Problem::bad_request(format!("`{name}` {rule}"))),
        None => Ok(BTreeMap::new()),
    };
    let (skills, preferred_skills) =
        (levels("skills", &task.skills)?, levels("preferredSkills", &task.preferred_skills)?);
    let channel = task.channel.clone().unwrap_or_default();
    if !channel.is_empty() && gateway.channels().get(&channel).is_none() {
        return Err(Problem::not_found(format!("there is no channel `{channel}`; /v1/channels lists them")));
    }
    let times = [task.not_before, task.expires_at].map(|time| time.map(Timestamp::millis));
    let (parent, agent, queue) = (task.parent.clone(), task.agent.clone(), task.queue.clone());
    let belongs = !channel.is_empty();
    let stored = store(&gateway, &by, &channel, task)?;
    let message = &stored.message;
    let [not_before, expires]: [Option<Millis>; 2] = times;
    let routed = || gateway.channels().route_of(message);
    let route = queue.map(|queue| Route { queue: queue.into(), rule: RULE.into(), ..Route::default() }).or_else(routed);
    let route = route.map(|route| {
        let asked = |skills: BTreeMap<Id, u8>, more: BTreeMap<Id, u8>| skills.into_iter().chain(more).collect();
        let (skills, preferred_skills) = (asked(route.skills, skills), asked(route.preferred_skills, preferred_skills));
        Route { skills, preferred_skills, ..route }
    });
    let task = Task {
        message_id: stored.id().into(),
        key,
        by,
        channel: channel.into(),
        conversation: if belongs { stored.conversation_key().into() } else { "".into() },
        customer: stored.customer_key().map(Id::from),
        media_type: message.media_type.as_str().into(),
        route,
        priority,
        preferred: agent.map(Id::from),
        not_before,
        expires,
        parent: parent.map(Id::from),
    };
    match gateway.sequencer().command_with(Command::Create(Box::new(task)), Some(stored)).await? {
        Reply::Opened { item } => {
            let answer = items::respond(&gateway, items::find(&gateway, &item).await?).await?;
            Ok((StatusCode::CREATED, [(LOCATION, format!("/v1/work-items/{item}"))], answer).into_response())
        }
        Reply::Refused(refusal) => Err(refusal.into()),
        other => Err(Problem::internal(&format_args!("a task was answered with {other:?}"))),
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<Id>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=128).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::bad_request("`Idempotency-Key` has 1 to 128 printable characters"))?;
    Ok(Some(key.into()))
}

/// The task as a message: what it says, and what is known of who asks.
fn store(gateway: &Gateway, by: &Id, channel: &str, task: NewTask) -> Result<Stored, Problem> {
    let id = Uuid::now_v7().to_string();
    // A conversation is the channel's; of a task there is none but the task itself.
    let conversation = task.conversation.unwrap_or_else(|| match (&task.customer, channel) {
        (Some(customer), channel) if !channel.is_empty() => customer.address.clone(),
        _ => id.clone(),
    });
    let (address, name) = task.customer.map_or((by.to_string(), None), |customer| (customer.address, customer.name));
    let customer = Customer { id: None, address, name, aliases: Vec::new(), attributes: Attributes::default() };
    let media_type = task.media_type.unwrap_or_else(|| TASK.to_owned());
    let mut message = Message::new(media_type.as_str(), Kind::Request, "support-request");
    message.event_id = Some(id);
    message.driver = gateway.channels().driver_of(channel);
    message.work_item = Some(WorkItemInfo {
        id: None,
        conversation,
        customer,
        subject: task.subject,
        priority: task.priority.map(u32::from),
        language: task.language,
        state: None,
        attributes: Attributes(task.attributes.unwrap_or_default().into_iter().collect()),
    });
    let text =
        |text| Part::Text(Text { text, format: "plain".to_owned(), language: None, attributes: Attributes::default() });
    message.parts = task.text.filter(|text| !text.is_empty()).map(text).into_iter().collect();
    let now = Timestamp::from_millis(gateway.sequencer().now()).unwrap_or_default();
    message.occurred_at = Some(now);
    jackfield_spec::validate::validate(&message).map_err(|invalid| Problem::bad_request(invalid.to_string()))?;
    Stored::new(gateway.sequencer().keys(), channel, Direction::Inbound, now, message)
        .map_err(|error| Problem::internal(&error))
}
