//! The settings, as the driver uses them.

use jackfield_sdk::{Result, Settings, SettingsError, host};

/// The JSON Schema that the server checks them against.
pub const SCHEMA: &str = include_str!("settings-schema.json");
/// The secret that Slack signs with.
pub const SIGNING_SECRET: &str = "signing-secret";
/// The secret that the API asks for.
pub const BOT_TOKEN: &str = "bot-token";

/// All settings of a channel.
pub struct SlackSettings {
    /// What is written outside of threads in a direct message is one conversation.
    pub direct_chat: bool,
    /// Without a slash at its end.
    pub api_base: String,
}

impl SlackSettings {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SettingsError> {
        let settings = Settings::parse(json)?;
        let direct_chat = match settings.text("/direct-messages")?.unwrap_or("threads") {
            "threads" => false,
            "chat" => true,
            other => {
                let text = format!("`{other}` is no way to tell conversations apart");
                return Err(SettingsError::new("/direct-messages", text, "write `threads` or `chat`"));
            }
        };
        let secrets = host::secrets::names();
        for (name, why, variable) in [
            (SIGNING_SECRET, "signatures can't be checked without it", "SLACK_SIGNING_SECRET"),
            (BOT_TOKEN, "nothing can be sent without it", "SLACK_BOT_TOKEN"),
        ] {
            if !secrets.iter().any(|secret| secret == name) {
                return Err(SettingsError::new(
                    format!("secrets/{name}"),
                    format!("is missing; {why}"),
                    format!("add `secrets = {{ {name} = \"env:{variable}\" }}` to the channel"),
                ));
            }
        }
        Ok(Self { direct_chat, api_base: settings.base_url("/api-base", "https://slack.com/api")? })
    }

    /// The value of `Authorization` for Slack's API.
    pub fn authorization(&self) -> Vec<jackfield_sdk::Piece> {
        vec![jackfield_sdk::Piece::Text("Bearer ".into()), jackfield_sdk::Piece::Secret(BOT_TOKEN.into())]
    }
}
