//! The engine: how guests are compiled and where they run.

use crate::cache::Cache;
use crate::channel::Channel;
use crate::compile::{CompileLimits, Compiler, compile};
use crate::error::{LoadError, Refusal};
use crate::generation::Lanes;
use crate::inspect::ComponentLimits;
use crate::usage::Usages;
use crate::versions::{self, Versions};
use jackfield_spec::Digest;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, WasmBacktraceDetails};

/// How often a guest is asked to let others run, and the grain of guest time limits.
pub(crate) const TICK: Duration = Duration::from_millis(5);
/// How often it is looked for instances that have waited too long.
const SWEEP: Duration = Duration::from_secs(5);
/// Components that are compiled at the same time.
const COMPILING: usize = 2;

/// What a sandbox needs.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Folder for compiled components.
    pub cache: PathBuf,
    /// Threads that guests run on; at least two, so that long calls leave one to short ones.
    pub threads: usize,
    /// Instances alive at once, over all channels.
    pub instances: u32,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// What compiling one may use, in a process of its own.
    pub compile: CompileLimits,
    /// How much there may be of a component.
    pub component: ComponentLimits,
}

impl SandboxConfig {
    /// Defaults with this cache folder; components are compiled in this process.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            cache: cache.into(),
            threads,
            instances: 4_000,
            compiler: Compiler::InProcess,
            compile: CompileLimits::default(),
            component: ComponentLimits::default(),
        }
    }
}

/// One engine with its threads, its clock and its cache. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    config: SandboxConfig,
    cache: Cache,
    /// Components that may be compiled at the same time: what one may use is not to be had many times over.
    compiling: Semaphore,
    /// What each channel uses.
    pub(crate) usages: Usages,
    /// Threads for calls that run for longer than a tick: all but one.
    pub(crate) long: Arc<Semaphore>,
    /// Of the probes that do, one at a time.
    pub(crate) probes: Arc<Semaphore>,
    /// Where instances wait, so that they can be let go.
    lanes: Mutex<Vec<Weak<Lanes>>>,
    runtime: Option<tokio::runtime::Runtime>,
    handle: tokio::runtime::Handle,
    stop: Arc<AtomicBool>,
    linker: wasmtime::component::Linker<crate::call::State>,
    /// Of the specification.
    pub(crate) versions: Versions,
}

/// What code is made for and run with, but for the pool of instances.
pub(crate) fn compiler_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20);
    config
}

pub(crate) fn engine_config(instances: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        // Rust and C guests have one to three core instances; 50 leaves room for JavaScript and Python ones.
        .total_core_instances(instances.saturating_mul(4))
        .total_memories(instances.saturating_mul(2))
        .total_tables(instances.saturating_mul(4))
        .max_core_instances_per_component(50)
        .max_component_instance_size(8 << 20)
        .max_core_instance_size(8 << 20)
        .max_memories_per_module(10)
        .max_tables_per_module(10)
        .max_memories_per_component(10)
        .max_tables_per_component(50)
        .table_elements(20_000)
        // The most that an operator can allow; each channel's own limit is kept by its memory meter.
        .max_memory_size(256 << 20)
        // Without these a slot's pages are unmapped after each use: 37 µs become 60 for a fresh instance.
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10);
    let mut config = compiler_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

impl Sandbox {
    /// Starts the engine, its threads and its clock.
    ///
    /// # Errors
    /// The cache folder can't be made or written, or the engine can't reserve its address space.
    pub fn start(config: SandboxConfig) -> Result<Self, LoadError> {
        Self::serving(config, versions::SERVED)
    }

    /// The same with these versions of the specification.
    pub(crate) fn serving(config: SandboxConfig, versions: Versions) -> Result<Self, LoadError> {
        let host = |what: &str, error: &dyn std::fmt::Display| LoadError::Host(format!("{what}: {error}"));
        let engine = Engine::new(&engine_config(config.instances))
            .map_err(|error| host("the engine can't start", &format!("{error:#}")))?;
        let cache = Cache::open(&config.cache)
            .map_err(|error| host(&format!("the folder {} for compiled drivers", config.cache.display()), &error))?;
        let threads = config.threads.max(2);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("guest")
            .enable_all()
            .build()
            .map_err(|error| host("threads for guests", &error))?;
        let linker =
            crate::driver::linker(&engine, versions).map_err(|error| host("the linker", &format!("{error:#}")))?;
        let stop = Arc::new(AtomicBool::new(false));
        tick(&engine, &stop).map_err(|error| host("the clock of guests", &error))?;
        let handle = runtime.handle().clone();
        let inner = Arc::new(Inner {
            engine,
            config,
            cache,
            compiling: Semaphore::new(COMPILING),
            usages: Usages::default(),
            long: Arc::new(Semaphore::new(threads - 1)),
            probes: Arc::new(Semaphore::new(1)),
            lanes: Mutex::default(),
            runtime: Some(runtime),
            handle,
            stop,
            linker,
            versions,
        });
        inner.handle.spawn(sweep(Arc::downgrade(&inner)));
        Ok(Self { inner })
    }

