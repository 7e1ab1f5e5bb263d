//! `/v1/queues`

use super::list::{List, Page};
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::extract::State;
use jackfield_router::{Id, ItemState, State as RouterState};
use serde::Serialize;

/// A queue and what is in it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueListed {
    id: String,
    /// Items that wait for an agent.
    waiting: u64,
    /// Items that an agent has been asked to take.
    offered: u64,
    /// Items that an agent works on.
    active: u64,
    /// Items that an agent has set aside.
    suspended: u64,
    /// Items that are being wrapped up.
    wrapping: u64,
    /// Milliseconds that the item that waits longest has been waiting.
    longest_wait_ms: Option<u64>,
    /// Whether it is within its business hours.
    open: bool,
    /// Milliseconds that the next item would wait, from the pace of late.
    expected_wait_ms: Option<u64>,
    /// Hundredths accepted within the time that the config asks for.
    service_level_percent: Option<u8>,
}

pub(crate) async fn list(
    caller: Caller,
    page: Page,
    State(gateway): State<Gateway>,
) -> Result<List<QueueListed>, Problem> {
    caller.reads()?;
    let mut queues = gateway.people().now().queues().to_vec();
    queues.sort();
    let now = gateway.sequencer().now();
    let listed = gateway.sequencer().read(move |state| look(state, &queues, now)).await?;
    Ok(page.of(listed, |queue| &queue.id))
}

fn look(state: &RouterState, queues: &[Id], now: u64) -> Vec<QueueListed> {
    let count = |queue: &Id, of| state.counts().get(&(queue.clone(), of)).copied().unwrap_or(0);
    let longest = state.longest_waits(queues, now);
    let listed = |queue: &Id| {
        let view = state.queue_view(queue);
        QueueListed {
            id: queue.to_string(),
            waiting: count(queue, ItemState::Queued),
            offered: count(queue, ItemState::Offered),
            active: count(queue, ItemState::Active),
            suspended: count(queue, ItemState::Suspended),
            wrapping: count(queue, ItemState::Wrapping),
            longest_wait_ms: longest.get(queue).copied(),
            open: view.open,
            expected_wait_ms: view.expected_wait_ms,
            service_level_percent: view.service_level_percent,
        }
    };
    queues.iter().map(listed).collect()
}
