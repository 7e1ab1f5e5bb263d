//! A channel driver that traps when it is asked who it is: it must never get as far as a channel.

use jackfield_sdk::{Context, Delivery, Descriptor, Driver, Error, Outcome, Result, SettingsError};

/// The driver.
pub struct Speechless;

impl Driver for Speechless {
    fn describe() -> Descriptor {
        panic!("no words")
    }

    fn configure(_context: Context, _settings: &str) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn deliver(&self, _delivery: Delivery) -> Outcome {
        Outcome::Failure(Error::new("not-supported", "it has nothing to say"))
    }
}

jackfield_sdk::export!(Speechless: driver);
