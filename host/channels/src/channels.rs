//! All channels of a server.

use crate::counters::{CallKind, ChannelMetrics, UsageMetrics};
use crate::drivers::DriverFolder;
use crate::health::Health;
use crate::logs::Logs;
use crate::prepare::{self, Prepared};
use crate::routes::{Routed, Routes};
use crate::services::Server;
use crate::serving::{Served, Serving};
use crate::timers::Due;
use crate::under_way::UnderWay;
use crate::views::{ChannelView, DriverView};
use crate::way_out::WayOut;
use arc_swap::ArcSwap;
use jackfield_config::Config;
use jackfield_journal::ChannelLog;
use jackfield_router::Effect;
use jackfield_sandbox::{CallError, Delivery, Driver, LogLevel, Outcome};
use jackfield_sequencer::Sequencer;
use jackfield_spec::{Attributes, Digest, Kind, Message, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often drivers are asked for their health.
const HEALTH: Duration = Duration::from_secs(60);

/// What channels are made of.
pub struct Parts {
    /// The config.
    pub config: Arc<Config>,
    /// Scheme, host and port that vendors call.
    pub public_url: String,
    /// Where drivers come from.
    pub folder: DriverFolder,
    /// Where what they push goes.
    pub sequencer: Sequencer,
    /// The channels' logs.
    pub log: ChannelLog,
}

/// All channels of a server. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    inner: Arc<Inner>,
}

struct Inner {
    /// The config in force with its channels; a reload replaces all of it at once.
    set: ArcSwap<Set>,
    server: Arc<Server>,
    folder: DriverFolder,
    log: ChannelLog,
    way_out: WayOut,
    public_url: String,
    under_way: UnderWay,
    /// Reloads come one after the other.
    loading: tokio::sync::Mutex<()>,
}

struct Set {
    config: Arc<Config>,
    routes: Routes,
    serving: BTreeMap<String, Arc<Serving>>,
}

impl Set {
    fn new(config: Arc<Config>, public_url: &str, before: Option<&Self>, now: Timestamp) -> Self {
        let serving = config.channels.iter().map(|channel| {
            let kept = before.and_then(|set| set.serving.get(&channel.id)).map(|serving| serving.kept.clone());
            (channel.id.clone(), Arc::new(Serving::new(channel, public_url, kept, now)))
        });
        Self { routes: Routes::new(config.routes.clone()), serving: serving.collect(), config }
    }
}