    /// Lets go of instances of these lanes that have waited too long, from now on.
    pub(crate) fn watch(&self, lanes: &Arc<Lanes>) {
        let mut watched = self.inner.lanes.lock();
        watched.retain(|lanes| lanes.strong_count() > 0);
        watched.push(Arc::downgrade(lanes));
    }

    /// Lets go of instances that have waited for this long, of one channel or of all.
    pub(crate) fn let_go(&self, waited: Duration, of: Option<&Channel>) {
        for lanes in self.inner.watched().iter().filter(|lanes| of.is_none_or(|channel| lanes.are_of(channel))) {
            lanes.let_go(Some(waited));
        }
    }

    /// Runs a future on the guests' threads. Calls that it makes of a [`Generation`](crate::Generation) run where they
    /// are, which spares each of them the way to another thread and back.
    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.inner.handle.spawn(future)
    }

    /// Whether this is one of the guests' threads.
    pub(crate) fn is_here(&self) -> bool {
        tokio::runtime::Handle::try_current().is_ok_and(|handle| handle.id() == self.inner.handle.id())
    }

    pub(crate) fn linker(&self) -> &wasmtime::component::Linker<crate::call::State> {
        &self.inner.linker
    }

    /// The component's code, from the cache or compiled. What is in the cache was checked when it was compiled.
    pub(crate) async fn compile(&self, bytes: &Arc<[u8]>, digest: &Digest) -> Result<Component, LoadError> {
        let inner = &self.inner;
        let config = &inner.config;
        if bytes.len() > config.component.bytes {
            return Err(Refusal::TooLarge { found: bytes.len(), limit: config.component.bytes }.into());
        }
        let hash = compatibility(&inner.engine, &config.component);
        if let Some(component) = self.cached(digest, &hash).await {
            return Ok(component);
        }
        let _turn = inner.compiling.acquire().await;
        // Another may have waited for the same component.
        if let Some(component) = self.cached(digest, &hash).await {
            return Ok(component);
        }
        let code = compile(&config.compiler, inner.versions, bytes, &config.component, &config.compile).await?;
        self.blocking(*digest, move |inner, digest| {
            if let Err(error) = inner.cache.put(digest, &hash, &code) {
                tracing::warn!(%digest, "the compiled driver could not be cached, the next start compiles it again: {error}");
            }
            deserialize(&inner.engine, &code).map_err(|error| Refusal::Compile(format!("{error:#}")).into())
        })
        .await?
    }

    async fn cached(&self, digest: &Digest, hash: &str) -> Option<Component> {
        let hash = hash.to_owned();
        let look = self.blocking(*digest, move |inner, digest| {
            let code = inner.cache.get(digest, &hash)?;
            deserialize(&inner.engine, &code)
                .inspect_err(|error| {
                    tracing::warn!(%digest, "a compiled driver does not fit this engine and is compiled again: {error:#}");
                })
                .ok()
        });
        look.await.ok().flatten()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        digest: Digest,
        work: impl FnOnce(&Inner, &Digest) -> T + Send + 'static,
    ) -> Result<T, LoadError> {
        let inner = self.inner.clone();
        let task = tokio::task::spawn_blocking(move || work(&inner, &digest));
        task.await.map_err(|error| LoadError::Host(format!("the loader's thread failed: {error}")))
    }
}

impl Inner {
    fn watched(&self) -> Vec<Arc<Lanes>> {
        self.lanes.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

/// Lets go of instances that have waited too long, until the sandbox is gone.
async fn sweep(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.watched().iter().for_each(|lanes| lanes.let_go(None));
    }
}

#[expect(
    unsafe_code,
    reason = "wasmtime can't check that bytes are code it made; the cache authenticates them, or we made them just now"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` comes from `precompile_component` of an engine with the same configuration: either just now, or
    // through the cache, which verifies a keyed tag over it.
    unsafe { Component::deserialize(engine, code) }
}

/// What code must have been compiled with to run here, and what its component must have been held against.
fn compatibility(engine: &Engine, limits: &ComponentLimits) -> String {
    use std::hash::{Hash, Hasher};
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    (limits, env!("CARGO_PKG_VERSION"), jackfield_spec::WIT_FILES, crate::wasi::FILES).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Moves the engine's epoch until the sandbox is gone.
fn tick(engine: &Engine, stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    let engine = engine.weak();
    let stop = stop.clone();
    std::thread::Builder::new().name("guest-clock".to_owned()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => break,
            }
        }
    })?;
    Ok(())
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The last handle may be dropped inside a runtime, where waiting for threads isn't allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
