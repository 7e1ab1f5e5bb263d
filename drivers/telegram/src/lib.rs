//! The channel driver for Telegram, by a bot of the Bot API.
//!
//! Updates come by a webhook with a secret token ([`receive`]) or are asked for ([`poll`]); each becomes messages
//! ([`update`]). Files are fetched after the answer ([`files`]). Agents' answers go out by the API ([`deliver`]).

mod api;
mod callback;
mod content;
mod deliver;
mod entities;
mod files;
mod outgoing;
mod place;
mod poll;
mod receive;
mod settings;
mod update;

#[cfg(test)]
mod tests;

use jackfield_sdk::media::fetch_next;
use jackfield_sdk::{
    Context, Delivery, Descriptor, Driver, Expiry, Outcome, Request, Response, Result, SettingsError, capability,
    headers, media_type, secret, supported,
};

use crate::settings::TelegramSettings;

/// What messages of this channel are.
const MEDIA_TYPE: &str = "chat";
/// How the keys of this driver's attributes begin.
const PREFIX: &str = "telegram.";

/// One configured instance.
pub struct TelegramDriver {
    settings: TelegramSettings,
}

impl Driver for TelegramDriver {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor::new("telegram", env!("CARGO_PKG_VERSION"), "Telegram");
        descriptor.vendor = "Jackfield".into();
        descriptor.media_types = vec![media_type(MEDIA_TYPE)];
        descriptor.interactions = supported(&["message.send", "typing", "channel.health"]);
        descriptor.settings_schema = settings::SCHEMA.into();
        descriptor.secrets = vec![
            secret(settings::BOT_TOKEN, "The bot's token, from @BotFather", true),
            secret(settings::WEBHOOK_SECRET, "The secret_token of setWebhook; not needed for polling", false),
        ];
        descriptor.capabilities =
            vec![capability("http", &["{api-base}"], "sends messages, fetches files and, if polling, updates", true)];
        descriptor.headers = headers(&[receive::HEADER]);
        descriptor
    }

    fn configure(_context: Context, settings: &str) -> Result<Self, SettingsError> {
        Ok(Self { settings: TelegramSettings::read(settings)? })
    }

    fn deliver(&self, delivery: Delivery) -> Outcome {
        deliver::deliver(&self.settings, &delivery)
    }
}

impl jackfield_sdk::Webhook for TelegramDriver {
    fn receive(&self, request: Request) -> Result<Response> {
        receive::receive(&self.settings, &request)
    }
}

impl jackfield_sdk::Timer for TelegramDriver {
    fn fired(&self, expiry: Expiry) -> Result<()> {
        match expiry.name.as_str() {
            "start" | poll::TIMER => poll::fired(&self.settings, &expiry),
            name if name.starts_with(callback::TIMER) => callback::answer(&self.settings, &expiry),
            _ => fetch_next(&expiry, |part| files::fetch(&self.settings, part)),
        }
    }
}

jackfield_sdk::export!(TelegramDriver: driver, webhook, timer);
