//! Requests of drivers that are answered at once, from committed state.

use crate::services::{Server, unavailable};
use jackfield_router::State;
use jackfield_sandbox::Services;
use jackfield_spec::{AgentInfo, ErrorInfo, Interaction, Kind, Message, QueueInfo};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Newest messages of a customer that are looked at for open work items.
const LOOKED_AT: usize = 200;

/// Answers a request: a notification of the request's name, in reply to its tracking id.
pub(crate) async fn answer(server: &Server, channel: &str, message: Message) -> Result<Message, ErrorInfo> {
    if message.interaction.kind != Kind::Request {
        return Err(ErrorInfo::new("invalid", "`query` takes requests; push commands and notifications"));
    }
    let reply = Interaction {
        kind: Kind::Notification,
        name: message.interaction.name.clone(),
        arguments: json!({}),
        tracking_id: None,
        in_reply_to: message.interaction.tracking_id.clone(),
    };
    match message.interaction.name.as_str() {
        "work-item.state" => work_item_state(server, channel, message, reply).await,
        "agent.state" => agent_state(server, message, reply).await,
        "queue.statistics" => queue_statistics(server, message, reply).await,
        "customer.find" => customer_find(server, channel, message, reply).await,
        other => Err(ErrorInfo::new(
            "not-supported",
            format!(
                "`{other}` is not answered by `query`; work-item.state, agent.state, queue.statistics and customer.find \
                 are"
            ),
        )),
    }
}

async fn read<T: Send + 'static>(
    server: &Server,
    look: impl FnOnce(&State) -> T + Send + 'static,
) -> Result<T, ErrorInfo> {
    server.sequencer.read(look).await.map_err(|error| ErrorInfo::new("unavailable", error.to_string()))
}

/// The argument `id`, which lookups have.
fn id_of(message: &Message) -> Option<String> {
    message.interaction.arguments.get("id").and_then(Value::as_str).map(str::to_owned)
}

async fn work_item_state(
    server: &Server,
    channel: &str,
    mut message: Message,
    reply: Interaction,
) -> Result<Message, ErrorInfo> {
    let keys = server.sequencer.keys();
    let conversation =
        message.work_item.as_ref().map(|item| hex::encode(keys.conversation(channel, &item.conversation)));
    let wanted = id_of(&message);
    let channel = channel.to_owned();
    let found = read(server, move |state| {
        let item = match (&wanted, &conversation) {
            (Some(id), _) => state.item(id),
            (None, Some(key)) => state.open_item(&channel.as_str().into(), &key.as_str().into()),
            (None, None) => None,
        };
        // Of other channels' items a driver learns nothing.
        item.filter(|item| *item.channel == *channel).map(|item| {
            let presence = |id: &str| state.agent(id).map(|agent| agent.presence.name());
            let owner = item.owner.as_deref().map(|id| (id.to_owned(), presence(id)));
            (item.id.to_string(), item.state.name(), item.queue.to_string(), owner)
        })
    });
    let Some((id, state, queue, owner)) = found.await? else {
        return Err(ErrorInfo::new(
            "unknown-work-item",
            "this channel has no open work item of this id or conversation",
        ));
    };
    if let Some(item) = &mut message.work_item {
        item.id = Some(id);
        item.state = Some(state.to_owned());
    }
    message.queue = Some(QueueInfo::new(queue));
    message.agent = owner.map(|(id, presence)| agent_info(server, id, presence));
    Ok(Message { interaction: reply, ..message })
}

async fn agent_state(server: &Server, mut message: Message, reply: Interaction) -> Result<Message, ErrorInfo> {
    let id = message.agent.as_ref().map(|agent| agent.id.clone()).or_else(|| id_of(&message)).unwrap_or_default();
    let wanted = id.clone();
    let found = read(server, move |state| {
        state.agent(&wanted).map(|agent| (agent.presence.name(), agent.load, agent.capacity))
    });
    let Some((presence, load, capacity)) = found.await? else {
        return Err(ErrorInfo::new("unknown-agent", "there is no agent of this id"));
    };
    message.agent = Some(agent_info(server, id, Some(presence)));
    let arguments = json!({ "load": load, "capacity": capacity, "media": [] });
    Ok(Message { interaction: Interaction { arguments, ..reply }, ..message })
}

async fn queue_statistics(server: &Server, mut message: Message, reply: Interaction) -> Result<Message, ErrorInfo> {
    let id = message.queue.as_ref().map(|queue| queue.id.clone()).or_else(|| id_of(&message)).unwrap_or_default();
    let wanted: jackfield_router::Id = id.as_str().into();
    let now = server.sequencer.now();
    let found = read(server, move |state| {
        let level = state.config().queues.get(&wanted)?.answered_within_ms;
        let queues = [wanted];
        let longest = state.longest_waits(&queues, now).into_values().next();
        let [wanted] = &queues;
        Some((state.queue_view(wanted), longest, level))
    });
    let Some((view, longest, level)) = found.await? else {
        return Err(ErrorInfo::new("unknown-queue", "there is no queue of this id"));
    };
    message.queue = Some(QueueInfo {
        waiting: u32::try_from(view.waiting).ok(),
        expected_wait_ms: view.expected_wait_ms.and_then(|wait| u32::try_from(wait).ok()),
        ..QueueInfo::new(id)
    });
    let arguments = json!({
        "longestWaitMs": longest,
        "serviceLevel": view.service_level_percent,
        "serviceLevelMs": level,
    });
    Ok(Message { interaction: Interaction { arguments, ..reply }, ..message })
}

async fn customer_find(
    server: &Server,
    channel: &str,
    mut message: Message,
    reply: Interaction,
) -> Result<Message, ErrorInfo> {
    let address = message.interaction.arguments.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
    let customer = server.find_customer(channel, &address)?;
    let key = server.sequencer.keys().customer(channel, &address);
    let rows = server.sequencer.reader().newest_of_customer(&key, LOOKED_AT).map_err(unavailable)?;
    let items: BTreeSet<_> =
        rows.into_iter().filter_map(|row| row.work_item).map(|id| Uuid::from_bytes(id).to_string()).collect();
    let open = read(server, move |state| {
        let owner = |id: &str| (id.to_owned(), state.agent(id).map(|agent| agent.presence.name()));
        let open = |id: String| state.item(&id).map(|item| (item.id.to_string(), item.owner.as_deref().map(owner)));
        items.into_iter().filter_map(open).collect::<Vec<_>>()
    })
    .await?;
    let owner = open.iter().find_map(|(_, owner)| owner.clone());
    let preferred = owner.as_ref().map(|(id, _)| id.clone());
    let id = customer.as_ref().and_then(|customer| customer.id.clone());
    if let (Some(item), Some(customer)) = (&mut message.work_item, customer) {
        item.customer = customer;
    }
    message.agent = owner.map(|(id, presence)| agent_info(server, id, presence));
    let ids: Vec<String> = open.into_iter().map(|(id, _)| id).collect();
    let arguments = json!({ "customerId": id, "openWorkItems": ids, "preferredAgent": preferred });
    Ok(Message { interaction: Interaction { arguments, ..reply }, ..message })
}

/// An agent with the name that the config gives.
fn agent_info(server: &Server, id: String, presence: Option<&'static str>) -> AgentInfo {
    let name = server.config.load().agents.iter().find(|agent| agent.id == id).map(|agent| agent.name.clone());
    AgentInfo { name, presence: presence.map(str::to_owned), ..AgentInfo::new(id) }
}
