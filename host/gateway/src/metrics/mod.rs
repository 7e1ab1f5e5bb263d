//! `/metrics` in Prometheus' text format.

mod text;

use crate::endpoint::Endpoint;
use crate::gateway::Gateway;
use crate::people::Caller;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use jackfield_channels::LATENCY_BUCKETS;
use jackfield_config::Metrics;
use jackfield_router::State as RouterState;
use std::sync::atomic::{AtomicU64, Ordering};
use text::{Family, Text};

/// Who may see how the server is: open on this machine; for others as the config says.
pub(crate) struct MayLook;

impl FromRequestParts<Gateway> for MayLook {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let here = parts.extensions.get::<Endpoint>().is_some_and(|endpoint| endpoint.is_here(&parts.headers));
        match gateway.people().now().metrics() {
            _ if here => {}
            Metrics::Public => {}
            Metrics::Operator => Caller::from_request_parts(parts, gateway).await?.reads()?,
            Metrics::Loopback => {
                return Err(Problem::forbidden(
                    "this is open on this machine only; `metrics` under [server] may open it",
                ));
            }
        }
        Ok(Self)
    }
}

/// What is counted, as Prometheus reads it.
pub(crate) async fn show(_: MayLook, State(gateway): State<Gateway>) -> Result<Response, Problem> {
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
    let mut failures = text.family(Family::counter(
        "driver_load_failures_total",
        "Drivers that did not get as far as serving, by the step that they did not reach.",
    ));
    for (step, count) in gateway.channels().load_failures() {
        failures.value(&[("step", step)], count);
    }
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
    egress(text, &channels);
    type Read = fn(&jackfield_channels::ChannelMetrics) -> u64;
    let single: [(Family, Read); 31] = [
        (
            Family::gauge("channel_requests_inside", "Requests of a channel that wait or are with its driver."),
            |channel| channel.inside,
        ),
        (Family::gauge("channel_instances", "Instances of a channel's driver that live."), |channel| {
            channel.usage.as_ref().map_or(0, |usage| usage.instances)
        }),
        (Family::gauge("channel_calls_running", "Calls of a channel's driver that run."), |channel| {
            channel.usage.as_ref().map_or(0, |usage| usage.running)
        }),
        (
            Family::gauge("channel_memory_bytes", "Memories and tables of all instances of a channel's driver."),
            |channel| channel.usage.as_ref().map_or(0, |usage| usage.memory),
        ),
        (Family::gauge("channel_spooled_bytes", "Blobs that a channel's driver is writing."), |channel| {
            channel.usage.as_ref().map_or(0, |usage| usage.spooled)
        }),
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
        (Family::counter("channel_swaps_total", "Generations of drivers put in place."), |channel| channel.swaps),
        (
            Family::counter("channel_rollbacks_total", "Drivers that crashed on trial and were rolled back."),
            |channel| channel.roll_backs,
        ),
        (
            Family::counter("channel_load_failures_total", "Drivers that could not take the place of what serves."),
            |channel| channel.load_failures,
        ),
        (
            Family::counter("channel_retried_total", "Calls that failed in one generation and were made in another."),
            |channel| channel.retried,
        ),
        (Family::counter("channel_cut_off_total", "Calls cut off at the end of a drain."), |channel| channel.cut_off),
        (Family::counter("channel_quarantined_total", "Messages put into quarantine."), |channel| channel.quarantined),
        (
            Family::counter("channel_quarantine_full_total", "Messages that the quarantine had no room for."),
            |channel| channel.quarantine_full,
        ),
        (Family::counter("channel_records_total", "Records of a channel's calls that were written."), |channel| {
            channel.records.written
        }),
        (
            Family::counter(
                "channel_records_dropped_total",
                "Records of a channel's calls that were too large or lost.",
            ),
            |channel| channel.records.dropped,
        ),
        (Family::gauge("channel_records", "Records of a channel's calls that are kept."), |channel| {
            channel.records.kept
        }),
        (Family::gauge("channel_records_bytes", "Bytes of the records of a channel's calls on disk."), |channel| {
            channel.records.bytes
        }),
        (Family::gauge("channel_crashes", "Crashes of the driver without a healthy minute between them."), |channel| {
            channel.crashes
        }),
        (
            Family::counter("channel_restart_pauses_total", "How often new instances had to wait after crashes."),
            |channel| channel.pauses,
        ),
        (Family::gauge("channel_connections", "Connections of a channel that are open."), |channel| channel.lines.open),
        (
            Family::gauge("channel_connections_opening", "Connections that wait for a proxy, TLS or their instance."),
            |channel| channel.lines.opening,
        ),
        (Family::counter("channel_connections_accepted_total", "Connections that came in."), |channel| {
            channel.lines.accepted
        }),
        (Family::counter("channel_connections_called_total", "Connections that the driver opened."), |channel| {
            channel.lines.called
        }),
        (
            Family::counter("channel_connections_refused_total", "Connections that were closed before they were open."),
            |channel| channel.lines.refused,
        ),
        (
            Family::counter("channel_connections_received_bytes_total", "Bytes that came in on connections."),
            |channel| channel.lines.received,
        ),
        (Family::counter("channel_connections_sent_bytes_total", "Bytes written to connections."), |channel| {
            channel.lines.sent
        }),
        (Family::gauge("channel_silent", "1 while nothing has come in for much longer than is usual."), |channel| {
            u64::from(channel.silent)
        }),
    ];
    for (family, read) in single {
        let mut family = text.family(family);
        for channel in &channels {
            family.value(&[("channel", &channel.channel)], read(channel));
        }
    }
    let mut ended =
        text.family(Family::counter("channel_connections_ended_total", "Connections that have ended, by how."));
    for channel in &channels {
        for (code, count) in &channel.lines.ended {
            ended.value(&[("channel", &channel.channel), ("code", code)], *count);
        }
    }
    let mut hits =
        text.family(Family::counter("channel_limit_hits_total", "How often a channel met one of its limits."));
    for channel in &channels {
        for (limit, count) in channel.usage.iter().flat_map(|usage| &usage.hits) {
            hits.value(&[("channel", &channel.channel), ("limit", limit)], *count);
        }
    }
}

