//! A channel driver for a medium that nobody has thought of: telegrams, one a line, `FROM TEXT`.
//!
//! It shows what it was delivered at `GET /deliveries`, so that tests see what reaches a driver, and a first word
//! in capitals makes it say something else than a customer's request ([`wire`]).

mod deliver;
mod receive;
mod wire;
mod wrong;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, host, media_type,
    supported,
};

/// The medium's name.
const MEDIA_TYPE: &str = "telegraph";

/// One configured instance.
pub struct Telegraph;

impl Driver for Telegraph {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("telegraph", env!("CARGO_PKG_VERSION"), "Telegraph line");
        descriptor.vendor = "Jackfield's tests".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions = supported(&deliver::INTERACTIONS);
        descriptor.commands = vec![deliver::flash()];
        descriptor
    }

    fn configure(_context: Context, _settings: &str) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&delivery)
    }
}

impl jackfield_sdk::Webhook for Telegraph {
    fn receive(&self, request: Request) -> Result<Response> {
        receive::receive(&request)
    }
}

impl jackfield_sdk::Timer for Telegraph {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        if expiry.name == "start" {
            return host::store::set(&format!("start/{:016}", host::clock::now()), b"{}", None);
        }
        // The office opens again: the telegram that waited is handed in.
        let line = String::from_utf8_lossy(&expiry.payload).into_owned();
        wire::hand_in(&line, &expiry.name).map(drop)
    }
}

jackfield_sdk::export!(Telegraph: driver, webhook, timer);
