//! All channels of a server.

use crate::advice::Advice;
use crate::counters::LoadFailures;
use crate::logs::Logs;
use crate::own;
use crate::quarantine::Quarantine;
use crate::registry::Registry;
use crate::routes::{Routed, Routes};
use crate::rules;
use crate::services::Server;
use crate::serving::Serving;
use crate::switching::DRIVER;
use crate::timers::Due;
use crate::under_way::{Step, UnderWay};
use crate::way_out::WayOut;
use arc_swap::ArcSwap;
use jackfield_config::{Config, DriverRef};
use jackfield_journal::ChannelLog;
use jackfield_records::Keeper;
use jackfield_router::Effect;
use jackfield_sandbox::{Driver, LogLevel};
use jackfield_sequencer::{Audit, CommitError, Sequencer};
use jackfield_spec::{Attributes, Message, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Where it is kept which channels are paused.
const PAUSED: &str = "paused/";

/// What channels are made of.
pub struct Parts {
    /// The config.
    pub config: Arc<Config>,
    /// Scheme, host and port that vendors call.
    pub public_url: String,
    /// Where drivers come from.
    pub registry: Registry,
    /// Where what they push goes.
    pub sequencer: Sequencer,
    /// The channels' logs.
    pub log: ChannelLog,
    /// The folder for records of handler calls; made when there is one.
    pub records: std::path::PathBuf,
}

/// All channels of a server. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// The config in force with its channels; a reload replaces all of it at once.
    set: ArcSwap<Set>,
    pub(crate) server: Arc<Server>,
    registry: Registry,
    log: ChannelLog,
    pub(crate) way_out: WayOut,
    pub(crate) public_url: String,
    under_way: UnderWay,
    /// Drivers and configs are changed one after the other.
    pub(crate) loading: tokio::sync::Mutex<()>,
    /// The router knows the config, and effects are carried out.
    running: AtomicBool,
    pub(crate) failures: LoadFailures,
    pub(crate) quarantine: Quarantine,
    pub(crate) keeper: Keeper,
    advice: Advice,
    /// The config was read anew, and perhaps other hours with it.
    hours_changed: tokio::sync::Notify,
}

pub(crate) struct Set {
    config: Arc<Config>,
    routes: Routes,
    pub(crate) serving: BTreeMap<String, Arc<Serving>>,
}

impl Set {
    fn new(config: Arc<Config>, public_url: &str, before: Option<&Self>, now: Timestamp) -> Self {
        let serving = config.channels.iter().map(|channel| {
            let kept = before.and_then(|set| set.serving.get(&channel.id)).map(|serving| serving.kept.clone());
            if let Some(kept) = &kept {
                kept.lines.set_limits(channel.limits.lines.clone());
            }
            (channel.id.clone(), Arc::new(Serving::new(channel, public_url, kept, now)))
        });
        Self { routes: Routes::new(config.routes.clone()), serving: serving.collect(), config }
    }
}

impl Channels {
    /// Makes the channels; none is served yet.
    ///
    /// # Errors
    /// The thread for logs or records can't be started, or the name server of the config can't be asked.
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
            registry: parts.registry,
            log: parts.log,
            way_out,
            public_url: parts.public_url,
            under_way: UnderWay::default(),
            advice: Advice::default(),
            loading: tokio::sync::Mutex::default(),
            running: AtomicBool::new(false),
            failures: LoadFailures::default(),
            quarantine: Quarantine::default(),
            keeper: Keeper::start(parts.records)?,
            hours_changed: tokio::sync::Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Loads every channel's driver and lets it serve. A channel that can't be served says why; the others are.
    /// The router is told what the drivers say of themselves by [`Channels::router_config`].
    ///
    /// # Errors
    /// The journal can't be read: what was paused, put or quarantined is not known.
    pub async fn load(&self) -> Result<(), jackfield_journal::Error> {
        let _loading = self.inner.loading.lock().await;
        let sequencer = self.sequencer();
        self.inner.registry.recall(own::all(sequencer, DRIVER)?);
        let set = self.set();
        for (channel, paused) in own::all::<bool>(sequencer, PAUSED)? {
            if let Some(serving) = set.serving.get(&channel) {
                serving.kept.paused.store(paused, Ordering::Relaxed);
            }
        }
        self.recall_quarantine(&set)?;
        self.keep_records(&set);
        // An erasure that the last run did not end: its customer may stand in a record.
        if !sequencer.reader().erasures()?.is_empty()
            && let Err(error) = self.forget_records()
        {
            tracing::error!("records that may name a customer who is erased are still there: {error}");
        }
        self.load_set(&set, None, "start").await;
        self.load_unused(&set).await;
        Ok(())
    }

