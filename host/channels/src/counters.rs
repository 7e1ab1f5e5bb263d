//! What is counted of each channel.

use crate::lines::LineMetrics;
use jackfield_sandbox::Generation;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A kind of handler call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// `webhook.receive`
    Receive,
    /// `driver.deliver`
    Deliver,
    /// `timer.fired`
    Timer,
    /// The handlers of `stream`, and of a connection's own timers.
    Stream,
}

impl CallKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Receive, Self::Deliver, Self::Timer, Self::Stream];

    /// The name in metrics and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Deliver => "deliver",
            Self::Timer => "timer",
            Self::Stream => "stream",
        }
    }
}

/// How calls ended; the names are those of `CallError::label`, and `ok`.
const OUTCOMES: [&str; 10] =
    ["ok", "trap", "memory", "guest-time", "wall-time", "busy", "settings", "not-exported", "answer", "cut-off"];

/// Upper bounds of the latency histogram's buckets, in seconds.
pub const LATENCY_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

#[derive(Debug, Default)]
struct Calls {
    outcomes: [AtomicU64; OUTCOMES.len()],
    buckets: [AtomicU64; LATENCY_BUCKETS.len() + 1],
    micros: AtomicU64,
}

/// Drivers that did not get as far as serving, by the step that they did not reach.
#[derive(Debug, Default)]
pub(crate) struct LoadFailures([AtomicU64; STEPS.len()]);

/// The steps of a driver's life.
const STEPS: [&str; 6] = ["fetched", "verified", "compiled", "linked", "probed", "warm"];

