//! 0.9, whose types are the host's own: nothing is mapped.

use super::{CallDriver, CallTimer, CallWebhook, Calling, Handlers};
use crate::bindings::Everything;
use crate::bindings::exports::jackfield::channel as exports;
use crate::bindings::jackfield::channel::http_types::{Request, Response};
use crate::bindings::jackfield::channel::message::Error;
use crate::call::State;
use crate::driver::{Exports, Indices};
use crate::error::LoadError;
use crate::passage::Passage;
use exports::driver::{Context, Delivery, Descriptor, Outcome, SettingsError};
use exports::timer::Expiry;
use jackfield_spec::{VERSION, wit_interface, wit_resolve};
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};
use wit_parser::{Interface, Resolve};

/// The version that `wit/` holds.
pub(super) struct Version;

impl super::Version for Version {
    fn number(&self) -> &'static str {
        VERSION
    }

    fn resolve(&self) -> &'static Resolve {
        wit_resolve()
    }

    fn interface(&self, name: &str) -> Option<&'static Interface> {
        wit_interface(name)
    }

    fn handlers(&self) -> &'static [&'static str] {
        &["driver", "webhook", "timer", "stream"]
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        Everything::add_to_linker::<_, Passage>(linker, |state: &mut State| state.passage())
    }

    fn find(&self, component: &InstancePre<State>, exports: Exports) -> Result<Box<dyn Handlers>, LoadError> {
        Ok(Box::new(Indices::find(component, exports)?))
    }
}

impl CallDriver for exports::driver::Guest {
    fn call_describe<'a>(&'a self, store: &'a mut Store<State>) -> Calling<'a, Descriptor> {
        Box::pin(self.call_describe(store))
    }

    fn call_configure<'a>(
        &'a self,
        store: &'a mut Store<State>,
        context: &'a Context,
        settings: &'a String,
    ) -> Calling<'a, Result<(), SettingsError>> {
        Box::pin(self.call_configure(store, context, settings))
    }

    fn call_deliver<'a>(&'a self, store: &'a mut Store<State>, delivery: &'a Delivery) -> Calling<'a, Outcome> {
        Box::pin(self.call_deliver(store, delivery))
    }
}

impl CallWebhook for exports::webhook::Guest {
    fn call_receive<'a>(
        &'a self,
        store: &'a mut Store<State>,
        request: &'a Request,
    ) -> Calling<'a, Result<Response, Error>> {
        Box::pin(self.call_receive(store, request))
    }
}

impl CallTimer for exports::timer::Guest {
    fn call_fired<'a>(&'a self, store: &'a mut Store<State>, expiry: &'a Expiry) -> Calling<'a, Result<(), Error>> {
        Box::pin(self.call_fired(store, expiry))
    }
}