/// What channels' drivers used of the network.
fn egress(text: &mut Text, channels: &[jackfield_channels::ChannelMetrics]) {
    let mut requests = text.family(Family::counter(
        "channel_egress_total",
        "Requests (http) and connections (tcp) that a channel's driver asked for, by outcome.",
    ));
    for channel in channels {
        for (kind, outcome, count) in &channel.egress.outcomes {
            requests.value(&[("channel", &channel.channel), ("kind", kind), ("outcome", outcome)], *count);
        }
    }
    let mut open =
        text.family(Family::gauge("channel_egress_open", "Requests and connections of a channel under way now."));
    for channel in channels {
        for (kind, count) in &channel.egress.open {
            open.value(&[("channel", &channel.channel), ("kind", kind)], *count);
        }
    }
    let mut time = text.family(Family::counter(
        "channel_egress_milliseconds_total",
        "Time that a channel's requests and connections took together.",
    ));
    for channel in channels {
        for (kind, milliseconds) in &channel.egress.milliseconds {
            time.value(&[("channel", &channel.channel), ("kind", kind)], *milliseconds);
        }
    }
    let mut bytes = text
        .family(Family::counter("channel_egress_bytes_total", "Bytes to and from peers of a channel, heads included."));
    for channel in channels {
        bytes.value(&[("channel", &channel.channel), ("direction", "out")], channel.egress.bytes_out);
        bytes.value(&[("channel", &channel.channel), ("direction", "in")], channel.egress.bytes_in);
    }
    let mut limits = text.family(Family::counter(
        "channel_egress_limits_total",
        "How often a channel's driver met a limit of the way out, by the limit's key.",
    ));
    for channel in channels {
        for (limit, count) in &channel.egress.limits {
            limits.value(&[("channel", &channel.channel), ("limit", limit)], *count);
        }
    }
}
