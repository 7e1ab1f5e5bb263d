//! One channel while it is configured: the generation that serves it, and what is counted.

use crate::counters::{ChannelMetrics, Counters, UsageMetrics};
use crate::health::Health;
use crate::kills::Kills;
use crate::lines::Board;
use crate::live::Live;
use crate::routes::channel_facts;
use crate::silence::Silence;
use crate::supervisor::Supervisor;
use crate::timers::Firing;
use arc_swap::ArcSwap;
use jackfield_sandbox::Generation;
use jackfield_spec::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// What serves a channel now.
pub(crate) enum Served {
    /// This generation.
    By(Arc<Live>),
    /// Nothing, and why.
    Failed(String),
}

pub(crate) struct Serving {
    pub(crate) id: String,
    pub(crate) config: jackfield_config::Channel,
    pub(crate) public_url: String,
    pub(crate) served: ArcSwap<Served>,
    /// What stays when the config is loaded anew.
    pub(crate) kept: Arc<Kept>,
    /// The channel as conditions see it.
    pub(crate) facts: Value,
}

/// What belongs to a channel whatever its config.
pub(crate) struct Kept {
    pub(crate) generation: AtomicU64,
    pub(crate) paused: AtomicBool,
    /// Webhook requests inside the server.
    pub(crate) inside: AtomicUsize,
    /// Bytes of their bodies, of those that are being read too.
    pub(crate) bodies: AtomicUsize,
    pub(crate) counters: Counters,
    /// What its drivers used of the network.
    pub(crate) egress: Arc<jackfield_egress::Counters>,
    pub(crate) health: Mutex<Health>,
    pub(crate) supervisor: Mutex<Supervisor>,
    pub(crate) silence: Mutex<Silence>,
    pub(crate) kills: Kills,
    /// Generations that were replaced and whose calls have not ended.
    pub(crate) draining: AtomicUsize,
    /// Deliveries and timers that are with the driver, as many as it has instances for each.
    pub(crate) deliveries: Semaphore,
    pub(crate) timers: Semaphore,
    /// Its connections.
    pub(crate) lines: Arc<Board>,
    /// The timers that are being handled.
    pub(crate) firing: Firing,
}

/// Instances of a lane, where the config says nothing.
const INSTANCES: usize = 16;

/// A request that is inside; counted until it is dropped.
pub(crate) struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Serving {
    /// A channel that nothing serves yet; what was kept of it before is kept on.
    pub(crate) fn new(
        config: &jackfield_config::Channel,
        public_url: &str,
        kept: Option<Arc<Kept>>,
        now: Timestamp,
    ) -> Self {
        let fresh = || {
            Arc::new(Kept {
                generation: AtomicU64::new(0),
                paused: AtomicBool::new(false),
                inside: AtomicUsize::new(0),
                bodies: AtomicUsize::new(0),
                counters: Counters::default(),
                egress: Arc::default(),
                health: Mutex::new(Health::connecting(now)),
                supervisor: Mutex::default(),
                silence: Mutex::default(),
                kills: Kills::default(),
                draining: AtomicUsize::new(0),
                deliveries: Semaphore::new(config.limits.instances.map_or(INSTANCES, |count| count as usize)),
                timers: Semaphore::new(config.limits.instances.map_or(INSTANCES, |count| count as usize)),
                lines: Arc::new(Board::new(config.limits.lines.clone())),
                firing: Firing::default(),
            })
        };
        Self {
            id: config.id.clone(),
            public_url: crate::prepare::public_url(public_url, &config.id),
            served: ArcSwap::from_pointee(Served::Failed("it is not loaded yet".to_owned())),
            kept: kept.unwrap_or_else(fresh),
            facts: channel_facts(&config.id, &config.driver.name, config.simulated),
            config: config.clone(),
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.kept.counters
    }

    /// What serves it, unless it has failed.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        match &**self.served.load() {
            Served::By(live) => Some(live.clone()),
            Served::Failed(_) => None,
        }
    }

    /// The generation, unless the channel has failed.
    pub(crate) fn generation(&self) -> Option<Generation> {
        self.live().map(|live| live.generation.clone())
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.kept.paused.load(Ordering::Relaxed)
    }

    /// Lets a request in, if not too many are inside.
    pub(crate) fn enter(&self) -> Option<Inside<'_>> {
        let inside = self.kept.inside.fetch_add(1, Ordering::Relaxed);
        let entered = Inside(&self.kept.inside);
        // Those that the driver has are inside as well; the others wait.
        let running = self.config.limits.instances.map_or(INSTANCES, |count| count as usize);
        if inside >= (self.config.limits.queue as usize).saturating_add(running) {
            return None;
        }
        Some(entered)
    }

    /// Puts a new generation in place; calls that run stay with the old one until they end.
    pub(crate) fn switch(&self, served: Served) {
        self.served.store(Arc::new(served));
        self.kept.generation.fetch_add(1, Ordering::Relaxed);
        self.kept.supervisor.lock().reset();
    }

    /// What was counted, with what the channel's other parts know.
    pub(crate) fn metrics(&self) -> ChannelMetrics {
        let (crashes, pauses) = {
            let supervisor = self.kept.supervisor.lock();
            (u64::from(supervisor.crashes()), supervisor.pauses())
        };
        let silent = self.kept.silence.lock().silent().is_some();
        ChannelMetrics {
            inside: self.kept.inside.load(Ordering::Relaxed) as u64,
            usage: self.generation().as_ref().map(UsageMetrics::of),
            lines: self.kept.lines.metrics(),
            egress: self.kept.egress.counts(),
            crashes,
            pauses,
            silent,
            ..self.counters().read(&self.id)
        }
    }
}
