//! The channel driver for any program that posts JSON: a shop, a form, a monitoring system, a script.
//!
//! What comes in is signed by one of the usual schemes ([`signature`]), mapped to a message by JSON Pointers
//! ([`payload`]), and answered with the message's id ([`receive`]). What the agent answers is posted to `reply-url`,
//! signed as Standard Webhooks describe ([`deliver`]).

mod attachments;
mod deliver;
mod payload;
mod receive;
mod settings;
mod signature;

#[cfg(test)]
mod tests;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Outcome, Request, Response, Result, SettingsError, capability, headers,
    media_type, secret, supported,
};

use crate::settings::WebhookSettings;

/// The headers that any of the schemes reads; `{header}` is the setting.
const HEADERS: [&str; 11] = [
    "content-type",
    "authorization",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "stripe-signature",
    "x-hub-signature-256",
    "{header}",
];

/// One configured instance.
pub struct WebhookDriver {
    settings: WebhookSettings,
}

impl Driver for WebhookDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("webhook", env!("CARGO_PKG_VERSION"), "JSON webhook");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type("*")];
        descriptor.interactions = supported(&deliver::INTERACTIONS);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets =
            vec![secret(settings::SECRET, "What requests are signed with, or the token or `user:password`", false)];
        descriptor.capabilities = vec![capability("http", &["{reply-url}"], "posts the agents' answers there", false)];
        descriptor.headers = headers(&HEADERS);
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: WebhookSettings::read(settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for WebhookDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        receive::receive(&self.settings, &request)
    }
}

jackfield_sdk::export!(WebhookDriver: driver, webhook);
