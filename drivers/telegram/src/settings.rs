//! The settings, as the driver uses them.

use jackfield_sdk::{Result, Settings, SettingsError, host};

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");
/// The secret that Telegram sends along with each call of the webhook.
pub const WEBHOOK_SECRET: &str = "webhook-secret";
/// The secret that the API asks for.
pub const BOT_TOKEN: &str = "bot-token";

/// All settings of a channel.
pub struct TelegramSettings {
    /// Updates are asked for; the webhook takes none.
    pub polling: bool,
    /// Without a slash at its end.
    pub api_base: String,
}

impl TelegramSettings {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let polling = match settings.text("/updates")?.unwrap_or("webhook") {
            "webhook" => false,
            "polling" => true,
            other => {
                let text = format!("`{other}` is no way that updates come");
                return Err(SettingsError::new("/updates", text, "write `webhook` or `polling`"));
            }
        };
        let secrets = host::secrets::names();
        let mut needed = vec![(BOT_TOKEN, "nothing can be sent without it", "TELEGRAM_TOKEN")];
        if !polling {
            needed.push((WEBHOOK_SECRET, "calls of the webhook can't be checked without it", "TELEGRAM_SECRET"));
        }
        for (name, why, variable) in needed {
            if !secrets.iter().any(|secret| secret == name) {
                return Err(SettingsError::new(
                    format!("secrets/{name}"),
                    format!("is missing; {why}"),
                    format!("add `secrets = {{ {name} = \"env:{variable}\" }}` to the channel"),
                ));
            }
        }
        Ok(Self { polling, api_base: settings.base_url("/api-base", "https://api.telegram.org")? })
    }
}
