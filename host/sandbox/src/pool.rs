//! The instances of one lane of a generation.

use crate::bindings::exports::jackfield::channel::driver as wit;
use crate::call::{self, Call, CallKind, State};
use crate::channel::Channel;
use crate::driver::{Guest, Loaded};
use crate::error::{CallError, SettingsError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::Store;

/// A live sandbox.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) guest: Guest,
    calls: u64,
}

/// Instances that wait for a call, at most `limits.instances` of them alive.
pub(crate) struct Pool {
    idle: Mutex<Vec<Instance>>,
    slots: Semaphore,
}

/// An instance for one call; holds its slot.
pub(crate) struct Lease<'a> {
    pub(crate) instance: Instance,
    pool: &'a Pool,
    _slot: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(instances: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), slots: Semaphore::new(instances.max(1)) }
    }

    /// An idle instance, or a new one. Waits for a slot at most as long as the call itself may take.
    pub(crate) async fn lease(
        &self,
        loaded: &Loaded,
        channel: &Arc<Channel>,
        fresh: bool,
        wait: Duration,
    ) -> Result<Lease<'_>, CallError> {
        let slot = timeout(wait, self.slots.acquire()).await;
        let slot = match slot {
            Ok(Ok(slot)) => slot,
            _ => return Err(CallError::Busy(format!("all instances of the lane were busy for {wait:?}"))),
        };
        let idle = if fresh { None } else { self.idle.lock().pop() };
        let instance = match idle {
            Some(instance) => instance,
            None => start(loaded, channel).await?,
        };
        Ok(Lease { instance, pool: self, _slot: slot })
    }

    /// How many instances wait.
    pub(crate) fn idle(&self) -> usize {
        self.idle.lock().len()
    }
}

impl Lease<'_> {
    /// Gives the instance back after a call that ended well; one that was used often enough, or only for this call, goes.
    pub(crate) fn give_back(mut self, fresh: bool, recycle_after: u64) {
        self.instance.calls += 1;
        if !fresh && self.instance.calls < recycle_after {
            self.pool.idle.lock().push(self.instance);
        }
    }
}

/// Makes an instance and configures it.
pub(crate) async fn start(loaded: &Loaded, channel: &Arc<Channel>) -> Result<Instance, CallError> {
    let limits = &channel.config.limits;
    let mut store =
        call::store(&loaded.sandbox.inner.engine, Some(channel.clone()), limits.memory, limits.host_call_bytes);
    let wall = limits.receive_wall;
    let configure = || Call::new(CallKind::Configure, limits.receive_cpu);
    call::begin(&mut store, configure());
    let made = timeout(wall, loaded.pre.instantiate_async(&mut store)).await;
    let made = call::finish(&mut store, wall, made);
    let instance = made.map_err(|error| match error {
        // The engine's own pool is full.
        CallError::Trap { trap } if trap.contains("maximum concurrent") => CallError::Busy(trap),
        other => other,
    })?;
    let guest = loaded.indices.load(&mut store, &instance).map_err(|error| CallError::Answer(error.to_string()))?;
    let context = wit::Context {
        channel: channel.config.id.clone(),
        public_url: channel.config.public_url.clone(),
        listeners: Vec::new(),
        attributes: Vec::new(),
    };
    let settings = &channel.config.settings;
    call::begin(&mut store, configure());
    let configured = timeout(wall, guest.driver.call_configure(&mut store, &context, settings)).await;
    let configured = call::finish(&mut store, wall, configured)?;
    configured.map_err(|error| {
        let clean = |text: &str| channel.scrubber.text(text).into_owned();
        SettingsError { key: clean(&error.key), text: clean(&error.text), remedy: clean(&error.remedy) }
    })?;
    Ok(Instance { store, guest, calls: 0 })
}
