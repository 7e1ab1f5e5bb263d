//! The versions of the specification that are served, side by side: a driver is served as the version says whose
//! `driver` it exports.
//!
//! Inside the host there is one set of types, those of the version that [`crate::bindings`] are made of. A version is
//! what lies between a component and these: which interfaces it has, what they link to, and how its handlers are called.
//! How one is added stands in docs/specification.md ("How it grows").

mod v0_9;

use crate::bindings::exports::jackfield::channel::driver::{Context, Delivery, Descriptor, Outcome, SettingsError};
use crate::bindings::exports::jackfield::channel::timer::Expiry;
use crate::bindings::jackfield::channel::http_types::{Request, Response};
use crate::bindings::jackfield::channel::message::Error;
use crate::call::State;
use crate::driver::{Exports, Guest};
use crate::error::LoadError;
use std::pin::Pin;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};
use wit_parser::{Interface, Resolve};

/// The versions of this server.
pub(crate) const SERVED: Versions = Versions(&[&v0_9::Version]);

/// A version of the specification, for the host.
pub(crate) trait Version: Send + Sync {
    /// Its number, `0.9.0`. Before 1.0 a minor version is a major one; patches are compatible.
    fn number(&self) -> &'static str;

    /// The parsed package, for holding a component's types against it.
    fn resolve(&self) -> &'static Resolve;

    /// An interface that was published with it, by its name.
    fn interface(&self, name: &str) -> Option<&'static Interface>;

    /// The interfaces that a driver may export in it.
    fn handlers(&self) -> &'static [&'static str];

    /// Puts its imports into the linker.
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Finds the handlers of a component that exports its `driver`.
    fn find(&self, component: &InstancePre<State>, exports: Exports) -> Result<Box<dyn Handlers>, LoadError>;
}

/// Where a component's handlers are, looked up once.
pub(crate) trait Handlers: Send + Sync {
    /// Those of an instance, their types checked.
    fn load(&self, store: &mut Store<State>, instance: &Instance) -> Result<Guest, LoadError>;
}

/// A call of a guest; the engine's errors are traps.
pub(crate) type Calling<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

/// The handler `driver` of an instance, in the host's types.
pub(crate) trait CallDriver: Send + Sync {
    fn call_describe<'a>(&'a self, store: &'a mut Store<State>) -> Calling<'a, Descriptor>;
    #[expect(clippy::ptr_arg, reason = "the generated bindings want a `&String`")]
    fn call_configure<'a>(
        &'a self,
        store: &'a mut Store<State>,
        context: &'a Context,
        settings: &'a String,
    ) -> Calling<'a, Result<(), SettingsError>>;
    fn call_deliver<'a>(&'a self, store: &'a mut Store<State>, delivery: &'a Delivery) -> Calling<'a, Outcome>;
}

/// The handler `webhook`.
pub(crate) trait CallWebhook: Send + Sync {
    fn call_receive<'a>(
        &'a self,
        store: &'a mut Store<State>,
        request: &'a Request,
    ) -> Calling<'a, Result<Response, Error>>;
}

/// The handler `timer`.
pub(crate) trait CallTimer: Send + Sync {
    fn call_fired<'a>(&'a self, store: &'a mut Store<State>, expiry: &'a Expiry) -> Calling<'a, Result<(), Error>>;
}

/// Versions that are served together.
#[derive(Clone, Copy)]
pub(crate) struct Versions(pub(crate) &'static [&'static dyn Version]);

impl Versions {
    /// The one of which this is a patch.
    pub(crate) fn of(self, number: &str) -> Option<&'static dyn Version> {
        let line = |number: &str| number.rsplit_once('.').map(|(line, _)| line.to_owned());
        self.0.iter().find(|version| line(version.number()) == line(number)).copied()
    }

    /// Their numbers, for people.
    pub(crate) fn numbers(self) -> String {
        let numbers: Vec<_> = self.0.iter().map(|version| version.number()).collect();
        numbers.join(" and ")
    }
}
