//! `/metrics` in Prometheus' text format.

mod text;

use crate::endpoint::Endpoint;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Extension;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use jackfield_channels::LATENCY_BUCKETS;
use jackfield_config::Metrics;
use jackfield_router::State as RouterState;
use std::sync::atomic::{AtomicU64, Ordering};
use text::{Family, Text};

/// Open on this machine; for others as the config says.
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    Extension(endpoint): Extension<Endpoint>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let policy = gateway.people().now().metrics();
    match policy {
        _ if endpoint.is_here(&headers) => {}
        Metrics::Public => {}
        Metrics::Operator => Caller::from_request_parts(&mut request.into_parts().0, &gateway).await?.reads()?,
        Metrics::Loopback => {
            return Err(Problem::forbidden(
                "metrics are open on this machine only; `metrics` under [server] may open them",
            ));
        }
    }
    let mut text = Text::default();
    server(&mut text, &gateway);
    state(&mut text, &gateway).await?;
    channels(&mut text, &gateway);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.finish()).into_response())
}

fn server(text: &mut Text, gateway: &Gateway) {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let sequencer = gateway.sequencer();
    let counters = sequencer.counters();
    let hub = gateway.hub();
    let mut answers =
        text.family(Family::counter("http_answers_total", "Answers to HTTP requests by the class of their status."));
    for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(gateway.answers()) {
        answers.value(&[("class", class)], count);
    }
    let single = [
        (Family::gauge("ready", "1 if the journal can be written."), u64::from(sequencer.is_ready())),
        (Family::gauge("sequencer_waiting", "Jobs that wait for the sequencer."), sequencer.waiting() as u64),
        (Family::counter("journal_records_total", "Records appended to the journal."), load(&counters.records)),
        (
            Family::counter("journal_batches_total", "Batches appended to the journal, each with one sync."),
            load(&counters.batches),
        ),
        (Family::counter("journal_failures_total", "Batches that could not be appended."), load(&counters.failures)),
        (Family::counter("messages_total", "New messages that drivers pushed."), load(&counters.messages)),
        (Family::counter("duplicates_total", "Messages that drivers pushed again."), load(&counters.duplicates)),
        (
            Family::counter("conflicts_total", "Handler calls that met a change of what they had read."),
            load(&counters.conflicts),
        ),
        (Family::counter("snapshots_total", "Snapshots made."), load(&counters.snapshots)),
        (
            Family::counter("snapshot_failures_total", "Snapshots that could not be made."),
            load(&counters.snapshot_failures),
        ),
        (
            Family::counter("blobs_collected_total", "Blobs removed because nothing needed them."),
            load(&counters.orphans),
        ),
        (
            Family::counter("retained_total", "Contents, ids, records and ended items taken away by retention."),
            load(&counters.retained),
        ),
        (Family::counter("erasures_total", "Customers erased."), load(&counters.erasures)),
        (Family::gauge("agent_connections", "WebSockets of agents that are open."), hub.connections()),
        (Family::counter("agent_events_total", "Events rendered for agents."), load(&hub.counters().events)),
        (
            Family::counter("agent_gaps_total", "Connections that were too slow and began anew with a snapshot."),
            load(&hub.counters().gaps),
        ),
        (
            Family::counter("agent_dead_connections_total", "Connections closed because nothing came from the agent."),
            load(&hub.counters().dead),
        ),
    ];
    for (family, value) in single {
        text.family(family).value(&[], value);
    }
}

async fn state(text: &mut Text, gateway: &Gateway) -> Result<(), Problem> {
    let look = |state: &RouterState| {
        let counts: Vec<_> =
            state.counts().iter().map(|((queue, state), count)| (queue.clone(), state.name(), *count)).collect();
        let mut agents = std::collections::BTreeMap::new();
        for agent in state.agents().values().filter(|agent| agent.configured) {
            let connected = if agent.connections.is_empty() { "no" } else { "yes" };
            *agents.entry((agent.presence.name(), connected)).or_insert(0u64) += 1;
        }
        (counts, agents, state.deliveries().len() as u64)
    };
    let (counts, agents, deliveries) = gateway.sequencer().read(look).await?;
    let mut items = text.family(Family::gauge("work_items", "Open work items by queue and state."));
    for (queue, state, count) in &counts {
        items.value(&[("queue", queue), ("state", state)], *count);
    }
    let mut family = text.family(Family::gauge("agents", "Agents of the config by presence and connection."));
    for ((presence, connected), count) in &agents {
        family.value(&[("presence", presence), ("connected", connected)], *count);
    }
    text.family(Family::gauge("deliveries", "Messages to customers that are under way or may still be reported on."))
        .value(&[], deliveries);
    Ok(())
}

fn channels(text: &mut Text, gateway: &Gateway) {
    let channels = gateway.channels().metrics();
    let mut calls =
        text.family(Family::counter("channel_calls_total", "Calls of drivers' handlers by kind and outcome."));
    for channel in &channels {
        for (kind, outcome, count) in &channel.calls {
            calls.value(&[("channel", &channel.channel), ("kind", kind), ("outcome", outcome)], *count);
        }
    }
    let mut latency =
        text.family(Family::histogram("channel_call_seconds", "How long calls of drivers' handlers took."));
    for channel in &channels {
        for (kind, histogram) in &channel.latency {
            latency.histogram(
                &[("channel", &channel.channel), ("kind", kind)],
                &LATENCY_BUCKETS,
                &histogram.buckets,
                histogram.seconds,
            );
        }
    }
    type Read = fn(&jackfield_channels::ChannelMetrics) -> u64;
    let single: [(Family, Read); 5] = [
        (Family::counter("channel_messages_total", "New messages that a channel's driver pushed."), |channel| {
            channel.messages
        }),
        (Family::counter("channel_duplicates_total", "Messages that a channel's driver pushed again."), |channel| {
            channel.duplicates
        }),
        (
            Family::counter("channel_conflicts_total", "Commits of a channel that met a change of its store."),
            |channel| channel.conflicts,
        ),
        (
            Family::counter("channel_refused_total", "Requests that were refused before they reached the driver."),
            |channel| channel.refused,
        ),
        (
            Family::counter("route_failures_total", "Conditions of routes that failed and counted as not met."),
            |channel| channel.route_failures,
        ),
    ];
    for (family, read) in single {
        let mut family = text.family(family);
        for channel in &channels {
            family.value(&[("channel", &channel.channel)], read(channel));
        }
    }
}
