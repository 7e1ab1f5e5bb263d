//! The channel driver for WhatsApp by Meta's Cloud API.
//!
//! Meta calls the channel's webhook with signed batches of events ([`receive`]): what customers write ([`inbound`],
//! [`content`]), how far what was sent has come ([`status`]), what changed about a customer ([`notices`]). Who a customer
//! is stands in [`person`]. Files are fetched after the answer ([`media`]). Agents' answers, templates, and that an agent
//! writes go out by the Graph API ([`deliver`], [`outgoing`]).

mod catalogue;
mod content;
mod deliver;
mod inbound;
mod media;
mod notices;
mod outgoing;
mod person;
mod receive;
mod settings;
mod status;

#[cfg(test)]
mod tests;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, capability,
    command, limit, media as files, media_type, secret, supported,
};
use meta_common::settings::{ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN};
use meta_common::{batch, webhook};

use crate::settings::WhatsAppSettings;

/// What messages of this channel are.
const MEDIA_TYPE: &str = "chat";

/// One configured instance.
pub struct WhatsAppDriver {
    settings: WhatsAppSettings,
}

impl Driver for WhatsAppDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("whatsapp", env!("CARGO_PKG_VERSION"), "WhatsApp by Meta's Cloud API");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions =
            supported(&["message.send", "invoke", "typing", "work-item.accept", "channel.health"]);
        let title = "Send a template, also after the 24 hours";
        descriptor.commands = vec![command(deliver::TEMPLATE, title, include_str!("template-schema.json"))];
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(APP_SECRET, "The app's secret, which Meta signs with", true),
            secret(VERIFY_TOKEN, "The word that Meta shows when the webhook is set up; any that you choose", true),
            secret(ACCESS_TOKEN, "A system user's token with whatsapp_business_messaging", true),
        ];
        descriptor.capabilities = vec![
            capability("http", &["{api-base}"], "sends messages and files", true),
            capability("http", &["https://lookaside.fbsbx.com"], "where Meta keeps customers' files", false),
        ];
        descriptor.headers = webhook::read_headers();
        descriptor.limits = vec![limit("body", webhook::LARGEST_BODY)];
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: WhatsAppSettings::read(settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for WhatsAppDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        webhook::receive(self, &request)
    }
}

impl jackfield_sdk::Timer for WhatsAppDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        batch::go_on(self, &expiry)?;
        files::fetch_next(&expiry, |part| media::fetch(&self.settings.meta, part))
    }
}

jackfield_sdk::export!(WhatsAppDriver: driver, webhook, timer);
