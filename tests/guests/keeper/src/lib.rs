//! A channel driver that does with secrets and the way out what a request says: the last piece of its path names the
//! deed, the lines of its body are what it needs. What comes of it is the answer, errors as `code: text`.

mod deeds;
mod dump;
mod mail;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Error, Outcome, Receipt, Request, Response, Result, SettingsError, Webhook,
    media_type, secret, supported,
};

/// The driver.
pub struct Keeper;

impl Driver for Keeper {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("keeper", env!("CARGO_PKG_VERSION"), "Keeper");
        descriptor.vendor = "Jackfield's tests".into();
        descriptor.media_types = vec![media_type("note")];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.secrets =
            ["token", "key", "inbound", "shown"].map(|name| secret(name, "for the tests", false)).into();
        descriptor
    }

    fn configure(_context: Context, _settings: &str) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn deliver(&self, _delivery: Delivery) -> Outcome {
        Outcome::Receipt(Receipt::sent(vec![]))
    }
}

impl Webhook for Keeper {
    fn receive(&self, request: Request) -> Result<Response> {
        let body = String::from_utf8_lossy(&request.body_bytes(1 << 20)?).into_owned();
        let path = request.url.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let lines: Vec<&str> = body.lines().collect();
        match deeds::run(name, &lines, &request) {
            // To fail is the deed.
            Err(error) if name == "fail" => Err(error),
            Ok(response) => Ok(response),
            Err(Error { code, text, .. }) => Ok(Response::new(200, "text/plain", format!("{code}: {text}"))),
        }
    }
}

jackfield_sdk::export!(Keeper: driver, webhook);
