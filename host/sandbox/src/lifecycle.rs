//! From bytes to a driver, step by step: each step is a type, and what it yields can only come of the step before.
//!
//! ```text
//! Fetched -> Compiled (verified before) -> Linked -> Driver (probed) -> Generation (warm) -> serving, draining, dropped
//! ```
//!
//! The last three are the caller's: it puts a [`Generation`](crate::Generation) in place, lets the one before drain, and
//! drops it.

use crate::bindings::exports::jackfield::channel as exports;
use crate::call::{self, Call, CallKind, State};
use crate::convert;
use crate::descriptor::Descriptor;
use crate::driver::{Driver, Exports, Loaded, misfit};
use crate::engine::Sandbox;
use crate::error::{LoadError, Refusal};
use crate::versions::Handlers;
use jackfield_spec::Digest;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use wasmtime::component::{Component, InstancePre};

/// Guest time and wall time of a probe.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// A component's bytes, of which nothing is known yet.
pub(crate) struct Fetched {
    bytes: Arc<[u8]>,
}

/// A component of the world served and of a version served, as machine code: verified and compiled in one go, in the
/// compiler's process, and never the one without the other.
pub(crate) struct Compiled {
    component: Component,
    digest: Digest,
}

/// A component whose imports and exports fit, types and all.
pub(crate) struct Linked {
    sandbox: Sandbox,
    pre: InstancePre<State>,
    indices: Box<dyn Handlers>,
    digest: Digest,
    exports: Exports,
}

impl Fetched {
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Reads the component's interfaces and compiles it, or takes the code from the cache; nothing of it is run.
    pub(crate) async fn verify_and_compile(self, sandbox: &Sandbox) -> Result<Compiled, LoadError> {
        let digest = Digest::of(&self.bytes);
        let component = sandbox.compile(&self.bytes, &digest).await?;
        Ok(Compiled { component, digest })
    }
}

impl Compiled {
    pub(crate) fn link(self, sandbox: &Sandbox) -> Result<Linked, LoadError> {
        let pre = sandbox.linker().instantiate_pre(&self.component).map_err(|error| misfit("imports", &error))?;
        let (exports, version) = Exports::of(&self.component, &sandbox.inner.engine);
        let versions = sandbox.inner.versions;
        let unserved = || Refusal::Version { found: version.clone(), served: versions.numbers() };
        let indices = versions.of(&version).ok_or_else(unserved)?.find(&pre, exports)?;
        Ok(Linked { sandbox: sandbox.clone(), pre, indices, digest: self.digest, exports })
    }
}

impl Linked {
    /// Asks an instance that has no capability at all who it is.
    pub(crate) async fn probe(self) -> Result<Driver, LoadError> {
        let failed = |function| move |source| LoadError::Probe { function, source };
        let mut store = call::store(&self.sandbox, None);
        call::begin(&mut store, Call::new(CallKind::Probe, PROBE_TIME));
        let made = timeout(PROBE_TIME, self.pre.instantiate_async(&mut store)).await;
        let instance = call::finish(&mut store, PROBE_TIME, made).map_err(failed("its start"))?;
        let guest = self.indices.load(&mut store, &instance)?;
        call::begin(&mut store, Call::new(CallKind::Probe, PROBE_TIME));
        let described = timeout(PROBE_TIME, guest.driver.call_describe(&mut store)).await;
        let described = call::finish(&mut store, PROBE_TIME, described).map_err(failed("describe"))?;
        let descriptor = describe(described)?;
        let Self { sandbox, pre, indices, digest, exports } = self;
        Ok(Driver { inner: Arc::new(Loaded { sandbox, digest, pre, indices, exports, descriptor }) })
    }
}

fn describe(described: exports::driver::Descriptor) -> Result<Descriptor, LoadError> {
    let descriptor = convert::descriptor_in(described).map_err(|unfit| LoadError::Descriptor(unfit.to_string()))?;
    descriptor.check().map_err(LoadError::Descriptor)?;
    Ok(descriptor)
}

impl Sandbox {
    /// Loads a component: verifies, compiles, links and probes it.
    ///
    /// # Errors
    /// A sentence that says what a driver's author can do; [`LoadError::step`] says how far it came.
    pub async fn load(&self, bytes: impl Into<Arc<[u8]>>) -> Result<Driver, LoadError> {
        let linked = Fetched::new(bytes).verify_and_compile(self).await?.link(self)?;
        // A panic of the host's ends the task, not the server.
        let probed = self.spawn(linked.probe()).await;
        probed.map_err(|error| LoadError::Host(format!("the probe's task failed: {error}")))?
    }
}
