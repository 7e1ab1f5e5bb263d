//! Channels and drivers as operators see them.

use crate::channels::Channels;
use crate::counters::{ChannelMetrics, Tally};
use crate::health::Health;
use crate::live::Live;
use crate::registry::{Slot, SlotEntry};
use crate::serving::{Served, Serving};
use crate::silence::Silent;
use jackfield_sandbox::{Connections, Driver};
use jackfield_spec::{Digest, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView {
    /// Its id.
    pub id: String,
    /// `name@version` of the driver that serves it, or the name that the config asks for.
    pub driver: String,
    /// SHA-256 of the driver's component.
    pub digest: Option<Digest>,
    /// Whose signature the driver carries; none: nobody's that is trusted.
    pub signer: Option<String>,
    /// `serving`, `paused`, `failed`.
    pub state: &'static str,
    /// Why it failed.
    pub detail: Option<String>,
    /// What the driver says of its contact with the channel.
    pub health: Health,
    /// Nothing comes in for longer than is usual.
    pub silent: Option<Silent>,
    /// Media types that the driver brings.
    pub media_types: Vec<String>,
    /// Its webhook as vendors call it.
    pub public_url: String,
    /// What it takes connections on, with the ports that were bound: `tcp://127.0.0.1:2424`.
    pub listening: Vec<String>,
    /// Connections that are open.
    pub connections: u64,
    /// How many drivers it has been served by since the start.
    pub generation: u64,
    /// Since when this one serves.
    pub served_since: Option<Timestamp>,
    /// It is on trial: the one before is kept beside it.
    pub on_trial: bool,
    /// Generations that were replaced and whose calls have not ended.
    pub draining: usize,
    /// Calls that run now.
    pub running: usize,
    /// Instances that wait for a call.
    pub idle_instances: usize,
    /// Instances that are alive, those of generations that drain among them.
    pub instances: usize,
    /// Bytes of their memories and tables.
    pub memory: u64,
    /// Calls so far.
    pub calls: u64,
    /// Calls that trapped.
    pub traps: u64,
    /// Calls that ran out of time.
    pub timeouts: u64,
    /// Commits that met a change of the store.
    pub conflicts: u64,
    /// Crashes in a row without a healthy minute between them.
    pub crashes: u64,
    /// How long calls of this generation took.
    pub latency: Option<Latency>,
    /// Its handler calls are kept for replay.
    pub record: bool,
    /// What comes of it is marked as simulated.
    pub simulated: bool,
}

/// How long calls took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// On average.
    pub mean_ms: f64,
    /// 99 of 100 took at most this: the bound of a histogram's bucket; none: more than its last one.
    pub p99_ms: Option<f64>,
}

/// A loaded driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriverView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// Shown to people.
    pub title: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Whose signature it carries; none: nobody's that is trusted.
    pub signer: Option<String>,
    /// `serving`, or `loaded` where no channel asks for it.
    pub state: &'static str,
    /// How many components have served under its name.
    pub generation: u64,
    /// Where it came from: `folder`, `put`, `rollback`, `kept`.
    pub source: Option<String>,
    /// Who let it in: `operator NAME`, `folder`, `config`, `start`, `server`.
    pub loaded_by: Option<String>,
    /// When.
    pub loaded_at: Option<Timestamp>,
    /// What served before under its name, newest first: a rollback goes to the first.
    pub previous: Vec<PreviousDriver>,
    /// Interfaces that it exports.
    pub exports: Vec<&'static str>,
    /// Channels that it serves.
    pub channels: Vec<String>,
    /// Instances that are alive, over all channels.
    pub instances: usize,
    /// Bytes of their memories and tables.
    pub memory: u64,
    /// Calls of its generations that serve.
    pub calls: u64,
    /// Those that trapped.
    pub traps: u64,
    /// Those that ran out of time.
    pub timeouts: u64,
}

/// A component that served before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousDriver {
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// When it was let in.
    pub loaded_at: Timestamp,
    /// By whom.
    pub loaded_by: String,
}

/// What serves channels, by the channel's id.
type Lives = Vec<(String, Arc<Live>)>;

impl Channels {
    /// All channels, by id.
    pub fn list(&self) -> Vec<ChannelView> {
        self.set().serving.values().map(|serving| channel(serving)).collect()
    }

    /// One channel.
    pub fn get(&self, id: &str) -> Option<ChannelView> {
        self.serving(id).map(|serving| channel(&serving))
    }

    /// What was counted of each channel.
    pub fn metrics(&self) -> Vec<ChannelMetrics> {
        let metrics = |serving: &Arc<Serving>| ChannelMetrics {
            records: self.inner().keeper.counts(&serving.id),
            ..serving.metrics()
        };
        self.set().serving.values().map(metrics).collect()
    }

    /// Drivers that did not get as far as serving, by the step that they did not reach.
    pub fn load_failures(&self) -> Vec<(&'static str, u64)> {
        self.inner().failures.read()
    }

