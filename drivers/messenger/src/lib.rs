//! The channel driver for Facebook Messenger.
//!
//! Meta calls the channel's webhook with signed batches of events ([`receive`]): what customers write ([`inbound`],
//! [`content`]), what the business wrote by other means ([`echo`]), how far what was sent has come ([`status`]). Files are
//! fetched after the answer ([`media`]), customers' names too where that is wanted ([`profile`]). Agents' answers, and
//! that an agent writes, go out by the Graph API ([`deliver`]).

mod catalogue;
mod content;
mod deliver;
mod echo;
mod inbound;
mod media;
mod profile;
mod receive;
mod settings;
mod status;

#[cfg(test)]
mod tests;

use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, capability,
    limit, media as files, media_type, secret, supported,
};
use meta_common::settings::{ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN};
use meta_common::{batch, webhook};

use crate::settings::MessengerSettings;

/// What messages of this channel are.
const MEDIA_TYPE: &str = "chat";

/// One configured instance.
pub struct MessengerDriver {
    settings: MessengerSettings,
}

impl Driver for MessengerDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("messenger", env!("CARGO_PKG_VERSION"), "Facebook Messenger");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions = supported(&["message.send", "typing", "work-item.accept", "channel.health"]);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(APP_SECRET, "The app's secret, which Meta signs with", true),
            secret(VERIFY_TOKEN, "The word that Meta shows when the webhook is set up; any that you choose", true),
            secret(ACCESS_TOKEN, "The page's access token with pages_messaging", true),
        ];
        descriptor.capabilities = vec![
            capability("http", &["{api-base}"], "sends messages and files", true),
            capability(
                "http",
                &["https://*.fbsbx.com", "https://*.fbcdn.net"],
                "where Meta keeps customers' files",
                false,
            ),
        ];
        descriptor.headers = webhook::read_headers();
        descriptor.limits = vec![limit("body", webhook::LARGEST_BODY)];
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: MessengerSettings::read(settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for MessengerDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        webhook::receive(self, &request)
    }
}

impl jackfield_sdk::Timer for MessengerDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        batch::go_on(self, &expiry)?;
        profile::look_up(&self.settings, &expiry)?;
        files::fetch_next(&expiry, media::fetch)
    }
}

jackfield_sdk::export!(MessengerDriver: driver, webhook, timer);