impl LoadFailures {
    pub(crate) fn count(&self, step: &str) {
        if let Some(index) = STEPS.iter().position(|known| *known == step) {
            self.0[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Failures by step.
    pub(crate) fn read(&self) -> Vec<(&'static str, u64)> {
        STEPS.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}

/// What was counted of one generation.
#[derive(Debug, Default)]
pub(crate) struct Tally(Calls);

impl Tally {
    pub(crate) fn call(&self, outcome: &str, took: Duration) {
        self.0.count(outcome, took);
    }

    pub(crate) fn ok(&self) -> u64 {
        self.0.total(&["ok"])
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.total(&OUTCOMES)
    }

    pub(crate) fn traps(&self) -> u64 {
        self.0.total(&["trap", "memory"])
    }

    pub(crate) fn timeouts(&self) -> u64 {
        self.0.total(&["guest-time", "wall-time"])
    }

    pub(crate) fn buckets(&self) -> Vec<u64> {
        self.0.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// Mean milliseconds of a call.
    pub(crate) fn mean(&self) -> Option<f64> {
        let all = self.all();
        (all > 0).then(|| self.0.micros.load(Ordering::Relaxed) as f64 / 1_000.0 / all as f64)
    }
}

impl Calls {
    fn count(&self, outcome: &str, took: Duration) {
        let index = OUTCOMES.iter().position(|known| *known == outcome).unwrap_or(1);
        self.outcomes[index].fetch_add(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = LATENCY_BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(LATENCY_BUCKETS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    fn total(&self, outcomes: &[&str]) -> u64 {
        let known = OUTCOMES.iter().zip(&self.outcomes);
        known.filter(|(name, _)| outcomes.contains(name)).map(|(_, count)| count.load(Ordering::Relaxed)).sum()
    }
}

/// Counters of one channel; they live as long as the channel is configured.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    calls: [Calls; 4],
    pub(crate) conflicts: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) route_failures: AtomicU64,
    pub(crate) messages: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) swaps: AtomicU64,
    pub(crate) roll_backs: AtomicU64,
    pub(crate) load_failures: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) cut_off: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) quarantine_full: AtomicU64,
}

/// Counts of calls by how long they took.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Calls of at most each of [`LATENCY_BUCKETS`], and at last all others; not summed up.
    pub buckets: Vec<u64>,
    /// Seconds of all calls together.
    pub seconds: f64,
}

/// What was counted of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelMetrics {
    /// The channel's id.
    pub channel: String,
    /// Calls by kind and outcome.
    pub calls: Vec<(&'static str, &'static str, u64)>,
    /// How long calls took, by kind.
    pub latency: Vec<(&'static str, Histogram)>,
    /// Commits that met a change of the store.
    pub conflicts: u64,
    /// Requests refused before they reached the driver.
    pub refused: u64,
    /// Route conditions that failed.
    pub route_failures: u64,
    /// New messages pushed.
    pub messages: u64,
    /// Pushed messages that were there already.
    pub duplicates: u64,
    /// Generations put in place.
    pub swaps: u64,
    /// Generations that the server rolled back by itself.
    pub roll_backs: u64,
    /// Drivers that could not take the place of the one that serves.
    pub load_failures: u64,
    /// Calls that failed in one generation and were made again in another.
    pub retried: u64,
    /// Calls cut off at the end of a drain.
    pub cut_off: u64,
    /// Messages put into quarantine.
    pub quarantined: u64,
    /// Messages that the quarantine had no room for.
    pub quarantine_full: u64,
    /// Crashes in a row without a healthy minute between them.
    pub crashes: u64,
    /// How often new instances had to wait after crashes.
    pub pauses: u64,
    /// Nothing comes in for longer than is usual.
    pub silent: bool,
    /// Its connections.
    pub lines: LineMetrics,
    /// What went out.
    pub egress: jackfield_egress::Counts,
    /// What was kept of its calls.
    pub records: jackfield_records::Counts,
    /// Requests inside the server.
    pub inside: u64,
    /// What the channel's instances use, while a driver serves it.
    pub usage: Option<UsageMetrics>,
}

/// What a channel's instances use.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageMetrics {
    /// Instances that live.
    pub instances: u64,
    /// Calls that run.
    pub running: u64,
    /// Bytes of their memories and tables.
    pub memory: u64,
    /// Bytes of the blobs that they are writing.
    pub spooled: u64,
    /// How often each limit was met.
    pub hits: Vec<(&'static str, u64)>,
}

impl UsageMetrics {
    pub(crate) fn of(generation: &Generation) -> Self {
        let usage = generation.usage();
        Self {
            instances: usage.instances() as u64,
            running: generation.running() as u64,
            memory: usage.memory() as u64,
            spooled: usage.spooled() as u64,
            hits: usage.hits().collect(),
        }
    }
}

impl Counters {
    pub(crate) fn call(&self, kind: CallKind, outcome: &str, took: Duration) {
        self.calls[kind as usize].count(outcome, took);
    }

    /// Calls of all kinds with one of these outcomes.
    pub(crate) fn total(&self, outcomes: &[&str]) -> u64 {
        self.calls.iter().map(|calls| calls.total(outcomes)).sum()
    }

    /// Calls of all kinds.
    pub(crate) fn all(&self) -> u64 {
        self.total(&OUTCOMES)
    }

    /// All of it; what the channel's other parts know stays nothing.
    pub(crate) fn read(&self, channel: &str) -> ChannelMetrics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut calls = Vec::new();
        let mut latency = Vec::new();
        for kind in CallKind::ALL {
            let of = &self.calls[kind as usize];
            for (outcome, count) in OUTCOMES.iter().zip(&of.outcomes) {
                calls.push((kind.name(), *outcome, load(count)));
            }
            let buckets = of.buckets.iter().map(load).collect();
            latency.push((kind.name(), Histogram { buckets, seconds: load(&of.micros) as f64 / 1e6 }));
        }
        ChannelMetrics {
            channel: channel.to_owned(),
            calls,
            latency,
            conflicts: load(&self.conflicts),
            refused: load(&self.refused),
            route_failures: load(&self.route_failures),
            messages: load(&self.messages),
            duplicates: load(&self.duplicates),
            swaps: load(&self.swaps),
            roll_backs: load(&self.roll_backs),
            load_failures: load(&self.load_failures),
            retried: load(&self.retried),
            cut_off: load(&self.cut_off),
            quarantined: load(&self.quarantined),
            quarantine_full: load(&self.quarantine_full),
            crashes: 0,
            pauses: 0,
            silent: false,
            lines: LineMetrics::default(),
            egress: jackfield_egress::Counts::default(),
            records: jackfield_records::Counts::default(),
            inside: 0,
            usage: None,
        }
    }
}

#[cfg(test)]
mod tests;
