//! The channel driver for Slack, by an app with a bot user.
//!
//! Slack calls the channel's webhook for events, slash commands and buttons ([`receive`]), with a signature over the
//! body and the time ([`signature`]). What people wrote becomes messages ([`events`], [`forms`]); files and names are
//! fetched after the answer ([`files`], [`people`]). Agents' answers go out by Slack's Web API ([`deliver`]).

mod api;
mod catalogue;
mod content;
mod deliver;
mod events;
mod files;
mod forms;
mod mrkdwn;
mod people;
mod place;
mod receive;
mod settings;
mod signature;

#[cfg(test)]
mod tests;

use jackfield_sdk::media::fetch_next;
use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, capability,
    headers, media_type, secret, supported,
};

use crate::settings::SlackSettings;

/// What messages of this channel are.
const MEDIA_TYPE: &str = "chat";
/// How the keys of this driver's attributes begin.
const PREFIX: &str = "slack.";

/// One configured instance.
pub struct SlackDriver {
    settings: SlackSettings,
}

impl Driver for SlackDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("slack", env!("CARGO_PKG_VERSION"), "Slack");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions = supported(&["message.send", "channel.health"]);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(settings::SIGNING_SECRET, "The app's signing secret", true),
            secret(settings::BOT_TOKEN, "The token of the app's bot (xoxb-...)", true),
        ];
        descriptor.capabilities = vec![
            capability("http", &["{api-base}"], "sends messages, learns names", true),
            capability("http", &["https://files.slack.com"], "where Slack keeps files, both ways", false),
        ];
        descriptor.headers = headers(&["content-type", signature::HEADER, signature::TIME_HEADER]);
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: SlackSettings::read(settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for SlackDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        receive::receive(&self.settings, &request)
    }
}

impl jackfield_sdk::Timer for SlackDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        match expiry.name.as_str() {
            "start" | people::WHO_AM_I => people::learn_self(&self.settings, &expiry),
            name if name.starts_with(people::TIMER) => people::learn_name(&self.settings, &expiry),
            _ => fetch_next(&expiry, |part| files::fetch(&self.settings, part)),
        }
    }
}

jackfield_sdk::export!(SlackDriver: driver, webhook, timer);
