//! How drivers come to serve: at a start, at a reload, from the folder, by an operator; and how they go.
//!
//! Each way is the same: a component is found and loaded, made warm in every channel that asks for it, put on record, and
//! only then put in place. Whatever fails on the way leaves what served before, and is told.

use crate::change::{ChangeError, DriverChange, NotServed};
use crate::channels::{Channels, Set};
use crate::live::Live;
use crate::own;
use crate::prepare;
use crate::registry::{Component, DriverError, Found, SlotEntry};
use crate::serving::{Served, Serving};
use jackfield_config::DriverRef;
use jackfield_sandbox::{CallError, LogLevel};
use jackfield_sequencer::Audit;
use jackfield_spec::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where the state of a driver's name is kept.
pub(crate) const DRIVER: &str = "driver/";

/// Channels with what is to serve them.
type Ready = Vec<(Arc<Serving>, Arc<Live>)>;
/// The same, and those that it can't serve.
type Warm = (Ready, Vec<(Arc<Serving>, String)>);

impl Channels {
    /// Makes a component warm in channels: an instance is made, and the driver has checked the settings.
    async fn warm(&self, servings: &[Arc<Serving>], component: &Component) -> Warm {
        let (mut warm, mut failed) = (Vec::new(), Vec::new());
        for serving in servings {
            match self.live(serving, component).await {
                Ok(live) => warm.push((serving.clone(), live)),
                Err(why) => failed.push((serving.clone(), why)),
            }
        }
        (warm, failed)
    }

    async fn live(&self, serving: &Serving, component: &Component) -> Result<Arc<Live>, String> {
        let inner = self.inner();
        let keys = inner.server.sequencer.keys();
        let driver = &component.driver;
        let (url, counters) = (&inner.public_url, serving.kept.egress.clone());
        let (channel, problems) = prepare::prepare(driver, &serving.config, url, Some(keys), &inner.way_out, counters);
        if !problems.is_empty() {
            let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
            return Err(texts.join("; "));
        }
        let channel = jackfield_sandbox::ChannelConfig { connections: Some(serving.kept.lines.clone()), ..channel };
        let server = inner.server.clone();
        let served = match self.recorder(&serving.config) {
            Some(recorder) => driver.serve_recorded(channel, server, recorder).await,
            None => driver.serve(channel, server).await,
        };
        let generation = served.map_err(|error| match &error {
            CallError::Settings(settings) => prepare::refused(&serving.config, settings).to_string(),
            other => other.to_string(),
        })?;
        Ok(Arc::new(Live::new(generation, component.signer.clone(), self.now().millis())))
    }

    /// Loads what the channels of a set ask for. A channel that can't be served goes on as `before`, or says why.
    pub(crate) async fn load_set(&self, set: &Set, before: Option<&Set>, by: &str) {
        let mut wanted: BTreeMap<DriverRef, Vec<Arc<Serving>>> = BTreeMap::new();
        for serving in set.serving.values() {
            wanted.entry(serving.config.driver.clone()).or_default().push(serving.clone());
        }
        for (wanted, servings) in wanted {
            let (found, (warm, failed)) = self.best(&wanted, &servings).await;
            if let Some(found) = &found
                && !warm.is_empty()
                && let Err(error) = self.remember(&wanted, found, by).await
            {
                tracing::error!(driver = %wanted, "what serves now is not on record, and can't be rolled back: {error}");
            }
            for (serving, live) in warm {
                let old = before.and_then(|set| set.serving.get(&serving.id));
                let is_alike = old.is_some_and(|old| old.config.serves_as(&serving.config));
                self.place(&serving, live, old.and_then(|old| old.live()), is_alike);
            }
            for (serving, why) in failed {
                self.go_on(&serving, before, why).await;
            }
        }
    }