    /// The drivers that serve, and those that were put for channels to come.
    pub fn drivers(&self) -> Vec<DriverView> {
        let set = self.set();
        let slots = self.registry().slots();
        let mut by_digest: BTreeMap<Digest, (Driver, Lives)> = BTreeMap::new();
        for (id, serving) in &set.serving {
            let Some(live) = serving.live() else { continue };
            let driver = live.generation.driver().clone();
            by_digest.entry(driver.digest()).or_insert_with(|| (driver, Vec::new())).1.push((id.clone(), live));
        }
        let waiting = slots.values().filter_map(|slot| self.registry().loaded(&slot.current()?.digest));
        for driver in waiting {
            by_digest.entry(driver.digest()).or_insert_with(|| (driver, Vec::new()));
        }
        let mut views: Vec<_> = by_digest
            .into_values()
            .filter(|(driver, lives)| !lives.is_empty() || !is_used(&set.serving, driver))
            .map(|(driver, lives)| view(&driver, &lives, &slots))
            .collect();
        views.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        views
    }
}

/// Whether a channel asks for a driver of this name: then what serves is listed, not what could.
fn is_used(serving: &BTreeMap<String, Arc<Serving>>, driver: &Driver) -> bool {
    let name = &driver.descriptor().name;
    serving.values().any(|serving| serving.config.driver.name == *name && serving.live().is_some())
}

fn view(driver: &Driver, lives: &[(String, Arc<Live>)], slots: &BTreeMap<String, Slot>) -> DriverView {
    let descriptor = driver.descriptor();
    let exports = driver.exports();
    let named = [("driver", true), ("webhook", exports.webhook), ("timer", exports.timer), ("stream", exports.stream)];
    let serves = |slot: &&Slot| slot.current().is_some_and(|current| current.digest == driver.digest());
    let slot = slots.get(&descriptor.name).filter(serves);
    let slot = slot.or_else(|| slots.get(&driver.name_and_version()).filter(serves));
    let current = slot.and_then(Slot::current);
    let sum = |count: fn(&Tally) -> u64| lives.iter().map(|(_, live)| count(&live.tally)).sum();
    let previous = |served: &SlotEntry| PreviousDriver {
        version: served.version.clone(),
        digest: served.digest,
        loaded_at: served.at,
        loaded_by: served.by.clone(),
    };
    DriverView {
        name: descriptor.name.clone(),
        version: descriptor.version.clone(),
        vendor: descriptor.vendor.clone(),
        title: descriptor.title.clone(),
        digest: driver.digest(),
        signer: lives
            .first()
            .map_or_else(|| current.and_then(|served| served.signer.clone()), |(_, live)| live.signer.clone()),
        state: if lives.is_empty() { "loaded" } else { "serving" },
        generation: slot.map_or(0, Slot::generation),
        source: current.map(|served| served.source.clone()),
        loaded_by: current.map(|served| served.by.clone()),
        loaded_at: current.map(|served| served.at),
        previous: slot.map(|slot| slot.before().map(previous).collect()).unwrap_or_default(),
        exports: named.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect(),
        channels: lives.iter().map(|(channel, _)| channel.clone()).collect(),
        instances: lives.iter().map(|(_, live)| live.generation.usage().instances()).sum(),
        memory: lives.iter().map(|(_, live)| live.generation.usage().memory() as u64).sum(),
        calls: sum(Tally::all),
        traps: sum(Tally::traps),
        timeouts: sum(Tally::timeouts),
    }
}

fn channel(serving: &Serving) -> ChannelView {
    let served = serving.served.load();
    let (live, detail) = match &**served {
        Served::By(live) => (Some(live), None),
        Served::Failed(why) => (None, Some(why.clone())),
    };
    let driver = live.map(|live| live.generation.driver());
    let media = |driver: &Driver| driver.descriptor().media_types.iter().map(|media| media.name.clone()).collect();
    let counters = serving.counters();
    let latency = |live: &Arc<Live>| Some(Latency { mean_ms: live.tally.mean()?, p99_ms: live.p99() });
    ChannelView {
        id: serving.id.clone(),
        driver: driver.map_or_else(|| serving.config.driver.to_string(), Driver::name_and_version),
        digest: driver.map(Driver::digest),
        signer: live.and_then(|live| live.signer.clone()),
        state: match (&detail, serving.is_paused()) {
            (Some(_), _) => "failed",
            (None, true) => "paused",
            (None, false) => "serving",
        },
        detail,
        health: serving.kept.health.lock().clone(),
        silent: serving.kept.silence.lock().silent(),
        media_types: driver.map(media).unwrap_or_default(),
        public_url: serving.public_url.clone(),
        listening: serving.kept.lines.listeners().into_iter().map(|listener| listener.url).collect(),
        connections: serving.kept.lines.metrics().open,
        generation: serving.kept.generation.load(Ordering::Relaxed),
        served_since: live.and_then(|live| Timestamp::from_millis(live.since).ok()),
        on_trial: live.is_some_and(|live| live.before().is_some()),
        draining: serving.kept.draining.load(Ordering::Relaxed),
        running: live.map_or(0, |live| live.generation.running()),
        idle_instances: live.map_or(0, |live| live.generation.idle_instances()),
        instances: live.map_or(0, |live| live.generation.usage().instances()),
        memory: live.map_or(0, |live| live.generation.usage().memory() as u64),
        calls: counters.all(),
        traps: counters.total(&["trap", "memory"]),
        timeouts: counters.total(&["guest-time", "wall-time"]),
        conflicts: counters.conflicts.load(Ordering::Relaxed),
        crashes: u64::from(serving.kept.supervisor.lock().crashes()),
        latency: live.and_then(latency),
        record: serving.config.record,
        simulated: serving.config.simulated,
    }
}