    /// What was put before any channel asks for it is listed, and ready.
    async fn load_unused(&self, set: &Set) {
        for name in self.inner.registry.slots().into_keys() {
            let Some(wanted) = DriverRef::parse(&name) else { continue };
            if set.serving.values().all(|serving| serving.config.driver != wanted)
                && let Err(error) = self.inner.registry.find(&wanted).await
            {
                tracing::warn!(driver = name, "{error}");
            }
        }
        self.forget_unused();
    }

    /// Takes a new config. A channel that can't be served under it goes on under the old one, and says why.
    pub async fn reload(&self, config: Arc<Config>) {
        let _loading = self.inner.loading.lock().await;
        let before = self.set();
        self.inner.registry.obey(&config.server);
        let set = Arc::new(Set::new(config.clone(), &self.inner.public_url, Some(&before), self.now()));
        // A channel that is new may have been paused when it was last here.
        for (id, serving) in set.serving.iter().filter(|(id, _)| !before.serving.contains_key(*id)) {
            let paused = own::get(self.sequencer(), &format!("{PAUSED}{id}"));
            let paused = paused.is_ok_and(|paused| paused.is_some_and(|paused| paused == b"true"));
            serving.kept.paused.store(paused, Ordering::Relaxed);
        }
        self.keep_records(&set);
        self.load_set(&set, Some(&before), "config").await;
        self.inner.server.config.store(config);
        self.inner.set.store(set.clone());
        let drain = self.config().server.swap.drain;
        for (_, removed) in before.serving.iter().filter(|(id, _)| !set.serving.contains_key(*id)) {
            removed.kept.lines.drain(None, drain);
        }
        self.inner.hours_changed.notify_one();
        self.forget_unused();
        for id in set.serving.keys().filter(|id| !before.serving.contains_key(*id)) {
            // What came up for a channel while it wasn't there.
            if let Err(error) = self.release(id).await {
                tracing::error!(channel = id, "what waits for the channel was not released: {error}");
            }
        }
    }

    pub(crate) fn complain(&self, serving: &Serving, why: &str) {
        tracing::error!(channel = serving.id, "{why}");
        self.say(&serving.id, LogLevel::Error, why);
    }

    /// The config as the router needs it, with what the loaded drivers say of themselves.
    pub fn router_config(&self) -> jackfield_router::Config {
        let set = self.set();
        let drivers: BTreeMap<String, Driver> = set
            .serving
            .iter()
            .filter_map(|(id, serving)| Some((id.clone(), serving.generation()?.driver().clone())))
            .collect();
        rules::router_config(&set.config, &drivers)
    }

    pub(crate) fn hours_changed(&self) -> &tokio::sync::Notify {
        &self.inner.hours_changed
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    pub(crate) fn set(&self) -> Arc<Set> {
        self.inner.set.load_full()
    }

    /// The router knows the config, and effects are carried out.
    pub(crate) fn is_running(&self) -> bool {
        self.inner.running.load(Ordering::SeqCst)
    }

    /// Fires `start`, once the server runs.
    pub(crate) fn spawn_start(&self, serving: Arc<Serving>) {
        if !self.is_running() {
            return;
        }
        let channels = self.clone();
        tokio::spawn(async move { channels.fire_start(serving).await });
    }

    /// Carries out effects and fires `start`, until the sender of effects is gone. Call it once, after the router
    /// knows the config.
    pub async fn run(self, mut effects: mpsc::UnboundedReceiver<Effect>) {
        self.inner.running.store(true, Ordering::SeqCst);
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
        let Some(_under_way) = self.enter() else { return };
        match effect {
            Effect::Deliver(deliver) => self.deliver(*deliver).await,
            Effect::FireTimer { channel, name, due, payload, attempt } => {
                self.fire(Due { channel: channel.to_string(), name: name.to_string(), due, payload, attempt }).await;
            }
        }
    }

    pub(crate) fn advice(&self) -> &Advice {
        &self.inner.advice
    }

    /// Begins something that goes to a driver; none once the server is ending.
    pub(crate) fn enter(&self) -> Option<Step<'_>> {
        self.inner.under_way.enter()
    }