    /// What a name's channels can be served by: what is to serve, else what served last.
    async fn best(&self, wanted: &DriverRef, servings: &[Arc<Serving>]) -> (Option<Found>, Warm) {
        let registry = self.registry();
        let slot = registry.slot(wanted);
        let all = |why: &dyn std::fmt::Display| -> Warm {
            (Vec::new(), servings.iter().map(|serving| (serving.clone(), why.to_string())).collect())
        };
        let first = match registry.find(wanted).await {
            Ok(found) => {
                if let Some(note) = &found.note {
                    tracing::warn!(driver = %wanted, "{note}");
                }
                let warm = self.warm(servings, &found.component).await;
                (Some(found), warm)
            }
            Err(error) => {
                self.failed_to_load(wanted, error.step(), &error);
                (None, all(&error))
            }
        };
        if first.1.1.is_empty() {
            return first;
        }
        // What served before it may do better: a file that was changed while the server was down is not yet proven.
        let tried = first.0.as_ref().map(|found| found.component.digest());
        for served in slot.current().into_iter().chain(slot.before()).filter(|served| Some(served.digest) != tried) {
            let Ok(component) = registry.load_kept(&served.digest).await else { continue };
            let (warm, _) = self.warm(servings, &component).await;
            if warm.len() > first.1.0.len() {
                for (_, why) in &first.1.1 {
                    tracing::error!(driver = %wanted, "what served before goes on: {why}");
                }
                let failed = first.1.1.into_iter();
                let failed = failed.filter(|(serving, _)| !warm.iter().any(|(served, _)| served.id == serving.id));
                let failed = failed.collect();
                return (Some(Found { component, source: "kept", note: None }), (warm, failed));
            }
        }
        first
    }

    /// A channel that can't be served under a new config goes on as it was, if that is still allowed.
    async fn go_on(&self, serving: &Arc<Serving>, before: Option<&Set>, why: String) {
        serving.counters().load_failures.fetch_add(1, Ordering::Relaxed);
        let old = before.and_then(|set| set.serving.get(&serving.id)).and_then(|old| old.live());
        let old = match old {
            Some(old) if self.is_allowed(&old).await => Some(old),
            _ => None,
        };
        match old {
            Some(live) => {
                self.complain(serving, &format!("the channel goes on as it was: {why}"));
                serving.served.store(Arc::new(Served::By(live)));
            }
            None => {
                self.complain(serving, &format!("the channel is not served: {why}"));
                serving.switch(Served::Failed(why));
            }
        }
    }

    /// Whether the rules of today would still let a driver load.
    async fn is_allowed(&self, live: &Live) -> bool {
        let digest = live.generation.driver().digest();
        !matches!(self.registry().load_kept(&digest).await, Err(DriverError::Signature { .. }))
    }

    /// Puts a generation in place of another one, which stays beside it while it is on trial, and then drains.
    /// `is_alike`: the config says of the channel what it said before.
    fn place(&self, serving: &Arc<Serving>, live: Arc<Live>, old: Option<Arc<Live>>, is_alike: bool) {
        let driver = live.generation.driver().clone();
        let trial = self.config().server.swap.trial;
        // Everything that changes what serves holds `loading`: this is what will have been replaced.
        let old = serving.live().or(old);
        let is_same = |old: &Live| old.generation.driver().digest() == driver.digest();
        let is_alike = is_alike && old.as_deref().is_some_and(is_same);
        let beside = old.as_ref().filter(|old| !trial.is_zero() && (is_alike || !is_same(old)));
        if let Some(old) = beside {
            live.stand_beside(old, is_alike);
        }
        serving.switch(Served::By(live.clone()));
        serving.counters().swaps.fetch_add(1, Ordering::Relaxed);
        let mut done = match (&old, beside) {
            (_, Some(old)) => live.took_over(old, is_alike),
            (Some(old), None) => old.pass().into_iter().chain([old.clone()]).collect(),
            (None, None) => Vec::new(),
        };
        if let Some(old) = old.filter(|old| is_alike && (serving.kept.lines.has_any(old) || old.is_any_alike())) {
            // Nobody who is on the line needs to notice.
            live.stand_for(&old);
            done.retain(|done| !Arc::ptr_eq(done, &old));
        }
        if live.before().is_some() {
            // A version that is replaced before its trial is over isn't held for it.
            let (channels, serving, live) = (self.clone(), serving.clone(), Arc::downgrade(&live));
            tokio::spawn(async move {
                tokio::time::sleep(trial).await;
                if let Some(before) = live.upgrade().and_then(|live| live.pass()) {
                    channels.drain_out(&serving, before);
                }
            });
        }
        done.into_iter().for_each(|done| self.drain_out(serving, done));
        let name = driver.name_and_version();
        tracing::info!(channel = serving.id, driver = name, digest = %driver.digest(), "the channel is served");
        self.say(&serving.id, LogLevel::Info, &format!("served by {name}, {}", driver.digest()));
        self.spawn_start(serving.clone());
        self.spawn_health(serving.clone());
    }

