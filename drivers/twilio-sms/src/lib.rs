//! The channel driver for SMS (and the pictures of MMS) by Twilio Programmable Messaging.
//!
//! Twilio calls the channel's webhook for each text of a customer and for each step of a text that was sent
//! ([`receive`]), with a signature over all that it says ([`signature`]). Pictures are fetched after the answer
//! ([`media`]). Agents' answers go out by Twilio's REST API ([`deliver`]).

mod catalogue;
mod deliver;
mod inbound;
mod media;
mod opt_out;
mod params;
mod receive;
mod segments;
mod settings;
mod signature;
mod status;

#[cfg(test)]
mod tests;

use jackfield_sdk::media::fetch_next;
use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, capability,
    headers, media_type, secret, supported,
};

use crate::settings::TwilioSettings;

/// What messages of this channel are.
const MEDIA_TYPE: &str = "sms";

/// One configured instance.
pub struct TwilioDriver {
    settings: TwilioSettings,
}

impl Driver for TwilioDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("twilio-sms", env!("CARGO_PKG_VERSION"), "SMS by Twilio");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions = supported(&["message.send"]);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(settings::AUTH_TOKEN, "The account's auth token", true),
            secret(settings::SIGNING_KEY, "The key of signatures with key=...,algorithm=HMAC_SHA256 (beta)", false),
        ];
        descriptor.capabilities = vec![
            capability("http", &["{api-base}"], "sends texts and fetches pictures", true),
            capability(
                "http",
                &["https://mms.twiliocdn.com", "https://media.twiliocdn.com"],
                "where Twilio keeps customers' pictures",
                false,
            ),
        ];
        descriptor.headers = headers(&["content-type", signature::HEADER, signature::SETTINGS_HEADER]);
        descriptor
    }

    fn configure(context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: TwilioSettings::read(&context, settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for TwilioDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        receive::receive(&request)
    }
}

impl jackfield_sdk::Timer for TwilioDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        fetch_next(&expiry, |part| media::fetch(&self.settings, part))
    }
}

jackfield_sdk::export!(TwilioDriver: driver, webhook, timer);