    /// Lets nothing more begin that goes to drivers, and waits for what is with them: an outcome that is lost would
    /// be shown as unknown.
    pub async fn drain(&self) {
        self.inner.under_way.drain().await;
    }

    pub(crate) fn serving(&self, id: &str) -> Option<Arc<Serving>> {
        self.inner.set.load().serving.get(id).cloned()
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

    /// Which queue something goes to that came in by no driver: by the routes in force, as one of its channel if it names
    /// one.
    pub fn route_of(&self, message: &Message) -> Option<jackfield_router::Route> {
        let set = self.inner.set.load();
        let serving = message.channel.as_ref().and_then(|channel| set.serving.get(channel));
        let none = crate::routes::channel_facts("", "", false);
        set.routes.decide(message, serving.map_or(&none, |serving| &serving.facts), self.sequencer().now()).route
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.inner.set.load().config.clone()
    }

    pub(crate) fn say(&self, channel: &str, level: LogLevel, text: &str) {
        self.inner.server.say(channel, level, text, &Attributes::default());
    }

    /// The channels' logs.
    pub fn log(&self) -> &ChannelLog {
        &self.inner.log
    }

    /// `name@version` of the driver that serves a channel.
    pub fn driver_of(&self, channel: &str) -> Option<String> {
        Some(self.serving(channel)?.generation()?.driver().name_and_version())
    }

    /// Lets nothing in or out of a channel, also after a restart; false if there is none.
    ///
    /// # Errors
    /// The journal can't be written; then nothing was changed.
    pub async fn pause(&self, id: &str, by: &str) -> Result<bool, CommitError> {
        let Some(serving) = self.serving(id) else { return Ok(false) };
        self.note_pause(id, true, by).await?;
        serving.kept.paused.store(true, Ordering::Relaxed);
        serving.kept.lines.drain(None, self.config().server.swap.drain);
        self.say(id, LogLevel::Info, &format!("paused by {by}"));
        Ok(true)
    }

    /// Opens a channel again and releases what waited for it; false if there is none.
    ///
    /// # Errors
    /// As of [`Channels::pause`].
    pub async fn resume(&self, id: &str, by: &str) -> Result<bool, CommitError> {
        let Some(serving) = self.serving(id) else { return Ok(false) };
        self.note_pause(id, false, by).await?;
        if serving.kept.paused.swap(false, Ordering::Relaxed) {
            serving.kept.silence.lock().begin(self.now().millis());
            self.say(id, LogLevel::Info, &format!("resumed by {by}"));
            self.release(id).await?;
        }
        Ok(true)
    }

    async fn note_pause(&self, id: &str, paused: bool, by: &str) -> Result<(), CommitError> {
        let audit = Audit {
            by: by.to_owned(),
            action: if paused { "channel.paused" } else { "channel.resumed" }.to_owned(),
            subject: id.to_owned(),
            detail: String::new(),
        };
        let value = if paused { own::json(&true) } else { None };
        own::write(self.sequencer(), own::Writes::from([(format!("{PAUSED}{id}"), value)]), vec![audit]).await
    }

    /// Carries out what waits for a channel.
    async fn release(&self, id: &str) -> Result<(), CommitError> {
        let outstanding = self.sequencer().read(jackfield_router::State::outstanding).await?;
        let of = |effect: &Effect| match effect {
            Effect::Deliver(deliver) => *deliver.channel == *id,
            Effect::FireTimer { channel, .. } => **channel == *id,
        };
        outstanding.into_iter().filter(of).for_each(|effect| self.spawn_effect(effect));
        Ok(())
    }
}
