//! 0.10 in the host: all that serving it beside 0.9 takes.

use crate::bindings::jackfield::channel::http_types::{Body, Request, Response};
use crate::bindings::jackfield::channel::message::Error;
use crate::call::State;
use crate::driver::{Exports, Guest, misfit};
use crate::error::LoadError;
use crate::versions::{CallDriver, CallWebhook, Calling, Handlers, Version};
use bindings::exports::jackfield::channel0_10_0::{driver, webhook};
use jackfield_spec::wit_resolve;
use std::sync::LazyLock;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};
use wit_parser::{Interface, Resolve};

/// The types of 0.9's `driver`, in the form in which the generator wants what is imported: there is nothing to link.
#[expect(dead_code, reason = "the generator names them, and nothing links what has nothing to link")]
pub mod unchanged {
    pub use crate::bindings::exports::jackfield::channel::driver::{
        Context, Delivery, Descriptor, Outcome, SettingsError,
    };
    use wasmtime::component::{HasData, Linker};

    pub trait HostWithStore<T>: HasData {}
    impl<T, D: HasData + ?Sized> HostWithStore<T> for D {}
    pub trait Host {}
    impl<T: ?Sized> Host for T {}

    pub fn add_to_linker<T, D>(_: &mut Linker<T>, _: fn(&mut T) -> D::Data<'_>) -> wasmtime::Result<()>
    where
        D: HostWithStore<T>,
        T: 'static,
    {
        Ok(())
    }
}

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../wit", "src/tests/next"],
        world: "jackfield:channel/next-driver@0.10.0",
        exports: { default: async },
        // What has not changed has the host's types.
        with: {
            "jackfield:channel/driver@0.9.0": super::unchanged,
            "jackfield:channel/message@0.9.0": crate::bindings::jackfield::channel::message,
            "jackfield:channel/peer@0.9.0": crate::bindings::jackfield::channel::peer,
            "jackfield:channel/http-types@0.9.0": crate::bindings::jackfield::channel::http_types,
            "jackfield:channel/log@0.9.0": crate::bindings::jackfield::channel::log,
            "jackfield:channel/blobs@0.9.0": crate::bindings::jackfield::channel::blobs,
        },
        require_store_data_send: true,
    });
}

/// The package, on top of 0.9.
pub(in crate::tests) static RESOLVE: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = wit_resolve().clone();
    resolve.push_source("next.wit", include_str!("next.wit")).expect("it parses");
    resolve
});

pub(super) struct Next;

impl Version for Next {
    fn number(&self) -> &'static str {
        "0.10.0"
    }

    fn resolve(&self) -> &'static Resolve {
        &RESOLVE
    }

    fn interface(&self, name: &str) -> Option<&'static Interface> {
        let is_ours = |interface: &&Interface| {
            let package = interface.package.map(|package| RESOLVE.packages[package].name.to_string());
            package.as_deref() == Some("jackfield:channel@0.10.0") && interface.name.as_deref() == Some(name)
        };
        RESOLVE.interfaces.iter().map(|(_, interface)| interface).find(is_ours)
    }

    fn handlers(&self) -> &'static [&'static str] {
        &["driver", "webhook"]
    }

    fn link(&self, _: &mut Linker<State>) -> wasmtime::Result<()> {
        // It imports what 0.9 has.
        Ok(())
    }

    fn find(&self, component: &InstancePre<State>, exports: Exports) -> Result<Box<dyn Handlers>, LoadError> {
        let webhook = exports.webhook.then(|| webhook::GuestIndices::new(component)).transpose();
        Ok(Box::new(Found {
            driver: driver::GuestIndices::new(component).map_err(|error| misfit("driver", &error))?,
            webhook: webhook.map_err(|error| misfit("webhook", &error))?,
        }))
    }
}

struct Found {
    driver: driver::GuestIndices,
    webhook: Option<webhook::GuestIndices>,
}

impl Handlers for Found {
    fn load(&self, store: &mut Store<State>, instance: &Instance) -> Result<Guest, LoadError> {
        let driver = self.driver.load(&mut *store, instance).map_err(|error| misfit("driver", &error))?;
        let webhook = self.webhook.as_ref().map(|found| found.load(&mut *store, instance)).transpose();
        let webhook = webhook.map_err(|error| misfit("webhook", &error))?;
        let webhook = webhook.map(|found| Box::new(found) as Box<dyn CallWebhook>);
        Ok(Guest { driver: Box::new(driver), webhook, timer: None, stream: None })
    }
}

impl CallDriver for driver::Guest {
    fn call_describe<'a>(&'a self, store: &'a mut Store<State>) -> Calling<'a, driver::Descriptor> {
        Box::pin(self.call_describe(store))
    }

    fn call_configure<'a>(
        &'a self,
        store: &'a mut Store<State>,
        context: &'a driver::Context,
        settings: &'a String,
    ) -> Calling<'a, Result<(), driver::SettingsError>> {
        Box::pin(self.call_configure(store, context, settings))
    }

    fn call_deliver<'a>(
        &'a self,
        store: &'a mut Store<State>,
        delivery: &'a driver::Delivery,
    ) -> Calling<'a, driver::Outcome> {
        Box::pin(self.call_deliver(store, delivery))
    }
}

/// The one handler that is mapped.
impl CallWebhook for webhook::Guest {
    fn call_receive<'a>(
        &'a self,
        store: &'a mut Store<State>,
        request: &'a Request,
    ) -> Calling<'a, Result<Response, Error>> {
        Box::pin(async move {
            let again = request.headers.iter().any(|header| header.name == "x-again");
            let incoming = webhook::Incoming { again, request: request.clone() };
            Ok(match self.call_receive(store, &incoming).await? {
                webhook::Answer::Nothing => Ok(Response {
                    status: 204,
                    headers: Vec::new(),
                    body: Body::Bytes(Vec::new()),
                    attributes: Vec::new(),
                }),
                webhook::Answer::Response(response) => Ok(response),
                webhook::Answer::Failure(error) => Err(error),
            })
        })
    }
}