    /// Lets a generation's calls end, and then the generation go.
    fn drain_out(&self, serving: &Arc<Serving>, live: Arc<Live>) {
        let (channels, serving) = (self.clone(), serving.clone());
        serving.kept.draining.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let drain = channels.config().server.swap.drain;
            let lines = &serving.kept.lines;
            for leaving in live.leave().iter().chain([&live]) {
                lines.drain(Some(leaving), drain);
                // Its connections have that long to end in, and end by themselves then.
                lines.ended(Some(leaving)).await;
            }
            let cut = live.drain(drain).await;
            serving.kept.draining.fetch_sub(1, Ordering::Relaxed);
            if cut > 0 {
                serving.counters().cut_off.fetch_add(cut as u64, Ordering::Relaxed);
                let name = live.generation.driver().name_and_version();
                let why = format!("{cut} calls of {name} were cut off: it was replaced, and `drain` is over");
                channels.complain(&serving, &why);
            }
        });
    }

    /// Puts on record that a component serves under a name, and keeps its file.
    async fn remember(&self, wanted: &DriverRef, found: &Found, by: &str) -> Result<(), ChangeError> {
        let registry = self.registry();
        let before = registry.slot(wanted);
        let mut slot = before.clone();
        slot.took(self.entry(&found.component, found.source, by));
        if slot == before {
            return Ok(());
        }
        registry.keep_file(&found.component).await?;
        let audit = audit(by, "driver.loaded", wanted, &found.component);
        let writes = own::Writes::from([(format!("{DRIVER}{wanted}"), own::json(&slot))]);
        own::write(self.sequencer(), writes, vec![audit]).await?;
        registry.set_slot(&wanted.to_string(), Some(slot));
        Ok(())
    }

    fn entry(&self, component: &Component, source: &str, by: &str) -> SlotEntry {
        SlotEntry {
            digest: component.digest(),
            version: component.driver.descriptor().version.clone(),
            signer: component.signer.clone(),
            source: source.to_owned(),
            by: by.to_owned(),
            at: self.now(),
        }
    }

    /// The channels that ask for a driver so.
    fn of(&self, wanted: &DriverRef) -> Vec<Arc<Serving>> {
        self.set().serving.values().filter(|serving| serving.config.driver == *wanted).cloned().collect()
    }

    /// Tells that a driver did not get as far as it should.
    fn failed_to_load(&self, wanted: &DriverRef, step: &'static str, why: &dyn std::fmt::Display) {
        tracing::error!(driver = %wanted, step, "{why}");
        self.inner().failures.count(step);
    }

    /// Takes what the drivers folder holds now; the router is told. A driver that can't serve leaves the old one
    /// serving.
    pub(crate) async fn refresh(&self) {
        let _loading = self.inner().loading.lock().await;
        let wanted: BTreeSet<_> = self.set().serving.values().map(|serving| serving.config.driver.clone()).collect();
        let mut changed = false;
        for wanted in wanted {
            changed |= self.refresh_one(&wanted).await;
        }
        if changed {
            self.tell_router().await;
        }
    }

    async fn refresh_one(&self, wanted: &DriverRef) -> bool {
        let servings = self.of(wanted);
        let found = match self.registry().find(wanted).await {
            Ok(found) => found,
            Err(error) => {
                self.failed_to_load(wanted, error.step(), &error);
                for serving in servings.iter().filter(|serving| serving.live().is_some()) {
                    serving.counters().load_failures.fetch_add(1, Ordering::Relaxed);
                    let why = format!("the driver in the folder is not taken, the one before goes on: {error}");
                    self.complain(serving, &why);
                }
                return false;
            }
        };
        if let Some(note) = &found.note {
            servings.iter().for_each(|serving| self.say(&serving.id, LogLevel::Warn, note));
            tracing::warn!(driver = %wanted, "{note}");
        }
        let digest = found.component.digest();
        let serves =
            |serving: &Arc<Serving>| serving.live().is_some_and(|live| live.generation.driver().digest() == digest);
        if servings.iter().all(serves) {
            return false;
        }
        let taken = self.exchange(wanted, &found, servings.clone(), "folder").await;
        match taken {
            Ok(change) => !change.channels.is_empty(),
            Err(error) => {
                self.failed_to_load(wanted, error.step(), &error);
                for serving in &servings {
                    serving.counters().load_failures.fetch_add(1, Ordering::Relaxed);
                    self.complain(serving, &format!("the new driver is not taken: {error}"));
                }
                false
            }
        }
    }

    /// Lets a component serve under a name, in all of its channels or in none.
    async fn exchange(
        &self,
        wanted: &DriverRef,
        found: &Found,
        servings: Vec<Arc<Serving>>,
        by: &str,
    ) -> Result<DriverChange, ChangeError> {
        let (warm, not_served) = self.all_or_none(&servings, &found.component).await?;
        let replaced = self.registry().slot(wanted).current().map(|served| served.digest);
        self.remember(wanted, found, by).await?;
        Ok(self.put_in_place(&found.component, warm, not_served, replaced))
    }

    async fn all_or_none(
        &self,
        servings: &[Arc<Serving>],
        component: &Component,
    ) -> Result<(Ready, Vec<NotServed>), ChangeError> {
        let (warm, failed) = self.warm(servings, component).await;
        let told =
            |(serving, why): &(Arc<Serving>, String)| NotServed { channel: serving.id.clone(), why: why.clone() };
        let worse: Vec<_> = failed.iter().filter(|(serving, _)| serving.live().is_some()).map(told).collect();
        if !worse.is_empty() {
            return Err(ChangeError::Channels(worse));
        }
        for (serving, why) in &failed {
            self.complain(serving, &format!("the channel is not served: {why}"));
            serving.switch(Served::Failed(why.clone()));
        }
        Ok((warm, failed.iter().map(told).collect()))
    }

    fn put_in_place(
        &self,
        component: &Component,
        warm: Ready,
        not_served: Vec<NotServed>,
        replaced: Option<Digest>,
    ) -> DriverChange {
        let channels = warm.iter().map(|(serving, _)| serving.id.clone()).collect();
        for (serving, live) in warm {
            self.place(&serving, live, None, false);
        }
        self.forget_unused();
        let descriptor = component.driver.descriptor();
        DriverChange {
            name: descriptor.name.clone(),
            version: descriptor.version.clone(),
            digest: component.digest(),
            signer: component.signer.clone(),
            replaced: replaced.filter(|replaced| *replaced != component.digest()),
            channels,
            not_served,
        }
    }

    async fn tell_router(&self) {
        if let Err(error) = self.sequencer().configure(self.router_config()).await {
            tracing::error!("the router does not know of the new drivers: {error}");
        }
    }

    /// Loads a component under its name and lets it serve every channel that asks for it. It survives a restart and wins
    /// over a file of the folder that is there already.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was changed.
    pub async fn load_driver(&self, name: &str, file: Vec<u8>, by: &str) -> Result<DriverChange, ChangeError> {
        let result = self.try_load(name, file, by).await;
        if let Err(error) = &result {
            let wanted = DriverRef { name: name.to_owned(), version: None };
            self.failed_to_load(&wanted, error.step(), &format!("{by}: {error}"));
        }
        result
    }

    async fn try_load(&self, name: &str, file: Vec<u8>, by: &str) -> Result<DriverChange, ChangeError> {
        let registry = self.registry();
        let component = registry.load(file.into(), &format!("`{name}`")).await?;
        let descriptor = component.driver.descriptor();
        if descriptor.name != name {
            let found = component.driver.name_and_version();
            return Err(ChangeError::OtherName { wanted: name.to_owned(), found });
        }
        let _loading = self.inner().loading.lock().await;
        let plain = DriverRef { name: name.to_owned(), version: None };
        let exact = DriverRef { name: name.to_owned(), version: Some(descriptor.version.clone()) };
        let mut servings = self.of(&plain);
        let of_exact = self.of(&exact);
        let slots: Vec<_> = [plain.clone()].into_iter().chain((!of_exact.is_empty()).then_some(exact)).collect();
        servings.extend(of_exact);
        let (warm, not_served) = self.all_or_none(&servings, &component).await?;
        registry.keep_file(&component).await?;
        let replaced = registry.slot(&plain).current().map(|served| served.digest);
        let mut changed = Vec::new();
        for wanted in &slots {
            let mut slot = registry.slot(wanted);
            slot.put(self.entry(&component, "put", by), registry.file_digest(wanted).await);
            changed.push((wanted.to_string(), slot));
        }
        let writes = changed.iter().map(|(name, slot)| (format!("{DRIVER}{name}"), own::json(slot))).collect();
        own::write(self.sequencer(), writes, vec![audit(by, "driver.loaded", &plain, &component)]).await?;
        changed.into_iter().for_each(|(name, slot)| registry.set_slot(&name, Some(slot)));
        let change = self.put_in_place(&component, warm, not_served, replaced);
        self.tell_router().await;
        Ok(change)
    }

    /// Goes back to the component that served before. What is rolled back isn't taken from the folder again.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was changed.
    pub async fn roll_back_driver(&self, name: &str, by: &str) -> Result<DriverChange, ChangeError> {
        let wanted = DriverRef::parse(name).ok_or_else(|| ChangeError::Unknown(name.to_owned()))?;
        self.roll_back(&wanted, by, None).await
    }

    /// `only`: if this one serves still.
    pub(crate) async fn roll_back(
        &self,
        wanted: &DriverRef,
        by: &str,
        only: Option<Digest>,
    ) -> Result<DriverChange, ChangeError> {
        let _loading = self.inner().loading.lock().await;
        let registry = self.registry();
        let mut slot = registry.slot(wanted);
        let Some(current) = slot.current().cloned() else {
            return Err(ChangeError::Unknown(wanted.to_string()));
        };
        if only.is_some_and(|only| only != current.digest) {
            return Err(ChangeError::Overtaken(wanted.to_string()));
        }
        let Some(previous) = slot.previous().cloned() else {
            return Err(ChangeError::NothingBefore(wanted.to_string()));
        };
        let component = registry.load_kept(&previous.digest).await?;
        let (warm, not_served) = self.all_or_none(&self.of(wanted), &component).await?;
        slot.roll_back(by, self.now(), registry.file_digest(wanted).await);
        let mut audit = audit(by, "driver.rolled-back", wanted, &component);
        audit.detail = format!("{} in place of {}@{}", audit.detail, current.version, current.digest);
        let writes = own::Writes::from([(format!("{DRIVER}{wanted}"), own::json(&slot))]);
        own::write(self.sequencer(), writes, vec![audit]).await?;
        registry.set_slot(&wanted.to_string(), Some(slot));
        let change = self.put_in_place(&component, warm, not_served, Some(current.digest));
        self.tell_router().await;
        Ok(change)
    }

    /// Takes back what an operator put: the folder's file serves from now on. None is left: it is forgotten, if no
    /// channel uses it.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was changed.
    pub async fn unload_driver(&self, name: &str, by: &str) -> Result<Option<DriverChange>, ChangeError> {
        let wanted = DriverRef::parse(name).ok_or_else(|| ChangeError::Unknown(name.to_owned()))?;
        let _loading = self.inner().loading.lock().await;
        let registry = self.registry();
        let mut slot = registry.slot(&wanted);
        let file = registry.file_digest(&wanted).await;
        if slot.current().is_none() && file.is_none() {
            return Err(ChangeError::Unknown(name.to_owned()));
        }
        if !slot.is_chosen() && file.is_some() {
            let folder = registry.folder().display().to_string();
            return Err(ChangeError::OfFolder { name: name.to_owned(), folder });
        }
        let servings = self.of(&wanted);
        slot.release();
        if file.is_some() {
            let found = registry.find_by(&wanted, &slot).await?;
            if found.source == "folder" {
                let change = self.exchange(&wanted, &found, servings, by).await?;
                self.tell_router().await;
                return Ok(Some(change));
            }
        }
        if !servings.is_empty() {
            let channels: Vec<_> = servings.iter().map(|serving| format!("`{}`", serving.id)).collect();
            let remedy = "load another version, or take the channels out of the config and reload it";
            return Err(ChangeError::InUse { name: name.to_owned(), channels: channels.join(", "), remedy });
        }
        let audit = Audit {
            by: by.to_owned(),
            action: "driver.unloaded".to_owned(),
            subject: wanted.to_string(),
            detail: slot.current().map(|served| format!("{}@{}", served.version, served.digest)).unwrap_or_default(),
        };
        let writes = own::Writes::from([(format!("{DRIVER}{wanted}"), None)]);
        own::write(self.sequencer(), writes, vec![audit]).await?;
        registry.set_slot(&wanted.to_string(), None);
        self.forget_unused();
        Ok(None)
    }

    /// Drivers that serve nothing any more are let go with their last call.
    pub(crate) fn forget_unused(&self) {
        let set = self.set();
        let serving = set.serving.values().filter_map(|serving| serving.generation());
        let mut used: BTreeSet<_> = serving.map(|generation| generation.driver().digest()).collect();
        used.extend(self.registry().slots().values().filter_map(|slot| Some(slot.current()?.digest)));
        self.registry().keep(&used);
    }

    /// A generation crashed in a call that the one before could answer: one time too often, and it is rolled back.
    pub(crate) fn blame(&self, serving: &Arc<Serving>, live: &Arc<Live>) {
        if !live.crashed(self.config().server.swap.trial_crashes) {
            return;
        }
        let (channels, serving, digest) = (self.clone(), serving.clone(), live.generation.driver().digest());
        tokio::spawn(async move {
            let why = "the new version crashes too often and is rolled back";
            channels.complain(&serving, why);
            match channels.roll_back(&serving.config.driver, "server", Some(digest)).await {
                Ok(_) => drop(serving.counters().roll_backs.fetch_add(1, Ordering::Relaxed)),
                Err(ChangeError::Overtaken(_)) => {}
                Err(error) => channels.complain(&serving, &format!("it could not be rolled back: {error}")),
            }
        });
    }
}

fn audit(by: &str, action: &str, wanted: &DriverRef, component: &Component) -> Audit {
    let signer = component.signer.as_deref().map(|signer| format!(", signed by {signer}")).unwrap_or_default();
    Audit {
        by: by.to_owned(),
        action: action.to_owned(),
        subject: wanted.to_string(),
        detail: format!("{} {}{signer}", component.driver.name_and_version(), component.digest()),
    }
}
