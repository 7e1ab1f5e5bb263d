//! A loaded component: verified, compiled, linked and probed.

use crate::bindings::exports::jackfield::channel as exports;
use crate::call::State;
use crate::descriptor::Descriptor;
use crate::engine::Sandbox;
use crate::error::{LoadError, Refusal};
use crate::inspect::PACKAGE;
use crate::versions::{CallDriver, CallTimer, CallWebhook, Handlers, Versions};
use jackfield_spec::{Digest, VERSION};
use std::sync::Arc;
use wasmtime::component::{Component, InstancePre, Linker};

/// The optional interfaces that a component exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exports {
    /// It takes webhooks.
    pub webhook: bool,
    /// It takes timers.
    pub timer: bool,
    /// It takes connections of bytes.
    pub stream: bool,
}

/// A component that can serve channels. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    pub(crate) inner: Arc<Loaded>,
}

pub(crate) struct Loaded {
    pub(crate) sandbox: Sandbox,
    pub(crate) digest: Digest,
    pub(crate) pre: InstancePre<State>,
    pub(crate) indices: Box<dyn Handlers>,
    pub(crate) exports: Exports,
    pub(crate) descriptor: Descriptor,
}

/// Where the exports are, looked up once.
pub(crate) struct Indices {
    pub(crate) driver: exports::driver::GuestIndices,
    pub(crate) webhook: Option<exports::webhook::GuestIndices>,
    pub(crate) timer: Option<exports::timer::GuestIndices>,
    pub(crate) stream: Option<exports::stream::GuestIndices>,
}

/// The exports of one instance.
pub(crate) struct Guest {
    pub(crate) driver: Box<dyn CallDriver>,
    pub(crate) webhook: Option<Box<dyn CallWebhook>>,
    pub(crate) timer: Option<Box<dyn CallTimer>>,
    pub(crate) stream: Option<exports::stream::Guest>,
}

/// All imports of the specification, and of WASI what guests of other languages need; what a channel isn't granted
/// answers `denied`.
pub(crate) fn linker(engine: &wasmtime::Engine, versions: Versions) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    versions.0.iter().try_for_each(|version| version.link(&mut linker))?;
    crate::wasi::link(&mut linker)?;
    Ok(linker)
}

/// Said of what the inspection let pass and the engine does not.
pub(crate) fn misfit(interface: &str, error: &wasmtime::Error) -> LoadError {
    let version = VERSION.to_owned();
    Refusal::Types { interface: interface.to_owned(), version, difference: format!("{error:#}") }.into()
}

impl Exports {
    /// Those of a component that was inspected, and the version of its `driver`.
    pub(crate) fn of(component: &Component, engine: &wasmtime::Engine) -> (Self, String) {
        let mut exports = Self::default();
        let mut version = String::new();
        for (name, _) in component.component_type().exports(engine) {
            match name.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) {
                Some(("driver", found)) => version = found.to_owned(),
                Some(("webhook", _)) => exports.webhook = true,
                Some(("timer", _)) => exports.timer = true,
                Some(("stream", _)) => exports.stream = true,
                _ => {}
            }
        }
        (exports, version)
    }
}

impl Indices {
    pub(crate) fn find(pre: &InstancePre<State>, exported: Exports) -> Result<Self, LoadError> {
        let driver = exports::driver::GuestIndices::new(pre).map_err(|error| misfit("driver", &error))?;
        let webhook = exported.webhook.then(|| exports::webhook::GuestIndices::new(pre));
        let timer = exported.timer.then(|| exports::timer::GuestIndices::new(pre));
        let stream = exported.stream.then(|| exports::stream::GuestIndices::new(pre));
        Ok(Self {
            driver,
            webhook: webhook.transpose().map_err(|error| misfit("webhook", &error))?,
            timer: timer.transpose().map_err(|error| misfit("timer", &error))?,
            stream: stream.transpose().map_err(|error| misfit("stream", &error))?,
        })
    }
}

impl Handlers for Indices {
    fn load(
        &self,
        store: &mut wasmtime::Store<State>,
        instance: &wasmtime::component::Instance,
    ) -> Result<Guest, LoadError> {
        let driver = self.driver.load(&mut *store, instance).map_err(|error| misfit("driver", &error))?;
        let webhook = self.webhook.as_ref().map(|found| found.load(&mut *store, instance));
        let webhook = webhook.transpose().map_err(|error| misfit("webhook", &error))?;
        let timer = self.timer.as_ref().map(|found| found.load(&mut *store, instance));
        let timer = timer.transpose().map_err(|error| misfit("timer", &error))?;
        let stream = self.stream.as_ref().map(|found| found.load(&mut *store, instance));
        let stream = stream.transpose().map_err(|error| misfit("stream", &error))?;
        Ok(Guest {
            driver: Box::new(driver),
            webhook: webhook.map(|found| Box::new(found) as Box<dyn CallWebhook>),
            timer: timer.map(|found| Box::new(found) as Box<dyn CallTimer>),
            stream,
        })
    }
}

impl Driver {
    /// What the driver says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.inner.descriptor
    }

    /// SHA-256 of the component.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// What it exports.
    pub fn exports(&self) -> Exports {
        self.inner.exports
    }

    /// `name@version`.
    pub fn name_and_version(&self) -> String {
        format!("{}@{}", self.inner.descriptor.name, self.inner.descriptor.version)
    }
}
