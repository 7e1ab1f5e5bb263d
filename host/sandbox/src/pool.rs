//! The instances of one lane of a generation.

pub(crate) use crate::bindings::exports::jackfield::channel::driver::Context;
use crate::call::{self, Call, CallKind, State};
use crate::channel::Channel;
use crate::convert;
use crate::driver::{Guest, Loaded};
use crate::error::{CallError, SettingsError};
use crate::limits::{Limit, Limits};
use crate::tape::Tape;
use jackfield_records::facts;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::Store;

/// What stands in a record as the handler that every instance begins with.
const CONFIGURE: &str = "Configure";

/// A live sandbox.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) guest: Guest,
    calls: u64,
    /// Bytes that it had when it was configured.
    began_with: usize,
}

impl Instance {
    /// Whether a call has left it as good as new.
    fn is_sound(&self, limits: &Limits) -> bool {
        let state = self.store.data();
        let grown = state.memory.used().saturating_sub(self.began_with);
        // A resource that is left open leaks: the next call could not reach it, and the host would keep it.
        self.calls < limits.recycle_after
            && grown <= limits.memory / 2
            && state.table.is_empty()
            && state.writers.is_empty()
            && state.wasi.is_tidy()
    }
}

/// Instances that wait for a call, with the time since they do; at most `limits.instances` of them alive.
pub(crate) struct Pool {
    idle: Mutex<Vec<(Instance, Instant)>>,
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
        let slot = match self.slots.try_acquire() {
            Ok(slot) => slot,
            Err(_) => match timeout(wait, self.slots.acquire()).await {
                Ok(Ok(slot)) => slot,
                _ => {
                    channel.usage.hit(Limit::Instances);
                    return Err(CallError::Busy(format!("all instances of the lane were busy for {wait:?}")));
                }
            },
        };
        let idle = if fresh { None } else { self.idle.lock().pop() };
        let instance = match idle {
            Some((instance, _)) => instance,
            None => made(loaded, channel).await?,
        };
        Ok(Lease { instance, pool: self, _slot: slot })
    }

    /// How many instances wait.
    pub(crate) fn idle(&self) -> usize {
        self.idle.lock().len()
    }

    /// Lets go of instances that have waited for this long.
    pub(crate) fn let_go(&self, waited: Duration) {
        let mut idle = self.idle.lock();
        // The longest waiting ones come first: the last one given back is the next one taken.
        let gone = idle.partition_point(|(_, since)| since.elapsed() >= waited);
        let gone: Vec<_> = idle.drain(..gone).collect();
        drop(idle);
        // Not under the lock: to tear an instance down takes longer than a call.
        drop(gone);
    }
}

impl Lease<'_> {
    /// Gives the instance back after a call that ended well; one that was used often enough, has grown, holds on to
    /// resources, or was only for this call, goes.
    pub(crate) fn give_back(mut self, fresh: bool, limits: &Limits) {
        self.instance.calls += 1;
        if !fresh && self.instance.is_sound(limits) {
            self.pool.idle.lock().push((self.instance, Instant::now()));
        }
    }
}

/// A new instance. Where there is no room for it, those that only wait are let go first: of the channel, where its own
/// memory is full, of everybody, where the engine's pool is.
pub(crate) async fn made(loaded: &Loaded, channel: &Arc<Channel>) -> Result<Instance, CallError> {
    match start(loaded, channel).await {
        Err(CallError::Memory { key, .. }) if key == Limit::ChannelMemory.name() => {
            loaded.sandbox.let_go(Duration::ZERO, Some(channel));
            start(loaded, channel).await
        }
        Err(CallError::Busy(_)) => {
            loaded.sandbox.let_go(Duration::ZERO, None);
            start(loaded, channel).await
        }
        other => other,
    }
}

async fn start(loaded: &Loaded, channel: &Arc<Channel>) -> Result<Instance, CallError> {
    let context = Context {
        channel: channel.config.id.clone(),
        public_url: channel.config.public_url.clone(),
        listeners: channel
            .config
            .connections
            .iter()
            .flat_map(|all| all.listeners())
            .map(convert::listener_out)
            .collect(),
        attributes: Vec::new(),
    };
    start_with(loaded, channel, Tape::of(channel, &loaded.digest.to_string()), context).await
}

/// Makes an instance and configures it.
pub(crate) async fn start_with(
    loaded: &Loaded,
    channel: &Arc<Channel>,
    tape: Tape,
    context: Context,
) -> Result<Instance, CallError> {
    let limits = &channel.config.limits;
    let settings = &channel.config.settings;
    let mut store = call::store(&loaded.sandbox, Some(channel.clone()));
    store.data_mut().tape = tape;
    store.data_mut().tape.begin(CONFIGURE, || facts(&(&context, settings)));
    let wall = limits.receive_wall;
    let configure = || Call::new(CallKind::Configure, limits.receive_cpu);
    call::begin(&mut store, configure());
    let made = timeout(wall, loaded.pre.instantiate_async(&mut store)).await;
    let instance = match call::finish(&mut store, wall, made) {
        Ok(instance) => instance,
        Err(error) => {
            // No room for it: it was never there.
            if matches!(error, CallError::Busy(_)) {
                store.data_mut().tape = Tape::Off;
            }
            store.data_mut().tape.end::<()>(&Err(error.clone()));
            return Err(error);
        }
    };
    let guest = loaded.indices.load(&mut store, &instance).map_err(|error| CallError::Answer(error.to_string()))?;
    call::begin(&mut store, configure());
    let configured = timeout(wall, guest.driver.call_configure(&mut store, &context, settings)).await;
    let configured = call::finish(&mut store, wall, configured);
    store.data_mut().tape.end(&configured);
    configured?.map_err(|error| {
        let clean = |text: &str| channel.scrubber.text(text).into_owned();
        SettingsError { key: clean(&error.key), text: clean(&error.text), remedy: clean(&error.remedy) }
    })?;
    let began_with = store.data().memory.used();
    Ok(Instance { store, guest, calls: 0, began_with })
}