impl Channels {
    /// Makes the channels; none is served yet.
    ///
    /// # Errors
    /// The thread for logs can't be started, or the name server of the config can't be asked.
    pub fn new(parts: Parts) -> std::io::Result<Self> {
        let logs = Logs::start(parts.log.clone())?;
        let set = Set::new(
            parts.config.clone(),
            &parts.public_url,
            None,
            Timestamp::from_millis(parts.sequencer.now()).unwrap_or_default(),
        );
        let way_out = WayOut::new(parts.config.server.resolver)?;
        let server = Server { sequencer: parts.sequencer, logs, config: ArcSwap::new(parts.config) };
        let inner = Inner {
            set: ArcSwap::from_pointee(set),
            server: Arc::new(server),
            folder: parts.folder,
            log: parts.log,
            way_out,
            public_url: parts.public_url,
            under_way: UnderWay::default(),
            loading: tokio::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Loads every channel's driver and lets it serve. A channel that can't be served says why; the others are.
    /// The router is told what the drivers say of themselves by [`Channels::router_config`].
    pub async fn load(&self) {
        let _loading = self.inner.loading.lock().await;
        let set = self.set();
        self.load_set(&set, None).await;
    }

    /// Takes a new config. A channel that can't be served under it goes on under the old one, and says why.
    pub async fn reload(&self, config: Arc<Config>) {
        let _loading = self.inner.loading.lock().await;
        let before = self.set();
        let set = Arc::new(Set::new(config.clone(), &self.inner.public_url, Some(&before), self.now()));
        self.load_set(&set, Some(&before)).await;
        self.inner.server.config.store(config);
        self.inner.set.store(set.clone());
        self.forget_unused();
        for serving in set.serving.values() {
            self.spawn_start(serving.clone());
            // What came up for a channel while it wasn't there.
            if !before.serving.contains_key(&serving.id)
                && let Err(error) = self.release(&serving.id).await
            {
                tracing::error!(channel = serving.id, "what waits for the channel was not released: {error}");
            }
        }
    }

    async fn load_set(&self, set: &Set, before: Option<&Set>) {
        for serving in set.serving.values() {
            let why = match self.serve(serving).await {
                Ok(()) => continue,
                Err(why) => why,
            };
            let old = before.and_then(|set| set.serving.get(&serving.id));
            match old.and_then(|old| old.generation()) {
                Some(generation) => {
                    self.complain(serving, &format!("the channel goes on as it was: {why}"));
                    serving.served.store(Arc::new(Served::By(generation)));
                }
                None => {
                    self.complain(serving, &format!("the channel is not served: {why}"));
                    serving.switch(Served::Failed(why));
                }
            }
        }
    }

    fn complain(&self, serving: &Serving, why: &str) {
        tracing::error!(channel = serving.id, "{why}");
        self.say(&serving.id, LogLevel::Error, why);
    }

    /// Looks whether the drivers folder holds other drivers than those that serve, and switches to them. A driver
    /// that can't serve leaves the old one serving. Tells whether anything was switched.
    pub async fn refresh(&self) -> bool {
        let _loading = self.inner.loading.lock().await;
        let mut switched = false;
        for serving in self.set().serving.values() {
            let wanted = match self.inner.folder.load(&serving.config.driver).await {
                Ok(driver) => driver.digest(),
                Err(error) => {
                    if serving.generation().is_some() {
                        self.complain(
                            serving,
                            &format!("the driver in the folder is not taken, the one before goes on: {error}"),
                        );
                    }
                    continue;
                }
            };
            if serving.generation().is_some_and(|generation| generation.driver().digest() == wanted) {
                continue;
            }
            match self.serve(serving).await {
                Ok(()) => {
                    switched = true;
                    self.spawn_start(serving.clone());
                }
                Err(why) => self.complain(serving, &format!("the new driver is not taken: {why}")),
            }
        }
        self.forget_unused();
        switched
    }

    async fn serve(&self, serving: &Serving) -> Result<(), String> {
        let inner = &self.inner;
        let keys = inner.server.sequencer.keys();
        let counters = serving.kept.egress.clone();
        let (folder, url, way_out) = (&inner.folder, &inner.public_url, &inner.way_out);
        let prepared = prepare::prepare(folder, &serving.config, url, Some(keys), way_out, counters).await;
        let Prepared { driver, channel } = prepared.map_err(|problems| {
            let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
            texts.join("; ")
        })?;
        let generation = driver.serve(channel, inner.server.clone()).await.map_err(|error| match &error {
            CallError::Settings(settings) => prepare::refused(&serving.config, settings).to_string(),
            other => other.to_string(),
        })?;
        serving.switch(Served::By(generation));
        let name = driver.name_and_version();
        tracing::info!(channel = serving.id, driver = name, digest = %driver.digest(), "the channel is served");
        self.say(&serving.id, LogLevel::Info, &format!("served by {name}, {}", driver.digest()));
        Ok(())
    }

    /// Drivers that served before a switch are let go with their last call.
    fn forget_unused(&self) {
        let set = self.set();
        let serving = set.serving.values().filter_map(|serving| serving.generation());
        self.inner.folder.keep(&serving.map(|generation| generation.driver().digest()).collect());
    }

    /// The config as the router needs it, with what the loaded drivers say of themselves.
    pub fn router_config(&self) -> jackfield_router::Config {
        let set = self.set();
        let drivers: BTreeMap<String, Driver> = set
            .serving
            .iter()
            .filter_map(|(id, serving)| Some((id.clone(), serving.generation()?.driver().clone())))
            .collect();
        prepare::router_config(&set.config, &drivers)
    }

    fn set(&self) -> Arc<Set> {
        self.inner.set.load_full()
    }

    fn spawn_start(&self, serving: Arc<Serving>) {
        let channels = self.clone();
        tokio::spawn(async move { channels.fire_start(serving).await });
    }

    /// Carries out effects and fires `start`, until the sender of effects is gone. Call it once, after the router
    /// knows the config.
    pub async fn run(self, mut effects: mpsc::UnboundedReceiver<Effect>) {
        for serving in self.set().serving.values() {
            self.spawn_start(serving.clone());
        }
        let watcher = self.clone();
        tokio::spawn(async move { watcher.watch_health().await });
        while let Some(effect) = effects.recv().await {
            self.spawn_effect(effect);
        }
    }

    /// Carries out an effect beside everything else; it waits for its channel's own turn.
    fn spawn_effect(&self, effect: Effect) {
        let channels = self.clone();
        tokio::spawn(async move { channels.effect(effect).await });
    }

    /// Carries out one effect. One that can't begin stays in the router's state and is released again.
    async fn effect(&self, effect: Effect) {
        let Some(_under_way) = self.inner.under_way.enter() else { return };
        match effect {
            Effect::Deliver(deliver) => self.deliver(*deliver).await,
            Effect::FireTimer { channel, name, due, payload, attempt } => {
                self.fire(Due { channel: channel.to_string(), name: name.to_string(), due, payload, attempt }).await;
            }
        }
    }

    /// Lets nothing more begin that goes to drivers, and waits for what is with them: an outcome that is lost would
    /// be shown as unknown.
    pub async fn drain(&self) {
        self.inner.under_way.drain().await;
    }

    /// Asks drivers for their health now and then, those that answer that.
    async fn watch_health(&self) {
        loop {
            for serving in self.set().serving.values().filter(|serving| !serving.is_paused()) {
                let (channels, serving) = (self.clone(), serving.clone());
                tokio::spawn(async move { channels.ask_health(&serving).await });
            }
            tokio::time::sleep(HEALTH).await;
        }
    }

    async fn ask_health(&self, serving: &Serving) {
        let Some(generation) = serving.generation() else { return };
        let now = self.now();
        let descriptor = generation.driver().descriptor();
        if !descriptor.understands("channel.health") {
            serving.kept.health.lock().update(Health::connected(now));
            return;
        }
        let driver = generation.driver().name_and_version();
        let media_type = descriptor.media_types.first().map_or("", |media| media.name.as_str());
        let mut message = crate::compose::bare(&serving.id, &driver, media_type, Kind::Request, "channel.health");
        let id = uuid::Uuid::now_v7().to_string();
        message.id = Some(id.clone());
        message.interaction.tracking_id = Some(id.clone());
        // As every message it says what it is about: how the channel stood before.
        message.connection = Some(serving.kept.health.lock().info());
        let delivery =
            Delivery { message, attempt: 1, idempotency_key: id, previous: "none".to_owned(), progress: Vec::new() };
        let health = match generation.deliver(delivery).await {
            Ok(called) => {
                // What the driver noted while it looked is kept, as with every call.
                if let Ok(commit) = self.commit_of(serving, CallKind::Deliver, called.transaction)
                    && !commit.is_empty()
                    && let Err(error) = self.commit(serving, commit).await
                {
                    tracing::warn!(channel = serving.id, "what the driver noted with its health is not kept: {error}");
                }
                match called.output {
                    Outcome::Reply(reply) => Health::of(&reply, now),
                    Outcome::Failure(error) => Some(Health {
                        state: "transient-error".to_owned(),
                        detail: Some(error.text),
                        since: now,
                        user_action: false,
                    }),
                    Outcome::Receipt(_) | Outcome::Later => None,
                }
            }
            Err(error) => Some(Health {
                state: "unknown-error".to_owned(),
                detail: Some(error.to_string()),
                since: now,
                user_action: true,
            }),
        };
        if let Some(health) = health {
            serving.kept.health.lock().update(health);
        }
    }

    pub(crate) fn serving(&self, id: &str) -> Option<Arc<Serving>> {
        self.inner.set.load().serving.get(id).cloned()
    }

    pub(crate) fn folder(&self) -> &DriverFolder {
        &self.inner.folder
    }

    /// The server's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.sequencer().now()).unwrap_or_default()
    }

    pub(crate) fn sequencer(&self) -> &Sequencer {
        &self.inner.server.sequencer
    }

    /// Which queue a message goes to, by the routes in force.
    pub(crate) fn routed(&self, serving: &Serving, message: &Message, now: u64) -> Routed {
        self.inner.set.load().routes.decide(message, &serving.facts, now)
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.inner.set.load().config.clone()
    }

    pub(crate) fn say(&self, channel: &str, level: LogLevel, text: &str) {
        self.inner.server.say(channel, level, text, &Attributes::default());
    }

    /// Most bytes of a webhook body of this channel; none: there is no such channel.
    pub fn body_limit(&self, channel: &str) -> Option<usize> {
        Some(self.serving(channel)?.config.limits.body.to_usize())
    }

    /// The channels' logs.
    pub fn log(&self) -> &ChannelLog {
        &self.inner.log
    }

    /// `name@version` of the driver that serves a channel.
    pub fn driver_of(&self, channel: &str) -> Option<String> {
        Some(self.serving(channel)?.generation()?.driver().name_and_version())
    }

    /// Lets nothing in or out of a channel; false if there is none.
    pub fn pause(&self, id: &str) -> bool {
        let Some(serving) = self.serving(id) else { return false };
        serving.kept.paused.store(true, Ordering::Relaxed);
        self.say(id, LogLevel::Info, "paused by an operator");
        true
    }

    /// Opens a channel again and releases what waited for it; false if there is none.
    ///
    /// # Errors
    /// The server is stopping.
    pub async fn resume(&self, id: &str) -> Result<bool, jackfield_sequencer::CommitError> {
        let Some(serving) = self.serving(id) else { return Ok(false) };
        if serving.kept.paused.swap(false, Ordering::Relaxed) {
            self.say(id, LogLevel::Info, "resumed by an operator");
            self.release(id).await?;
        }
        Ok(true)
    }

    /// Carries out what waits for a channel.
    async fn release(&self, id: &str) -> Result<(), jackfield_sequencer::CommitError> {
        let outstanding = self.sequencer().read(jackfield_router::State::outstanding).await?;
        let of = |effect: &Effect| match effect {
            Effect::Deliver(deliver) => *deliver.channel == *id,
            Effect::FireTimer { channel, .. } => **channel == *id,
        };
        outstanding.into_iter().filter(of).for_each(|effect| self.spawn_effect(effect));
        Ok(())
    }

    /// All channels, by id.
    pub fn list(&self) -> Vec<ChannelView> {
        self.set().serving.values().map(|serving| view(serving)).collect()
    }

    /// One channel.
    pub fn get(&self, id: &str) -> Option<ChannelView> {
        self.serving(id).map(|serving| view(&serving))
    }

    /// What was counted of each channel.
    pub fn metrics(&self) -> Vec<ChannelMetrics> {
        let metrics = |serving: &Arc<Serving>| ChannelMetrics {
            inside: serving.kept.inside.load(Ordering::Relaxed) as u64,
            usage: serving.generation().as_ref().map(UsageMetrics::of),
            egress: serving.kept.egress.counts(),
            ..serving.counters().read(&serving.id)
        };
        self.set().serving.values().map(metrics).collect()
    }

    /// The drivers in use.
    pub fn drivers(&self) -> Vec<DriverView> {
        let set = self.set();
        let by_channel: BTreeMap<&String, Digest> = set
            .serving
            .iter()
            .filter_map(|(id, serving)| Some((id, serving.generation()?.driver().digest())))
            .collect();
        let view = |driver: Driver| {
            let descriptor = driver.descriptor();
            let exports = driver.exports();
            let named = [("driver", true), ("webhook", exports.webhook), ("timer", exports.timer)];
            DriverView {
                name: descriptor.name.clone(),
                version: descriptor.version.clone(),
                vendor: descriptor.vendor.clone(),
                title: descriptor.title.clone(),
                digest: driver.digest(),
                exports: named.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect(),
                channels: by_channel
                    .iter()
                    .filter(|(_, used)| **used == driver.digest())
                    .map(|(channel, _)| (*channel).clone())
                    .collect(),
            }
        };
        let mut views: Vec<_> = self.inner.folder.loaded().into_iter().map(view).collect();
        views.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        views
    }
}

fn view(serving: &Serving) -> ChannelView {
    let served = serving.served.load();
    let (driver, digest, media_types, running, idle, detail) = match &**served {
        Served::By(generation) => {
            let driver = generation.driver();
            let media = driver.descriptor().media_types.iter().map(|media| media.name.clone()).collect();
            (
                driver.name_and_version(),
                Some(driver.digest()),
                media,
                generation.running(),
                generation.idle_instances(),
                None,
            )
        }
        Served::Failed(why) => (serving.config.driver.to_string(), None, Vec::new(), 0, 0, Some(why.clone())),
    };
    ChannelView {
        id: serving.id.clone(),
        driver,
        digest,
        state: match (&detail, serving.is_paused()) {
            (Some(_), _) => "failed",
            (None, true) => "paused",
            (None, false) => "serving",
        },
        detail,
        health: serving.kept.health.lock().clone(),
        media_types,
        public_url: serving.public_url.clone(),
        generation: serving.kept.generation.load(Ordering::Relaxed),
        running,
        idle_instances: idle,
        calls: serving.counters().all(),
        traps: serving.counters().total(&["trap", "memory"]),
        timeouts: serving.counters().total(&["guest-time", "wall-time"]),
        conflicts: serving.counters().conflicts.load(Ordering::Relaxed),
        simulated: serving.config.simulated,
    }
}
