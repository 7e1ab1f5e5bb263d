//! The engine: how guests are compiled and where they run.

use crate::cache::Cache;
use crate::error::LoadError;
use jackfield_spec::Digest;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, WasmBacktraceDetails};

/// How often a guest is asked to let others run, and the grain of guest time limits.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// What a sandbox needs.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Folder for compiled components.
    pub cache: PathBuf,
    /// Threads that guests run on.
    pub threads: usize,
    /// Instances alive at once, over all channels.
    pub instances: u32,
    /// Bytes of a component.
    pub max_component: usize,
}

impl SandboxConfig {
    /// Defaults with this cache folder.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self { cache: cache.into(), threads, instances: 4_000, max_component: 64 << 20 }
    }
}

/// One engine with its threads, its clock and its cache. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) config: SandboxConfig,
    compile_config: Config,
    cache: Cache,
    runtime: Option<tokio::runtime::Runtime>,
    handle: tokio::runtime::Handle,
    stop: Arc<AtomicBool>,
    linker: wasmtime::component::Linker<crate::call::State>,
}

fn engine_config(instances: u32) -> Config {
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
        .max_memories_per_component(10)
        .max_tables_per_component(50)
        .table_elements(20_000)
        // The most that an operator can allow; each channel's own limit is kept by its memory meter.
        .max_memory_size(256 << 20)
        // Without these a slot's pages are unmapped after each use: 37 µs become 60 for a fresh instance.
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10);
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
        .async_stack_size(1 << 20)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

impl Sandbox {
    /// Starts the engine, its threads and its clock.
    ///
    /// # Errors
    /// The cache folder can't be made or written, or the engine can't reserve its address space.
    pub fn start(config: SandboxConfig) -> Result<Self, LoadError> {
        let host = |what: &str, error: &dyn std::fmt::Display| LoadError::Host(format!("{what}: {error}"));
        let compile_config = engine_config(config.instances);
        let engine =
            Engine::new(&compile_config).map_err(|error| host("the engine can't start", &format!("{error:#}")))?;
        let cache = Cache::open(&config.cache)
            .map_err(|error| host(&format!("the folder {} for compiled drivers", config.cache.display()), &error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.threads.max(1))
            .thread_name("guest")
            .enable_all()
            .build()
            .map_err(|error| host("threads for guests", &error))?;
        let linker = crate::driver::linker(&engine).map_err(|error| host("the linker", &format!("{error:#}")))?;
        let stop = Arc::new(AtomicBool::new(false));
        tick(&engine, &stop).map_err(|error| host("the clock of guests", &error))?;
        let handle = runtime.handle().clone();
        let inner = Inner { engine, config, compile_config, cache, runtime: Some(runtime), handle, stop, linker };
        Ok(Self { inner: Arc::new(inner) })
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

    /// The component's code, from the cache or compiled.
    pub(crate) fn compile(&self, bytes: &[u8], digest: &Digest) -> Result<Component, LoadError> {
        let engine = &self.inner.engine;
        let hash = compatibility(engine);
        if let Some(code) = self.inner.cache.get(digest, &hash) {
            match deserialize(engine, &code) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(%digest, "a compiled driver does not fit this engine and is compiled again: {error:#}")
                }
            }
        }
        // An engine of its own: this release of wasmtime keeps a compiler's memory for as long as its engine lives.
        let compiler =
            Engine::new(&self.inner.compile_config).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        let code = compiler.precompile_component(bytes).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        drop(compiler);
        if let Err(error) = self.inner.cache.put(digest, &hash, &code) {
            tracing::warn!(%digest, "the compiled driver could not be cached, the next start compiles it again: {error}");
        }
        deserialize(engine, &code).map_err(|error| LoadError::Compile(format!("{error:#}")))
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

/// What code must have been compiled with to run here.
fn compatibility(engine: &Engine) -> String {
    use std::hash::{Hash, Hasher};
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
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
